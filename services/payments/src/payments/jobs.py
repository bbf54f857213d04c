"""Everything time-driven. Each turn takes a batch of what is due; one that fails does not keep the others waiting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from common import log
from common.db import Database
from common.jobs import Job
from payments.flows.callbacks import Callbacks
from payments.flows.hands import Hands
from payments.flows.receipts import Receipts
from payments.flows.reconciling import Reconciling
from payments.flows.refunding import Refunding
from payments.flows.settling import Settling
from payments.repository import audit
from payments.repository import callback as callback_rows
from payments.repository import payment as payment_rows
from payments.repository import refund as refund_rows

SETTLE = "settle-payments"
REFUND = "refunds"
CALLBACKS = "callbacks"
RECONCILE = "settlements"
RECEIPTS = "cash-receipts"
AUDIT = "audit"

_log = log.get(__name__)
_BATCH = 50
_MANY = 1000


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between turns; a wake makes a turn come sooner."""

    settle_seconds: float
    refund_seconds: float = 1
    callback_seconds: float = 1
    keep_accounts: timedelta = timedelta(days=30)
    keep_bodies: timedelta = timedelta(days=90)
    keep_unread: timedelta = timedelta(days=30)


def jobs(
    database: Database, hands: Hands, settling: Settling, refunding: Refunding, callbacks: Callbacks, *, pace: Pace
) -> list[Job]:
    async def settle_payments() -> None:
        """Unknown outcomes, requests cut off by a crash, accounts and windows past their time, accounts to close."""
        async with database.alone() as connection:
            due = await payment_rows.take_due(connection, database.clock.now(), limit=_BATCH)
        await hands.turn(SETTLE, due, settling.settle)

    async def refund() -> None:
        async with database.read() as connection:
            due = await refund_rows.due(connection, database.clock.now(), limit=_BATCH)
        await hands.turn(REFUND, due, refunding.work_on)

    async def work_off_callbacks() -> None:
        due = {known.id: known for known in await callbacks.take_due(_BATCH)}
        turns = [(known.id, known.provider) for known in due.values()]
        await hands.turn(CALLBACKS, turns, lambda callback_id: callbacks.work_on(due[callback_id]))

    async def forget() -> None:
        """What is personal and has been kept long enough."""
        async with database.transaction() as tx:
            await refund_rows.forget_old_accounts(tx.connection, tx.now, pace.keep_accounts)
        async with database.transaction() as tx:
            await callback_rows.forget_bodies(tx.connection, tx.now, pace.keep_bodies)
        gone = _MANY
        while gone == _MANY:
            async with database.transaction() as tx:
                gone = await callback_rows.forget_unread(tx.connection, tx.now, pace.keep_unread, most=_MANY)

    return [
        Job(SETTLE, pace.settle_seconds, settle_payments),
        Job(REFUND, pace.refund_seconds, refund),
        Job(CALLBACKS, pace.callback_seconds, work_off_callbacks),
        Job("forget", 3600, forget),
    ]


def reconciling(flow: Reconciling) -> Job:
    """Looks every hour, so that a provider that was away is asked again; each account is taken once a day.

    One after the other: what a provider puts under the day before is then known when its own day is compared.
    """

    async def reconcile() -> None:
        for due in flow.due():
            try:
                await flow.reconcile(due)
            except Exception:  # noqa: BLE001 - the account stays due and comes again
                _log.exception("an account of a provider was not compared", provider=due[0].name, day=str(due[1]))

    return Job(RECONCILE, 3600, reconcile)


def auditing(database: Database) -> Job:
    """Keeps what the audit has to read small; whether anything is wrong, it says itself."""

    async def look() -> None:
        for work in (audit.count_journals, audit.strike_off):
            async with database.transaction() as tx:
                await work(tx.connection, most=_MANY)

    return Job(AUDIT, 5, look)


def cash_receipts(flow: Receipts, hands: Hands) -> Job:
    async def work_off_receipts() -> None:
        await flow.owe(_BATCH)
        await hands.turn(RECEIPTS, await flow.due(_BATCH), flow.work_on)

    return Job(RECEIPTS, 30, work_off_receipts)
