"""Orders as rows of a table, for people's spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from orders.domain import Order

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


def head() -> bytes:
    return _csv([COLUMNS])


def rows(orders: Iterable[Order]) -> bytes:
    """One row per line of each order."""
    return _csv(row for order in orders for row in _rows(order))


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
