"""Shipping rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cart.commands import SetShippingRule
from cart.domain.shipping import ShippingRule
from cart.tables import shipping_rules


async def rules(connection: AsyncConnection, mall_id: str, now: datetime) -> tuple[ShippingRule, ...]:
    """The mall's rules that are in force or still to come, earliest first."""
    rows = await connection.execute(
        select(shipping_rules)
        .where(
            shipping_rules.c.mall_id == mall_id,
            or_(shipping_rules.c.valid_to.is_(None), shipping_rules.c.valid_to > now),
        )
        .order_by(shipping_rules.c.valid_from)
    )
    return tuple(_rule(row) for row in rows)


async def put(
    connection: AsyncConnection, rule_id: UUID, command: SetShippingRule, valid_from: datetime, now: datetime
) -> None:
    """One rule per mall and moment: the same `valid_from` again replaces what was to begin then."""
    values = {
        "label": command.label,
        "fee": command.fee,
        "free_from": command.free_from,
        "currency": command.currency,
        "valid_to": command.valid_to,
        "set_by": command.set_by,
        "set_at": now,
    }
    await connection.execute(
        insert(shipping_rules)
        .values(id=rule_id, mall_id=command.mall_id, valid_from=valid_from, **values)
        .on_conflict_do_update(index_elements=["mall_id", "valid_from"], set_=values)
    )


def _rule(row: Row[Any]) -> ShippingRule:
    return ShippingRule(row.label, row.fee, row.free_from, row.currency, row.valid_from, row.valid_to)
