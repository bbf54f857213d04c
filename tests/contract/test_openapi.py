"""The documents of the public surface: every request and every answer has an example, and every example is true."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from tests.contract.examples import example
from tests.contract.http.shop import NAMES, unserved

PROBLEM = "application/problem+json"
# A reader learns nothing from a page's source, and neither from what is no text.
UNREAD = "text/html"
DOORS = {"authorization", "x-api-key", "x-internal-key"}


@pytest.fixture(scope="module")
async def apps(tmp_path_factory) -> dict[str, FastAPI]:
    return {name: await unserved(name, tmp_path_factory.mktemp(name)) for name in NAMES}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def media(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where, media type and what is said of it: the request's body first, then each answer."""
    parts = {"body": operation.get("requestBody", {}), **operation["responses"]}
    for where, part in parts.items():
        for kind, told in part.get("content", {}).items():
            yield where, kind, told


def shown(told: dict[str, Any], document: dict[str, Any], at: str) -> Any:
    named = [each["value"] for each in told.get("examples", {}).values()]
    return told["example"] if "example" in told else named[0] if named else example(told["schema"], document, at)


@pytest.mark.parametrize("name", NAMES)
def test_every_request_and_answer_has_an_example_that_fits(apps, name):
    document = apps[name].openapi()
    wrong = []
    for label, operation in operations(document):
        for where, kind, told in media(operation):
            if kind == UNREAD or told["schema"].get("format") == "binary":
                continue
            at = f"{label} {where}"
            instance = shown(told, document, at)
            schema = told["schema"] | {"components": document["components"]}
            checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
            wrong += [f"{at}: {error.message[:300]}" for error in checker.iter_errors(instance)]
            if kind == PROBLEM and instance["status"] != int(where):
                wrong.append(f"{at}: the example has status {instance['status']}")
    assert not wrong


@pytest.mark.parametrize("name", NAMES)
def test_every_example_of_a_request_is_understood(apps, name):
    """By the service's own reading of it, which knows more than a schema can say."""
    document = apps[name].openapi()
    wrong = []
    for route in routes(apps[name]):
        for method in route.methods if route.body_field is not None and route.include_in_schema else ():
            told = document["paths"][route.path_format][method.lower()]["requestBody"]["content"]["application/json"]
            at = f"{method} {route.path_format}"
            _, errors = route.body_field.validate(shown(told, document, at), loc=("body",))
            wrong += [f"{at}: {error['loc']} {error['msg']}" for error in errors or ()]
    assert not wrong


def routes(app: FastAPI) -> Iterator[APIRoute]:
    yield from (route for route in app.routes if isinstance(route, APIRoute))


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_says_what_it_is_and_how_it_refuses(apps, name):
    for label, operation in operations(apps[name].openapi()):
        assert operation.get("summary"), label
        answers = operation["responses"]
        assert "503" in answers, label
        headers = {each["name"].lower() for each in operation.get("parameters", []) if each["in"] == "header"}
        assert "401" in answers or not headers & DOORS, label
        assert "409" in answers or "idempotency-key" not in headers, label
        assert {"400", "413", "422"} <= set(answers) or "requestBody" not in operation, label
        for status, answer in answers.items():
            assert status < "400" or list(answer["content"]) == [PROBLEM], (label, status)
