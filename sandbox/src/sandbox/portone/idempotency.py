"""Idempotency-Key: the first answer again for three hours, to the same key, URL and method."""

import json
from typing import Any

from sandbox.clock import Clock, epoch
from sandbox.portone.refusals import PortOneRefusal
from sandbox.store import Store

TABLE = """
CREATE TABLE IF NOT EXISTS portone_idempotency (scope TEXT PRIMARY KEY, at REAL NOT NULL, status INTEGER, body TEXT)
"""


class Idempotency:
    KEPT_SECONDS = 3 * 3600

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        store.run(TABLE)
        # A process that died in the middle committed neither effect nor answer.
        store.run("DELETE FROM portone_idempotency WHERE status IS NULL")

    def begin(self, scope: str | None) -> tuple[int, Any] | None:
        """(status, body) of the first answer; None takes the place until `keep` or `release`."""
        if scope is None:
            return None
        now = epoch(self._clock.now())
        self._store.run("DELETE FROM portone_idempotency WHERE at < ?", now - self.KEPT_SECONDS)
        row = self._store.row("SELECT * FROM portone_idempotency WHERE scope = ?", scope)
        if row is None:
            self._store.run("INSERT INTO portone_idempotency (scope, at) VALUES (?, ?)", scope, now)
            return None
        if row["status"] is None:
            raise PortOneRefusal("IDEMPOTENCY_OUTSTANDING_REQUEST")
        return int(row["status"]), json.loads(row["body"])

    def keep(self, scope: str | None, status: int, body: bytes) -> None:
        if scope is not None and status < 500:
            self._store.run(
                "UPDATE portone_idempotency SET status = ?, body = ? WHERE scope = ?", status, body.decode(), scope
            )

    def release(self, scope: str | None) -> None:
        if scope is not None:
            self._store.run("DELETE FROM portone_idempotency WHERE scope = ? AND status IS NULL", scope)
