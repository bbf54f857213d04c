"""Commands about the units of an order."""

from __future__ import annotations

from collections.abc import Sequence

from catalog import events
from catalog.commands import (
    CancelUnits,
    ChangeOption,
    ConfirmReservation,
    ExpireHold,
    HoldStock,
    Quantities,
    ReleaseHold,
    SellReservation,
)  # fmt: skip
from catalog.domain import options, reservation, sets
from catalog.domain.reservation import Decision, Reservation
from catalog.domain.stock import Move, not_there
from catalog.errors import OutOfStock
from catalog.handlers.stock import take
from catalog.repository import reservations, stock
from catalog.repository.reservations import Locked
from common import log
from common.db import Tx

_log = log.get(__name__)


async def hold_stock(command: HoldStock, tx: Tx) -> Reservation:
    """Raises `OutOfStock` or `SkuUnknown`; then nothing is held."""
    locked = await _lock(command, tx)
    decision = reservation.hold(locked.reservation, command, tx.now)
    await _carry_out(locked, decision, tx)
    return decision.state


async def release_hold(command: ReleaseHold, tx: Tx) -> Reservation | None:
    """None: nothing was ever held under this name."""
    locked = await reservations.lock(tx.connection, command.order_id)
    if locked.reservation is None:
        return None
    decision = reservation.release(locked.reservation)
    await _carry_out(locked, decision, tx)
    return decision.state


async def expire_hold(command: ExpireHold, tx: Tx) -> None:
    """Skips an order that somebody is at work on."""
    locked = await reservations.lock_if_free(tx.connection, command.order_id)
    if locked.reservation is not None:
        await _carry_out(locked, reservation.expire(locked.reservation, tx.now), tx)


async def confirm_reservation(command: ConfirmReservation, tx: Tx) -> None:
    locked = await _lock(command, tx)
    await _carry_out_or_fall_short(locked, reservation.confirm(locked.reservation, command), tx)


async def sell_reservation(command: SellReservation, tx: Tx) -> None:
    locked = await _lock(command, tx)
    await _carry_out_or_fall_short(locked, reservation.sell(locked.reservation, command), tx)


async def cancel_units(command: CancelUnits, tx: Tx) -> None:
    locked = await _lock(command, tx)
    await _carry_out(locked, reservation.cancel(locked.reservation, command), tx, short=command.short)


async def change_option(command: ChangeOption, tx: Tx) -> None:
    """Both in one transaction, the order's reservation locked first: units are never in both, nor in neither."""
    skus = (command.sku, command.new_sku)
    order = await reservations.lock(tx.connection, command.order_id, command.mall_id, skus)
    hold = await reservations.lock(tx.connection, command.change_id, command.mall_id, skus)
    if order.reservation is None:
        _log.warning("an option changed of an order never heard of", order_id=str(command.order_id))
        await release_hold(ReleaseHold(command.change_id), tx)
        return
    swap = options.change_option(order.reservation, hold.reservation, command)
    if swap.hold is not None:
        await _carry_out(hold, swap.hold, tx)
    try:
        async with tx.connection.begin_nested():
            await _carry_out(order, swap.order, tx, short=command.short)
    except OutOfStock as refused:
        gone = options.fall_short(order.reservation, command, refused.shortages)
        await _carry_out(order, gone, tx, short=command.short)


async def _lock(command: HoldStock | ConfirmReservation | SellReservation | CancelUnits, tx: Tx) -> Locked:
    return await reservations.lock(tx.connection, command.order_id, command.mall_id, command.lines)


async def _carry_out(locked: Locked, decision: Decision, tx: Tx, *, short: Quantities | None = None) -> None:
    """What the decision says about a set happens to its parts. `short`: units given back that the centre has not."""
    current, recipes = locked.reservation, locked.recipes
    if decision.state == current:
        return
    after, reference = decision.state, str(decision.state.order_id)
    await reservations.save(tx.connection, current, after, tx.now)
    # Before the moves: taking may post what is pending, and units taken now cannot be sold before they are reserved.
    changes = await take(after.mall_id, decision.take, recipes, reference, tx)
    moves = sets.expand_moves(decision.moves, recipes)
    if short:
        moves += await _not_there(locked, moves, short, tx)
    await stock.postpone(tx.connection, moves, reference=reference, now=tx.now)
    tx.publish(*events.stock_changed(changes, tx.now), *events.stock_unavailable(decision.events, tx.now))


async def _not_there(locked: Locked, moves: Sequence[Move], short: Quantities, tx: Tx) -> tuple[Move, ...]:
    """A centre that did not know a set for one says no more than that; then it has none of its parts."""
    shelves = sets.expand(short, locked.recipes)
    return not_there(moves, shelves, await stock.levels(tx.connection, shelves))


async def _carry_out_or_fall_short(locked: Locked, decision: Decision, tx: Tx) -> None:
    """An order exists by now, so a shortage is no refusal but a fact: it is kept, and orders hear of it."""
    try:
        async with tx.connection.begin_nested():
            await _carry_out(locked, decision, tx)
    except OutOfStock as refused:
        await _carry_out(locked, reservation.fall_short(decision, refused.shortages), tx)
