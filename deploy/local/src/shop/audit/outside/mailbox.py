"""Mails: what the mail sink of the console took. A mail's Message-ID is its delivery's id.

The sink keeps and shows only so many. Its numbers rise without gaps, so the oldest one shown tells from when on nothing
is missing. A mail may be handed over twice under one Message-ID after a break (notify's README says when): the sink
counts that as copies, and it is told as a number and not found wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx

from shop.audit.findings import ALWAYS, Check, Finding, finding
from shop.audit.outside.party import Party, Rows, document
from shop.audit.places import Places

# More than it keeps; a sink that does not know the word shows what it always shows.
_LIMIT = 100_000
# Where older mails are out of sight: clocks of two processes are not one.
_CLOCKS_APART = timedelta(minutes=10)


@dataclass
class Mails:
    """`seen`: copies by delivery. `since`: from then on every mail is there; None when nothing can be said."""

    seen: dict[str, int]
    since: datetime | None


async def _books(http: httpx.AsyncClient, places: Places) -> Mails:
    items = (await document(http, f"{places.console}/dev/mail.json?limit={_LIMIT}"))["items"]
    seen: dict[str, int] = {}
    for mail in items:
        delivery_id = _delivery(mail["message_id"])
        if delivery_id is not None:
            seen[delivery_id] = mail["copies"]
    if not items:
        return Mails(seen, None)
    oldest = min(items, key=lambda mail: mail["id"])
    if oldest["id"] == 1:
        return Mails(seen, datetime.min.replace(tzinfo=UTC))
    return Mails(seen, datetime.fromisoformat(oldest["received_at"]) + _CLOCKS_APART)


def _delivery(message_id: str) -> str | None:
    try:
        return str(UUID(message_id.strip("<>").partition("@")[0]))
    except ValueError:
        return None


def _judge(mails: Mails, rows: Rows) -> Iterable[Finding]:
    since = mails.since
    gone = (
        row["id"]
        for row in rows["deliveries"]
        if since is not None and row["sent_at"] > since and row["id"] not in mails.seen
    )
    yield finding("lost", "what notify calls delivered by mail was taken by the mail server", gone, ALWAYS)


def _strangers(mails: Mails, _rows: Rows) -> Iterable[str]:
    return mails.seen


MAILBOX = Party(
    name="the mail sink",
    books=_books,
    ours={
        "deliveries": "SELECT id::text, sent_at FROM notify.deliveries WHERE channel = 'email' AND status = 'delivered'"
    },
    judge=_judge,
    strangers=_strangers,
    known=Check(
        "doubled",
        "the mail server got mails of ours only",
        "SELECT id::text FROM notify.deliveries WHERE id::text = ANY($1)",
    ),
    numbers=lambda mails: {"mails handed over once more after a break": sum(mails.seen.values()) - len(mails.seen)},
)
