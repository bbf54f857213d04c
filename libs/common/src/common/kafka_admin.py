"""Topics by code. Brokers run with auto-creation off, so that a misspelt topic is an error and not a new topic."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from contracts.topics import TOPICS, TopicSpec, dead_letter_topic

# Who listens to what is in each service's consumer.py; a dead-letter topic is created for every group and topic.
GROUPS = ("catalog", "cart", "orders", "payments", "scm", "notify", "stats")


def wanted_topics(groups: Iterable[str] = GROUPS) -> list[TopicSpec]:
    """Every topic of the shop with the dead-letter topics of `groups`."""
    dead = [
        TopicSpec(dead_letter_topic(group, topic), key="the dead event's key", owner=group, partitions=1)
        for group in groups
        for topic in TOPICS
    ]
    return [*TOPICS.values(), *dead]


async def ensure_topics(bootstrap: str, *, replication_factor: int = 1, groups: Iterable[str] = GROUPS) -> None:
    """Creates the topics that do not exist. Safe to run again; never changes or deletes one."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=30_000)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [spec for spec in wanted_topics(groups) if spec.name not in existing]
        if not missing:
            return
        response = await admin.create_topics([_new_topic(spec, replication_factor) for spec in missing])
        for topic, code, *message in response.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise RuntimeError(f"topic {topic} was not created: {error.__name__} {message}")
    finally:
        await admin.close()


def _new_topic(spec: TopicSpec, replication_factor: int) -> NewTopic:
    configs = {"retention.ms": str(spec.retention_ms), "cleanup.policy": "delete"}
    if replication_factor >= 3:
        configs["min.insync.replicas"] = "2"
    return NewTopic(
        name=spec.name,
        num_partitions=spec.partitions,
        replication_factor=replication_factor,
        topic_configs=configs,
    )


if __name__ == "__main__":
    replicas = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    asyncio.run(ensure_topics(sys.argv[1], replication_factor=replicas))
