"""What stats hears. Every figure comes from here."""

from __future__ import annotations

from common.db import Tx
from common.processing import Handlers
from contracts.claims import ClaimCompleted, ReplacementStopped
from contracts.orders import OrderCancelled, OrderCompleted, OrderOptionChanged, OrderPaid, OrderPlaced
from contracts.payments import PaymentRefunded
from stats import events, handlers


async def on_order_placed(event: OrderPlaced, tx: Tx) -> None:
    await handlers.record(events.to_command(event), tx)


async def on_order_paid(event: OrderPaid, tx: Tx) -> None:
    await handlers.record(events.to_command(event), tx)


async def on_order_cancelled(event: OrderCancelled, tx: Tx) -> None:
    await handlers.record(events.to_command(event), tx)


async def on_order_completed(event: OrderCompleted, tx: Tx) -> None:
    await handlers.record(events.to_command(event), tx)


async def on_option_changed(event: OrderOptionChanged, tx: Tx) -> None:
    await handlers.record(events.to_command(event), tx)


async def on_claim_completed(event: ClaimCompleted, tx: Tx) -> None:
    await handlers.record(events.to_command(event), tx)


async def on_replacement_stopped(event: ReplacementStopped, tx: Tx) -> None:
    await handlers.record(events.to_command(event), tx)


async def on_payment_refunded(event: PaymentRefunded, tx: Tx) -> None:
    await handlers.record(events.to_command(event), tx)


def handlers_of() -> Handlers:
    return {
        OrderPlaced: on_order_placed,
        OrderPaid: on_order_paid,
        OrderCancelled: on_order_cancelled,
        OrderCompleted: on_order_completed,
        OrderOptionChanged: on_option_changed,
        ClaimCompleted: on_claim_completed,
        ReplacementStopped: on_replacement_stopped,
        PaymentRefunded: on_payment_refunded,
    }
