"""Orders as rows of a table, for people's spreadsheets: as CSV or as XLSX, batch by batch."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from orders.domain import Order
from orders.schemas.workbook import MEDIA_TYPE, Workbook

COLUMNS = (
    "order_number", "placed_at", "paid_at", "delivered_at", "status", "mall_id", "channel", "currency", "line_id",
    "kind", "sku", "product_name", "variant_name", "quantity", "cancelled_quantity", "returned_quantity", "unit_price",
    "discount_amount", "amount", "vat_amount", "tax_free_amount", "order_shipping_amount", "order_total_amount",
    "order_refunded_amount",
)  # fmt: skip
# A spreadsheet takes a cell that begins so for a formula, and a customer's product option could be one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Without it a Korean Excel reads UTF-8 as another encoding.
BOM = "\ufeff"


class Sheet(Protocol):
    """One row per line of each order. Every method returns the bytes that are to be sent next."""

    media_type: str

    def begin(self) -> bytes: ...

    def add(self, orders: Sequence[Order]) -> bytes: ...

    def done(self) -> bytes: ...


class CsvSheet:
    media_type = "text/csv; charset=utf-8"

    def begin(self) -> bytes:
        return BOM.encode() + _csv([COLUMNS])

    def add(self, orders: Sequence[Order]) -> bytes:
        return _csv(_all(orders))

    def done(self) -> bytes:
        return b""


class XlsxSheet:
    media_type = MEDIA_TYPE

    def __init__(self) -> None:
        self._book = Workbook("orders", COLUMNS)

    def begin(self) -> bytes:
        return self._book.begin()

    def add(self, orders: Sequence[Order]) -> bytes:
        return self._book.add(_all(orders))

    def done(self) -> bytes:
        return self._book.done()


SHEETS: dict[str, Callable[[], Sheet]] = {"csv": CsvSheet, "xlsx": XlsxSheet}


def _all(orders: Sequence[Order]) -> Iterator[list[object]]:
    return (row for order in orders for row in _rows(order))


def _rows(order: Order) -> list[list[object]]:
    paid_at = order.payment.paid_at.isoformat() if order.payment else ""
    delivered_at = order.delivered_at.isoformat() if order.delivered_at else ""
    return [
        [
            order.number, order.placed_at.isoformat(), paid_at, delivered_at, order.status.value, order.mall_id,
            order.channel, order.currency, str(line.line_id), line.kind, line.sku, line.product_name,
            line.variant_name or "", line.quantity, line.cancelled, line.returned, line.unit_price,
            line.discount_amount, line.amount, line.vat_amount, line.tax_free_amount, order.shipping_amount,
            order.total_amount, order.refunded_amount,
        ]
        for line in order.lines
    ]  # fmt: skip


def _csv(lines: Iterable[Iterable[object]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([_safe(cell) for cell in line] for line in lines)
    return written.getvalue().encode()


def _safe(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
