"""Every error leaves as RFC 9457 problem+json with a stable `code`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from common import log
from common.db import is_transient
from common.errors import DomainError, Kind

_log = log.get(__name__)

_STATUS: dict[Kind, int] = {
    "invalid": 422,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "too_large": 413,
    "unavailable": 503,
}
_HTTP_CODES = {
    400: "request.malformed",
    404: "resource.not_found",
    405: "method.not_allowed",
    413: "request.too_large",
    415: "request.unsupported_media_type",
}


def problem(status: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **fields: Any) -> Response:
    """A problem+json response. `fields` are further members of the body."""
    content = orjson.dumps(_body(status, code, detail) | fields, default=str)
    return Response(content, status_code=status, headers=headers, media_type="application/problem+json")


def _body(status: int, code: str, detail: str) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {"type": f"urn:shop:problem:{code}", "title": title, "status": status, "code": code, "detail": detail}


def of_domain_error(error: DomainError) -> Response:
    """The response of a refusal, with a hint when to come back if the trouble is passing."""
    headers = {"Retry-After": "1"} if error.kind == "unavailable" else None
    if error.kind == "unauthenticated":
        headers = {"WWW-Authenticate": "Bearer"}
    return problem(_STATUS[error.kind], error.code, error.detail, headers=headers, **error.fields)


def install(app: FastAPI) -> None:
    """Gives the app its error handlers."""

    @app.exception_handler(DomainError)
    async def refused(_request: Request, error: DomainError) -> Response:
        return of_domain_error(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        errors = [{"loc": list(item["loc"]), "msg": item["msg"], "type": item["type"]} for item in error.errors()]
        if any(item["type"] == "json_invalid" for item in errors):
            return problem(400, "request.malformed", "the body is not JSON", errors=errors)
        where = ", ".join(".".join(str(part) for part in item["loc"]) for item in errors[:5])
        return problem(422, "request.invalid", f"not acceptable: {where}", errors=errors)

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Response:
        code = _HTTP_CODES.get(error.status_code, f"http.{error.status_code}")
        return problem(error.status_code, code, str(error.detail), headers=dict(error.headers or {}))


def of_unexpected(path: str, error: Exception) -> Response:
    """What a caller is told of an error that no route foresaw."""
    if isinstance(error, ClientDisconnect):
        return problem(400, "request.malformed", "the body ended before it was whole")
    if _is_unstorable(error):
        return problem(422, "request.invalid", "text may not contain the character U+0000")
    if is_transient(error):
        _log.warning("the database is away", path=path, error=repr(error))
        return problem(503, "database.unavailable", "try again in a moment", headers={"Retry-After": "1"})
    _log.error("unhandled error", path=path, exc_info=error)
    return problem(500, "internal", "the request failed and changed nothing that was not answered for")


def _is_unstorable(error: Exception) -> bool:
    """PostgreSQL stores no NUL in text (SQLSTATE 22021): the caller's mistake, found late."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == "22021"


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stable: for programs"},
        "detail": {"type": "string", "description": "for people"},
    },
}
# What a caller meets with each status, for the documents.
_EXAMPLES = {
    400: ("request.malformed", "the body is not JSON"),
    401: ("auth.required", "a staff token is needed"),
    403: ("auth.forbidden", "this needs the role orders"),
    404: ("resource.not_found", "Not Found"),
    409: ("idempotency.in_progress", "the first request with this Idempotency-Key is still running"),
    413: ("request.too_large", "a body has at most 1048576 bytes"),
    422: ("request.invalid", "not acceptable: body.quantity"),
    429: ("order.look_ups_exhausted", "this number was tried too often; wait a while"),
    503: ("database.unavailable", "try again in a moment"),
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses=`: which problems it answers with."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {
                "application/problem+json": {"schema": PROBLEM_SCHEMA, "example": _body(status, *_EXAMPLES[status])}
            },
        }
        for status in statuses
    }
