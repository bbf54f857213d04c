"""Asks the provider where a payment stands, and takes it down. After a crash, a timeout, a callback, a due date: the
answer to all of them is to look."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeGuard
from uuid import UUID

from common.db import Database
from payments import errors
from payments.clients.gateway import Cancel, PaymentGateway
from payments.clients.registry import Gateways
from payments.commands import RecordAnswer
from payments.commands.answers import Answer, Missing, Refused, Seen, Standing, Unknown
from payments.domain.patience import Patience
from payments.domain.payment import Payment
from payments.domain.status import Status
from payments.handlers import payment as handlers
from payments.handlers.payment import Recorded
from payments.repository import payment as rows
from payments.repository import secrets
from payments.repository.seal import Seal

_TRIES = 4


class Settling:
    """`patience`: how long our own requests may take. `grace`: how long past its due date an account that still
    waits is left alone, because the bank may just be telling the provider of a deposit."""

    def __init__(
        self, database: Database, gateways: Gateways, seal: Seal, *, patience: Patience, grace: timedelta
    ) -> None:
        self._database = database
        self._gateways = gateways
        self._seal = seal
        self.patience = patience
        self._grace = grace

    async def settle(self, payment_id: UUID) -> Recorded:
        """Looks until an answer counted, a few times at most. `settled=False`: look again later."""
        async with self._database.read() as connection:
            payment = await rows.find(connection, payment_id)
        if payment is None:
            raise errors.PaymentNotFound("there is no such payment")
        return await self.look_at(payment)

    async def look_at(self, payment: Payment) -> Recorded:
        """As `settle`, at a payment just read."""
        asked, recorded = payment, await self._once(payment)
        for _ in range(_TRIES):
            if not recorded.stale and not self._goes_on(asked, recorded):
                break
            asked, recorded = recorded.payment, await self._once(recorded.payment)
        return recorded

    async def record(self, payment: Payment, answer: Answer) -> Recorded:
        command = RecordAnswer(payment.id, payment.version, answer)
        async with self._database.transaction() as tx:
            return await handlers.record_answer(command, tx, patience=self.patience)

    async def _once(self, payment: Payment) -> Recorded:
        answer = await self._ask(payment, self._gateways.for_(payment.provider, payment.mall_id))
        return await self.record(payment, answer)

    @staticmethod
    def _goes_on(asked: Payment, recorded: Recorded) -> bool:
        """What was just learned calls for one more step: an account found open that must be closed."""
        learned = recorded.settled and recorded.payment.version != asked.version
        return learned and recorded.payment.closing and recorded.payment.status is not Status.WAITING

    async def _ask(self, payment: Payment, gateway: PaymentGateway) -> Answer:
        answer = await gateway.get(payment)
        if isinstance(answer, Seen) and answer.standing is Standing.WAITING and self._wants_closing(payment):
            closed = await gateway.cancel(payment, Cancel(note=f"close {payment.id}"))
            return answer if isinstance(closed, Refused) else closed
        if payment.key_is_unproven and not payment.closing and _is_untouched(answer):
            return await self._confirm_again(payment, gateway, answer)
        return answer

    async def _confirm_again(self, payment: Payment, gateway: PaymentGateway, answer: Seen | Missing) -> Answer:
        """The customer has agreed, and the confirmation got lost, or we died before it was sent. What was granted makes
        this the same request, so it cannot take the money twice.

        A provider that wants no grant knows a key before it confirms: one it does not know is no payment's.
        """
        async with self._database.read() as connection:
            kept = await secrets.find(connection, payment.id, "grant", self._seal)
        if payment.grant_hash is None and isinstance(answer, Missing):
            return answer
        if payment.grant_hash is not None and kept is None:
            return answer
        cut_off = kept is not None and kept.kept_at + self.patience.paying(payment) <= self._database.clock.now()
        if payment.status is Status.CONFIRMING and not cut_off:
            return answer if isinstance(answer, Seen) else Unknown("the confirmation is under way")
        return await gateway.confirm(payment, {} if kept is None else kept.fields)

    def _wants_closing(self, payment: Payment) -> bool:
        if payment.key is None:
            return False
        overdue = payment.due_at + self._grace <= self._database.clock.now()
        return payment.closing or (payment.status is Status.WAITING and overdue)


def _is_untouched(answer: Answer) -> TypeGuard[Seen | Missing]:
    return isinstance(answer, Missing) or (isinstance(answer, Seen) and answer.standing is Standing.NOT_STARTED)
