"""Documents generated from the event classes: JSON schemas, AsyncAPI 3, and a page for people.

`python -m contracts.documents` writes them; `tests/contract` fails when the committed ones differ.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from contracts.registry import EVENTS, Event
from contracts.topics import TOPICS

SCHEMAS = "libs/contracts/schemas"
ASYNCAPI = "docs/asyncapi.json"
PAGE = "docs/events.md"


def schema(event: type[Event]) -> dict[str, Any]:
    """The JSON schema of an event as its publisher writes it."""
    made = event.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": event.dataschema(), **made}


def first_line(event: type[Event]) -> str:
    return (event.__doc__ or "").strip().splitlines()[0]


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3: a channel per topic, a message per event, CloudEvents attributes as headers."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for topic in TOPICS.values():
        events = [event for event in EVENTS.values() if event.topic == topic.name]
        channels[topic.name] = {
            "address": topic.name,
            "description": f"Said by {topic.owner}; the key is {topic.key}.",
            "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"} for event in events},
            "bindings": {"kafka": {"partitions": topic.partitions}},
        }
        if events:
            operations[f"{topic.owner}-says-{topic.name}"] = {
                "action": "send",
                "channel": {"$ref": f"#/channels/{topic.name.replace('/', '~1')}"},
            }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of the shop",
            "version": "1",
            "description": "CloudEvents 1.0 in binary mode on Kafka; JSON data; additive within a version.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {name: _message(event) for name, event in sorted(EVENTS.items())},
            "schemas": {"cloudevent": _CLOUDEVENT_HEADERS},
        },
    }


_CLOUDEVENT_HEADERS = {
    "type": "object",
    "required": ["ce_specversion", "ce_type", "ce_source", "ce_id", "ce_time"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_type": {"type": "string"},
        "ce_source": {"type": "string", "examples": ["/shop/orders"]},
        "ce_id": {"type": "string", "format": "uuid", "description": "UUIDv7; the same when the event comes again"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_sequence": {"type": "string", "description": "counts the aggregate's events without gaps, zero-padded"},
        "ce_partitionkey": {"type": "string"},
        "ce_dataschema": {"type": "string"},
        "traceparent": {"type": "string"},
    },
}


def _message(event: type[Event]) -> dict[str, Any]:
    made = schema(event)
    definitions = made.pop("$defs", {})
    made.pop("$schema")
    return {
        "name": event.type,
        "title": first_line(event),
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/cloudevent"},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {**made, "$defs": definitions},
        },
        "bindings": {"kafka": {"key": {"type": "string", "description": event.key_field}}},
    }


def page() -> str:
    """The events for people, topic by topic."""
    lines = [
        "# Events",
        "",
        "Generated from `libs/contracts` by `make docs`; do not edit. CloudEvents 1.0, binary mode, JSON data.",
        "Schemas: `libs/contracts/schemas`. AsyncAPI: `docs/asyncapi.json`.",
        "",
    ]
    for topic in TOPICS.values():
        events = [event for event in EVENTS.values() if event.topic == topic.name]
        kept = "kept for ever" if topic.retention_ms < 0 else f"kept {topic.retention_ms // 86_400_000} days"
        lines += [f"## `{topic.name}`", "", f"Said by **{topic.owner}**, key `{topic.key}`, {kept}."]
        if topic.personal:
            lines += ["", "Carries personal data."]
        lines += [""]
        if events:
            lines += ["| event | means | key | fields |", "|---|---|---|---|"]
            for event in events:
                fields = ", ".join(f"`{name}`" for name in event.model_fields)
                lines.append(f"| `{event.type}` | {first_line(event)} | `{event.key_field}` | {fields} |")
            lines += [""]
    return "\n".join(lines).rstrip() + "\n"


def documents() -> dict[str, str]:
    """Path from the root of the checkout → content."""
    made = {f"{SCHEMAS}/{event.type}.v{event.version}.json": _dump(schema(event)) for event in EVENTS.values()}
    return {**made, ASYNCAPI: _dump(asyncapi()), PAGE: page()}


def _dump(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def write(root: Path) -> list[str]:
    """Writes every document that differs. Returns their paths."""
    changed = []
    for name, content in documents().items():
        path = root / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            changed.append(name)
    return changed


if __name__ == "__main__":
    for name in write(Path(sys.argv[1] if len(sys.argv) > 1 else ".")):
        sys.stdout.write(f"{name}\n")
