"""Logistics centres, and which mall's orders go where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from scm.commands import CountStock, PutCentre, PutRoute
from scm.tables import centres, routes, stock_counts


@dataclass(frozen=True)
class Centre:
    code: str
    name: str
    mode: str
    active: bool


async def put(connection: AsyncConnection, command: PutCentre, now: datetime) -> None:
    values = {"name": command.name, "mode": command.mode, "active": command.active, "updated_at": now}
    await connection.execute(
        upsert(centres).values(code=command.code, **values).on_conflict_do_update(index_elements=["code"], set_=values)
    )


async def ensure(connection: AsyncConnection, code: str, mode: str, now: datetime) -> None:
    """A centre that only the settings know becomes a row, named by its code until staff says more."""
    await connection.execute(
        upsert(centres).values(code=code, name=code, mode=mode, active=True, updated_at=now).on_conflict_do_nothing()
    )


async def takes_requests(connection: AsyncConnection, code: str) -> bool:
    """Whether there is such a centre, and it is active."""
    return await connection.scalar(select(centres.c.code).where(centres.c.code == code, centres.c.active)) is not None


async def is_polled(connection: AsyncConnection, code: str) -> bool:
    """Whether we call it, and it never us."""
    return await connection.scalar(select(centres.c.mode).where(centres.c.code == code)) == "poll"


async def put_route(connection: AsyncConnection, command: PutRoute, now: datetime) -> None:
    values = {"centre": command.centre, "updated_at": now}
    await connection.execute(
        upsert(routes)
        .values(mall_id=command.mall_id, **values)
        .on_conflict_do_update(index_elements=["mall_id"], set_=values)
    )


async def of_mall(connection: AsyncConnection, mall_id: str) -> str | None:
    """The centre of the mall's route, if it takes new requests."""
    found: str | None = await connection.scalar(
        select(routes.c.centre)
        .join(centres, centres.c.code == routes.c.centre)
        .where(routes.c.mall_id == mall_id, centres.c.active)
    )
    return found


async def everything(connection: AsyncConnection) -> tuple[list[Centre], dict[str, str]]:
    """All centres by code, and the centre of each mall with a route."""
    rows = await connection.execute(select(centres).order_by(centres.c.code))
    routed = await connection.execute(select(routes).order_by(routes.c.mall_id))
    return (
        [Centre(row.code, row.name, row.mode, row.active) for row in rows],
        {row.mall_id: row.centre for row in routed},
    )


async def add_counts(connection: AsyncConnection, command: CountStock, ids: dict[str, UUID], now: datetime) -> None:
    await connection.execute(
        insert(stock_counts),
        [
            {
                "id": ids[sku],
                "batch_id": command.batch_id,
                "centre": command.centre,
                "sku": sku,
                "on_hand": on_hand,
                "counted_at": now,
            }
            for sku, on_hand in command.items
        ],
    )
