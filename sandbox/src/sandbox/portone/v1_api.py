"""PortOne V1 (iamport): https://api.iamport.kr is /portone_v1 here. Everything comes in {code, message, response}."""

import hmac
import secrets
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox.clock import epoch
from sandbox.portone import checks
from sandbox.portone.parts import PortOne
from sandbox.portone.payment import BANKS, Payment
from sandbox.portone.refusals import PortOneRefusal, refuse_v1

Effect = Callable[[dict[str, Any]], Any]


class Door:
    def __init__(self, portone: PortOne) -> None:
        self._portone = portone

    async def take(
        self, request: Request, operation: str, effect: Effect, *, subject: str = "", signed_in: bool = True
    ) -> Response:
        raw = await request.body()
        try:
            if signed_in:
                self._authorise(request)
            response = await self._portone.faults.around(
                "portone_v1", operation, effect=lambda: self._run(effect, raw), refuse=refuse_v1
            )
        except PortOneRefusal as refusal:
            response = refuse_v1(refusal.kind)
        self._portone.ledger.store.note_call(
            at=epoch(self._portone.clock.now()), party="portone_v1", operation=operation, subject=subject,
            outcome=str(response.status_code),
        )  # fmt: skip
        return response

    def _authorise(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self._portone.ledger.token_is_good(token, epoch(self._portone.clock.now())):
            raise PortOneRefusal("UNAUTHORIZED")

    def _run(self, effect: Effect, raw: bytes) -> Response:
        try:
            with self._portone.ledger.store.tx():
                return JSONResponse({"code": 0, "message": None, "response": effect(checks.body_of(raw))})
        except PortOneRefusal as refusal:
            return refuse_v1(refusal.kind)


def router(portone: PortOne) -> APIRouter:
    api = APIRouter(prefix="/portone_v1", tags=["PortOne V1"])
    door = Door(portone)
    _token_route(api, door, portone)
    _prepare_routes(api, door, portone)
    _lookup_routes(api, door, portone)
    _cancel_routes(api, door, portone)
    return api


def _token_route(api: APIRouter, door: Door, portone: PortOne) -> None:
    def token(body: dict[str, Any]) -> dict[str, Any]:
        """The same token while it lives, as the real one does."""
        settings, now = portone.settings, epoch(portone.clock.now())
        pairs = (("imp_key", settings.portone.v1_imp_key), ("imp_secret", settings.portone.v1_imp_secret))
        if not all(hmac.compare_digest(str(body.get(name, "")).encode(), value.encode()) for name, value in pairs):
            raise PortOneRefusal("UNAUTHORIZED")
        known = portone.ledger.live_token(now)
        if known is None:
            known = (secrets.token_hex(20), now + settings.portone.v1_token_seconds)
            portone.ledger.remember_token(*known)
        return {"access_token": known[0], "now": int(now), "expired_at": int(known[1])}

    @api.post("/users/getToken")
    async def get_token(request: Request) -> Response:
        return await door.take(request, "get_token", token, signed_in=False)


def _prepare_routes(api: APIRouter, door: Door, portone: PortOne) -> None:
    def prepared(body: dict[str, Any]) -> dict[str, Any]:
        merchant_uid = checks.payment_id(body.get("merchant_uid"))
        amount = checks.whole(body.get("amount"), least=1)
        portone.ledger.lock_amount("v1", merchant_uid, amount, again=False)
        return {"merchant_uid": merchant_uid, "amount": amount}

    def shown(merchant_uid: str) -> dict[str, Any]:
        amount = portone.ledger.locked("v1", merchant_uid)
        if amount is None:
            raise PortOneRefusal("PAYMENT_NOT_FOUND")
        return {"merchant_uid": merchant_uid, "amount": amount}

    @api.post("/payments/prepare")
    async def prepare(request: Request) -> Response:
        """Locks the amount of a merchant_uid; a second time is refused."""
        return await door.take(request, "prepare", prepared)

    @api.get("/payments/prepare/{merchant_uid}")
    async def get_prepared(request: Request, merchant_uid: str) -> Response:
        return await door.take(request, "get_prepared", lambda _: shown(merchant_uid), subject=merchant_uid)


def _lookup_routes(api: APIRouter, door: Door, portone: PortOne) -> None:
    def listed(status: str, query: Any) -> dict[str, Any]:
        since, until = float(query.get("from", 0)), float(query.get("to", 1e12))
        page, limit = int(query.get("page", 1)), min(int(query.get("limit", 20)), 100)
        found = [portone.wire(payment) for payment in portone.ledger.changed("v1", since, until)]
        found = [row for row in found if status in ("all", row["status"])]
        rows = found[(page - 1) * limit : page * limit]
        more = page + 1 if page * limit < len(found) else 0
        return {"total": len(found), "previous": page - 1, "next": more, "list": rows}

    @api.get("/payments/status/{status}")
    async def by_status(request: Request, status: str) -> Response:
        return await door.take(request, "get_payments", lambda _: listed(status, request.query_params))

    @api.get("/payments/find/{merchant_uid}")
    @api.get("/payments/find/{merchant_uid}/")
    async def find(request: Request, merchant_uid: str) -> Response:
        return await door.take(
            request, "find_payment", lambda _: portone.wire(portone.ledger.get("v1", merchant_uid)),
            subject=merchant_uid,
        )  # fmt: skip

    @api.get("/payments/{imp_uid}")
    async def get_payment(request: Request, imp_uid: str) -> Response:
        return await door.take(request, "get_payment", lambda _: portone.wire(_of(portone, imp_uid)), subject=imp_uid)


def _of(portone: PortOne, imp_uid: str) -> Payment:
    payment = portone.ledger.of_tx(imp_uid)
    if payment is None or payment.api != "v1":
        raise PortOneRefusal("PAYMENT_NOT_FOUND")
    return payment


def _cancel_routes(api: APIRouter, door: Door, portone: PortOne) -> None:
    def cancelled(body: dict[str, Any]) -> dict[str, Any]:
        payment = _of(portone, str(body.get("imp_uid")))
        code = str(body.get("refund_bank") or "").removeprefix("0") if body.get("refund_bank") else ""
        bank = BANKS.get(code.zfill(2), ("", ""))[0]
        account = {
            "bank": bank, "number": body.get("refund_account"), "holderName": body.get("refund_holder"),
        } if body.get("refund_account") else None  # fmt: skip
        portone.cancels.cancel(
            payment,
            reason=str(body.get("reason") or ""),
            amount=checks.optional_whole(body.get("amount"), least=1),
            tax_free=checks.whole(body.get("tax_free") or 0),
            expected=checks.optional_whole(body.get("checksum")),
            account=account,
            told=(body.get("extra") or {}).get("enable_webhook") is True or body.get("enable_webhook") is True,
        )
        return portone.wire(payment)

    def closed(imp_uid: str) -> dict[str, Any]:
        payment = _of(portone, imp_uid)
        portone.desk.close(payment)
        portone.ledger.save(payment)
        return portone.wire(payment)

    @api.post("/payments/cancel")
    async def cancel(request: Request) -> Response:
        return await door.take(request, "cancel", cancelled)

    @api.delete("/vbanks/{imp_uid}")
    async def close(request: Request, imp_uid: str) -> Response:
        return await door.take(request, "close_account", lambda _: closed(imp_uid), subject=imp_uid)
