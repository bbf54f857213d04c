"""Everything time-driven: the polled centre, tracking, and forgetting addresses that nobody needs any more."""

from __future__ import annotations

from datetime import timedelta

from common.db import Database
from common.jobs import Job
from scm.flows.centre import CentreFlow
from scm.flows.tracking import TrackingFlow
from scm.handlers.requests import forget_contacts

POLL_CENTRE = "poll-centre"
_FORGET_SECONDS = 3600
_BATCH = 500


def polling(flow: CentreFlow, seconds: float) -> Job:
    return Job(POLL_CENTRE, seconds, flow.run)


def tracking(flow: TrackingFlow, seconds: float) -> Job:
    return Job("track-parcels", seconds, flow.run)


def forgetting(database: Database, keep: timedelta) -> Job:
    async def run() -> None:
        done = _BATCH
        while done == _BATCH:
            async with database.transaction() as tx:
                done = await forget_contacts(tx.now - keep, tx, limit=_BATCH)

    return Job("forget-contacts", _FORGET_SECONDS, run)
