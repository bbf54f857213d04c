"""Data that fits a JSON schema, for the part of JSON Schema that the events use."""

from hypothesis import strategies as st

_FORMATS = {
    "uuid": r"\A[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z",
    "date-time": r"\A20[0-9]{2}-0[1-9]-[12][0-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9]Z\Z",
    "date": r"\A20[0-9]{2}-0[1-9]-[12][0-8]\Z",
}


def fitting(node: dict, root: dict) -> st.SearchStrategy:
    """Values that `node` of the schema `root` allows."""
    if "$ref" in node:
        return fitting(root["$defs"][node["$ref"].rsplit("/", 1)[1]], root)
    if "enum" in node:
        return st.sampled_from(node["enum"])
    if "anyOf" in node:
        return st.one_of(*(fitting(each, root) for each in node["anyOf"]))
    return _BY_TYPE[node["type"]](node, root)


def _string(node: dict, _root: dict) -> st.SearchStrategy:
    pattern = _FORMATS.get(node.get("format", "")) or node.get("pattern")
    if pattern:
        return st.from_regex(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern)
    return st.text(min_size=node.get("minLength", 0), max_size=node.get("maxLength", 20))


def _integer(node: dict, _root: dict) -> st.SearchStrategy:
    low = node.get("minimum", node.get("exclusiveMinimum", -(10**15) - 1) + 1)
    return st.integers(low, node.get("maximum", 10**15))


def _array(node: dict, root: dict) -> st.SearchStrategy:
    return st.lists(fitting(node["items"], root), min_size=node.get("minItems", 0), max_size=3)


def _object(node: dict, root: dict) -> st.SearchStrategy:
    required = {name: fitting(node["properties"][name], root) for name in node.get("required", ())}
    optional = {
        name: fitting(child, root) for name, child in node.get("properties", {}).items() if name not in required
    }
    return st.fixed_dictionaries(required, optional=optional)


_BY_TYPE = {
    "string": _string,
    "integer": _integer,
    "array": _array,
    "object": _object,
    "boolean": lambda _node, _root: st.booleans(),
    "null": lambda _node, _root: st.none(),
}
