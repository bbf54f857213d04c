"""Reads the group's partitions and hands every event to its handler exactly once in effect.

Inbox row, effects and outgoing events commit in one transaction; the offset is committed later and lazily, so a crash
in between only brings events again that the inbox knows. Each partition has a worker of its own; within it events run
in order, a batch to a transaction, and one by one when the batch fails.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from common import log, metrics
from common.clock import Clock
from common.deadletters import DlqLimitReached
from common.processing import PartitionProcessor
from common.transport import CommitLost, Consumer, Record, TopicPartition

_log = log.get(__name__)

_HIGH_WATER = 2000
_LOW_WATER = 500
_LAG_SECONDS = 30.0
_DRAIN_PARKED_SECONDS = 1.0
_MAX_BACKOFF_SECONDS = 10.0


class _Worker:
    """One partition: a queue, the task that works it off, and how far it has come."""

    def __init__(
        self,
        partition: TopicPartition,
        process: Callable[[Sequence[Record]], Awaitable[None]],
        batch: int,
        room: asyncio.Semaphore,
    ) -> None:
        self.partition = partition
        self.queue: asyncio.Queue[Record] = asyncio.Queue()
        self.done: int | None = None
        self.committed: int | None = None
        self.paused = False
        self._process = process
        self._batch = batch
        self._room = room
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self.task = asyncio.create_task(self._run(), name=f"worker-{partition.topic}-{partition.partition}")

    async def _run(self) -> None:
        while not self._closing:
            records = [await self.queue.get()]
            self._idle.clear()
            try:
                if await self._until_done(records):
                    self.done = records[-1].offset + 1
            finally:
                self._idle.set()

    async def _until_done(self, records: list[Record]) -> bool:
        backoff = 0.1
        while not self._closing:
            try:
                async with self._room:
                    # What came while this partition waited for its turn goes along: the busier, the larger the batch.
                    while len(records) < self._batch and not self.queue.empty():
                        records.append(self.queue.get_nowait())
                    await self._process(records)
            except DlqLimitReached:
                raise
            except Exception as error:  # noqa: BLE001 - the processor lets only trouble around us through
                _log.warning("partition waits", partition=str(self.partition), error=repr(error), seconds=backoff)
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, _MAX_BACKOFF_SECONDS)
            else:
                return True
        return False

    async def close(self, deadline: float) -> None:
        """Lets the batch in hand commit or, at the deadline, roll back. What is queued was never begun."""
        self._closing = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), deadline)
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class ConsumerLoop:
    """The consumer role of a service. `halted` names the reason once the dead-letter limit stopped it."""

    def __init__(
        self,
        consumer: Consumer,
        processor: PartitionProcessor,
        topics: Sequence[str],
        *,
        clock: Clock,
        batch: int = 100,
        commit_seconds: float = 1.0,
        concurrency: int = 6,
        drain_seconds: float = 15,
    ) -> None:
        self._consumer = consumer
        self._processor = processor
        self._topics = topics
        self._clock = clock
        self._batch = batch
        self._commit_seconds = commit_seconds
        # Partitions outnumber the pool's connections: waiting here is cheaper than running into the pool's time limit.
        self._room = asyncio.Semaphore(concurrency)
        self._drain_seconds = drain_seconds
        self._workers: dict[TopicPartition, _Worker] = {}
        self._stopping = asyncio.Event()
        self._next_commit = 0.0
        self.halted: str | None = None
        self.last_progress = clock.monotonic()

    async def run(self) -> None:
        """Consumes until `stop`. Joins the group again after any trouble with the broker."""
        beside = [asyncio.create_task(self._drain_parked()), asyncio.create_task(self._measure_lag())]
        try:
            await self._run_sessions()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def stop(self) -> None:
        """Fetches nothing more; `run` finishes what is in hand, commits and leaves the group."""
        self._stopping.set()

    async def _run_sessions(self) -> None:
        backoff = 0.2
        while not self._stopping.is_set():
            try:
                await self._consumer.start(self._topics, on_revoke=self._revoked, on_assign=self._assigned)
                backoff = 0.2
                await self._poll_until_stopped()
            except DlqLimitReached as limit:
                self.halted = str(limit)
                _log.error("the consumer halts: too many dead letters", why=self.halted)
                await self._leave()
                await self._stopping.wait()
            except Exception as error:  # noqa: BLE001 - whatever the client raises, we join again
                _log.warning("the consumer lost its broker", error=repr(error), seconds=backoff)
                self.last_progress = self._clock.monotonic()
                await self._leave()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), backoff)
                backoff = min(backoff * 2, _MAX_BACKOFF_SECONDS)
        await self._leave()

    async def _poll_until_stopped(self) -> None:
        while not self._stopping.is_set():
            polled = await self._consumer.poll(timeout_ms=250, max_records=2000)
            self.last_progress = self._clock.monotonic()
            for partition, records in polled.items():
                worker = self._worker(partition)
                for record in records:
                    worker.queue.put_nowait(record)
            self._check_workers()
            now = self._clock.monotonic()
            if now >= self._next_commit:
                self._next_commit = now + self._commit_seconds
                await self._commit()

    def _worker(self, partition: TopicPartition) -> _Worker:
        worker = self._workers.get(partition)
        if worker is None:
            worker = self._workers[partition] = _Worker(partition, self._processor.process, self._batch, self._room)
        return worker

    def _check_workers(self) -> None:
        """Slows fetching where a worker falls behind, and raises what ended a worker."""
        for partition, worker in self._workers.items():
            if worker.task.done() and (error := worker.task.exception()) is not None:
                raise error
            waiting = worker.queue.qsize()
            if not worker.paused and waiting > _HIGH_WATER:
                self._consumer.pause(partition)
                worker.paused = True
            elif worker.paused and waiting < _LOW_WATER:
                self._consumer.resume(partition)
                worker.paused = False

    async def _commit(self) -> None:
        moved = {
            partition: worker.done
            for partition, worker in self._workers.items()
            if worker.done is not None and worker.done != worker.committed
        }
        if not moved:
            return
        try:
            await self._consumer.commit(moved)
        except CommitLost as lost:
            # The new owner reads them again and its inbox knows them.
            _log.info("offsets were not committed: the group moved on", error=str(lost))
            return
        for partition, offset in moved.items():
            if partition in self._workers:
                self._workers[partition].committed = offset

    async def _revoked(self, partitions: frozenset[TopicPartition]) -> None:
        metrics.rebalances.labels("revoked").inc()
        await self._close_workers(partitions)

    async def _assigned(self, partitions: frozenset[TopicPartition]) -> None:
        metrics.rebalances.labels("assigned").inc()
        _log.info("partitions assigned", count=len(partitions))

    async def _close_workers(self, partitions: frozenset[TopicPartition]) -> None:
        closing = [self._workers[partition] for partition in partitions if partition in self._workers]
        await asyncio.gather(*(worker.close(self._drain_seconds) for worker in closing))
        await self._commit()
        for worker in closing:
            self._workers.pop(worker.partition, None)

    async def _leave(self) -> None:
        with contextlib.suppress(Exception):
            await self._close_workers(frozenset(self._workers))
        self._workers.clear()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._consumer.stop(), 5)

    async def _measure_lag(self) -> None:
        while True:  # beside the polling: it asks the broker once for each partition
            await asyncio.sleep(_LAG_SECONDS)
            with contextlib.suppress(Exception):  # the broker may be away, or the partitions just gone
                for partition, behind in (await self._consumer.lag()).items():
                    metrics.consumer_lag.labels(partition.topic, str(partition.partition)).set(behind)

    async def _drain_parked(self) -> None:
        while True:
            try:
                await self._processor.drain_parked()
            except Exception as error:  # noqa: BLE001 - the database may be away; parked events are safe in it
                _log.warning("parked keys cannot be tried now", error=repr(error))
            await asyncio.sleep(_DRAIN_PARKED_SECONDS)
