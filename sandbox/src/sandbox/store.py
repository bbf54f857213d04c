"""The books: one SQLite file that outlives a kill -9 of the process.

Every party writes what happened and the callbacks it owes in one transaction, so money taken is never forgotten and a
callback owed is never lost. The process is single-threaded and nothing awaits inside a transaction.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY, party TEXT NOT NULL, operation TEXT NOT NULL, kind TEXT NOT NULL, total INTEGER NOT NULL,
    remaining INTEGER NOT NULL, seconds REAL, code TEXT, mode TEXT, first_at REAL);
CREATE TABLE IF NOT EXISTS callbacks (
    id INTEGER PRIMARY KEY, party TEXT NOT NULL, event TEXT NOT NULL, subject TEXT NOT NULL,
    transmission TEXT NOT NULL, url TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, created_at REAL NOT NULL, next_at REAL NOT NULL, delivered_at REAL,
    last_answer TEXT);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (state, next_at);
CREATE TABLE IF NOT EXISTS toss_payments (
    payment_key TEXT PRIMARY KEY, seq INTEGER NOT NULL, order_id TEXT NOT NULL, status TEXT NOT NULL,
    account TEXT, deadline REAL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS toss_by_order ON toss_payments (order_id);
CREATE INDEX IF NOT EXISTS toss_by_deadline ON toss_payments (deadline);
CREATE INDEX IF NOT EXISTS toss_by_refund ON toss_payments (json_extract(data, '$.refund_done_at'));
CREATE TABLE IF NOT EXISTS toss_movements (
    id INTEGER PRIMARY KEY, payment_key TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL,
    note TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS toss_movements_of ON toss_movements (payment_key);
CREATE TABLE IF NOT EXISTS toss_idempotency (
    scope TEXT PRIMARY KEY, at REAL NOT NULL, status INTEGER, body TEXT);
CREATE INDEX IF NOT EXISTS toss_idempotency_by_age ON toss_idempotency (at);
CREATE TABLE IF NOT EXISTS toss_cash_receipts (
    receipt_key TEXT PRIMARY KEY, order_id TEXT NOT NULL, cancelled INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS solapi_signatures (signature TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS solapi_signatures_by_age ON solapi_signatures (at);
CREATE TABLE IF NOT EXISTS solapi_templates (template_id TEXT PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS solapi_groups (group_id TEXT PRIMARY KEY, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS solapi_messages (
    message_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, group_id TEXT NOT NULL, created_at REAL NOT NULL,
    next_at REAL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS solapi_by_group ON solapi_messages (group_id);
CREATE INDEX IF NOT EXISTS solapi_due ON solapi_messages (next_at);
CREATE TABLE IF NOT EXISTS logistics_requests (
    request_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL, due_at REAL NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS logistics_due ON logistics_requests (state, due_at);
CREATE TABLE IF NOT EXISTS logistics_returns (
    claim_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL, due_at REAL NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS logistics_returns_due ON logistics_returns (state, due_at);
CREATE TABLE IF NOT EXISTS logistics_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS parcels (
    carrier_id TEXT NOT NULL, waybill TEXT NOT NULL, source TEXT NOT NULL, issued_at REAL NOT NULL,
    PRIMARY KEY (carrier_id, waybill));
CREATE TABLE IF NOT EXISTS parcel_events (
    id INTEGER PRIMARY KEY, carrier_id TEXT NOT NULL, waybill TEXT NOT NULL, at REAL NOT NULL, code TEXT NOT NULL,
    description TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fassto_tokens (token TEXT PRIMARY KEY, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS fassto_slips (
    slip_no TEXT PRIMARY KEY, seq INTEGER NOT NULL, order_no TEXT NOT NULL UNIQUE, created_at REAL NOT NULL,
    data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fassto_stock (
    goods TEXT PRIMARY KEY, stock INTEGER NOT NULL, bad INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, party TEXT NOT NULL, operation TEXT NOT NULL, subject TEXT NOT NULL,
    outcome TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Store:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._depth = 0
        # WAL with NORMAL loses nothing when the process dies, only when the machine does: enough for a sandbox.
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-2000;")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def tx(self) -> Iterator[None]:
        """All or nothing. A nested use joins the outer transaction."""
        if self._depth == 0:
            self._db.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._db.execute("COMMIT")

    def run(self, sql: str, *values: Any) -> int:
        """Rows touched."""
        return self._db.execute(sql, values).rowcount

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(sql, values).fetchone()
        return found

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self._db.execute(sql, values).fetchall()

    def next_number(self, name: str) -> int:
        """A counter that never repeats, restart or not; counts from 1."""
        sql = (
            "INSERT INTO counters (name, value) VALUES (?, 1) "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
        )
        return int(self._db.execute(sql, (name,)).fetchone()[0])

    def note_call(self, *, at: float, party: str, operation: str, subject: str, outcome: str) -> None:
        """One line of the visitors' book: who asked for what, and what they were told."""
        self.run(
            "INSERT INTO calls (at, party, operation, subject, outcome) VALUES (?, ?, ?, ?, ?)",
            at, party, operation, subject, outcome,
        )  # fmt: skip
