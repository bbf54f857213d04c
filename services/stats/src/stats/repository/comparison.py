"""Facts in use against facts rebuilt, whole rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, null, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stats.domain.figures import Comparison, Difference
from stats.repository.facts import KEYS

_SHOWN = 100


async def compare(connection: AsyncConnection, live: int, rebuilt: int, since: datetime) -> Comparison:
    """A fact in use that was recorded from `since` on may be newer than what was read: its absence is no difference."""
    compared = missing = extra = different = 0
    differences: list[Difference] = []
    for table, keys in KEYS.items():
        ours, theirs = table.alias("ours"), table.alias("theirs")
        same = and_(*(ours.c[key] == theirs.c[key] for key in keys))
        told = [c.name for c in table.c if c.name not in ("generation", "recorded_at")]
        in_live, in_rebuilt = ours.c.generation == live, theirs.c.generation == rebuilt
        compared += await _count(connection, theirs, in_rebuilt)
        absent = and_(in_rebuilt, ~exists().where(in_live, same))
        missing += await _count(connection, theirs, absent)
        spare = and_(in_live, ours.c.recorded_at < since, ~exists().where(in_rebuilt, same))
        extra += await _count(connection, ours, spare)
        unlike = and_(in_live, in_rebuilt, or_(*(ours.c[name].is_distinct_from(theirs.c[name]) for name in told)))
        pairs = ours.join(theirs, same)
        different += await _count(connection, pairs, unlike)
        left, right = (func.to_jsonb(alias.table_valued()) for alias in (ours, theirs))
        for what, source, condition, columns in (
            ("missing", theirs, absent, (None, right)),
            ("extra", ours, spare, (left, None)),
            ("different", pairs, unlike, (left, right)),
        ):
            rows = await _first(connection, source, condition, columns)
            differences += [Difference(what, table.name, *row) for row in rows]
    return Comparison(compared, missing, extra, different, tuple(differences[:_SHOWN]))


async def _count(connection: AsyncConnection, source: Any, condition: Any) -> int:
    return int((await connection.execute(select(func.count()).select_from(source).where(condition))).scalar_one())


async def _first(connection: AsyncConnection, source: Any, condition: Any, columns: tuple[Any, Any]) -> list[Any]:
    """The first rows as documents: how they are in use, how they were rebuilt; None where there is none."""
    shown = [null() if column is None else column for column in columns]
    return list((await connection.execute(select(*shown).select_from(source).where(condition).limit(_SHOWN))).all())
