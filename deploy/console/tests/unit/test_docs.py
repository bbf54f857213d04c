import json

from console.docs import events, openapi
from contracts.registry import EVENTS

KEY = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string", "maxLength": 64}}


def a_json(schema, kind="application/json"):
    return {
        "content": {
            kind: {"schema": schema if isinstance(schema, dict) else {"$ref": f"#/components/schemas/{schema}"}}
        }
    }


def a_list(schema):
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}


DOCUMENT = {
    "info": {"title": "shop orders", "version": "1", "description": "Orders."},
    "paths": {
        "/v1/orders": {
            "post": {
                "operationId": "place",
                "summary": "Place an order",
                "parameters": [KEY],
                "requestBody": a_json("Place"),
                "responses": {
                    "201": {"description": "Placed", **a_json("Order")},
                    "422": {"description": "No", **a_json({"properties": {"code": {}}}, "application/problem+json")},
                },
            }
        },
        "/internal/orders/{id}": {"get": {"responses": {}}},
    },
    "components": {
        "schemas": {
            "Place": {
                "type": "object",
                "required": ["cart_id", "quantity", "note"],
                "properties": {
                    "cart_id": {"type": "string", "format": "uuid", "description": "whose"},
                    "quantity": {"type": "integer", "minimum": 1},
                    "note": {"type": "string", "examples": ["it's fine"]},
                    "gift": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
                },
            },
            "Order": {"properties": {"lines": a_list("Line")}},
            "Line": {"properties": {"sku": {"type": "string"}, "parts": a_list("Line")}},
        }
    },
}


class TestOpenApi:
    def test_reads_an_operation(self):
        place, inner = openapi.read(DOCUMENT, "http://edge/").operations
        assert (place.method, place.path, place.summary, place.internal) == (
            "post",
            "/v1/orders",
            "Place an order",
            False,
        )
        assert [(each.name, each.type, each.required) for each in place.body] == [
            ("cart_id", "string (uuid)", True),
            ("quantity", "integer, ≥ 1", True),
            ("note", "string", True),
            ("gift", "boolean or null", False),
        ]
        assert inner.internal

    def test_makes_up_a_body_from_what_is_required(self):
        place, _ = openapi.read(DOCUMENT, "http://edge/").operations
        assert json.loads(place.example) == {"cart_id": "…", "quantity": 1, "note": "it's fine"}

    def test_the_command_line_survives_an_apostrophe(self):
        place, _ = openapi.read(DOCUMENT, "http://edge/").operations
        assert "'http://edge/v1/orders'" in place.curl
        assert "-H 'Idempotency-Key: …'" in place.curl
        assert "it'\\''s fine" in place.curl

    def test_an_answer_lists_fields_but_a_problem_does_not(self):
        place, _ = openapi.read(DOCUMENT, "http://edge/").operations
        placed, refused = place.answers
        assert [each.name for each in placed.properties] == ["lines"]
        assert [each.name for each in placed.properties[0].below] == ["sku", "parts"]
        assert refused.properties == []

    def test_a_schema_within_itself_ends(self):
        (lines,) = openapi.read(DOCUMENT, "").operations[0].answers[0].properties
        depth = 0
        while lines.below:
            lines, depth = lines.below[-1], depth + 1
        assert depth < 10

    def test_an_empty_document_is_an_empty_page(self):
        assert openapi.read({}, "").operations == []
        assert (
            openapi.read({"paths": {"/x": {"get": {"requestBody": {"$ref": "#/nowhere"}}}}}, "").operations[0].body
            == []
        )


def test_every_event_of_the_contracts_is_told_with_its_fields():
    told = {event.type: event for topic in events.topics() for event in topic.events}
    assert set(told) == set(EVENTS)
    assert [each.name for each in told["order-placed"].fields][:2] == ["order_id", "order_number"]
    (lines,) = [each for each in told["order-placed"].fields if each.name == "lines"]
    assert "sku" in {each.name for each in lines.below}
