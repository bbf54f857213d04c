"""What the company offers no API for: the payer without a browser, the bank, forgeries, the books."""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StrictInt
from starlette.responses import JSONResponse, Response

from sandbox.banks import BankRefusal, rule_routes
from sandbox.courier import Courier
from sandbox.inicis.inquiry import shown_v2
from sandbox.inicis.parts import Inicis
from sandbox.inicis.payment import Payment
from sandbox.inicis.refusals import InicisRefusal, window_answer
from sandbox.inicis.settings import Kind
from sandbox.wire import read_json


class Account(BaseModel):
    accountNumber: str | None = None  # noqa: N815 - field names as at the other parties
    orderId: str | None = None  # noqa: N815


class Deposit(Account):
    amount: StrictInt | None = Field(None, description="won; all that is asked when left out")
    force: bool = Field(False, description="let a late deposit through after its day or a cancel")
    notice: Kind | None = Field(None, description="whose notice tells of it, if not the merchant's")


class Forgery(BaseModel):
    what: Literal["signature", "amount", "order"]
    count: int = Field(1, ge=1, le=1000)


class ForgedNotice(Account):
    """A notice nobody at the company sent, or one with other words in it."""

    fields: dict[str, str] = Field(default_factory=dict, description="replace those of a true one")


def router(inicis: Inicis, courier: Courier) -> APIRouter:
    api = APIRouter(prefix="/inicis/_sandbox", tags=["KG Inicis: sandbox"])
    _bank_routes(api, inicis)
    rule_routes(api, inicis.bank.rules)

    @api.post("/pay")
    async def pay(request: Request) -> Response:
        """The payer at the window without a browser: the form's fields, and `outcome` pay (default) | decline (refused
        when it is approved) | fail | cancel, `bank` of an account.

        Returns {url, fields}: where the browser posts what. Without fields it merely goes there."""
        try:
            fields = read_json(await request.body())
            choice, bank = fields.pop("outcome", "pay"), fields.pop("bank", "88")
            back = inicis.desk.choose(inicis.desk.read(fields), choice, bank)
        except InicisRefusal as refusal:
            answer = window_answer(refusal)
            answer.status_code = 400
            return answer
        except (ValueError, AttributeError):
            return JSONResponse({"resultCode": "V001"}, 400)
        return JSONResponse({"url": back.url, "fields": back.fields})

    @api.post("/forge")
    async def forge(forgery: Forgery) -> dict[str, int]:
        """The next answers to an approval are not what the company signed."""
        inicis.approval.forgeries.extend([forgery.what] * forgery.count)
        return {"waiting": len(inicis.approval.forgeries)}

    @api.get("/books")
    async def books() -> dict[str, Any]:
        """Money taken, undone and given back, per payment and in total."""
        return inicis.ledger.books()

    @api.get("/callbacks")
    async def callbacks() -> list[dict[str, Any]]:
        """Every notice owed, and what became of it."""
        return courier.listing("inicis")

    return api


def _bank_routes(api: APIRouter, inicis: Inicis) -> None:
    def at_the_bank(account: Account, act: Callable[[Payment], Payment]) -> Response:
        try:
            found = inicis.bank.find(account_number=account.accountNumber, order_id=account.orderId)
            return JSONResponse(shown_v2(act(found)))
        except BankRefusal as refusal:
            status = 404 if refusal.code == "NO_ACCOUNT" else 409
            return JSONResponse({"code": refusal.code, "message": refusal.message}, status)

    @api.post("/deposit")
    async def deposit(order: Deposit) -> Response:
        """Pay into an account. A closed account, and if the bank takes exact sums only a wrong amount or a second
        deposit, is turned away (409)."""
        return at_the_bank(
            order,
            lambda payment: inicis.bank.deposit(payment, amount=order.amount, force=order.force, notice=order.notice),
        )

    @api.post("/reverse")
    async def reverse(account: Account) -> Response:
        """The bank takes a deposit back."""
        return at_the_bank(account, inicis.bank.reverse)

    @api.post("/expire")
    async def expire(account: Account) -> Response:
        """The account's last moment has passed, now."""
        return at_the_bank(account, inicis.bank.expire)

    @api.post("/notice")
    async def notice(order: ForgedNotice) -> Response:
        """Send a deposit notice although no money came."""

        def send(payment: Payment) -> Payment:
            inicis.notices.deposit(payment, payment.price, changes=order.fields)
            return payment

        return at_the_bank(order, send)
