"""What the edge answers by itself, in the words of a service: the edge fetches the body here."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.numbers import natural
from console.problems import problem

_KNOWN = {
    400: ("request.path_invalid", "a path has no encoded / \\ % ? # ; and no control characters"),
    404: ("resource.not_found", "nothing is published under this address"),
    413: ("request.too_large", "a request body has at most 1 MiB"),
    429: ("request.too_many", "too many requests; try again in a moment"),
    500: (
        "internal",
        "the request failed or broke off; ask again, with the same Idempotency-Key if it had one",
    ),
    502: ("service.unreachable", "the service behind this address is not running; try again in a moment"),
    503: ("service.unavailable", "the service behind this address cannot answer now; try again in a moment"),
    504: ("service.timeout", "the service behind this address did not answer in time; nothing is known of the outcome"),
}
_PASSING = frozenset({429, 502, 503, 504})
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


async def edge_error(request: Request) -> Response:
    """`/edge-errors/{status}` answers with that status. A stranger among the numbers is a 404."""
    asked = natural(request.path_params["status"])
    status = asked if asked is not None and asked in _KNOWN else 404
    response = problem(status, *_KNOWN[status])
    if status in _PASSING:
        response.headers["retry-after"] = "1"
    return response


def routes() -> list[Route]:
    # Any method: a POST to an unknown address arrives here as a POST.
    return [Route("/edge-errors/{status}", edge_error, methods=_METHODS)]
