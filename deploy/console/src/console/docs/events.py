"""The events of the shop as rows for a page, from the contracts themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from console.docs.openapi import ApiPage, Property
from console.docs.openapi import read as read_openapi
from contracts import documents
from contracts.registry import EVENTS
from contracts.topics import TOPICS


@dataclass(frozen=True)
class EventDoc:
    type: str
    version: int
    key: str
    meaning: str
    fields: list[Property]


@dataclass(frozen=True)
class TopicDoc:
    """`kept` in words."""

    name: str
    owner: str
    key: str
    kept: str
    personal: bool
    events: list[EventDoc]


def topics() -> list[TopicDoc]:
    return [
        TopicDoc(
            name=spec.name,
            owner=spec.owner,
            key=spec.key,
            kept="kept for ever" if spec.retention_ms < 0 else f"kept {spec.retention_ms // 86_400_000} days",
            personal=spec.personal,
            events=[
                EventDoc(each.type, each.version, each.key_field, (each.__doc__ or "").strip(), _fields(each))
                for each in EVENTS.values()
                if each.topic == spec.name
            ],
        )
        for spec in TOPICS.values()
    ]


def _fields(event: Any) -> list[Property]:
    schema = documents.schema(event)
    body = {"content": {"application/json": {"schema": {**schema, "$defs": {}}}}}
    page: ApiPage = read_openapi(
        {"$defs": schema.get("$defs", {}), "paths": {"/": {"post": {"requestBody": body}}}}, ""
    )
    return page.operations[0].body
