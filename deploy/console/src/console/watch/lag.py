"""How many records each consumer group has not read yet, asked of the broker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from contracts.topics import TOPICS

_TIMEOUT_SECONDS = 4


class Lag:
    """Holds its connections between questions. Any trouble closes them and the next question starts anew."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None

    async def behind(self, groups: Sequence[str]) -> dict[str, int]:
        """Group → unread records, without groups unknown to the broker. Raises ConnectionError when it is away.

        A partition without a commit counts from its beginning once the group has committed anything on its topic.
        """
        if not self._bootstrap:
            raise ConnectionError("no broker is configured")
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                admin, reader = await self._connected()
                found = {group: await self._one(admin, reader, group) for group in groups}
                return {group: count for group, count in found.items() if count is not None}
        except Exception as error:
            await self.close()
            raise ConnectionError(f"the broker does not answer ({type(error).__name__})") from error

    async def close(self) -> None:
        admin, self._admin = self._admin, None
        reader, self._reader = self._reader, None
        with contextlib.suppress(Exception):
            if reader is not None:
                await asyncio.wait_for(reader.stop(), 1)
        with contextlib.suppress(Exception):
            if admin is not None:
                await asyncio.wait_for(admin.close(), 1)

    async def _connected(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        if self._admin is None or self._reader is None:
            self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=3000)
            self._reader = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, request_timeout_ms=3000)
            await self._admin.start()
            await self._reader.start()
        return self._admin, self._reader

    async def _one(self, admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, group: str) -> int | None:
        try:
            offsets = await admin.list_consumer_group_offsets(group)
        except GroupCoordinatorNotAvailableError:  # a young broker, before its first group
            return None
        done = {partition: max(0, meta.offset) for partition, meta in offsets.items()}
        for topic in {partition.topic for partition in done} & TOPICS.keys():
            for number in range(TOPICS[topic].partitions):
                done.setdefault(TopicPartition(topic, number), 0)
        ends = await reader.end_offsets(list(done)) if done else {}
        return sum(int(max(0, ends[partition] - offset)) for partition, offset in done.items())
