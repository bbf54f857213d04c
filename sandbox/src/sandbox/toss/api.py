"""Toss's API as the mall sees it, under /toss/v1."""

import base64
import binascii
import hmac
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox.clock import epoch
from sandbox.toss import checks
from sandbox.toss.errors import REFUSALS, TossRefusal, refuse
from sandbox.toss.parts import Toss

Effect = Callable[[dict[str, Any]], JSONResponse]


def api_key(request: Request, expected: str) -> str:
    """The secret key of the Basic header; the colon after it is not optional."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise TossRefusal("UNAUTHORIZED_KEY")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise TossRefusal("UNAUTHORIZED_KEY") from None
    key, colon, password = decoded.partition(":")
    if not colon:
        raise TossRefusal("INCORRECT_BASIC_AUTH_FORMAT")
    if password or not hmac.compare_digest(key.encode(), expected.encode()):
        raise TossRefusal("UNAUTHORIZED_KEY")
    return key


class Door:
    """One request through auth, the test header, the idempotency key and whatever fault is waiting."""

    def __init__(self, toss: Toss) -> None:
        self._toss = toss

    async def take(self, request: Request, operation: str, effect: Effect, *, subject: str = "") -> Response:
        try:
            response = await self._inside(request, operation, effect)
        except TossRefusal as refusal:
            response = refuse(refusal.code)
        self._note(operation, subject, response)
        return response

    async def _inside(self, request: Request, operation: str, effect: Effect) -> Response:
        key = api_key(request, self._toss.settings.toss_secret_key)
        self._test_code(request)
        scope = self._toss.idempotency.scope(
            key=request.headers.get("idempotency-key"), api_key=key, method=request.method, path=request.url.path
        )
        raw = await request.body()
        replay = self._toss.idempotency.begin(scope)
        if replay is not None:
            return replay
        try:
            return await self._toss.faults.around(
                "toss", operation, effect=lambda: self._run(scope, effect, raw), refuse=refuse
            )
        finally:
            self._toss.idempotency.release(scope)

    def _test_code(self, request: Request) -> None:
        code = request.headers.get("tosspayments-test-code")
        if code is None or not self._toss.settings.toss_secret_key.startswith("test_"):
            return
        raise TossRefusal(code if code in REFUSALS else "INVALID_TEST_CODE")

    def _run(self, scope: str | None, effect: Effect, raw: bytes) -> Response:
        """The effect and the answer remembered for it stand or fall together; a refusal changes nothing."""
        store = self._toss.ledger.store
        try:
            with store.tx():
                response = effect(checks.body_of(raw))
                self._toss.idempotency.keep(scope, response)
        except TossRefusal as refusal:
            response = refuse(refusal.code)
            self._toss.idempotency.keep(scope, response)
        return response

    def _note(self, operation: str, subject: str, response: Response) -> None:
        outcome = str(response.status_code)
        self._toss.ledger.store.note_call(
            at=epoch(self._toss.clock.now()), party="toss", operation=operation, subject=subject, outcome=outcome
        )


def router(toss: Toss) -> APIRouter:
    api = APIRouter(prefix="/toss/v1", tags=["Toss Payments"])
    door = Door(toss)
    _lookup_routes(api, door, toss)
    _receipt_routes(api, door, toss)

    def confirmed(body: dict[str, Any]) -> JSONResponse:
        payment = toss.approval.confirm(body)
        return refuse(payment.failure["code"]) if payment.failure else toss.answer(payment)

    @api.post("/payments/confirm")
    async def confirm(request: Request) -> Response:
        """Confirm what the window authenticated: {paymentKey, orderId, amount}."""
        return await door.take(request, "confirm", confirmed)

    @api.post("/payments/{payment_key}/cancel")
    async def cancel(request: Request, payment_key: str) -> Response:
        return await door.take(
            request, "cancel", lambda body: toss.answer(toss.cancels.cancel(payment_key, body)), subject=payment_key
        )

    @api.post("/virtual-accounts")
    async def virtual_accounts(request: Request) -> Response:
        return await door.take(request, "virtual_accounts", lambda body: toss.answer(toss.approval.issue(body)))

    return api


def _lookup_routes(api: APIRouter, door: Door, toss: Toss) -> None:
    @api.get("/payments/orders/{order_id}")
    async def get_order(request: Request, order_id: str) -> Response:
        def found(_: dict[str, Any]) -> JSONResponse:
            payment = toss.ledger.of_order(order_id)
            return toss.answer(payment) if payment else refuse("NOT_FOUND_PAYMENT")

        return await door.take(request, "get_order", found, subject=order_id)

    @api.get("/payments/{payment_key}")
    async def get_payment(request: Request, payment_key: str) -> Response:
        return await door.take(
            request, "get_payment", lambda _: toss.answer(toss.ledger.get(payment_key)), subject=payment_key
        )

    @api.get("/settlements")
    async def settlements(request: Request) -> Response:
        """A list of settlements, `?startDate=&endDate=&dateType=&page=&size=`."""
        query = dict(request.query_params)
        return await door.take(request, "settlements", lambda _: JSONResponse(toss.settlements.listed(query)))


def _receipt_routes(api: APIRouter, door: Door, toss: Toss) -> None:
    @api.post("/cash-receipts")
    async def cash_receipts(request: Request) -> Response:
        return await door.take(request, "cash_receipts", lambda body: JSONResponse(toss.receipts.issue(body)))

    @api.post("/cash-receipts/{receipt_key}/cancel")
    async def cancel_receipt(request: Request, receipt_key: str) -> Response:
        return await door.take(
            request,
            "cash_receipts_cancel",
            lambda body: JSONResponse(toss.receipts.cancel(receipt_key, body)),
            subject=receipt_key,
        )
