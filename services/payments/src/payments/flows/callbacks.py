"""Callbacks of providers: stored and answered at once, acted on by a job that asks the provider first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from common import log
from common.db import Database
from common.ids import token_hash
from payments import errors
from payments.clients.registry import Gateways
from payments.commands import TakeCallback
from payments.domain.callback import Verdict
from payments.flows.settling import Settling
from payments.handlers import callback as handlers
from payments.repository import callback as rows
from payments.repository.callback import Known

_log = log.get(__name__)


class Callbacks:
    """`wake` hurries the job that works callbacks off."""

    def __init__(self, database: Database, gateways: Gateways, settling: Settling, wake: Callable[[], None]) -> None:
        self._database = database
        self._gateways = gateways
        self._settling = settling
        self._wake = wake

    async def take(self, provider: str, mall_id: str, kind: str, headers: Mapping[str, str], body: bytes) -> None:
        """Returns once the callback is safe in the database. Raises `CallbackRefused` after storing a forged one."""
        gateway = self._gateways.for_(provider, mall_id)
        digest = hashlib.sha256(body).digest()
        try:
            notice = gateway.parse_callback(kind, headers, body, self._database.clock.now())
        except errors.CallbackUnreadable as unreadable:
            nothing: dict[str, object] = {"bytes": len(body)}
            command = TakeCallback(provider, digest.hex(), "unreadable", "", None, None, None, digest, nothing)
            await self._store(command, Verdict("refused", unreadable.code))
            raise
        command = TakeCallback(
            provider=provider,
            dedup_key=notice.dedup_key,
            kind=notice.kind,
            order_ref=notice.order_ref,
            key=notice.key,
            amount=notice.amount,
            secret_hash=None if notice.secret is None else token_hash(notice.secret),
            body_digest=digest,
            document=notice.document,
        )
        if not notice.about_payment:
            await self._store(command, Verdict("ignored", "not_about_a_payment"))
            return
        async with self._database.transaction() as tx:
            verdict = await handlers.take_callback(command, tx)
            tx.then(self._wake)
        if verdict.status == "refused":
            _log.warning("a callback was refused", provider=provider, kind=notice.kind, reason=verdict.reason)
            raise errors.CallbackRefused("this callback does not fit any payment of ours", reason=verdict.reason)

    async def _store(self, command: TakeCallback, verdict: Verdict) -> None:
        async with self._database.transaction() as tx:
            await rows.keep(tx.connection, command, status=verdict.status, reason=verdict.reason, now=tx.now)

    async def work_on(self, known: Known) -> None:
        """Asks the provider about the payment and settles the callback; without an answer it stays for a later turn.

        So it does when all that was learnt is that the key asked about was not the payment's: the callback may be about
        the true one.
        """
        async with self._database.read() as connection:
            payment = await handlers.find_payment(known.order_ref, connection)
        if payment is None:
            raise errors.PaymentNotFound("the callback's payment is gone")
        recorded = await self._settling.settle(payment.id)
        let_go = payment.key is not None and recorded.payment.key != payment.key
        if recorded.settled and not recorded.stale and not let_go:
            async with self._database.transaction() as tx:
                await handlers.settle_callback(known, tx)

    async def take_due(self, limit: int) -> list[Known]:
        async with self._database.transaction() as tx:
            return list(await rows.take_due(tx.connection, tx.now, limit=limit))
