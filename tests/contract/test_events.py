"""The committed schemas are the contract: what is published fits them, and what they allowed is still read."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.generate import fitting

from contracts.documents import SCHEMAS, documents, schema
from contracts.registry import EVENTS
from contracts.topics import TOPICS

ROOT = Path(__file__).parents[2]
COMMITTED = sorted((ROOT / SCHEMAS).glob("*.json"))


def required_paths(node: dict, root: dict, at: str = "") -> set[str]:
    """Every required field of a schema, with where it stands."""
    if "$ref" in node:
        node = root["$defs"][node["$ref"].rsplit("/", 1)[1]]
    found = {f"{at}/{name}" for name in node.get("required", ())}
    for name, child in node.get("properties", {}).items():
        found |= required_paths(child, root, f"{at}/{name}")
    if isinstance(node.get("items"), dict):
        found |= required_paths(node["items"], root, f"{at}[]")
    return found


def test_every_event_travels_on_a_declared_topic():
    assert {event.topic for event in EVENTS.values()} <= set(TOPICS)


def test_every_event_says_what_it_means_and_has_its_key():
    for event in EVENTS.values():
        assert event.__doc__
        assert event.key_field in event.model_fields


@pytest.mark.parametrize("name", sorted(documents()))
def test_the_committed_documents_are_generated_from_the_classes(name):
    path = ROOT / name
    assert path.exists(), f"{name} is missing: run `make docs`"
    assert path.read_text(encoding="utf-8") == documents()[name], f"{name} is stale: run `make docs`"


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_a_committed_version_still_has_its_class(path):
    """A breaking change is a new version beside the old one, never an edit of it."""
    wire_type, version = path.stem.rsplit(".v", 1)
    assert EVENTS[wire_type].version >= int(version)


@pytest.mark.parametrize("wire_type", sorted(EVENTS))
def test_within_a_version_only_optional_fields_are_added(wire_type):
    """Replay reads what old publishers wrote: a field may not become required, and none may go."""
    event = EVENTS[wire_type]
    committed = json.loads((ROOT / SCHEMAS / f"{wire_type}.v{event.version}.json").read_text(encoding="utf-8"))
    now = schema(event)
    reader = event.model_json_schema(mode="validation")
    assert required_paths(reader, reader) <= required_paths(committed, committed)
    assert set(committed["properties"]) <= set(now["properties"])


@pytest.mark.parametrize("wire_type", sorted(EVENTS))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_schema_allows_is_read_and_written_back_the_same(wire_type, data):
    event = EVENTS[wire_type]
    committed = json.loads((ROOT / SCHEMAS / f"{wire_type}.v{event.version}.json").read_text(encoding="utf-8"))
    written = data.draw(fitting(committed, committed))
    read = event.model_validate(written)
    again = json.loads(read.model_dump_json())
    jsonschema.validate(again, committed)
    assert event.model_validate(again) == read


@pytest.mark.parametrize("wire_type", sorted(EVENTS))
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_fields_of_a_newer_publisher_are_ignored(wire_type, data):
    event = EVENTS[wire_type]
    now = schema(event)
    written = data.draw(fitting(now, now))
    assert event.model_validate({**written, "field_of_tomorrow": [1]}) == event.model_validate(written)
