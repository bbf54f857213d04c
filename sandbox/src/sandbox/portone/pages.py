"""PortOne in a browser: its two scripts, the payer's window, and the bank's buttons."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from sandbox.pages import SHOWN, Pages, amount_in, bank_buttons, form, from_elsewhere
from sandbox.portone import checks
from sandbox.portone.desk import Asked
from sandbox.portone.parts import PortOne
from sandbox.portone.payment import BANKS, Payment
from sandbox.portone.refusals import PortOneRefusal
from sandbox.settings import Settings

# The real scripts open a frame on a PC and give the result to the caller; these always leave the page, as on a phone.
V2_SCRIPT = """window.PortOne={requestPayment:function(request){
var at=%s;location.assign(at+"?request="+encodeURIComponent(JSON.stringify(request)));
return new Promise(function(){});}};
"""
V1_SCRIPT = """window.IMP=(function(){var code="";return{init:function(given){code=given;},
request_pay:function(request){var at=%s,asked=Object.assign({imp_code:code},request);
location.assign(at+"?request="+encodeURIComponent(JSON.stringify(asked)));}};})();
"""
WORDS = {
    "card": "카드", "transfer": "계좌이체", "virtual_account": "가상계좌", "easy_pay": "간편결제",
}  # fmt: skip


def router(settings: Settings, portone: PortOne) -> APIRouter:
    api = APIRouter(include_in_schema=False)
    pages = Pages(settings)
    _scripts(api, settings)
    _windows(api, pages, portone)
    _bank(api, pages, settings, portone)
    return api


def _scripts(api: APIRouter, settings: Settings) -> None:
    def script(text: str, path: str) -> Response:
        return Response(text % json.dumps(f"{settings.base_url}{path}"), media_type="text/javascript")

    @api.get("/portone/v2/browser-sdk.js")
    async def browser_sdk() -> Response:
        return script(V2_SCRIPT, "/portone/pay")

    @api.get("/portone_v1/iamport.js")
    async def iamport() -> Response:
        return script(V1_SCRIPT, "/portone_v1/pay")


def _windows(api: APIRouter, pages: Pages, portone: PortOne) -> None:
    reading: dict[str, Callable[[Mapping[str, Any]], Asked]] = {
        "portone": portone.desk.read_v2, "portone_v1": portone.desk.read_v1,
    }  # fmt: skip

    def asked(party: str, raw: str) -> Asked:
        return reading[party](checks.body_of(raw.encode()))

    def show(party: str, raw: str) -> Response:
        try:
            wanted = asked(party, raw)
        except PortOneRefusal as refusal:
            return pages.show("portone_refused.html", refusal.status, refusal=refusal)
        return pages.show(
            "portone_window.html", asked=wanted, raw=raw, party=party, method=WORDS[wanted.method],
            banks={code: name for code, (_, name) in BANKS.items()}, by_account=wanted.method == "virtual_account",
        )  # fmt: skip

    def choose(party: str, fields: dict[str, str], request: Request) -> Response:
        if from_elsewhere(request):
            return pages.show("portone_refused.html", 403, refusal=PortOneRefusal("FORBIDDEN"))
        try:
            wanted = asked(party, fields.get("request", ""))
            _, url = portone.desk.choose(wanted, fields.get("choice", ""), fields.get("bank", "88"))
        except PortOneRefusal as refusal:
            return pages.show("portone_refused.html", refusal.status, refusal=refusal)
        return RedirectResponse(url, 303)

    for party in reading:
        _window_routes(api, party, show, choose)


def _window_routes(
    api: APIRouter,
    party: str,
    show: Callable[[str, str], Response],
    choose: Callable[[str, dict[str, str], Request], Response],
) -> None:
    @api.get(f"/{party}/pay")
    async def window(request: str = "") -> Response:
        """The payment window, as the browser's script opens it."""
        return show(party, request)

    @api.post(f"/{party}/pay")
    async def chosen(request: Request) -> Response:
        return choose(party, await form(request), request)


def _bank(api: APIRouter, pages: Pages, settings: Settings, portone: PortOne) -> None:
    def account(fields: dict[str, str]) -> Payment:
        return portone.desk.find(number=fields.get("account"), payment_id=None)

    bank_buttons(
        api, settings, "portone", portone.desk.rules,
        acts={
            "deposit": lambda fields: portone.desk.deposit(account(fields), amount=amount_in(fields)),
            "late": lambda fields: portone.desk.deposit(account(fields), amount=amount_in(fields), force=True),
            "reverse": lambda fields: portone.desk.reverse(account(fields)),
            "expire": lambda fields: portone.desk.expire(account(fields)),
            "finish": lambda fields: portone.cancels.finish(account(fields).tx_id),
        },
        refused=lambda: pages.show("portone_refused.html", 403, refusal=PortOneRefusal("FORBIDDEN")),
    )  # fmt: skip

    @api.get("/portone")
    async def overview(note: str = "") -> Response:
        books = portone.ledger.books()
        shown = books["payments"][: -SHOWN - 1 : -1]
        return pages.show(
            "portone.html", totals=books["totals"], payments=shown, note=note, words=WORDS,
            banks={code: name for code, (_, name) in BANKS.items()}, exact=portone.desk.rules.exact,
        )  # fmt: skip

    @api.get("/portone/receipts/{tx_id}")
    async def receipt(tx_id: str) -> Response:
        payment = portone.ledger.of_tx(tx_id)
        if payment is None:
            return pages.show("portone_refused.html", 404, refusal=PortOneRefusal("PAYMENT_NOT_FOUND"))
        return pages.show("portone_receipt.html", payment=payment, method=WORDS[payment.method])
