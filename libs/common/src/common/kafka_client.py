"""What every aiokafka client of ours gets on top."""
# ruff: noqa: SLF001 - aiokafka has no other way in

from __future__ import annotations

import contextlib
import time
from typing import Any

from aiokafka.client import ConnectionGroup
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError

_BOOTSTRAP = ("bootstrap", ConnectionGroup.DEFAULT)
_AGAIN_SECONDS = 1.0


def begins_again(client: Any) -> None:
    """Before its start: the client will ask the bootstrap servers when all brokers it knew are gone (KIP-899). aiokafka
    asks only those that its last news named: heard while a single one was up, that one for ever.
    """
    update, tried_at = client._metadata_update, -_AGAIN_SECONDS

    async def update_or_begin_again(cluster: Any, topics: Any) -> bool:
        nonlocal tried_at
        if await update(cluster, topics):
            return True
        if time.monotonic() - tried_at < _AGAIN_SECONDS:
            return False
        tried_at = time.monotonic()
        return await _reaches_anybody(client) and bool(await update(cluster, topics))

    client._metadata_update = update_or_begin_again


async def _reaches_anybody(client: Any) -> bool:
    """The connection lies where aiokafka keeps that of its own start, and closes it as soon as there is news."""
    if (before := client._conns.pop(_BOOTSTRAP, None)) is not None:
        before.close()
    told = {"client_id": client._client_id, "request_timeout_ms": client._request_timeout_ms}
    for host, port, _ in client.hosts:
        with contextlib.suppress(OSError, KafkaError, TimeoutError):
            client._conns[_BOOTSTRAP] = await create_conn(host, port, **told)
            return True
    return False
