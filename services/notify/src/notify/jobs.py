"""Timed work: sending what is due, and forgetting people after a while."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from common.db import Database
from common.jobs import Job
from notify import handlers
from notify.commands import ForgetContacts

SEND_MAILS, SEND_TEXTS = "send-mails", "send-texts"


def jobs(
    database: Database,
    mails: Callable[[], Awaitable[int]],
    texts: Callable[[], Awaitable[int]],
    *,
    every_seconds: float,
    contact_days: int,
) -> list[Job]:
    """Every process sends: the first to take a delivery has it. Mail and texts do not wait for each other."""

    async def forget() -> None:
        async with database.transaction() as tx:
            before = tx.now - timedelta(days=contact_days)
            await handlers.forget_contacts(ForgetContacts(before), tx)

    return [
        Job(SEND_MAILS, every_seconds, mails, alone=False),
        Job(SEND_TEXTS, every_seconds, texts, alone=False),
        Job("forget-contacts", 3600, forget),
    ]
