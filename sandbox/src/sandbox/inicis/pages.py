"""Inicis in a browser: its script, the payer's window, the way back, and the bank's buttons."""

import json
import secrets

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from sandbox.inicis.desk import KEPT, Back
from sandbox.inicis.parts import Inicis
from sandbox.inicis.payment import ACCOUNT, BANKS, Payment
from sandbox.inicis.refusals import InicisRefusal
from sandbox.pages import GUARD, SHOWN, Pages, amount_in, bank_buttons, form, from_elsewhere
from sandbox.settings import Settings

# The real script opens a frame over the page; this one leaves the page, as the window does on a phone.
SCRIPT = """window.INIStdPay={pay:function(id){
var form=document.getElementById(id);form.action=%s;form.method="post";form.submit();}};
"""


def router(settings: Settings, inicis: Inicis) -> APIRouter:
    api = APIRouter(include_in_schema=False)
    pages = Pages(settings)
    _window(api, pages, inicis)
    _bank(api, pages, settings, inicis)
    return api


def _window(api: APIRouter, pages: Pages, inicis: Inicis) -> None:
    def refused(refusal: InicisRefusal) -> Response:
        return pages.show("refused.html", 400, refusal=refusal)

    def leave(back: Back) -> Response:
        """A form that sends itself, with a button for browsers that run no script."""
        if not back.fields:
            return RedirectResponse(back.url, 303)
        nonce = secrets.token_urlsafe(16)
        page = pages.show("inicis_return.html", back=back, nonce=nonce)
        page.headers["content-security-policy"] = f"{GUARD['content-security-policy']}; script-src 'nonce-{nonce}'"
        return page

    @api.get("/inicis/stdjs/INIStdPay.js")
    async def script() -> Response:
        return Response(SCRIPT % json.dumps(f"{inicis.base_url}/pay"), media_type="text/javascript")

    @api.post("/inicis/pay")
    async def window(request: Request) -> Response:
        """The window, as INIStdPay.pay opens it. The mall's own page posts here."""
        fields = await form(request)
        try:
            asked = inicis.desk.read(fields)
        except InicisRefusal as refusal:
            return refused(refusal)
        kept = {name: fields[name] for name in KEPT if name in fields}
        return pages.show("inicis_window.html", asked=asked, kept=kept, banks=BANKS, by_account=asked.method == ACCOUNT)

    @api.post("/inicis/choose")
    async def chosen(request: Request) -> Response:
        if from_elsewhere(request):
            return refused(InicisRefusal("V003"))
        fields = await form(request)
        try:
            asked = inicis.desk.read(fields)
            return leave(inicis.desk.choose(asked, fields.get("choice", ""), fields.get("bank") or "88"))
        except InicisRefusal as refusal:
            return refused(refusal)


def _bank(api: APIRouter, pages: Pages, settings: Settings, inicis: Inicis) -> None:
    def account(fields: dict[str, str]) -> Payment:
        return inicis.bank.find(account_number=fields.get("account"), order_id=None)

    bank_buttons(
        api, settings, "inicis", inicis.bank.rules,
        acts={
            "deposit": lambda fields: inicis.bank.deposit(account(fields), amount=amount_in(fields)),
            "late": lambda fields: inicis.bank.deposit(account(fields), amount=amount_in(fields), force=True),
            "reverse": lambda fields: inicis.bank.reverse(account(fields)),
            "expire": lambda fields: inicis.bank.expire(account(fields)),
        },
        refused=lambda: pages.show("refused.html", 403, refusal=InicisRefusal("V003")),
    )  # fmt: skip

    @api.get("/inicis")
    async def overview(note: str = "") -> Response:
        books = inicis.ledger.books()
        shown = books["payments"][: -SHOWN - 1 : -1]
        return pages.show(
            "inicis.html", totals=books["totals"], payments=shown, note=note, banks=BANKS, exact=inicis.bank.rules.exact
        )
