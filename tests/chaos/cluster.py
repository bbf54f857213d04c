"""What three brokers say of themselves: who leads which partition, and whose copies are complete."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass

from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError, NodeNotReadyError
from aiokafka.protocol.metadata import MetadataRequest

from shop.instance import Instance

# By node id.
BROKERS = {1: "kafka", 2: "kafka-2", 3: "kafka-3"}
_ANSWER_MS = 3_000


@dataclass(frozen=True)
class Partition:
    """`leader` and `in_sync` are parts; `leader` is None while nobody leads."""

    topic: str
    number: int
    leader: str | None
    in_sync: frozenset[str]


async def partitions(current: Instance) -> list[Partition]:
    """All of them, internal topics too, as the first broker that answers knows. Raises KafkaError when none does."""
    for name in BROKERS.values():
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            return await _asked_of(current.ports[name.replace("-", "_")])
    raise NodeNotReadyError("no broker answers")


async def _asked_of(port: int) -> list[Partition]:
    # Not by the admin client: it picks a broker by itself, and may pick the one that is asleep.
    connection = await create_conn("127.0.0.1", port, request_timeout_ms=_ANSWER_MS)
    try:
        answer = (await connection.send(MetadataRequest())).to_object()
    finally:
        connection.close()
    return [
        Partition(
            topic["topic"], each["partition"], BROKERS.get(each["leader"]), frozenset(BROKERS[n] for n in each["isr"])
        )
        for topic in answer["topics"]
        for each in topic["partitions"]
    ]


async def leaders(current: Instance, topic: str) -> Counter[str | None]:
    """Part → how many partitions of `topic` it leads."""
    return Counter(each.leader for each in await partitions(current) if each.topic == topic)


async def in_sync(current: Instance) -> bool:
    """Whether every broker has a complete copy of everything. False too while none can be asked."""
    with contextlib.suppress(KafkaError):
        return all(len(each.in_sync) == len(BROKERS) for each in await partitions(current))
    return False
