"""Carries one refund to the provider, or asks what became of it."""

from __future__ import annotations

from uuid import UUID

from common import log
from common.db import Database
from payments.clients.gateway import Cancel
from payments.clients.registry import Gateways
from payments.commands import BeginRefund, RecordRefund
from payments.commands.answers import Answer, Hint, Refused, Seen, Standing
from payments.domain.patience import Patience
from payments.domain.refund import BY_DEPOSIT, Refund
from payments.flows.settling import Settling
from payments.handlers import refund as handlers
from payments.handlers.refund import Step
from payments.repository.seal import Seal

_log = log.get(__name__)
_TAKEN_BACK = "deposit_taken_back"


class Refunding:
    def __init__(
        self, database: Database, gateways: Gateways, settling: Settling, seal: Seal, *, patience: Patience
    ) -> None:
        self._database = database
        self._gateways = gateways
        self._settling = settling
        self._seal = seal
        self._patience = patience

    async def work_on(self, refund_id: UUID) -> Refund | None:
        """One step: send or ask, then record. Dying in between is an unknown outcome, asked about later.

        None: nothing to do now.
        """
        async with self._database.transaction() as tx:
            step = await handlers.begin_refund(BeginRefund(refund_id), tx, patience=self._patience, seal=self._seal)
        if step is None:
            return None
        answer = await self._held_back(step) or await self._call(step)
        command = RecordRefund(
            refund_id, step.refund.attempt, answer, asked=step.ask, account_given_at=step.account_given_at
        )
        async with self._database.transaction() as tx:
            refund = await handlers.record_refund(command, tx, patience=self._patience)
        if refund is not None:
            _log.info("refund worked on", refund_id=str(refund_id), status=refund.status, code=refund.failure_code)
        if isinstance(answer, Refused) and answer.code == _TAKEN_BACK:
            await self._settling.settle(step.payment.id)
        return refund

    async def _held_back(self, step: Step) -> Refused | None:
        """Why a deposit is not given back now. Its bank may have taken it back before we heard of it: to cancel a
        payment that waits again would call off its account, and nobody could tell any more that the money had gone."""
        if step.ask or step.payment.method != BY_DEPOSIT:
            return None
        seen = await self._gateways.for_(step.payment.provider, step.payment.mall_id).get(step.payment)
        if not isinstance(seen, Seen):
            return Refused("not_looked_up", "where the deposit stands is not known", Hint.LATER)
        if seen.standing is Standing.WAITING:
            return Refused(_TAKEN_BACK, "the bank took the deposit back", Hint.LATER)
        return None

    async def _call(self, step: Step) -> Answer:
        gateway = self._gateways.for_(step.payment.provider, step.payment.mall_id)
        if step.ask:
            return await gateway.get(step.payment)
        refund = step.refund
        return await gateway.cancel(
            step.payment,
            Cancel(
                note=refund.note,
                amount=refund.amount,
                tax_free_amount=refund.tax_free_amount,
                balance=step.balance,
                idempotency_key=refund.idempotency_key,
                account=step.account,
                vat_amount=refund.vat_amount,
            ),
        )
