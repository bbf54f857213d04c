"""What the company offers no API for: the payer without a browser, and the books. Under /kakaopay/_sandbox."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from sandbox.kakaopay.errors import KakaoPayRefusal
from sandbox.kakaopay.parts import KakaoPay
from sandbox.kakaopay.window import Choice


class Visit(BaseModel):
    url: str | None = Field(None, description="one of the next_redirect urls of ready")
    tid: str | None = None
    partner_order_id: str | None = Field(None, description="its newest payment")
    choice: Choice = "card"


def router(kakaopay: KakaoPay) -> APIRouter:
    api = APIRouter(prefix="/kakaopay/_sandbox", tags=["KakaoPay: sandbox"])

    def ticket(visit: Visit) -> str:
        if visit.url is not None:
            return visit.url.rstrip("/").split("/")[-2] if visit.url.count("/") > 1 else ""
        found = kakaopay.ledger.of_order(visit.partner_order_id or "") if visit.tid is None else None
        if visit.tid is not None:
            found = next((known for known in kakaopay.ledger.all() if known.tid == visit.tid), None)
        return "" if found is None else found.ticket

    @api.post("/pay")
    async def pay(visit: Visit) -> Response:
        """The payer at the page: card, money, decline (refused at approve), password, fail or quit.

        Returns {tid, status, pg_token, redirect_url}."""
        try:
            opened = kakaopay.window.open(ticket(visit))
            url = kakaopay.window.choose(opened.ticket, visit.choice)
        except KakaoPayRefusal as refusal:
            return refusal.answer(kakaopay.settings.error_shape)
        payment = kakaopay.ledger.get(opened.tid, opened.cid)
        return JSONResponse(
            {"tid": payment.tid, "status": payment.status, "pg_token": payment.pg_token, "redirect_url": url}
        )

    @api.get("/books")
    async def books() -> dict[str, Any]:
        """Money taken and given back, per payment and in total."""
        return kakaopay.ledger.books()

    return api
