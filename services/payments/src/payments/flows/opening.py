"""From the customer's choice to the next step: a window to go to, or an account to pay into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Response

from common.db import Database, Tx
from common.idempotency import Claim
from common.ids import token_hash
from payments import errors
from payments.clients.gateway import PaymentGateway
from payments.clients.orders import Orders, Payable
from payments.clients.registry import Gateways
from payments.commands import OpenPayment, RecordAnswer
from payments.commands.answers import Redirect
from payments.domain.payment import Payment
from payments.domain.refund import BY_DEPOSIT
from payments.domain.status import Status
from payments.flows.settling import Settling
from payments.flows.windows import Windows
from payments.handlers import payment as handlers
from payments.schemas.payments import OpenBody, PaymentView

_PAYABLE = "pending_payment"
_MOBILE = frozenset({"mobile", "app"})


@dataclass(frozen=True, slots=True)
class OpeningTerms:
    """`return_origins`: where a return may lead; empty is anywhere."""

    account_valid: timedelta
    return_origins: tuple[str, ...] = ()


class Opening:
    def __init__(
        self,
        database: Database,
        gateways: Gateways,
        orders: Orders,
        *,
        settling: Settling,
        windows: Windows,
        terms: OpeningTerms,
    ) -> None:
        self._database = database
        self._gateways = gateways
        self._orders = orders
        self._settling = settling
        self._windows = windows
        self._terms = terms

    async def open(self, body: OpenBody, token: str, claim: Claim) -> Response:
        """Safe to try again after a crash at any line: the claim names the payment, and the provider knows its name."""
        self._check_return(body)
        payable = await self._orders.payable(body.order_id, token)
        if payable is None:
            raise errors.OrderNotFound("there is no such order")
        gateway = self._gateway(body, payable.mall_id)
        bank = self._bank(gateway, body.bank)
        command = self._command(body, payable, gateway, token, claim.resource_id)
        async with self._database.transaction() as tx:
            payment = await handlers.open_payment(command, tx, patience=self._settling.patience)
        if payment.status is not Status.CREATED:
            async with self._database.transaction() as tx:
                answered = await self._remember(payment, claim, tx)
            return _told(payment, answered)
        terms = self._windows.terms(
            payment,
            customer_name=body.depositor_name or payable.orderer_name,
            bank=bank,
            device=body.device or ("mobile" if payable.channel in _MOBILE else "pc"),
        )
        answer = await gateway.prepare(payment, terms)
        if isinstance(answer, Redirect) and answer.url == terms.window_url:
            await self._windows.keep(payment, terms)
        said = RecordAnswer(payment.id, payment.version, answer)
        async with self._database.transaction() as tx:
            recorded = await handlers.record_answer(said, tx, patience=self._settling.patience)
            answered = await self._remember(recorded.payment, claim, tx)
        return _told(recorded.payment, answered)

    async def _remember(self, payment: Payment, claim: Claim, tx: Tx) -> Response | None:
        """With what it tells of. A refusal is remembered once it was raised, after the commit."""
        if payment.status is Status.FAILED:
            return None
        return await claim.remember(tx, 201, PaymentView.of(payment))

    def _gateway(self, body: OpenBody, mall_id: str) -> PaymentGateway:
        gateway = self._gateways.for_(body.provider, mall_id)
        if body.method not in gateway.methods:
            raise errors.MethodUnsupported(f"{body.provider} does not offer {body.method}")
        return gateway

    def _check_return(self, body: OpenBody) -> None:
        if body.return_url is not None and self._terms.return_origins:
            parts = urlsplit(str(body.return_url))
            if f"{parts.scheme}://{parts.netloc}" not in self._terms.return_origins:
                raise errors.ReturnUrlRefused("return_url leads outside the shop")

    def _bank(self, gateway: PaymentGateway, bank: str | None) -> str | None:
        if bank is None:
            return None
        code = gateway.bank_code(bank)
        if code is None:
            raise errors.BankUnknown("no such bank")
        return code

    def _command(
        self, body: OpenBody, payable: Payable, gateway: PaymentGateway, token: str, payment_id: UUID
    ) -> OpenPayment:
        if payable.status != _PAYABLE or payable.amount <= 0:
            raise errors.OrderNotPayable("the order waits for no payment", order_status=payable.status)
        if payable.payment_due_at <= self._database.clock.now():
            raise errors.OrderNotPayable("the time to pay this order is over", order_status=payable.status)
        if payable.currency not in gateway.currencies:
            raise errors.CurrencyUnsupported(f"{gateway.name} takes no {payable.currency}")
        return OpenPayment(
            payment_id=payment_id,
            order_id=payable.order_id,
            order_number=payable.order_number,
            mall_id=payable.mall_id,
            currency=payable.currency,
            amount=payable.amount,
            tax_free_amount=payable.tax_free_amount,
            vat_amount=payable.vat_amount,
            provider=gateway.name,
            merchant=gateway.merchant,
            method=body.method,
            order_name=payable.order_name,
            owner_hash=token_hash(token),
            return_url=None if body.return_url is None else str(body.return_url),
            due_at=self._due_at(body.method, payable),
        )

    def _due_at(self, method: str, payable: Payable) -> datetime:
        if method != BY_DEPOSIT:
            return payable.payment_due_at
        return (self._database.clock.now() + self._terms.account_valid).replace(microsecond=0)


def _told(payment: Payment, answered: Response | None) -> Response:
    """Raises `ProviderRefused` where there is nothing to go on with."""
    if answered is None:
        raise errors.ProviderRefused(
            payment.failure_reason or "the provider refused",
            payment_id=str(payment.id),
            provider_code=payment.failure_code,
        )
    return answered
