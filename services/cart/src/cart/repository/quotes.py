"""Frozen quotes: what an order will cost, written once and never changed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cart.domain.catalogue import Item
from cart.domain.pricing import Adjustment, Quote, QuoteLine
from cart.tables import frozen_quotes


async def find(connection: AsyncConnection, order_id: UUID) -> tuple[UUID, Quote] | None:
    """The cart that was frozen for the order, and its quote."""
    row = (await connection.execute(select(frozen_quotes).where(frozen_quotes.c.order_id == order_id))).one_or_none()
    if row is None:
        return None
    lines = tuple(_line(stored) for stored in row.lines)
    return row.cart_id, Quote(row.currency, lines, tuple(Adjustment(**stored) for stored in row.adjustments))


async def store(connection: AsyncConnection, order_id: UUID, cart_id: UUID, quote: Quote, now: datetime) -> None:
    await connection.execute(
        frozen_quotes.insert().values(
            order_id=order_id,
            cart_id=cart_id,
            currency=quote.currency,
            items_amount=quote.items_amount,
            discount_amount=quote.discount_amount,
            shipping_amount=quote.shipping_amount,
            total_amount=quote.total_amount,
            lines=[asdict(line) for line in quote.lines],
            adjustments=[asdict(adjustment) for adjustment in quote.adjustments],
            frozen_at=now,
        )
    )


def _line(stored: dict[str, Any]) -> QuoteLine:
    item = stored["item"]
    return QuoteLine(
        **{
            **stored,
            "line_id": UUID(stored["line_id"]),
            "item": item
            and Item(
                **{**item, "product_id": UUID(item["product_id"]), "category_ids": tuple(item["category_ids"])},
            ),
        }
    )
