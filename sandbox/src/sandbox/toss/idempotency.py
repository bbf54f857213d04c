"""Idempotency-Key: the first answer again, for 15 days.

The key counts together with the API key, the URL and the method; the body is not looked at, so a key reused for another
payment on the same URL answers with the first one's result. An answer that says "not now" is not kept.
"""

import hashlib
import json

from starlette.responses import JSONResponse

from sandbox.clock import Clock, epoch
from sandbox.store import Store
from sandbox.toss.errors import TossRefusal

KEPT_SECONDS = 15 * 24 * 3600
LONGEST_KEY = 300
NOT_NOW = ("FORBIDDEN_CONSECUTIVE_REQUEST", "PROVIDER_ERROR")


class Idempotency:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        # A process that died in the middle committed neither effect nor answer.
        store.run("DELETE FROM toss_idempotency WHERE status IS NULL")

    def scope(self, *, key: str | None, api_key: str, method: str, path: str) -> str | None:
        if key is None or method != "POST":
            return None
        if len(key) > LONGEST_KEY:
            raise TossRefusal("INVALID_IDEMPOTENCY_KEY")
        return hashlib.sha256(f"{key}\n{api_key}\n{method}\n{path}".encode()).hexdigest()

    def begin(self, scope: str | None) -> JSONResponse | None:
        """The first answer when there is one; otherwise the place is taken until `keep` or `release`."""
        if scope is None:
            return None
        now = epoch(self._clock.now())
        self._store.run("DELETE FROM toss_idempotency WHERE at < ?", now - KEPT_SECONDS)
        row = self._store.row("SELECT * FROM toss_idempotency WHERE scope = ?", scope)
        if row is None:
            self._store.run("INSERT INTO toss_idempotency (scope, at) VALUES (?, ?)", scope, now)
            return None
        if row["status"] is None:
            raise TossRefusal("IDEMPOTENT_REQUEST_PROCESSING")
        return JSONResponse(json.loads(row["body"]), row["status"])

    def keep(self, scope: str | None, response: JSONResponse) -> None:
        """Inside the transaction of the effect: either both are remembered or neither."""
        body = bytes(response.body)
        if scope is None or response.status_code >= 500 or json.loads(body).get("code") in NOT_NOW:
            return
        self._store.run(
            "UPDATE toss_idempotency SET status = ?, body = ? WHERE scope = ?",
            response.status_code, body.decode(), scope,
        )  # fmt: skip

    def release(self, scope: str | None) -> None:
        """Give the place back when nothing was kept in it."""
        if scope is not None:
            self._store.run("DELETE FROM toss_idempotency WHERE scope = ? AND status IS NULL", scope)
