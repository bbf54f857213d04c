"""The centre that only answers: releases go to it, cancels are asked of it, waybills are fetched from it.

Every step is safe to die after. What was sent is written before it is sent; what is not known is asked for by our own
order number before anything is sent again.
"""

from __future__ import annotations

from datetime import timedelta

from common import log
from common.db import Database
from common.errors import UpstreamUnavailable
from scm.clients import PolledCentre
from scm.domain.carrier import CarrierTable
from scm.domain.release import Draft, Refused, Registered, Release, ReleaseState, Slip, SlipStatus, Unknown
from scm.handlers import releases as handlers
from scm.repository import releases

_log = log.get(__name__)
_BATCH = 50
_BUSY = frozenset({SlipStatus.WORKING, SlipStatus.PARTDONE, SlipStatus.DONE})
_LEFT = frozenset({SlipStatus.PARTDONE, SlipStatus.DONE})
# A centre may ship what it said it had stopped; after so long nobody expects it any more.
_STOPPED_WATCHED = timedelta(days=7)
_SHELVES_ASKED = 4
_WATCHED = (SlipStatus.CANCEL, SlipStatus.SHORTAGE, SlipStatus.PARTDONE, SlipStatus.DONE)


class CentreFlow:
    """`settle_after`: how long after an unheard call the centre is believed about what it does not have."""

    def __init__(
        self, database: Database, centre: PolledCentre, carriers: CarrierTable, *, code: str, settle_after: timedelta
    ) -> None:
        self._database = database
        self._centre = centre
        self._carriers = carriers
        self._code = code
        self._wait = settle_after

    async def run(self) -> None:
        """One round. Ends early, and without a fuss, when the centre does not answer."""
        try:
            await self.settle_unknown()
            await self.stop_asked()
            await self.send_new()
            await self.watch()
        except UpstreamUnavailable as away:
            _log.warning("the polled centre is away", centre=self._code, why=away.detail)

    async def send_new(self) -> None:
        """Hands over every request that waits for the centre, until one is not answered: cancels must not wait behind
        a call for each of the others."""
        while True:
            async with self._database.transaction() as tx:
                begun = await handlers.begin_release(self._code, tx, wait=self._wait)
            if begun is None or not await self._send(*begun):
                return

    async def settle_unknown(self) -> None:
        """Releases whose fate was not heard: found at the centre, stopped for a waiting cancel, or sent once more."""
        for release in await self._due(ReleaseState.SENDING):
            slip = await self._centre.find(release.order_no, release.ordered_on)
            async with self._database.transaction() as tx:
                if slip is not None:
                    await handlers.release_registered(release, slip.slip_no, tx, self._carriers)
                    continue
                if await handlers.release_never_sent(release, tx, self._carriers):
                    continue
                draft = await handlers.resend_release(release, tx, wait=self._wait)
            if draft is not None:
                await self._send(release, draft)

    async def stop_asked(self) -> None:
        """Asks the centre to stop what a cancel waits for, then reads what became of it."""
        async with self._database.read() as connection:
            waiting = await releases.to_stop(connection, self._database.clock.now(), _BATCH)
        for release in waiting:
            slip = await self._centre.slip(release.slip_no or "")
            status = slip.status if slip is not None else None
            if status is not SlipStatus.SHORTAGE or await self._short_is_known(release):
                await self._stop(release, "cancelled", was_there=status is SlipStatus.ORDER)

    async def watch(self) -> None:
        """Fetches what left, what the centre cancelled and what it has no goods for."""
        since = self._database.clock.now() - _STOPPED_WATCHED
        async with self._database.read() as connection:
            days = await releases.window(connection, since)
        if days is None:
            return
        for status in _WATCHED:
            slips = {slip.order_no: slip for slip in await self._centre.slips(status, *days)}
            async with self._database.read() as connection:
                now = self._database.clock.now()
                ours = await releases.by_order_numbers(connection, list(slips), now, since)
            for number, release in ours.items():
                await self._arrived_at(release, slips[number])

    async def _arrived_at(self, release: Release, slip: Slip) -> None:
        if release.state is ReleaseState.STOPPED:
            if slip.status in _LEFT:
                async with self._database.transaction() as tx:
                    await handlers.release_shipped_after_all(release, slip, tx)
            return
        if slip.status is SlipStatus.SHORTAGE:
            # Rejected only once the centre has let go, or it would ship when the goods come in.
            if await self._short_is_known(release):
                await self._stop(release, "the centre has not enough goods")
            return
        if slip.status is SlipStatus.DONE and not (slip.carrier and slip.waybill):
            slip = await self._centre.slip(slip.slip_no) or slip
        async with self._database.transaction() as tx:
            if slip.status is SlipStatus.CANCEL:
                await handlers.release_stopped(release, "the centre cancelled the release", tx, self._carriers)
            elif slip.status is SlipStatus.PARTDONE:
                await handlers.release_partly_shipped(release, tx)
            elif slip.carrier and slip.waybill:
                await handlers.release_shipped(release, slip, tx, self._carriers)

    async def _send(self, release: Release, draft: Draft) -> bool:
        """False: nobody knows what became of it."""
        outcome = await self._centre.release(draft)
        if isinstance(outcome, Refused):
            # "Known already" is a refusal too: then the centre has it, and the number tells.
            slip = await self._centre.find(release.order_no, release.ordered_on)
            outcome = Registered(slip.slip_no) if slip is not None else outcome
        async with self._database.transaction() as tx:
            if isinstance(outcome, Registered):
                await handlers.release_registered(release, outcome.slip_no, tx, self._carriers)
            elif isinstance(outcome, Refused):
                await handlers.release_refused(release, outcome.code, tx, self._carriers)
            else:
                _log.warning("a release was not answered", order_no=release.order_no, why=outcome.why)
        return not isinstance(outcome, Unknown)

    async def _short_is_known(self, release: Release) -> bool:
        """The centre says that not all of it is there, and not what is missing: its shelves tell.

        One that tells of its releases and not of its shelves is asked a few times only: cancels wait for the answer.
        """
        try:
            shelves = await self._centre.shelves()
        except UpstreamUnavailable as away:
            _log.warning("the centre does not tell what it is short of", order_no=release.order_no, why=away.detail)
            if release.attempts >= _SHELVES_ASKED:
                return True
            async with self._database.transaction() as tx:
                await handlers.release_later(release, "the centre does not tell of its shelves", tx)
            return False
        async with self._database.transaction() as tx:
            await handlers.release_short(release, shelves, tx)
        return True

    async def _stop(self, release: Release, reason: str, *, was_there: bool = False) -> None:
        slip_no = release.slip_no or ""
        await self._centre.cancel(slip_no, release.order_no)
        slip = await self._centre.slip(slip_no)
        async with self._database.transaction() as tx:
            if slip is not None and slip.status is SlipStatus.CANCEL:
                await handlers.release_stopped(release, reason, tx, self._carriers, was_there=was_there)
            elif slip is not None and slip.status in _BUSY:
                await handlers.release_goes_on(release, tx, self._carriers)
            else:
                await handlers.release_later(release, "not stopped yet", tx)

    async def _due(self, state: ReleaseState) -> list[Release]:
        async with self._database.read() as connection:
            return await releases.due(connection, state, self._database.clock.now(), _BATCH)
