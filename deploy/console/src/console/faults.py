"""/dev/faults: the sandbox's switches, so that providers fail on request."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.numbers import natural
from console.outside import Outside, OutsideAway
from console.pages import Pages, as_json, from_elsewhere
from console.problems import problem

_HERE = "/dev/faults"
_FORM_BYTES = 8_192
KINDS = {
    "error": "refuses in its own words, no effect",
    "http_500": "answers a bare 500, no effect",
    "timeout": "no effect, no answer, then the connection is cut",
    "delay": "answers rightly, but late",
    "drop_after_effect": "does it, and the answer is lost",
    "duplicate_callbacks": "calls back twice",
    "late_callbacks": "calls back late",
    "reorder_callbacks": "calls back in the wrong order",
    "no_callbacks": "never calls back",
}
OPERATIONS = {
    "toss": (
        "confirm", "get_payment", "get_order", "cancel", "virtual_accounts", "cash_receipts", "cash_receipts_cancel",
        "PAYMENT_STATUS_CHANGED", "DEPOSIT_CALLBACK",
    ),
    "solapi": ("send", "list", "message", "report"),
    "logistics": (
        "fassto_connect", "fassto_release", "fassto_list", "fassto_detail", "fassto_cancel", "fassto_stock", "tracker",
        "job_accept", "job_waybill",
    ),
}  # fmt: skip
# What is worth trying first, and what should come of it.
EXAMPLES = (
    ("Toss confirms, but the answer is lost", "asked again, never charged twice",
     {"party": "toss", "operation": "confirm", "kind": "drop_after_effect", "count": "1"}),
    ("Toss reports each deposit twice", "one order-paid each",
     {"party": "toss", "operation": "DEPOSIT_CALLBACK", "kind": "duplicate_callbacks", "count": "5"}),
    ("Solapi is down for three calls", "messages wait and are sent once",
     {"party": "solapi", "operation": "send", "kind": "http_500", "count": "3"}),
    ("The centre's answer comes late", "shipments wait, nothing is doubled",
     {"party": "logistics", "operation": "fassto_release", "kind": "delay", "count": "3", "seconds": "10"}),
)  # fmt: skip


class FaultPages:
    def __init__(self, outside: Outside, pages: Pages) -> None:
        self._outside = outside
        self._pages = pages

    async def listed(self, request: Request) -> Response:
        faults, trouble = await self._found()
        return self._pages.show(
            "faults.html", here=_HERE, faults=faults, trouble=trouble or request.query_params.get("wrong", ""),
            unknown=bool(trouble), kinds=KINDS, operations=OPERATIONS, examples=EXAMPLES,
        )  # fmt: skip

    async def listed_json(self, _request: Request) -> Response:
        faults, trouble = await self._found()
        return as_json({"items": faults, "trouble": trouble})

    async def change(self, request: Request) -> Response:
        """A form of this page: orders a fault, or clears one by its id or `all` (`clear`)."""
        if from_elsewhere(request):
            return problem(403, "request.from_elsewhere", "only this console's own pages may do that")
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _FORM_BYTES:
                return problem(413, "request.too_large", "a form of this page is small")
        fields = dict(parse_qsl(body.decode(errors="replace")))
        try:
            await self._act(fields)
        except OutsideAway as error:
            return RedirectResponse(f"{_HERE}?{urlencode({'wrong': str(error)})}", 303)
        return RedirectResponse(_HERE, 303)

    async def _act(self, fields: dict[str, str]) -> None:
        clear = fields.get("clear")
        if clear is None:
            await self._outside.order_fault(_order(fields))
        elif clear == "all":
            await self._outside.clear_faults()
        elif (number := natural(clear)) is not None:
            await self._outside.clear_faults(number)

    async def _found(self) -> tuple[list[dict[str, Any]], str]:
        try:
            return await self._outside.faults(), ""
        except OutsideAway as error:
            return [], str(error)

    def routes(self) -> list[Route]:
        return [
            Route("/dev/faults", self.listed, methods=["GET"]),
            Route("/dev/faults", self.change, methods=["POST"]),
            Route("/dev/faults.json", self.listed_json),
        ]


def _order(fields: dict[str, str]) -> dict[str, Any]:
    """As the sandbox takes it: what was left empty is left out, and the sandbox judges the rest."""
    names = ("party", "operation", "kind", "count", "seconds", "code", "mode")
    return {name: fields[name] for name in names if fields.get(name)}
