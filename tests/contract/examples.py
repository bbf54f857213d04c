"""What a reader of an OpenAPI document is shown as the example of a schema: put together as the renderers do it, from
the examples of the fields, and never made up but for formats and switches."""

from typing import Any

_FORMATS = {
    "uuid": "01980000-0000-7000-8000-000000000000",
    "date-time": "2026-11-22T09:30:00Z",
    "date": "2026-11-22",
    "uri": "https://intake.example/",
}


class NoExample(Exception):
    """The document leaves the reader to guess what stands here."""


def example(node: dict[str, Any], document: dict[str, Any], at: str, within: frozenset[str] = frozenset()) -> Any:
    """Raises `NoExample` with the place. `within`: the schemas it stands in, so that a tree ends."""
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        return example(document["components"]["schemas"][name], document, f"{at} {name}", within | {name})
    told = [*node.get("examples", []), *(node[key] for key in ("example", "const") if key in node)]
    if told or "enum" in node:
        return (told or node["enum"])[0]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in node:
            return example(node[key][0], document, at, within)
    if "properties" in node:
        return {name: example(child, document, f"{at}.{name}", within) for name, child in node["properties"].items()}
    return _plain(node, document, at, within)


def _plain(node: dict[str, Any], document: dict[str, Any], at: str, within: frozenset[str]) -> Any:
    if node.get("format") in _FORMATS:
        return _FORMATS[node["format"]]
    if node.get("type") == "array":
        items = node["items"]
        ends = items.get("$ref", "/").rsplit("/", 1)[1] in within
        return [] if ends else [example(items, document, f"{at}[]", within)]
    if node.get("type") in {"boolean", "null"}:
        return {"boolean": False, "null": None}[node["type"]]
    raise NoExample(f"{at}: {node}")
