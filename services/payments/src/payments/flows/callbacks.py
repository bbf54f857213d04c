"""Callbacks of providers: stored and answered at once, acted on by a job that asks the provider first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from common import log
from common.db import Database
from common.ids import token_hash
from payments import errors
from payments.clients.gateway import CallbackAnswer, Notice, PaymentGateway
from payments.clients.registry import Gateways
from payments.commands import TakeCallback
from payments.domain.callback import UNKNOWN_PAYMENT, Verdict
from payments.domain.source import comes_from
from payments.flows.settling import Settling
from payments.handlers import callback as handlers
from payments.repository import callback as rows
from payments.repository.callback import Known
from payments.repository.seal import Seal

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A callback at our door. `place`: what follows the provider in its path: a mall, a kind, or both."""

    provider: str
    place: tuple[str, ...]
    source: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def mall_id(self) -> str:
        return self.place[0] if self.place else ""

    @property
    def kind(self) -> str:
        return self.place[-1] if self.place else ""


class Callbacks:
    """`wake` hurries the job that works callbacks off."""

    def __init__(
        self, database: Database, gateways: Gateways, settling: Settling, *, seal: Seal, wake: Callable[[], None]
    ) -> None:
        self._database = database
        self._gateways = gateways
        self._settling = settling
        self._seal = seal
        self._wake = wake

    async def take(self, arrived: Arrived) -> CallbackAnswer:
        """The provider's kind of answer, once the callback is safe in the database.

        Raises `CallbackUnreadable`, after storing it, and `ProviderUnknown`.
        """
        gateway = self._gateways.for_(arrived.provider, arrived.mall_id)
        if not comes_from(arrived.source, gateway.sources):
            return await self._refuse(arrived, gateway, "wrong_source")
        try:
            notice = gateway.parse_callback(arrived.kind, arrived.headers, arrived.body, self._database.clock.now())
        except errors.CallbackForged as forged:
            return await self._refuse(arrived, gateway, forged.code)
        except errors.CallbackUnreadable as unreadable:
            await self._refuse(arrived, gateway, unreadable.code)
            raise
        verdict = await self._judge(arrived, notice)
        if not verdict.accepted:
            _log.warning("a callback was refused", provider=arrived.provider, kind=notice.kind, reason=verdict.reason)
        return gateway.callback_answer(accepted=verdict.accepted)

    async def _judge(self, arrived: Arrived, notice: Notice) -> Verdict:
        command = TakeCallback(
            provider=arrived.provider,
            dedup_key=notice.dedup_key,
            kind=notice.kind,
            order_ref=notice.order_ref,
            key=notice.key,
            amount=notice.amount,
            secret_hash=None if notice.secret is None else token_hash(notice.secret),
            body_digest=hashlib.sha256(arrived.body).digest(),
            document=notice.document,
            merchant=notice.merchant,
            source=arrived.source,
            body=arrived.body,
            may_recur=notice.may_recur,
        )
        if not notice.about_payment:
            return await self._store(command, Verdict("ignored", "not_about_a_payment"))
        async with self._database.alone() as connection:
            verdict = await handlers.take_callback(command, connection, self._database.clock.now(), seal=self._seal)
        self._wake()
        return verdict

    async def _refuse(self, arrived: Arrived, gateway: PaymentGateway, reason: str) -> CallbackAnswer:
        """Nothing in it is believed, so its body alone names it, and what it says is kept sealed only."""
        digest = hashlib.sha256(arrived.body).digest()
        nothing: dict[str, object] = {"bytes": len(arrived.body)}
        command = TakeCallback(
            arrived.provider, f"{reason}:{digest.hex()}", "unread", "", None, None, None, digest, nothing,
            source=arrived.source, body=arrived.body,
        )  # fmt: skip
        await self._store(command, Verdict("refused", reason))
        _log.warning("a callback was refused", provider=arrived.provider, source=arrived.source, reason=reason)
        return gateway.callback_answer(accepted=False)

    async def _store(self, command: TakeCallback, verdict: Verdict) -> Verdict:
        now = self._database.clock.now()
        async with self._database.alone() as connection:
            await rows.keep(connection, command, self._seal, status=verdict.status, reason=verdict.reason, now=now)
        return verdict

    async def work_on(self, known: Known) -> None:
        """Asks the provider about the payment and settles the callback; without an answer it stays for a later turn.

        So it does when all that was learnt is that the key asked about was not the payment's: the callback may be about
        the true one.
        """
        if known.reason == UNKNOWN_PAYMENT:
            async with self._database.transaction() as tx:
                verdict = await handlers.judge_again(known, tx)
            if verdict != Verdict("received"):
                return
        async with self._database.read() as connection:
            payment = await handlers.find_payment(known.order_ref, connection)
        if payment is None:
            raise errors.PaymentNotFound("the callback's payment is gone")
        recorded = await self._settling.look_at(payment)
        let_go = payment.key is not None and recorded.payment.key != payment.key
        if recorded.settled and not recorded.stale and not let_go:
            async with self._database.alone() as connection:
                await handlers.settle_callback(known, recorded.payment, connection, self._database.clock.now())

    async def take_due(self, limit: int) -> list[Known]:
        async with self._database.alone() as connection:
            return list(await rows.take_due(connection, self._database.clock.now(), limit=limit))
