"""Facts and their generations. One generation is in use; a rebuild fills another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, any_, delete, func, literal, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from stats.domain.facts import Facts
from stats.tables import generations, line_facts, live_generation, order_facts, refund_facts

# What names a fact within a generation.
KEYS: dict[Table, tuple[str, ...]] = {
    order_facts: ("kind", "fact_id"),
    line_facts: ("kind", "fact_id", "line_id"),
    refund_facts: ("refund_id",),
}

_RECORDING = 7_021_001  # the advisory lock between those who record into the generation in use and the one who swaps it
_BATCH_ROWS = 10_000
_CHANGE = "changed_to"
# From one generation to the next along the primary key, so that looking costs nothing where there is only one. One
# statement sees a generation's facts only together with the row that says who needs it.
_UNUSED = """
WITH RECURSIVE there AS (
    (SELECT generation FROM {0} ORDER BY generation LIMIT 1)
    UNION ALL
    SELECT (SELECT generation FROM {0} WHERE generation > there.generation ORDER BY generation LIMIT 1)
    FROM there WHERE there.generation IS NOT NULL
)
SELECT generation FROM there
WHERE generation IS NOT NULL AND generation NOT IN (
    SELECT generation FROM live_generation UNION ALL SELECT generation FROM rebuilds WHERE status = 'running'
)
"""


async def generation_to_record(connection: AsyncConnection) -> int:
    """The generation in use, which stays so until this transaction ends. Does not wait for other recorders."""
    await connection.execute(select(func.pg_advisory_xact_lock_shared(_RECORDING)))
    return await live(connection)


async def live(connection: AsyncConnection) -> int:
    """The generation in use."""
    return int((await connection.execute(select(live_generation.c.generation))).scalar_one())


async def new_generation(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(generations.next_value()))).scalar_one())


async def add(connection: AsyncConnection, generation: int, many: Iterable[Facts]) -> int:
    """Adds what is not there yet. Returns of how many events the facts were there already.

    Each event is one fact of an order or a refund, but for a changed option: that is two of a line.
    """
    facts = list(many)
    orders = await _insert(connection, order_facts, generation, [fact for each in facts for fact in each.orders])
    lines = [fact for each in facts for fact in each.lines]
    await _insert(connection, line_facts, generation, [fact for fact in lines if fact.kind != _CHANGE])
    changes = await _insert(connection, line_facts, generation, [fact for fact in lines if fact.kind == _CHANGE])
    refunds = await _insert(connection, refund_facts, generation, [fact for each in facts for fact in each.refunds])
    return orders + changes + refunds


async def _insert(connection: AsyncConnection, table: Table, generation: int, facts: list[Any]) -> int:
    if not facts:
        return 0
    rows = [{"generation": generation, **asdict(fact)} for fact in facts]
    inserted = await connection.execute(insert(table).values(rows).on_conflict_do_nothing().returning(literal(1)))
    return len(rows) - len(inserted.all())


async def swap(connection: AsyncConnection, rebuilt: int, since: datetime) -> None:
    """Takes the rebuilt generation into use, with what was recorded from `since` on and is not in it.

    Recorders wait until this transaction ends; those before it are done. Facts recorded earlier that the topics do not
    tell are left behind.
    """
    await connection.execute(select(func.pg_advisory_xact_lock(_RECORDING)))
    old = await live(connection)
    for table in KEYS:
        copied = [literal(rebuilt), *(column for column in table.c if column.name != "generation")]
        newer = select(*copied).where(table.c.generation == old, table.c.recorded_at >= since)
        names = [column.name for column in table.c]
        await connection.execute(insert(table).from_select(names, newer).on_conflict_do_nothing())
    await connection.execute(update(live_generation).values(generation=rebuilt))


async def delete_unused(connection: AsyncConnection) -> int:
    """Deletes a batch of facts whose generation is neither in use nor being filled. Returns how many."""
    deleted = 0
    for table in KEYS:
        for generation in (await connection.scalars(text(_UNUSED.format(table.name)))).all():
            batch: Select[Any] = (
                select(literal_column("ctid")).where(table.c.generation == generation).limit(_BATCH_ROWS)
            )
            gone = await connection.execute(
                delete(table).where(literal_column("ctid") == any_(func.array(batch.scalar_subquery())))
            )
            deleted += gone.rowcount
    return deleted
