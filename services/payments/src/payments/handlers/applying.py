"""Carries out a decision: rows, ledger and events in the one open transaction."""

from __future__ import annotations

from collections.abc import Sequence

from common.db import Tx
from payments import events
from payments.domain import payment as rules
from payments.domain.facts import DepositTakenBack, MoneyReceived, Refunded
from payments.domain.patience import Patience
from payments.domain.payment import Decision, Payment
from payments.domain.receipt import CASH
from payments.domain.status import LIVE
from payments.repository import ledger as books
from payments.repository import payment as payment_rows
from payments.repository import receipt as receipts
from payments.repository import refund as refund_rows
from payments.repository import secrets

_MOVES_MONEY = (MoneyReceived, Refunded, DepositTakenBack)


async def apply(
    tx: Tx,
    before: Payment,
    decision: Decision,
    *,
    why: str,
    patience: Patience,
    others: Sequence[Payment] | None = None,
) -> Payment:
    """Call with the gate of the order held. Returns the payment as it is stored now.

    `others`: the order's other payments, where the caller has read them; else they are read when they matter.
    """
    after = decision.payment
    if after != before:
        ask_at = rules.ask_at(after, tx.now, patience=patience.paying(after))
        after = await payment_rows.save(tx.connection, before, after, ask_at=ask_at, why=why, now=tx.now)
        await _forget_secrets(tx, before, after)
    await books.post(tx.connection, decision.journals, tx.now)
    for refund in decision.refunds:
        await refund_rows.save(tx.connection, refund)
    if any(isinstance(fact, _MOVES_MONEY) for fact in decision.facts) and after.method in CASH:
        await receipts.wake(tx.connection, after.id, tx.now)
    tx.publish(*(events.to_contract(fact, tx.now) for fact in decision.facts))
    if any(isinstance(fact, MoneyReceived) for fact in decision.facts):
        if others is None:
            others = await payment_rows.of_order(tx.connection, after.order_id)
        await _close(tx, [other for other in others if other.id != after.id], patience)
    return after


async def _forget_secrets(tx: Tx, before: Payment, after: Payment) -> None:
    if before.status in LIVE and after.status not in LIVE:
        await secrets.forget(tx.connection, after.id, ["grant", "terms"])
    elif before.key_is_unproven and not after.key_is_unproven:
        await secrets.forget(tx.connection, after.id, ["grant"])


async def _close(tx: Tx, others: Sequence[Payment], patience: Patience) -> None:
    """Money came by one way (a late deposit, say): the order's other ways are shut before more comes."""
    for other in others:
        if other.status in LIVE:
            await apply(tx, other, rules.close(other, "order_paid"), why="the order was paid", patience=patience)
