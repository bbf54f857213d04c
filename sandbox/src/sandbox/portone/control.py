"""What PortOne offers no API for: the payer at the window, the bank, the books. One set of routes for each API."""

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictInt
from starlette.responses import JSONResponse, Response

from sandbox.banks import BankRefusal, rule_routes
from sandbox.clock import wire_time
from sandbox.courier import Courier
from sandbox.portone import checks
from sandbox.portone.parts import PortOne
from sandbox.portone.payment import Api, Payment
from sandbox.portone.refusals import PortOneRefusal, refuse_v2


class Account(BaseModel):
    accountNumber: str | None = None  # noqa: N815 - field names of the party
    paymentId: str | None = Field(None, description="V1: the merchant_uid")  # noqa: N815


class Deposit(Account):
    amount: StrictInt | None = Field(None, description="won; all that is asked when left out")
    force: bool = Field(False, description="let a late deposit through after the account was closed or ran out")


class Forgery(BaseModel):
    """A webhook with something wrong about it. `last`: good, and signed with the last live secret only."""

    how: Literal["unsigned", "wrong", "old", "future", "tampered", "last"]
    type: str = "Transaction.Paid"
    paymentId: str  # noqa: N815
    storeId: str | None = None  # noqa: N815
    url: str | None = None


def router(portone: PortOne, courier: Courier, api: Api) -> APIRouter:
    party = "portone" if api == "v2" else "portone_v1"
    routes = APIRouter(prefix=f"/{party}/_sandbox", tags=[f"PortOne {api.upper()}: sandbox"])
    _bank_routes(routes, portone, api)
    rule_routes(routes, portone.desk.rules)
    _books_routes(routes, portone, courier, api, party)

    @routes.post("/pay")
    async def pay(request: Request) -> Response:
        """The payer without a browser: the argument of requestPayment (V2) or request_pay (V1, with `imp_code`),
        `outcome` pay (default) | fail | cancel, and `bank` for an account. Returns {transactionId, redirect_url}."""
        try:
            fields = checks.body_of(await request.body())
            asked = portone.desk.read_v2(fields) if api == "v2" else portone.desk.read_v1(fields)
            tx_id, url = portone.desk.choose(asked, fields.get("outcome", "pay"), fields.get("bank", "88"))
        except PortOneRefusal as refusal:
            return refuse_v2(refusal.kind)
        return JSONResponse({"transactionId": tx_id, "redirect_url": url})

    if api == "v2":
        _forge_routes(routes, portone)
    return routes


def _books_routes(routes: APIRouter, portone: PortOne, courier: Courier, api: Api, party: str) -> None:
    @routes.get("/books")
    async def books() -> dict[str, Any]:
        """Money taken and given back, per payment and in total."""
        return portone.ledger.books(api)

    @routes.get("/callbacks")
    async def callbacks() -> list[dict[str, Any]]:
        return courier.listing(party)

    @routes.get("/settlements/{day}")
    async def settlements(day: date) -> list[dict[str, Any]]:
        """What the PG behind pays out for a Korean day, with its fee. PortOne's own API knows no fee."""
        return portone.ledger.settlement(api, day, portone.settings.portone.fee_rate)

    @routes.post("/revoke-tokens")
    async def revoke() -> dict[str, int]:
        """V1's tokens end at once."""
        return {"revoked": portone.ledger.revoke_tokens()}


def _bank_routes(routes: APIRouter, portone: PortOne, api: Api) -> None:
    def at_the_bank(account: Account, act: Callable[[Payment], Payment]) -> Response:
        try:
            found = portone.desk.find(number=account.accountNumber, payment_id=account.paymentId, api=api)
            return JSONResponse(portone.wire(act(found)))
        except BankRefusal as refusal:
            status = 404 if refusal.code == "NO_ACCOUNT" else 409
            return JSONResponse({"code": refusal.code, "message": refusal.message}, status)

    @routes.post("/deposit")
    async def deposit(order: Deposit) -> Response:
        """Pay into an account. A closed account, and if the bank takes exact sums only a wrong amount or a second
        deposit, is turned away (409)."""
        return at_the_bank(order, lambda paid: portone.desk.deposit(paid, amount=order.amount, force=order.force))

    @routes.post("/reverse")
    async def reverse(account: Account) -> Response:
        """The bank takes a deposit back."""
        return at_the_bank(account, portone.desk.reverse)

    @routes.post("/expire")
    async def expire(account: Account) -> Response:
        return at_the_bank(account, portone.desk.expire)

    @routes.post("/finish-refunds")
    async def finish(account: Account, *, failed: bool = False) -> Response:
        """The bank is done with this payment's refunds: paid, or with `?failed=true` turned away."""
        payment = portone.ledger.of_payment(api, account.paymentId or "")
        if payment is None:
            return refuse_v2("PAYMENT_NOT_FOUND")
        return JSONResponse({"finished": portone.cancels.finish(payment.tx_id, failed=failed)})


def _forge_routes(routes: APIRouter, portone: PortOne) -> None:
    @routes.post("/forge")
    async def forge(order: Forgery) -> Response:
        """A webhook to where the payment's own go."""
        known = portone.ledger.of_payment("v2", order.paymentId)
        urls = known.notice_urls if known and known.notice_urls else [portone.settings.portone.webhook_url]
        data = {
            "storeId": order.storeId or portone.settings.portone.store_id, "paymentId": order.paymentId,
            "transactionId": known.tx_id if known else "none",
        }  # fmt: skip
        body = {"type": order.type, "timestamp": wire_time(portone.clock.now()), "data": data}
        portone.notices.forge(order.url or urls[0], f"portone:{order.paymentId}", body, order.how)
        return JSONResponse({"sent": True})
