"""What differs for a whole process: the next version of the shop, another clock, shorter timeouts of the group.

The next version says more than this one knows: every event has one more field, and events of unknown types stand
between the known ones, in the same topics and for the same keys.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import aiokafka
import orjson
from tests.chaos.faultbox import FaultBox
from tests.chaos.patching import patch

from common import clock, db, ids, kafka, outbox
from contracts.envelope import Event

UNKNOWN_TYPE = "order-applauded"
_LOOK_SECONDS = 0.2


def install(box: FaultBox, service: str) -> None:
    """Call before the service is imported."""
    _Skew(box, service).install()
    if box.standing(service, "next_version") is not None:
        _speak_next_version()
    if (wish := box.standing(service, "rebalance_timeout")) is not None:
        _rebalance_within(wish["seconds"])


class _Skew:
    """The machine's clock of the process, off by what is armed now. Monotonic time goes on as it does."""

    def __init__(self, box: FaultBox, service: str) -> None:
        self._box = box
        self._service = service
        self._seconds = 0.0
        self._look_at = 0.0
        self._time = time.time

    def install(self) -> None:
        wall = clock.wall

        def skewed() -> datetime:
            return wall() + timedelta(seconds=self.seconds)

        def new_id() -> UUID:
            moment = self._time() + self.seconds
            value = int(moment * 1000) << 80 | secrets.randbits(80)
            return UUID(int=value & ~(0xF << 76 | 3 << 62) | 7 << 76 | 2 << 62)

        patch(clock, "wall", skewed)
        patch(ids, "new_id", new_id)
        patch(time, "time", lambda: self._time() + self.seconds)

    @property
    def seconds(self) -> float:
        moment = time.monotonic()
        if moment >= self._look_at:
            self._look_at = moment + _LOOK_SECONDS
            wish = self._box.standing(self._service, "clock_skew")
            self._seconds = wish["seconds"] if wish is not None else 0.0
        return self._seconds


def _speak_next_version() -> None:
    prepare, publish = outbox.prepare, db.Tx.publish

    def prepare_next(event: Event, now: datetime) -> outbox.PendingEvent:
        pending = prepare(event, now)
        payload = orjson.loads(pending.payload) | {"next_version_only": {"note": "nobody here knows this field"}}
        return dataclasses.replace(pending, payload=orjson.dumps(payload))

    def publish_next(tx: db.Tx, *events: Event) -> None:
        publish(tx, *events)
        tx.pending.extend(_unknown(pending) for pending in tx.pending[-len(events) :])

    patch(outbox, "prepare", prepare_next)
    patch(db.Tx, "publish", publish_next)


def _unknown(pending: outbox.PendingEvent) -> outbox.PendingEvent:
    headers = pending.headers | {"dataschema": f"/schemas/{UNKNOWN_TYPE}/v1"}
    return dataclasses.replace(
        pending, event_id=ids.new_id(), type=UNKNOWN_TYPE, payload=b'{"hands":2}', headers=headers
    )


def _rebalance_within(seconds: float) -> None:
    made = aiokafka.AIOKafkaConsumer

    def consumer(**options: Any) -> Any:
        return made(**options | {"rebalance_timeout_ms": int(seconds * 1000)})

    patch(kafka, "AIOKafkaConsumer", consumer)
