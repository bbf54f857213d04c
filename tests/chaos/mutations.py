"""Mutants: the promises broken one by one, to prove that the suite would notice.

no_inbox                       an event that comes again is handled again
offsets_before_effects         an offset is committed before the event's effect
outbox_by_id_cursor            the relay reads on from the last id instead of deleting what was acknowledged
reservation_without_condition  stock is reserved whether or not there is any
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from tests.chaos.patching import patch

from common import consumer, inbox, relay

MUTANTS = ("no_inbox", "offsets_before_effects", "outbox_by_id_cursor", "reservation_without_condition")


def install(name: str | None, service: str) -> None:
    """Call before the service is imported. Raises KeyError for a stranger."""
    if name is not None and (service == "catalog" or name != "reservation_without_condition"):
        _MUTANTS[name]()


def _no_inbox() -> None:
    async def claim(_connection: Any, event_ids: Sequence[UUID]) -> set[UUID]:
        return set(event_ids)

    patch(inbox, "claim", claim)


def _offsets_before_effects() -> None:
    until_done = consumer._Worker._until_done

    async def until_done_mutant(worker: consumer._Worker, records: Any) -> bool:
        worker.done = records[-1].offset + 1
        return await until_done(worker, records)

    patch(consumer._Worker, "_until_done", until_done_mutant)


def _outbox_by_id_cursor() -> None:
    """As so many outboxes are read: `id > last`. Ids are given before commits, so a slow commit is passed over."""
    last: dict[int, int] = {}
    shards, condition = "unnest($1::smallint[]) AS s(shard)", "outbox.shard = s.shard"
    assert shards in relay._FETCH
    assert condition in relay._FETCH
    beyond = relay._FETCH.replace(shards, "unnest($1::smallint[], $3::bigint[]) AS s(shard, last)")
    beyond = beyond.replace(condition, f"{condition} AND outbox.id > s.last")

    class Cursor:
        """A connection that fetches rows behind the cursors only; a cursor moves when its rows are fetched."""

        def __init__(self, connection: asyncpg.Connection) -> None:
            self._connection = connection

        def __getattr__(self, name: str) -> Any:
            return getattr(self._connection, name)

        async def fetch(self, _query: str, ours: Sequence[int], limit: int) -> list[Any]:
            rows: list[Any] = await self._connection.fetch(beyond, ours, limit, [last.get(shard, 0) for shard in ours])
            for row in rows:
                last[row["shard"]] = row["id"]
            return rows

    pump = relay.Relay._pump

    async def pump_mutant(own: relay.Relay, connection: asyncpg.Connection, wanted: Iterable[int]) -> None:
        await pump(own, Cursor(connection), wanted)

    patch(relay.Relay, "_pump", pump_mutant)


def _reservation_without_condition() -> None:
    """The table has a check of its own as a second line; whoever tries this mutant alone drops that first."""
    from catalog.repository import stock

    condition = " AND on_hand - reserved >= :units"
    query = str(stock._RESERVE)
    assert condition in query
    patch(stock, "_RESERVE", text(query.replace(condition, "")))


_MUTANTS = {
    "no_inbox": _no_inbox,
    "offsets_before_effects": _offsets_before_effects,
    "outbox_by_id_cursor": _outbox_by_id_cursor,
    "reservation_without_condition": _reservation_without_condition,
}
