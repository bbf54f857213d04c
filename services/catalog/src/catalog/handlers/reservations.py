"""Commands about the units of an order."""

from __future__ import annotations

from catalog import events
from catalog.commands import (
    CancelUnits,
    ConfirmReservation,
    ExpireHold,
    HoldStock,
    ReleaseHold,
    SellReservation,
)  # fmt: skip
from catalog.domain import reservation
from catalog.domain.reservation import Decision, Reservation
from catalog.errors import OutOfStock
from catalog.handlers.stock import take
from catalog.repository import reservations, stock
from common.db import Tx


async def hold_stock(command: HoldStock, tx: Tx) -> Reservation:
    """Raises `OutOfStock` or `SkuUnknown`; then nothing is held."""
    current = await reservations.lock(tx.connection, command.order_id)
    decision = reservation.hold(current, command, tx.now)
    await _carry_out(current, decision, tx)
    return decision.state


async def release_hold(command: ReleaseHold, tx: Tx) -> Reservation | None:
    """None: nothing was ever held under this name."""
    current = await reservations.lock(tx.connection, command.order_id)
    if current is None:
        return None
    decision = reservation.release(current)
    await _carry_out(current, decision, tx)
    return decision.state


async def expire_hold(command: ExpireHold, tx: Tx) -> None:
    """Skips an order that somebody is at work on."""
    current = await reservations.lock_if_free(tx.connection, command.order_id)
    if current is not None:
        await _carry_out(current, reservation.expire(current, tx.now), tx)


async def confirm_reservation(command: ConfirmReservation, tx: Tx) -> None:
    current = await reservations.lock(tx.connection, command.order_id)
    await _carry_out_or_fall_short(current, reservation.confirm(current, command), tx)


async def sell_reservation(command: SellReservation, tx: Tx) -> None:
    current = await reservations.lock(tx.connection, command.order_id)
    await _carry_out_or_fall_short(current, reservation.sell(current, command), tx)


async def cancel_units(command: CancelUnits, tx: Tx) -> None:
    current = await reservations.lock(tx.connection, command.order_id)
    await _carry_out(current, reservation.cancel(current, command), tx)


async def _carry_out(current: Reservation | None, decision: Decision, tx: Tx) -> None:
    if decision.state == current:
        return
    after, reference = decision.state, str(decision.state.order_id)
    await reservations.save(tx.connection, current, after, tx.now)
    # Before the moves: taking may post what is pending, and units taken now cannot be sold before they are reserved.
    changes = await take(after.mall_id, decision.take, reference, tx)
    await stock.postpone(tx.connection, decision.moves, reference=reference, now=tx.now)
    tx.publish(*events.stock_changed(changes, tx.now), *events.stock_unavailable(decision.events, tx.now))


async def _carry_out_or_fall_short(current: Reservation | None, decision: Decision, tx: Tx) -> None:
    """An order exists by now, so a shortage is no refusal but a fact: it is kept, and orders hear of it."""
    try:
        async with tx.connection.begin_nested():
            await _carry_out(current, decision, tx)
    except OutOfStock as refused:
        await _carry_out(current, reservation.fall_short(decision, refused.shortages), tx)
