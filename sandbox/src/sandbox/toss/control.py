"""What the company offers no API for: the customer at the window, the bank, the books. Under /toss/_sandbox."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictInt
from starlette.responses import JSONResponse, Response

from sandbox.banks import BankRefusal, rule_routes
from sandbox.courier import Courier
from sandbox.toss import checks
from sandbox.toss.errors import TossRefusal, refuse
from sandbox.toss.parts import Toss
from sandbox.toss.payment import Payment


class Account(BaseModel):
    accountNumber: str | None = None  # noqa: N815 - field names of the party
    orderId: str | None = None  # noqa: N815


class Deposit(Account):
    amount: StrictInt | None = Field(None, description="won; all that is asked when left out")
    depositor: str = ""
    force: bool = Field(False, description="let a late deposit through after cancel or expiry")


def router(toss: Toss, courier: Courier) -> APIRouter:
    api = APIRouter(prefix="/toss/_sandbox", tags=["Toss Payments: sandbox"])
    _bank_routes(api, toss)
    rule_routes(api, toss.bank.rules)

    @api.post("/pay")
    async def pay(request: Request) -> Response:
        """The customer at the window without a browser: the fields of requestPayment, and
        `outcome` pay (default) | fail | cancel | decline (authenticated, refused at confirm).

        Returns {paymentKey, redirect_url}."""
        try:
            fields = checks.body_of(await request.body())
            choice = fields.get("outcome", "pay")
            key, url = toss.window.choose(toss.window.read(fields), choice)
        except TossRefusal as refusal:
            return refuse(refusal.code)
        return JSONResponse({"paymentKey": key, "redirect_url": url})

    @api.get("/books")
    async def books() -> dict[str, Any]:
        """Money taken and given back, per payment and in total."""
        return toss.ledger.books()

    @api.get("/callbacks")
    async def callbacks() -> list[dict[str, Any]]:
        """Every callback owed, and what became of it."""
        return courier.listing("toss")

    @api.get("/cash-receipts")
    async def cash_receipts() -> list[dict[str, Any]]:
        return toss.receipts.listing()

    return api


def _bank_routes(api: APIRouter, toss: Toss) -> None:
    def at_the_bank(account: Account, act: Callable[[Payment], Payment]) -> Response:
        try:
            found = toss.bank.find(account_number=account.accountNumber, order_id=account.orderId)
            return JSONResponse(toss.wire(act(found)))
        except BankRefusal as refusal:
            status = 404 if refusal.code == "NO_ACCOUNT" else 409
            return JSONResponse({"code": refusal.code, "message": refusal.message}, status)

    @api.post("/deposit")
    async def deposit(order: Deposit) -> Response:
        """Pay into a virtual account. A closed account, and if the bank takes exact sums only a wrong amount or a
        second deposit, is turned away (409)."""
        return at_the_bank(
            order,
            lambda payment: toss.bank.deposit(
                payment, amount=order.amount, depositor=order.depositor, force=order.force
            ),
        )

    @api.post("/reverse")
    async def reverse(account: Account) -> Response:
        """The bank takes a deposit back."""
        return at_the_bank(account, toss.bank.reverse)

    @api.post("/expire")
    async def expire(account: Account) -> Response:
        """The account's due date has passed, now."""
        return at_the_bank(account, toss.bank.expire)
