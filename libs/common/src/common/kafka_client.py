"""What every aiokafka client of ours gets on top."""

from __future__ import annotations

import time
from typing import Any

from aiokafka.client import ConnectionGroup
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError

_BOOTSTRAP = ("bootstrap", ConnectionGroup.DEFAULT)
_AGAIN_SECONDS = 1.0


def begins_again(client: Any) -> None:
    """Makes a client find the cluster again when all brokers it knew are gone. Before its start.

    aiokafka asks only those brokers for news that its last news named. Whoever heard it while a single broker was up
    asks that one for ever, even when it is away and the others are back. Like Kafka's own clients (KIP-899) this one
    then asks the bootstrap servers again.
    """
    update = client._metadata_update  # noqa: SLF001 - there is no other way in
    tried_at = -_AGAIN_SECONDS

    async def update_or_begin_again(cluster: Any, topics: Any) -> bool:
        nonlocal tried_at
        if await update(cluster, topics):
            return True
        if time.monotonic() - tried_at < _AGAIN_SECONDS:
            return False
        tried_at = time.monotonic()
        return await _reaches_anybody(client) and bool(await update(cluster, topics))

    client._metadata_update = update_or_begin_again  # noqa: SLF001 - as above


async def _reaches_anybody(client: Any) -> bool:
    """The connection is where aiokafka keeps that of its own start, and is closed by it as soon as there is news."""
    before = client._conns.pop(_BOOTSTRAP, None)  # noqa: SLF001 - as above
    if before is not None:
        before.close()
    for host, port, _ in client.hosts:
        try:
            found = await create_conn(
                host, port, client_id=client._client_id, request_timeout_ms=client._request_timeout_ms  # noqa: SLF001
            )  # fmt: skip
        except (OSError, KafkaError, TimeoutError):
            continue
        client._conns[_BOOTSTRAP] = found  # noqa: SLF001 - as above
        return True
    return False
