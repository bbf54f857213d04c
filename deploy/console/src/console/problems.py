"""Refusals as RFC 9457 problem+json.

`common.problems` says the same, but brings FastAPI and SQLAlchemy along: a third of this process's memory.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response


def problem(status: int, code: str, detail: str, **fields: Any) -> Response:
    """`fields` are further members of the body."""
    body = {
        "type": f"urn:shop:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **fields,
    }
    return Response(orjson.dumps(body), status_code=status, media_type="application/problem+json")
