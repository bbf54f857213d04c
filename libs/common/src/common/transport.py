"""The port between the shop and its broker. `common.kafka` and `common.memory` both fulfil it, under one test suite."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Headers = tuple[tuple[str, bytes], ...]


class TopicPartition(NamedTuple):
    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class OutRecord:
    """A record to be sent. `key` decides the partition."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read. `timestamp_ms` is when the broker took it."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Producer(Protocol):
    """Sends in order: of two records with one key, the one given first is read first.

    Also after a failure: once a record failed, none given after it for its partition is taken until `rebuild`.
    """

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Sends what is buffered, then closes."""
        ...

    async def send(self, record: OutRecord) -> asyncio.Future[None]:
        """Returns once the record is buffered. The future ends when the broker has it for good, or with the error."""
        ...

    async def rebuild(self) -> None:
        """Throws the connection and everything unacknowledged away. The caller sends again from its first unacked."""
        ...


RevokeListener = Callable[[frozenset[TopicPartition]], Awaitable[None]]
AssignListener = Callable[[frozenset[TopicPartition]], Awaitable[None]]


class Consumer(Protocol):
    """Reads the partitions its group gives it, from the committed offset, else from the beginning."""

    async def start(self, topics: Sequence[str], *, on_revoke: RevokeListener, on_assign: AssignListener) -> None:
        """`on_revoke` is awaited before the partitions go to another member, so that it can drain and commit."""
        ...

    async def stop(self) -> None:
        """Leaves the group at once. Commits nothing by itself."""
        ...

    async def poll(self, *, timeout_ms: int, max_records: int) -> Mapping[TopicPartition, Sequence[Record]]: ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """`offsets` are positions: the next offset to read. Raises `CommitLost` when the partitions are not ours."""
        ...

    def pause(self, *partitions: TopicPartition) -> None: ...

    def resume(self, *partitions: TopicPartition) -> None: ...

    def assignment(self) -> frozenset[TopicPartition]: ...

    async def lag(self) -> Mapping[TopicPartition, int]:
        """Records between the committed offset and the end, for each assigned partition."""
        ...

    async def seek_to_beginning(self) -> None:
        """Reads every assigned partition again from its first record."""
        ...


class CommitLost(Exception):
    """The group moved on: another member owns the partitions and will read the records again."""
