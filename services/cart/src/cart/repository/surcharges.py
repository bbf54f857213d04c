"""The postcode tables of what far places cost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cart.commands import SetSurcharges
from cart.domain.shipping import Surcharge, SurchargeRange
from cart.tables import surcharge_ranges, surcharge_tables

EVERY_MALL = "*"


async def find(connection: AsyncConnection, mall_id: str, currency: str, zonecode: str) -> Surcharge | None:
    """What the postcode costs in this mall: its own table decides, if it has one, else the common one."""
    rows = await connection.execute(
        select(
            surcharge_tables.c.mall_id, surcharge_tables.c.currency, surcharge_ranges.c.label, surcharge_ranges.c.fee
        )
        .outerjoin(
            surcharge_ranges,
            and_(
                surcharge_ranges.c.mall_id == surcharge_tables.c.mall_id,
                surcharge_ranges.c.first_zonecode <= zonecode,
                surcharge_ranges.c.last_zonecode >= zonecode,
            ),
        )
        .where(surcharge_tables.c.mall_id.in_((mall_id, EVERY_MALL)))
    )
    found = {row.mall_id: row for row in rows}
    row = found.get(mall_id) or found.get(EVERY_MALL)
    if row is None or row.fee is None or row.currency != currency:
        return None
    return Surcharge(row.label, row.fee)


async def table(connection: AsyncConnection, mall_id: str) -> tuple[str, datetime, tuple[SurchargeRange, ...]] | None:
    """Who set the mall's own table, when, and its ranges in order; None when it has none."""
    head = (
        await connection.execute(select(surcharge_tables).where(surcharge_tables.c.mall_id == mall_id))
    ).one_or_none()
    if head is None:
        return None
    rows = await connection.execute(
        select(surcharge_ranges)
        .where(surcharge_ranges.c.mall_id == mall_id)
        .order_by(surcharge_ranges.c.first_zonecode)
    )
    ranges = (SurchargeRange(row.first_zonecode, row.last_zonecode, row.label, row.fee, row.source) for row in rows)
    return head.set_by, head.set_at, tuple(ranges)


async def replace(connection: AsyncConnection, command: SetSurcharges, now: datetime) -> None:
    """The whole table at once; two at a time wait for each other at the head row."""
    values = {"currency": command.currency, "set_by": command.set_by, "set_at": now}
    await connection.execute(
        insert(surcharge_tables)
        .values(mall_id=command.mall_id, **values)
        .on_conflict_do_update(index_elements=["mall_id"], set_=values)
    )
    await connection.execute(delete(surcharge_ranges).where(surcharge_ranges.c.mall_id == command.mall_id))
    rows = [
        {
            "mall_id": command.mall_id,
            "first_zonecode": first,
            "last_zonecode": last,
            "label": label,
            "fee": fee,
            "source": source,
        }
        for first, last, label, fee, source in command.ranges
    ]
    if rows:
        await connection.execute(surcharge_ranges.insert(), rows)


async def drop(connection: AsyncConnection, mall_id: str) -> None:
    await connection.execute(delete(surcharge_tables).where(surcharge_tables.c.mall_id == mall_id))
