"""PortOne V2 as the mall sees it: https://api.portone.io is /portone here."""

import hashlib
import hmac
import math
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox.clock import epoch, wire_time
from sandbox.portone import checks
from sandbox.portone.parts import PortOne
from sandbox.portone.payment import Payment
from sandbox.portone.refusals import PortOneRefusal, refuse_v2

Effect = Callable[[dict[str, Any]], dict[str, Any]]


class Door:
    """One request through auth, the idempotency key and whatever fault is waiting."""

    def __init__(self, portone: PortOne) -> None:
        self._portone = portone

    async def take(self, request: Request, operation: str, effect: Effect, *, subject: str = "") -> Response:
        try:
            response = await self._inside(request, operation, effect)
        except PortOneRefusal as refusal:
            response = refuse_v2(refusal.kind)
        self._portone.ledger.store.note_call(
            at=epoch(self._portone.clock.now()), party="portone", operation=operation, subject=subject,
            outcome=str(response.status_code),
        )  # fmt: skip
        return response

    async def _inside(self, request: Request, operation: str, effect: Effect) -> Response:
        self._authorise(request)
        key = checks.idempotency_key(request.headers.get("idempotency-key"))
        scope = None
        if key is not None and request.method == "POST":
            scope = hashlib.sha256(f"{key}\n{request.method}\n{request.url.path}".encode()).hexdigest()
        raw = await request.body()
        replay = self._portone.idempotency.begin(scope)
        if replay is not None:
            return JSONResponse(replay[1], replay[0])
        try:
            return await self._portone.faults.around(
                "portone", operation, effect=lambda: self._run(scope, effect, raw), refuse=refuse_v2
            )
        finally:
            self._portone.idempotency.release(scope)

    def _authorise(self, request: Request) -> None:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        expected = self._portone.settings.portone.api_secret
        if scheme != "PortOne" or not hmac.compare_digest(secret.encode(), expected.encode()):
            raise PortOneRefusal("UNAUTHORIZED")

    def _run(self, scope: str | None, effect: Effect, raw: bytes) -> Response:
        """The effect and the answer remembered for it stand or fall together."""
        try:
            with self._portone.ledger.store.tx():
                response = JSONResponse(effect(checks.body_of(raw)))
                self._portone.idempotency.keep(scope, 200, bytes(response.body))
        except PortOneRefusal as refusal:
            response = refuse_v2(refusal.kind)
            self._portone.idempotency.keep(scope, response.status_code, bytes(response.body))
        return response


def router(portone: PortOne) -> APIRouter:
    api = APIRouter(prefix="/portone", tags=["PortOne V2"])
    door = Door(portone)
    _payment_routes(api, door, portone)
    _receipt_routes(api, door, portone)

    @api.get("/payments")
    async def payments(request: Request) -> Response:
        """A page of payments; the query carries the body as JSON, as the SDKs send it."""
        asked = request.query_params.get("requestBody", "{}").encode()
        return await door.take(request, "get_payments", lambda _: _page(portone, checks.body_of(asked)))

    @api.get("/payments/{payment_id}")
    async def get_payment(request: Request, payment_id: str) -> Response:
        return await door.take(
            request, "get_payment", lambda _: portone.wire(portone.ledger.get("v2", payment_id)), subject=payment_id
        )

    return api


def _payment_routes(api: APIRouter, door: Door, portone: PortOne) -> None:
    def cancelled(payment_id: str, body: dict[str, Any]) -> dict[str, Any]:
        account = body.get("refundAccount")
        row = portone.cancels.cancel(
            portone.ledger.get("v2", payment_id),
            reason=checks.text(body.get("reason"), most=1000),
            amount=checks.optional_whole(body.get("amount"), least=1),
            tax_free=checks.whole(body.get("taxFreeAmount") or 0),
            expected=checks.optional_whole(body.get("currentCancellableAmount")),
            account=account if isinstance(account, dict) else None,
            told=body.get("skipWebhook") is not True,
        )
        return {"cancellation": row}

    def closed(payment_id: str) -> dict[str, Any]:
        payment = portone.ledger.get("v2", payment_id)
        portone.desk.close(payment)
        portone.ledger.save(payment)
        return {"closedAt": wire_time(portone.clock.now())}

    def registered(payment_id: str, body: dict[str, Any]) -> dict[str, Any]:
        known = portone.ledger.of_payment("v2", checks.payment_id(payment_id))
        if known is not None and known.status not in ("READY", "FAILED"):
            raise PortOneRefusal("ALREADY_PAID")
        amount = checks.whole(body.get("totalAmount"), least=1)
        portone.ledger.lock_amount("v2", payment_id, amount, again=True)
        return {}

    @api.post("/payments/{payment_id}/cancel")
    async def cancel(request: Request, payment_id: str) -> Response:
        return await door.take(request, "cancel", lambda body: cancelled(payment_id, body), subject=payment_id)

    @api.post("/payments/{payment_id}/virtual-account/close")
    async def close(request: Request, payment_id: str) -> Response:
        return await door.take(request, "close_account", lambda _: closed(payment_id), subject=payment_id)

    @api.post("/payments/{payment_id}/pre-register")
    async def pre_register(request: Request, payment_id: str) -> Response:
        return await door.take(request, "pre_register", lambda body: registered(payment_id, body), subject=payment_id)


def _issued(portone: PortOne, body: dict[str, Any]) -> dict[str, Any]:
    payment = portone.ledger.get("v2", str(body.get("paymentId")))
    if payment.cash_receipt is not None and payment.cash_receipt["status"] == "ISSUED":
        raise PortOneRefusal("CASH_RECEIPT_ALREADY_ISSUED")
    identity = (body.get("customer") or {}).get("identityNumber")
    if body.get("type") not in ("PERSONAL", "CORPORATE") or not str(identity or "").isdigit():
        raise PortOneRefusal("INVALID_REQUEST")
    amount = checks.whole((body.get("amount") or {}).get("total"), least=1)
    number = f"{portone.ledger.store.next_number('portone_receipts'):09d}"
    payment.cash_receipt = {
        "status": "ISSUED", "issueNumber": number, "totalAmount": amount, "type": body["type"],
        "issuedAt": wire_time(portone.clock.now()),
    }  # fmt: skip
    portone.ledger.save(payment)
    url = f"{portone.settings.base_url}/portone/receipts/{payment.tx_id}"
    return {"cashReceipt": {"issueNumber": number, "url": url, "pgReceiptId": f"pgr{number}"}}


def _receipt_routes(api: APIRouter, door: Door, portone: PortOne) -> None:
    def receipt_of(payment_id: str) -> dict[str, Any]:
        receipt = portone.ledger.get("v2", payment_id).cash_receipt
        if receipt is None:
            raise PortOneRefusal("CASH_RECEIPT_NOT_FOUND")
        return receipt

    def withdrawn(payment_id: str) -> dict[str, Any]:
        payment = portone.ledger.get("v2", payment_id)
        if payment.cash_receipt is None or payment.cash_receipt["status"] != "ISSUED":
            raise PortOneRefusal("CASH_RECEIPT_NOT_FOUND")
        payment.cash_receipt |= {"status": "CANCELLED"}
        portone.ledger.save(payment)
        amount = payment.cash_receipt["totalAmount"]
        return {"cancelledAmount": amount, "cancelledAt": wire_time(portone.clock.now())}

    @api.post("/cash-receipts")
    async def issue(request: Request) -> Response:
        return await door.take(request, "cash_receipts", lambda body: _issued(portone, body))

    @api.get("/payments/{payment_id}/cash-receipt")
    async def get_receipt(request: Request, payment_id: str) -> Response:
        return await door.take(request, "get_cash_receipt", lambda _: receipt_of(payment_id), subject=payment_id)

    @api.post("/payments/{payment_id}/cash-receipt/cancel")
    async def cancel_receipt(request: Request, payment_id: str) -> Response:
        return await door.take(request, "cash_receipts_cancel", lambda _: withdrawn(payment_id), subject=payment_id)


def _page(portone: PortOne, body: dict[str, Any]) -> dict[str, Any]:
    page, wanted = body.get("page") or {}, body.get("filter") or {}
    number, size = checks.whole(page.get("number") or 0), checks.whole(page.get("size") or 10, least=1)
    if size > 1000:
        raise PortOneRefusal("INVALID_REQUEST")
    since = epoch(checks.moment(wanted["from"])) if wanted.get("from") else 0.0
    until = epoch(checks.moment(wanted["until"])) if wanted.get("until") else math.inf
    found: list[Payment] = portone.ledger.changed("v2", since, until)
    shown = found[number * size : (number + 1) * size]
    total = {"number": number, "size": size, "totalCount": len(found)}
    return {"items": [portone.wire(payment) for payment in shown], "page": total}
