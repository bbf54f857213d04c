"""An OpenAPI document as plain rows for a page. Reads 3.1 as FastAPI writes it; what it does not know it leaves out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
_DEPTH_MOST = 6


@dataclass(frozen=True)
class Property:
    """A field of a body. `below` are the fields of its object, or of its items."""

    name: str
    type: str
    required: bool
    description: str
    below: list[Property] = field(default_factory=list)


@dataclass(frozen=True)
class Parameter:
    name: str
    place: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True)
class Answer:
    status: str
    description: str
    type: str
    properties: list[Property]


@dataclass(frozen=True)
class Operation:
    """`example` is a JSON body, `curl` a command line that sends it through the edge."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    tag: str
    parameters: list[Parameter]
    body: list[Property]
    body_type: str
    example: str
    answers: list[Answer]
    curl: str
    internal: bool


@dataclass(frozen=True)
class ApiPage:
    title: str
    version: str
    description: str
    operations: list[Operation]


def read(document: Mapping[str, Any], edge_url: str) -> ApiPage:
    """Never raises for a well-formed OpenAPI document, however sparse."""
    info = document.get("info") or {}
    reader = _Reader(document, edge_url.rstrip("/"))
    return ApiPage(
        title=str(info.get("title", "API")),
        version=str(info.get("version", "")),
        description=str(info.get("description", "")),
        operations=list(reader.operations()),
    )


class _Reader:
    def __init__(self, document: Mapping[str, Any], edge_url: str) -> None:
        self._document = document
        self._edge = edge_url

    def operations(self) -> Iterator[Operation]:
        for path, item in (self._document.get("paths") or {}).items():
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method, item[method], item.get("parameters") or [])

    def _operation(self, path: str, method: str, spec: Mapping[str, Any], shared: list[Any]) -> Operation:
        content = self._resolve(spec.get("requestBody") or {}).get("content") or {}
        kind, media = _first(content)
        schema = media.get("schema") or {}
        parameters = [self._parameter(self._resolve(each)) for each in [*shared, *(spec.get("parameters") or [])]]
        example = self._example(media, schema) if content else ""
        return Operation(
            id=str(spec.get("operationId") or f"{method}-{path}"),
            method=method,
            path=path,
            summary=str(spec.get("summary") or ""),
            description=str(spec.get("description") or ""),
            tag=str(next(iter(spec.get("tags") or []), "")),
            parameters=parameters,
            body=self._properties(schema),
            body_type=f"{kind} {self._type(schema)}".strip(),
            example=example,
            answers=[
                self._answer(status, self._resolve(each)) for status, each in (spec.get("responses") or {}).items()
            ],
            curl=self._curl(path, method, parameters, example),
            internal=path.startswith("/internal/"),
        )

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        seen: set[str] = set()
        while isinstance(node.get("$ref"), str) and node["$ref"] not in seen:
            seen.add(node["$ref"])
            found: Any = self._document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, Mapping) else {}
            node = found if isinstance(found, Mapping) else {}
        return node

    def _parameter(self, spec: Mapping[str, Any]) -> Parameter:
        schema = spec.get("schema") or {}
        return Parameter(
            name=str(spec.get("name", "?")),
            place=str(spec.get("in", "")),
            type=self._type(schema),
            required=bool(spec.get("required")),
            description=str(spec.get("description") or self._resolve(schema).get("description") or ""),
        )

    def _answer(self, status: str, spec: Mapping[str, Any]) -> Answer:
        kind, media = _first(spec.get("content") or {})
        schema = media.get("schema") or {}
        # Problems all look alike; their fields are told once.
        properties = [] if kind == "application/problem+json" else self._properties(schema)
        return Answer(status, str(spec.get("description") or ""), f"{kind} {self._type(schema)}".strip(), properties)

    def _properties(self, schema: Mapping[str, Any], depth: int = 0) -> list[Property]:
        node = self._object_of(schema)
        if depth >= _DEPTH_MOST or not node:
            return []
        required = set(node.get("required") or [])
        return [
            Property(
                name=name,
                type=self._type(each),
                required=name in required,
                description=str(each.get("description") or self._resolve(each).get("description") or ""),
                below=self._properties(each, depth + 1),
            )
            for name, each in (node.get("properties") or {}).items()
            if isinstance(each, Mapping)
        ]

    def _object_of(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The object that the schema is, lists, or offers first."""
        node = self._resolve(schema)
        for _ in range(_DEPTH_MOST):
            if "properties" in node:
                return node
            choices = [each for name in ("anyOf", "oneOf", "allOf") for each in node.get(name) or []]
            inner = node.get("items") or next((each for each in choices if each.get("type") != "null"), None)
            if not isinstance(inner, Mapping):
                return {}
            node = self._resolve(inner)
        return {}

    def _type(self, schema: Mapping[str, Any]) -> str:
        """A schema in a few words."""
        if "$ref" in schema:
            return str(schema["$ref"]).rsplit("/", 1)[-1]
        for name in ("anyOf", "oneOf"):
            if name in schema:
                return " or ".join(dict.fromkeys(self._type(each) for each in schema[name]))
        if "enum" in schema or "const" in schema:
            return " | ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
        kind = schema.get("type", "")
        if kind == "array":
            return f"list of {self._type(schema.get('items') or {}) or 'anything'}"
        text = " or ".join(kind) if isinstance(kind, list) else str(kind)
        limits = [f"{sign} {schema[name]}" for name, sign in _LIMITS.items() if name in schema]
        described = " ".join(part for part in (text, f"({schema['format']})" if "format" in schema else "") if part)
        return ", ".join([described, *limits]) if described else ""

    def _example(self, media: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
        given = media.get("example")
        if given is None:
            given = _first(media.get("examples") or {})[1].get("value")
        return json.dumps(self._made_up(schema) if given is None else given, ensure_ascii=False, indent=2)

    def _made_up(self, schema: Mapping[str, Any], depth: int = 0) -> Any:
        node = self._resolve(schema)
        for name in ("examples", "example", "default", "const", "enum"):
            if name in node:
                value = node[name]
                return value[0] if name in {"examples", "enum"} and value else value
        choices = [each for name in ("anyOf", "oneOf", "allOf") for each in node.get(name) or []]
        if choices:
            return self._made_up(choices[0], depth)
        if depth > _DEPTH_MOST:
            return None
        if "properties" in node:
            wanted = node.get("required") or list(node["properties"])
            return {name: self._made_up(node["properties"].get(name) or {}, depth + 1) for name in wanted}
        if node.get("type") == "array":
            return [self._made_up(node.get("items") or {}, depth + 1)]
        return _MADE_UP.get(str(node.get("type")))

    def _curl(self, path: str, method: str, parameters: list[Parameter], example: str) -> str:
        parts = ["curl" if method == "get" else f"curl -X {method.upper()}", f"'{self._edge}{path}'"]
        wanted = [each for each in parameters if each.place == "header"]
        parts += [f"-H '{each.name}: …'" for each in wanted]
        if example:
            # An apostrophe would end the shell's quotes.
            compact = json.dumps(json.loads(example), ensure_ascii=False).replace("'", "'\\''")
            parts += ["-H 'Content-Type: application/json'", f"-d '{compact}'"]
        return " \\\n  ".join(parts)


def _first(found: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    for name, value in found.items():
        return name, value if isinstance(value, Mapping) else {}
    return "", {}


_LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "minLength": "length ≥", "maxLength": "length ≤"}
_MADE_UP = {"string": "…", "integer": 1, "number": 1, "boolean": True, "object": {}}
