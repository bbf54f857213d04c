"""Frozen quotes: what an order will cost, written once. Only gifts that cannot be had are taken out later."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cart.domain.catalogue import Inside, Item
from cart.domain.quote import Adjustment, LinePromotion, Outcome, Quote, QuoteLine, Use
from cart.tables import frozen_quotes


async def find(connection: AsyncConnection, order_id: UUID) -> tuple[UUID, Quote] | None:
    """The cart that was frozen for the order, and its quote."""
    row = (await connection.execute(select(frozen_quotes).where(frozen_quotes.c.order_id == order_id))).one_or_none()
    if row is None:
        return None
    quote = Quote(
        row.currency,
        tuple(_line(stored) for stored in row.lines),
        tuple(_adjustment(stored) for stored in row.adjustments),
        tuple(_outcome(stored) for stored in row.outcomes),
        tuple(_use(stored) for stored in row.uses),
    )
    return row.cart_id, quote


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
            adjustments=[asdict(adjustment) for adjustment in quote.adjustments],
            frozen_at=now,
            **_without_amounts(quote),
        )
    )


async def replace_gifts(connection: AsyncConnection, order_id: UUID, quote: Quote) -> None:
    """Writes lines, outcomes and uses. The amounts must be the stored ones: gifts cost nothing."""
    await connection.execute(
        update(frozen_quotes).where(frozen_quotes.c.order_id == order_id).values(**_without_amounts(quote))
    )


def _without_amounts(quote: Quote) -> dict[str, Any]:
    return {
        "lines": [asdict(line) for line in quote.lines],
        "outcomes": [asdict(outcome) for outcome in quote.coupons],
        "uses": [asdict(use) for use in quote.uses],
    }


def _line(stored: dict[str, Any]) -> QuoteLine:
    item = stored["item"]
    promotions = ({**off, "promotion_id": UUID(off["promotion_id"])} for off in stored.get("promotions", ()))
    return QuoteLine(
        **{
            **stored,
            "line_id": UUID(stored["line_id"]),
            "item": item
            and Item(
                **{
                    **item,
                    "product_id": UUID(item["product_id"]),
                    "category_ids": tuple(item["category_ids"]),
                    "limit": None,
                    "inside": tuple(
                        Inside(UUID(each["product_id"]), each["quantity"]) for each in item.get("inside", ())
                    ),
                },
            ),
            "gift_of": tuple(UUID(line_id) for line_id in stored.get("gift_of", ())),
            "promotions": tuple(LinePromotion(**off) for off in promotions),
        }
    )


def _adjustment(stored: dict[str, Any]) -> Adjustment:
    return Adjustment(**{**stored, "promotion_id": _id(stored.get("promotion_id"))})


def _outcome(stored: dict[str, Any]) -> Outcome:
    return Outcome(**{**stored, "promotion_id": _id(stored["promotion_id"])})


def _use(stored: dict[str, Any]) -> Use:
    ids = {"allowance_id": UUID(stored["allowance_id"]), "promotion_id": _id(stored["promotion_id"])}
    return Use(**{**stored, **ids})


def _id(stored: str | None) -> UUID | None:
    return None if stored is None else UUID(stored)
