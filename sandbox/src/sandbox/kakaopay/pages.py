"""KakaoPay's pages: the payer's, and what came in."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from sandbox.kakaopay.errors import KakaoPayRefusal
from sandbox.kakaopay.parts import KakaoPay
from sandbox.pages import SHOWN, Pages, form, from_elsewhere
from sandbox.settings import Settings

KINDS = ("info", "mInfo", "aInfo")


def router(settings: Settings, kakaopay: KakaoPay) -> APIRouter:
    api = APIRouter(include_in_schema=False)
    pages = Pages(settings)

    def refused(refusal: KakaoPayRefusal) -> Response:
        return pages.show("refused.html", refusal.status, refusal=refusal)

    @api.get("/kakaopay")
    async def overview() -> Response:
        books = kakaopay.ledger.books()
        shown = books["payments"][: -SHOWN - 1 : -1]
        return pages.show("kakaopay.html", totals=books["totals"], payments=shown)

    @api.get("/kakaopay/v1/{ticket}/{kind}")
    async def window(ticket: str, kind: str) -> Response:
        """Where ready sends the payer."""
        if kind not in KINDS:
            return refused(KakaoPayRefusal(-404))
        try:
            payment = kakaopay.window.open(ticket)
        except KakaoPayRefusal as refusal:
            return refused(refusal)
        return pages.show("kakaopay_window.html", payment=payment, mobile=kind != "info")

    @api.post("/kakaopay/v1/{ticket}/choose")
    async def chosen(request: Request, ticket: str) -> Response:
        if from_elsewhere(request):
            return refused(KakaoPayRefusal(-403))
        try:
            url = kakaopay.window.choose(ticket, (await form(request)).get("choice", ""))
        except KakaoPayRefusal as refusal:
            return refused(refusal)
        return RedirectResponse(url, 303)

    return api
