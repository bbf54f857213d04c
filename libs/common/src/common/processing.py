"""What happens to the records of one partition: inbox, effects and outgoing events in one transaction.

Every record ends in exactly one place: handled, known already, not ours, parked, or dead-lettered. Trouble with the
database itself is raised to the worker, which waits and gives the same records again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common import deadletters, inbox, log, metrics, parking
from common.cloudevents import Envelope, decode, fallback_id, header_map, read_envelope
from common.db import Database, Tx, is_transient
from common.deadletters import DlqLimit
from common.errors import DomainError, PermanentFailure, Transient, UpstreamUnavailable
from common.telemetry import process_span
from common.transport import Record
from contracts.envelope import Event

_log = log.get(__name__)

Handler = Callable[..., Awaitable[None]]
Handlers = Mapping[type[Event], Handler]


@dataclass(frozen=True, slots=True)
class _Item:
    record: Record
    event_id: UUID
    type: str
    key: str
    envelope: Envelope | None
    unreadable: PermanentFailure | None


def waits(error: BaseException) -> bool:
    """Whether the trouble is around us: then the partition waits, and nothing is parked or dead-lettered."""
    return isinstance(error, Transient | UpstreamUnavailable) or is_transient(error)


class PartitionProcessor:
    """Shared by the workers of one consumer. `handlers` maps an event class to `async (event, tx) -> None`."""

    def __init__(self, database: Database, handlers: Handlers, *, group: str, limit: DlqLimit) -> None:
        self._database = database
        self._handlers = {event_class.type: handler for event_class, handler in handlers.items()}
        self._group = group
        self._limit = limit

    async def process(self, records: Sequence[Record]) -> None:
        """Returns once every record is settled and committed. Raises what the worker should wait for."""
        items = [item for record in records if (item := self._read(record)) is not None]
        if not items:
            return
        if len(items) > 1:
            try:
                async with self._database.transaction() as tx:
                    await self._settle(items, tx)
            except Exception as error:
                if waits(error) or isinstance(error, deadletters.DlqLimitReached):
                    raise
            else:
                return
        for item in items:
            await self._process_alone(item)

    def _read(self, record: Record) -> _Item | None:
        headers = header_map(record.headers)
        try:
            envelope = read_envelope(record)
        except PermanentFailure as failure:
            key = (record.key or b"").decode(errors="replace")
            return _Item(record, fallback_id(record), headers.get("ce_type", ""), key, None, failure)
        if envelope.type not in self._handlers:
            metrics.events_skipped.labels(record.topic, envelope.type).inc()
            return None
        return _Item(record, envelope.event_id, envelope.type, envelope.key, envelope, None)

    async def _settle(self, items: Sequence[_Item], tx: Tx) -> None:
        topic = items[0].record.topic
        keys = [item.key for item in items]
        fresh, parked = await inbox.claim_and_parked(tx.connection, [item.event_id for item in items], topic, keys)
        if parked is None:
            parked = await parking.parked_among(tx.connection, topic, keys)
        for item in items:
            if item.event_id not in fresh:
                tx.then(metrics.inbox_duplicates.labels(topic).inc)
                continue
            fresh.discard(item.event_id)
            if item.key in parked and item.unreadable is None:
                await self._append(item, tx)
            elif item.unreadable is not None:
                await self._bury(item, item.unreadable, item.unreadable.reason, tx)
            else:
                await self._handle(item.type, item.record.topic, item.record.value, header_map(item.record.headers), tx)
                tx.then(self._limit.handled)

    async def _process_alone(self, item: _Item) -> None:
        try:
            async with self._database.transaction() as tx:
                await self._settle([item], tx)
        except deadletters.DlqLimitReached:
            raise
        except (PermanentFailure, DomainError) as error:
            if waits(error):
                raise
            reason = error.reason if isinstance(error, PermanentFailure) else error.code
            await self._give_up(item, error, reason)
        except Exception as error:
            if waits(error):
                raise
            _log.exception("an event failed; its key is parked", type=item.type, event_id=str(item.event_id))
            await self._park(item, error)

    async def _handle(self, wire_type: str, topic: str, value: bytes | None, headers: dict[str, str], tx: Tx) -> None:
        event = decode(wire_type, headers.get("ce_dataschema"), value)
        attributes = {"messaging.message.id": headers["ce_id"], "messaging.kafka.message.key": event.key}
        with (
            process_span(self._group, topic, wire_type, headers, **attributes),
            metrics.process_duration.labels(topic, wire_type).time(),
        ):
            await self._handlers[wire_type](event, tx)
        said = datetime.fromisoformat(headers["ce_time"])
        tx.then(metrics.consumed.labels(topic, wire_type).inc)
        tx.then(lambda: metrics.consumer_delay.observe((self._database.clock.now() - said).total_seconds()))

    async def _append(self, item: _Item, tx: Tx) -> None:
        await parking.append(
            tx.connection,
            item.record,
            key=item.key,
            event_id=item.event_id,
            wire_type=item.type,
            headers=header_map(item.record.headers),
        )

    async def _park(self, item: _Item, error: Exception) -> None:
        async with self._database.transaction() as tx:
            if item.event_id not in await inbox.claim(tx.connection, [item.event_id]):
                return
            await parking.park_key(
                tx.connection,
                item.record.topic,
                item.key,
                attempts=1,
                now=tx.now,
                reason=type(error).__name__,
                error=str(error),
            )
            await self._append(item, tx)

    async def _give_up(self, item: _Item, error: Exception, reason: str) -> None:
        async with self._database.transaction() as tx:
            if item.event_id in await inbox.claim(tx.connection, [item.event_id]):
                await self._bury(item, error, reason, tx)

    async def _bury(self, item: _Item, error: Exception, reason: str, tx: Tx) -> None:
        self._limit.dead()
        _log.error("an event is dead-lettered", type=item.type, event_id=str(item.event_id), reason=reason)
        await deadletters.write(
            tx,
            item.record,
            group=self._group,
            event_id=item.event_id,
            wire_type=item.type,
            key=item.key,
            headers=header_map(item.record.headers),
            reason=reason,
            error=error,
        )

    async def drain_parked(self) -> int:
        """Tries every due parked key again, oldest event first. Returns how many events passed."""
        async with self._database.read() as connection:
            due = await parking.due_keys(connection, self._database.clock.now())
        passed = 0
        for topic, key in due:
            while await self._drain_one(topic, key):
                passed += 1
        return passed

    async def _drain_one(self, topic: str, key: str) -> bool:
        """Handles the first event of a parked key. True when it passed and another is waiting."""
        event: parking.ParkedEvent | None = None
        try:
            async with self._database.transaction() as tx:
                event = await parking.lock_first(tx.connection, topic, key, tx.now)
                if event is None:
                    return False
                await self._handle(event.type, event.topic, event.payload, event.headers, tx)
                return await parking.remove(tx.connection, event)
        except Exception as error:  # noqa: BLE001 - the key stays parked with what went wrong
            if event is not None and not waits(error):
                await self._failed_again(event, error)
            return False

    async def _failed_again(self, event: parking.ParkedEvent, error: Exception) -> None:
        permanent = isinstance(error, PermanentFailure | DomainError)
        async with self._database.transaction() as tx:
            if not permanent:
                await parking.park_key(
                    tx.connection,
                    event.topic,
                    event.key,
                    attempts=event.attempts + 1,
                    now=tx.now,
                    reason=type(error).__name__,
                    error=str(error),
                )
                return
            record = Record(event.topic, event.partition, event.offset, 0, event.key.encode(), event.payload, ())
            reason = error.reason if isinstance(error, PermanentFailure) else getattr(error, "code", "refused")
            await deadletters.write(
                tx,
                record,
                group=self._group,
                event_id=event.event_id,
                wire_type=event.type,
                key=event.key,
                headers=event.headers,
                reason=reason,
                error=error,
                attempts=event.attempts + 1,
            )
            await parking.remove(tx.connection, event)
