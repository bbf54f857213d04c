"""KakaoPay's API as the mall sees it, under /kakaopay/online/v1."""

from collections.abc import Callable
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox.clock import epoch
from sandbox.kakaopay import checks
from sandbox.kakaopay.approval import approved
from sandbox.kakaopay.errors import KakaoPayRefusal, named
from sandbox.kakaopay.parts import KakaoPay
from sandbox.settings import listed

Effect = Callable[[str, dict[str, Any]], dict[str, Any]]


class Door:
    """One request through auth, the merchant code and whatever fault is waiting."""

    def __init__(self, kakaopay: KakaoPay) -> None:
        self._kakaopay = kakaopay
        self._shape = kakaopay.settings.error_shape

    async def take(self, request: Request, operation: str, effect: Effect, *, query: bool = False) -> Response:
        try:
            key = self._key(request)
            body = dict(request.query_params) if query else checks.body_of(await request.body())
            cid = self._cid(body, key)
            response = await self._kakaopay.faults.around(
                "kakaopay",
                operation,
                effect=lambda: self._run(effect, cid, body),
                refuse=lambda code: named(code).answer(self._shape),
            )
            subject = str(body.get("tid") or body.get("partner_order_id") or "")[:100]
        except KakaoPayRefusal as refusal:
            response, subject = refusal.answer(self._shape), ""
        self._kakaopay.ledger.store.note_call(
            at=epoch(self._kakaopay.clock.now()), party="kakaopay", operation=operation, subject=subject,
            outcome=str(response.status_code),
        )  # fmt: skip
        return response

    def _key(self, request: Request) -> str:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            raise KakaoPayRefusal(-400)
        if scheme not in listed(self._kakaopay.settings.schemes) or not self._kakaopay.settings.knows(key):
            raise KakaoPayRefusal(-401)
        return key

    def _cid(self, body: dict[str, Any], key: str) -> str:
        """A key opens its own merchant's payments only."""
        cid = body.get("cid")
        if not isinstance(cid, str) or self._kakaopay.settings.key_of(cid) != key:
            raise KakaoPayRefusal(-731)
        return cid

    def _run(self, effect: Effect, cid: str, body: dict[str, Any]) -> Response:
        try:
            with self._kakaopay.ledger.store.tx():
                answer = effect(cid, body)
        except KakaoPayRefusal as refusal:
            return refusal.answer(self._shape)
        refused = answer.pop("refused", None)
        return JSONResponse(answer) if refused is None else KakaoPayRefusal(-780, refused).answer(self._shape)


def router(kakaopay: KakaoPay) -> APIRouter:
    api = APIRouter(prefix="/kakaopay/online/v1", tags=["KakaoPay"])
    door = Door(kakaopay)

    def taken(cid: str, body: dict[str, Any]) -> dict[str, Any]:
        payment = kakaopay.approval.approve(cid, body)
        # A declined payment is written down as failed: its refusal must not undo that.
        return approved(payment) if payment.approved_at else {"refused": payment.decline}

    @api.post("/payment/ready")
    async def ready(request: Request) -> Response:
        """A tid and the addresses of the payer's page."""
        return await door.take(request, "ready", kakaopay.approval.ready)

    @api.post("/payment/approve")
    async def approve(request: Request) -> Response:
        """Take the money, with the pg_token the payer's browser brought back."""
        return await door.take(request, "approve", taken)

    @api.post("/payment/cancel")
    async def cancel(request: Request) -> Response:
        return await door.take(request, "cancel", kakaopay.cancels.cancel)

    @api.post("/payment/order")
    async def order(request: Request) -> Response:
        """Where a payment stands, by its tid and nothing else."""
        return await door.take(
            request,
            "order",
            lambda cid, body: kakaopay.order(kakaopay.ledger.get(checks.text(body.get("tid"), most=20), cid)),
        )

    @api.get("/settlements")
    async def settlements(request: Request) -> Response:
        """One day's movements, `?cid=&date=YYYY-MM-DD`. No public description of the true one was found: invented."""

        def day(cid: str, query: dict[str, Any]) -> dict[str, Any]:
            try:
                asked = date.fromisoformat(query.get("date", "")).isoformat()
            except ValueError:
                raise KakaoPayRefusal(checks.INVALID) from None
            return {"cid": cid, "date": asked, "rows": kakaopay.ledger.settled(cid, asked)}

        return await door.take(request, "settlements", day, query=True)

    return api
