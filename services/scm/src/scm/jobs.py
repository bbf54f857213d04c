"""Everything time-driven: the polled centre, tracking, goods that come out, and forgetting old addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from common.db import Database
from common.jobs import Job
from scm.flows.centre import CentreFlow
from scm.flows.tracking import TrackingFlow
from scm.handlers.goods import let_go
from scm.handlers.requests import forget_contacts

POLL_CENTRE = "poll-centre"
LET_GO = "let-go"
_FORGET_SECONDS = 3600
_BATCH = 500
_HELD_BATCH = 50
_FIRST = UUID(int=0)


def polling(flow: CentreFlow, seconds: float) -> Job:
    return Job(POLL_CENTRE, seconds, flow.run)


def tracking(flow: TrackingFlow, seconds: float) -> Job:
    return Job("track-parcels", seconds, flow.run)


def letting_go(database: Database, patience: timedelta, seconds: float, hurry: Callable[[], None]) -> Job:
    """Hands to the centres what has waited for its release long enough."""

    async def run() -> None:
        looked_at: list[UUID] = [_FIRST]
        while looked_at:
            async with database.transaction() as tx:
                looked_at = await let_go(looked_at[-1], tx, patience, limit=_HELD_BATCH)
                if looked_at:
                    tx.then(hurry)

    return Job(LET_GO, seconds, run)


def forgetting(database: Database, keep: timedelta) -> Job:
    async def run() -> None:
        done = _BATCH
        while done == _BATCH:
            async with database.transaction() as tx:
                done = await forget_contacts(tx.now - keep, tx, limit=_BATCH)

    return Job("forget-contacts", _FORGET_SECONDS, run)
