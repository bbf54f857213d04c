"""What catalog hears: the life of orders and of claims on them, and counts of the shelves.

The replacements of an exchange are sold to the claim as if it were an order: its reservation is named by the claim.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from catalog.commands import (
    CancelUnits,
    ChangeOption,
    ConfirmReservation,
    Quantities,
    RecordCount,
    ReleaseHold,
    SellReservation,
)
from catalog.handlers import reservations, returns, stock
from common import ids
from common.db import Tx
from common.processing import Handlers
from contracts.claims import (
    ClaimApproved,
    ClaimCompleted,
    ClaimLine,
    ClaimRejected,
    ClaimWithdrawn,
    ReplacementStopped,
)
from contracts.orders import (
    OrderCancelled,
    OrderOptionChanged,
    OrderOptionChangeRefused,
    OrderPaid,
    OrderPlaced,
)
from contracts.shipments import StockCounted


class _Line(Protocol):
    @property
    def sku(self) -> str: ...
    @property
    def quantity(self) -> int: ...


def _units(lines: Iterable[_Line]) -> Quantities:
    """Two lines of one SKU are one quantity."""
    units: Counter[str] = Counter()
    for line in lines:
        units[line.sku] += line.quantity
    return dict(units)


async def on_order_placed(event: OrderPlaced, tx: Tx) -> None:
    command = ConfirmReservation(event.order_id, event.mall_id, _units(event.lines))
    await reservations.confirm_reservation(command, tx)


async def on_order_paid(event: OrderPaid, tx: Tx) -> None:
    await reservations.sell_reservation(SellReservation(event.order_id, event.mall_id, _units(event.lines)), tx)


async def on_order_cancelled(event: OrderCancelled, tx: Tx) -> None:
    lines, short = _units(event.lines), _units(event.short)
    command = CancelUnits(event.order_id, event.mall_id, event.cancel_id, event.whole, lines, short)
    await reservations.cancel_units(command, tx)


async def on_option_changed(event: OrderOptionChanged, tx: Tx) -> None:
    command = ChangeOption(
        event.order_id, event.mall_id, event.change_id, event.sku, event.new_sku, event.quantity, _units(event.short)
    )
    await reservations.change_option(command, tx)


async def on_option_change_refused(event: OrderOptionChangeRefused, tx: Tx) -> None:
    await reservations.release_hold(ReleaseHold(event.change_id), tx)


def _replacements(lines: Iterable[ClaimLine]) -> Quantities:
    units: Counter[str] = Counter()
    for line in lines:
        units[line.replacement_sku or line.sku] += line.quantity
    return dict(units)


async def on_claim_approved(event: ClaimApproved, tx: Tx) -> None:
    if event.kind == "exchange":
        command = SellReservation(event.claim_id, event.mall_id, _replacements(event.lines))
        await reservations.sell_reservation(command, tx)


async def on_claim_dropped(event: ClaimRejected | ClaimWithdrawn, tx: Tx) -> None:
    """The goods stay where they are, so the replacements are free again."""
    if event.kind == "exchange" and event.was_approved:
        given_back = ids.derived_id("cancel", str(event.claim_id), "dropped")
        command = CancelUnits(event.claim_id, event.mall_id, given_back, True, _replacements(event.lines))
        await reservations.cancel_units(command, tx)


async def on_claim_completed(event: ClaimCompleted, tx: Tx) -> None:
    """What can be sold again is. A unit that stayed with the customer is replaced by nothing."""
    back: Counter[str] = Counter()
    unused: Counter[str] = Counter()
    for line in event.lines:
        back[line.sku] += line.resellable
        unused[line.replacement_sku or line.sku] += line.missing
    await returns.restock(event.mall_id, event.claim_id, event.sold_under, +back, tx)
    if event.kind == "exchange" and +unused:
        given_back = ids.derived_id("cancel", str(event.claim_id), "missing")
        command = CancelUnits(event.claim_id, event.mall_id, given_back, False, dict(+unused))
        await reservations.cancel_units(command, tx)


async def on_replacement_stopped(event: ReplacementStopped, tx: Tx) -> None:
    """What has left of the replacements stays sold to the claim."""
    lines, short = _units(event.lines), _units(event.short)
    command = CancelUnits(event.claim_id, event.mall_id, event.stop_id, False, lines, short)
    await returns.give_up(command, event.sold_under, tx)


async def on_stock_counted(event: StockCounted, tx: Tx) -> None:
    command = RecordCount(event.count_id, event.centre, event.sku, event.on_hand, event.counted_at)
    await stock.record_count(command, tx)


def handlers() -> Handlers:
    return {
        OrderPlaced: on_order_placed,
        OrderPaid: on_order_paid,
        OrderCancelled: on_order_cancelled,
        OrderOptionChanged: on_option_changed,
        OrderOptionChangeRefused: on_option_change_refused,
        ClaimApproved: on_claim_approved,
        ClaimRejected: on_claim_dropped,
        ClaimWithdrawn: on_claim_dropped,
        ClaimCompleted: on_claim_completed,
        ReplacementStopped: on_replacement_stopped,
        StockCounted: on_stock_counted,
    }
