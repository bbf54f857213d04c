"""What catalog hears: the life of orders, and counts of the shelves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from catalog.commands import CancelUnits, ConfirmReservation, Quantities, RecordCount, SellReservation
from catalog.handlers import reservations, stock
from common.db import Tx
from common.processing import Handlers
from contracts.orders import OrderCancelled, OrderPaid, OrderPlaced
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
    command = CancelUnits(event.order_id, event.mall_id, event.cancel_id, event.whole, _units(event.lines))
    await reservations.cancel_units(command, tx)


async def on_stock_counted(event: StockCounted, tx: Tx) -> None:
    command = RecordCount(event.count_id, event.centre, event.sku, event.on_hand, event.counted_at)
    await stock.record_count(command, tx)


def handlers() -> Handlers:
    return {
        OrderPlaced: on_order_placed,
        OrderPaid: on_order_paid,
        OrderCancelled: on_order_cancelled,
        StockCounted: on_stock_counted,
    }
