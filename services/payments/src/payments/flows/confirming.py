"""The customer comes back from the provider's window."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from common.db import Database
from common.errors import DomainError
from payments import errors
from payments.clients.gateway import Agreed
from payments.clients.registry import Gateways
from payments.commands import ConfirmPayment
from payments.commands.answers import Refused, Seen
from payments.domain.payment import Payment
from payments.domain.status import LIVE, Status
from payments.flows.settling import Settling
from payments.handlers import payment as handlers
from payments.handlers.payment import Begun
from payments.repository import payment as rows
from payments.repository.seal import Seal

# Seconds between looks at a confirmation with another key. Anybody can start one, and most are refused at once; one
# that got no answer is asked about in the next seconds.
_WAITS = (0.1, 0.2, 0.4, 0.8, 1.5, 2.0)
_CODE = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")


@dataclass(frozen=True, slots=True)
class Way:
    """Where the browser goes on. `url` is None when the opener gave no return_url."""

    payment: Payment
    url: str | None


class Confirming:
    def __init__(self, database: Database, gateways: Gateways, settling: Settling, seal: Seal) -> None:
        self._database = database
        self._gateways = gateways
        self._settling = settling
        self._seal = seal

    async def confirm(self, payment_id: UUID, fields: Mapping[str, str]) -> Payment:
        """Takes the money for what the provider's window gave the browser, `fields`.

        Raises `ReturnUnreadable`, and what `_take` raises. Where the window says no, the payment is looked at.
        """
        payment = await self._find(payment_id)
        back = self._gateways.for_(payment.provider, payment.mall_id).read_return(payment, fields)
        if isinstance(back, Refused):
            return await self._looked_at(payment)
        return await self._take(_command(payment_id, back))

    async def _take(self, command: ConfirmPayment) -> Payment:
        """Compares with our rows first; only then is the provider asked, by one caller only.

        Returns the payment as it stands: confirmed, or `unknown` when the provider gave no answer. Raises
        `KeyRefused` when the provider does not take the key, which changes nothing, and `ProviderRefused` when it tried
        and said no.
        """
        begun = await self._begin(command)
        if not begun.started:
            return begun.payment
        gateway = self._gateways.for_(begun.payment.provider, begun.payment.mall_id)
        answer = await gateway.confirm(begun.payment, command.grant)
        recorded = await self._settling.record(begun.payment, answer)
        if recorded.stale and isinstance(answer, Seen) and recorded.payment.status in LIVE:
            # A look-up that came too early let the key go, and this answer is not about the payment as it stands now.
            recorded = await self._settling.settle(begun.payment.id)
        payment = recorded.payment
        if payment.status in (Status.FAILED, Status.CANCELLED):
            raise errors.ProviderRefused(
                payment.failure_reason or "the payment was refused",
                payment_id=str(payment.id),
                provider_code=payment.failure_code,
            )
        if payment.status is Status.OPEN and isinstance(answer, Refused):
            raise errors.KeyRefused("the provider does not take this key for this payment", provider_code=answer.code)
        return payment

    async def _begin(self, command: ConfirmPayment) -> Begun:
        """Raises `ConfirmBusy` when a confirmation with another key is under way for longer than a customer waits."""
        for wait in _WAITS:
            try:
                return await self._begin_now(command)
            except errors.ConfirmBusy:
                await asyncio.sleep(wait)
        return await self._begin_now(command)

    async def _begin_now(self, command: ConfirmPayment) -> Begun:
        async with self._database.transaction() as tx:
            return await handlers.begin_confirm(command, tx, patience=self._settling.patience, seal=self._seal)

    async def came_back(self, payment_id: UUID, fields: Mapping[str, str]) -> Way:
        """For the browser itself: a refusal is told to the storefront by redirect. Raises it without a return_url."""
        payment = await self._find(payment_id)
        back = self._gateways.for_(payment.provider, payment.mall_id).read_return(payment, fields)
        if isinstance(back, Refused):
            return await self._gave_up(payment, back.code)
        try:
            payment = await self._take(_command(payment_id, back))
        except DomainError as refusal:
            if payment.return_url is None:
                raise
            payment = await self._find(payment_id)
            return Way(payment, _with(payment, refusal.code))
        return Way(payment, _with(payment, None))

    async def gave_up(self, payment_id: UUID, code: str | None) -> Way:
        """The window says it failed. Anyone can open this URL, so the provider decides what really happened."""
        return await self._gave_up(await self._find(payment_id), code)

    async def _gave_up(self, payment: Payment, code: str | None) -> Way:
        payment = await self._looked_at(payment)
        return Way(payment, _with(payment, code if code and _CODE.match(code) else None))

    async def _looked_at(self, payment: Payment) -> Payment:
        return (await self._settling.settle(payment.id)).payment if payment.status is Status.OPEN else payment

    async def _find(self, payment_id: UUID) -> Payment:
        async with self._database.read() as connection:
            payment = await rows.find(connection, payment_id)
        if payment is None:
            raise errors.PaymentNotFound("there is no such payment")
        return payment


def _command(payment_id: UUID, back: Agreed) -> ConfirmPayment:
    return ConfirmPayment(payment_id, back.key, back.order_ref, back.amount, back.grant)


def _with(payment: Payment, code: str | None) -> str | None:
    """The return_url with what happened; its own parameters stay."""
    if payment.return_url is None:
        return None
    parts = urlsplit(payment.return_url)
    told = {"payment_id": str(payment.id), "order_id": str(payment.order_id), "status": str(payment.status)}
    if code is not None:
        told["code"] = code
    query = [*parse_qsl(parts.query, keep_blank_values=True), *told.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))
