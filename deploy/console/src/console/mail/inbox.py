"""The mails that came, newest kept. A copy with the same Message-ID is the same mail with a higher count."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import default as email_policy

import orjson

from common.clock import Clock
from console.mail.reading import read
from console.sqlite import Sqlite, transaction

SCHEMA = """
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    received_at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    copies INTEGER NOT NULL DEFAULT 1,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    subject TEXT NOT NULL,
    search TEXT NOT NULL,
    content BLOB NOT NULL
);
"""
_LISTED = "id, message_id, received_at, last_at, copies, sender, recipients, subject"


@dataclass(frozen=True)
class Mail:
    """`copies` counts how often it was handed over. Times are RFC 3339 in UTC."""

    id: int
    message_id: str
    received_at: str
    last_at: str
    copies: int
    sender: str
    recipients: list[str]
    subject: str


class Inbox:
    def __init__(self, store: Sqlite, clock: Clock, *, kept: int) -> None:
        self._store = store
        self._clock = clock
        self._kept = kept

    async def add(self, content: bytes, sender: str, recipients: Sequence[str]) -> None:
        """Stores the mail, or counts one more copy of it, before the caller is told that it was taken."""
        headers = BytesHeaderParser(policy=email_policy).parsebytes(content)
        message_id = str(headers.get("message-id", "")).strip() or f"<{hashlib.sha256(content).hexdigest()[:32]}@none>"
        subject = str(headers.get("subject", ""))
        now = self._clock.now().isoformat(timespec="milliseconds")
        mail = Mail(0, message_id, now, now, 1, sender, list(recipients), subject)
        await self._store.run(_add, mail, content, self._kept)

    async def all(self, search: str = "", limit: int = 200) -> list[Mail]:
        """Newest first; `search` looks into subject, addresses and text."""
        return await self._store.run(_all, search.strip().lower(), limit)

    async def find(self, mail_id: int) -> tuple[Mail, bytes] | None:
        return await self._store.run(_find, mail_id)

    async def clear(self) -> int:
        return await self._store.run(lambda connection: connection.execute("DELETE FROM mails").rowcount)


def _add(connection: sqlite3.Connection, mail: Mail, content: bytes, kept: int) -> None:
    with transaction(connection):
        row = connection.execute("SELECT id, recipients FROM mails WHERE message_id = ?", (mail.message_id,)).fetchone()
        if row is not None:
            everyone = list(dict.fromkeys([*orjson.loads(row["recipients"]), *mail.recipients]))
            connection.execute(
                "UPDATE mails SET copies = copies + 1, last_at = ?, recipients = ? WHERE id = ?",
                (mail.last_at, orjson.dumps(everyone).decode(), row["id"]),
            )
            return
        people = orjson.dumps(mail.recipients).decode()
        search = " ".join([mail.subject, mail.sender, *mail.recipients, mail.message_id, _text(content)]).lower()
        connection.execute(
            "INSERT INTO mails (message_id, received_at, last_at, sender, recipients, subject, search, content)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (mail.message_id, mail.received_at, mail.last_at, mail.sender, people, mail.subject, search, content),
        )
        connection.execute(
            "DELETE FROM mails WHERE id <= (SELECT id FROM mails ORDER BY id DESC LIMIT 1 OFFSET ?)", (kept,)
        )


def _text(content: bytes) -> str:
    return read(content).text[:20_000]


def _all(connection: sqlite3.Connection, search: str, limit: int) -> list[Mail]:
    rows = connection.execute(
        f"SELECT {_LISTED} FROM mails WHERE instr(search, ?) > 0 ORDER BY id DESC LIMIT ?",  # noqa: S608 - our columns
        (search, limit),
    )
    return [_mail(row) for row in rows]


def _find(connection: sqlite3.Connection, mail_id: int) -> tuple[Mail, bytes] | None:
    row = connection.execute(f"SELECT {_LISTED}, content FROM mails WHERE id = ?", (mail_id,)).fetchone()  # noqa: S608
    return None if row is None else (_mail(row), row["content"])


def _mail(row: sqlite3.Row) -> Mail:
    return Mail(
        id=row["id"],
        message_id=row["message_id"],
        received_at=row["received_at"],
        last_at=row["last_at"],
        copies=row["copies"],
        sender=row["sender"],
        recipients=orjson.loads(row["recipients"]),
        subject=row["subject"],
    )
