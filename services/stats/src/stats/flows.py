"""Rebuilding the figures: reads the topics over the network, between short transactions of its own."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from common import log
from common.db import Database
from common.errors import DomainError
from stats import events
from stats.clients import Batch, TopicReader
from stats.domain.facts import Facts, facts_of
from stats.domain.figures import Comparison, Rebuild
from stats.errors import RebuildLost
from stats.repository import facts, rebuilds
from stats.repository.comparison import compare as comparison_of

_log = log.get(__name__)

_LOOK_AGAIN_SECONDS = 0.25


@dataclass(frozen=True)
class Rebuilder:
    """`grace_seconds`: how long the figures in use may take to hear what the topics told already."""

    database: Database
    reader: TopicReader
    grace_seconds: float

    async def work(self) -> None:
        """Does every rebuild that waits, and clears away the facts nobody uses any more."""
        while (taken := await self._take()) is not None:
            await self._run(taken)
        await self._clear()

    async def _take(self) -> Rebuild | None:
        async with self.database.transaction() as tx:
            return await rebuilds.take(tx.connection, tx.now)

    async def _run(self, rebuild: Rebuild) -> None:
        try:
            await self._rebuild(rebuild)
        except RebuildLost as lost:
            _log.warning("a rebuild was taken over", rebuild=str(rebuild.id), reason=str(lost))
        except Exception as error:  # noqa: BLE001 - whoever asked must read why it failed
            _log.exception("a rebuild failed", rebuild=str(rebuild.id))
            async with self.database.transaction() as tx:
                await rebuilds.fail(tx.connection, rebuild, f"{type(error).__name__}: {error}", tx.now)

    async def _rebuild(self, rebuild: Rebuild) -> None:
        # What is in use and was recorded before this moment came from records that lie before the ends read next.
        async with self.database.read() as connection:
            since = await rebuilds.database_time(connection)
        async with aclosing(self.reader.read(events.HEARD)) as batches:
            async for batch in batches:
                await self._add(rebuild, batch)
        comparison = await self._compare(rebuild, since)
        async with self.database.transaction() as tx:
            if rebuild.swap:
                await facts.swap(tx.connection, _generation(rebuild), since)
            await rebuilds.finish(tx.connection, rebuild, comparison, tx.now, swapped=rebuild.swap)
        _log.info("a rebuild is done", rebuild=str(rebuild.id), equal=comparison.equal, swapped=rebuild.swap)

    async def _add(self, rebuild: Rebuild, batch: Batch) -> None:
        found: list[Facts] = []
        unusable = batch.unreadable
        for event in batch.events:
            try:
                found.append(facts_of(events.to_command(event)))
            except DomainError:
                unusable += 1
        async with self.database.transaction() as tx:
            repeated = await facts.add(tx.connection, _generation(rebuild), found)
            counts = {"records": batch.records, "events": len(found), "repeated": repeated, "unusable": unusable}
            await rebuilds.progress(tx.connection, rebuild, tx.now, **counts)

    async def _compare(self, rebuild: Rebuild, since: datetime) -> Comparison:
        """Waits a while for facts the service's own consumer has not got to yet."""
        clock = self.database.clock
        deadline = clock.monotonic() + self.grace_seconds
        while True:
            async with self.database.transaction() as tx:
                await rebuilds.progress(tx.connection, rebuild, tx.now)
                live = await facts.live(tx.connection)
                comparison = await comparison_of(tx.connection, live, _generation(rebuild), since)
            if comparison.missing == 0 or clock.monotonic() >= deadline:
                return comparison
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _clear(self) -> None:
        while True:
            async with self.database.transaction() as tx:
                if await facts.delete_unused(tx.connection) == 0:
                    return


def _generation(rebuild: Rebuild) -> int:
    if rebuild.generation is None:
        raise RebuildLost(f"the rebuild {rebuild.id} was never taken up")
    return rebuild.generation
