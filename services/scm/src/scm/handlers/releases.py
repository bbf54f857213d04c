"""Releases to the polled centre: written before the call, settled by what the centre says.

Every function locks the shipment first, so an order's cancel and the centre's progress never cross.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from common import ids, log
from common.clock import business_day
from common.db import Tx
from common.errors import DomainError
from scm.commands import AcceptShipment, RecordWaybill, RejectShipment
from scm.domain import release as releasing
from scm.domain import shortage, steps
from scm.domain.carrier import CarrierTable
from scm.domain.goods import picked
from scm.domain.release import Draft, Release, ReleaseState, Slip
from scm.domain.shipment import Shipment, Stage
from scm.handlers.cancels import settle_cancels
from scm.handlers.steps import record_waybill
from scm.handlers.taking import settle
from scm.repository import cancels, contacts, goods, releases, shipments

_log = log.get(__name__)


async def begin_release(centre: str, tx: Tx, *, wait: timedelta) -> tuple[Release, Draft] | None:
    """Writes down the next release before it is sent. Until `wait` is over nobody doubts that it is under way."""
    shipment_id = await releases.next_to_release(tx.connection, centre)
    if shipment_id is None:
        return None
    shipment = await shipments.lock(tx.connection, shipment_id)
    number = 1 + await releases.count(tx.connection, shipment_id)
    release = Release(
        id=ids.new_id(),
        shipment_id=shipment_id,
        number=number,
        order_no=releasing.order_number(shipment_id, number),
        ordered_on=business_day(tx.now),
        state=ReleaseState.SENDING,
    )
    await releases.add(tx.connection, release, tx.now + wait, tx.now)
    return release, await _draft(shipment, release, tx)


async def resend_release(release: Release, tx: Tx, *, wait: timedelta) -> Draft | None:
    """The centre has never heard of it: the same release, under the same number, once more."""
    shipment = await _still(release, ReleaseState.SENDING, tx)
    if shipment is None:
        return None
    await _change(release, ReleaseState.SENDING, tx, wait=wait)
    return await _draft(shipment, release, tx)


async def release_registered(release: Release, slip_no: str, tx: Tx, carriers: CarrierTable) -> None:
    shipment = await _still(release, ReleaseState.SENDING, tx)
    if shipment is None:
        return
    await releases.change(
        tx.connection, release.id, state=ReleaseState.RELEASED, next_at=tx.now, attempts=0, slip_no=slip_no
    )
    if shipment.stage is Stage.REQUESTED:
        await settle(tx, shipment, steps.accept(shipment, AcceptShipment(shipment.id)), carriers)


async def release_refused(release: Release, code: str, tx: Tx, carriers: CarrierTable) -> None:
    """Believed after a few times; before that it is tried again. A cancel that waits is believed at once."""
    shipment = await _still(release, ReleaseState.SENDING, tx)
    if shipment is None:
        return
    attempts = release.attempts + 1
    if attempts < releasing.REFUSALS_BELIEVED:
        await _change(release, ReleaseState.SENDING, tx, error=code)
        return
    await _change(release, ReleaseState.REFUSED, tx, error=code)
    shipment = await settle_cancels(shipment, tx, carriers, stopped=True)
    await _reject(shipment, f"the centre refused the release ({code})", tx, carriers)


async def release_never_sent(release: Release, tx: Tx, carriers: CarrierTable) -> bool:
    """The centre does not know it and a cancel waits: nothing to stop there. False: no cancel waits."""
    shipment = await _still(release, ReleaseState.SENDING, tx)
    if shipment is None:
        return True
    if not await cancels.pending(tx.connection, shipment.order_id, shipment.claim_id):
        return False
    await _change(release, ReleaseState.STOPPED, tx)
    await settle_cancels(shipment, tx, carriers, stopped=True)
    return True


async def release_short(release: Release, shelves: Mapping[str, int], tx: Tx) -> None:
    """The centre has not enough for it. Written down before it is stopped there: afterwards nobody could tell why.

    `shelves`: by SKU, what the centre can send.
    """
    shipment = await _still(release, ReleaseState.RELEASED, tx)
    if shipment is not None:
        known = await goods.known(tx.connection, (line.sku for line in shipment.lines))
        short = shortage.seen(shipment, shelves, known)
        await shipments.save(tx.connection, shipment, shipment.to(short=short), tx.now)


async def release_stopped(
    release: Release, reason: str, tx: Tx, carriers: CarrierTable, *, was_there: bool = False
) -> None:
    """The centre keeps the goods. For a cancel of ours: units that stay wanted are released anew; else it rejected.

    `was_there`: it had all of them when it was asked to stop.
    """
    shipment = await _still(release, ReleaseState.RELEASED, tx)
    if shipment is None:
        return
    if was_there:
        shipment = await _nothing_short(shipment, tx)
    await _change(release, ReleaseState.STOPPED, tx)
    if not await cancels.pending(tx.connection, shipment.order_id, shipment.claim_id):
        await _reject(shipment, reason, tx, carriers)
        return
    settled = await settle_cancels(shipment, tx, carriers, stopped=True)
    if settled.left and settled.stage is Stage.ACCEPTED:
        await shipments.save(tx.connection, settled, settled.to(stage=Stage.REQUESTED), tx.now)


async def release_goes_on(release: Release, tx: Tx, carriers: CarrierTable) -> None:
    """The centre is past stopping."""
    shipment = await _still(release, ReleaseState.RELEASED, tx)
    if shipment is not None:
        shipment = await settle_cancels(shipment, tx, carriers, stopped=False)
        await _nothing_short(shipment, tx)


async def release_shipped(release: Release, slip: Slip, tx: Tx, carriers: CarrierTable) -> None:
    """`slip` has carrier and waybill. What cannot be booked is noted for the staff, who can enter it by hand."""
    shipment = await _still(release, ReleaseState.RELEASED, tx)
    if shipment is None or await _booked_by_hand(release, shipment, tx):
        return
    command = RecordWaybill(shipment.id, ids.new_id(), slip.carrier or "", slip.waybill or "", told_by=shipment.centre)
    try:
        after, _ = await record_waybill(command, tx, carriers)
    except DomainError as refusal:
        # Refusals are found before anything is written.
        _log.error("a waybill of the polled centre cannot be booked", shipment_id=str(shipment.id), code=refusal.code)
        await shipments.note(tx.connection, shipment.id, f"the centre shipped, but: {refusal.detail} ({refusal.code})")
        await _postpone(release, tx)
        return
    if after.left:
        await shipments.note(tx.connection, shipment.id, "the centre is done, but units are left to ship")
    await _change(release, ReleaseState.SHIPPED, tx)


async def release_shipped_after_all(release: Release, slip: Slip, tx: Tx) -> None:
    """The centre had said that it stopped these goods, and money may have gone back for them: a person must act."""
    shipment = await shipments.lock(tx.connection, release.shipment_id)
    if await releases.state_of(tx.connection, release.id) is not ReleaseState.STOPPED:
        return
    _log.error("the centre shipped what it had stopped", shipment_id=str(shipment.id), slip_no=slip.slip_no)
    number = f"{slip.carrier} {slip.waybill}" if slip.waybill else slip.slip_no
    await shipments.note(tx.connection, shipment.id, f"the centre shipped a stopped release ({number})")
    await _change(release, ReleaseState.SHIPPED, tx)


async def release_partly_shipped(release: Release, tx: Tx) -> None:
    """The centre does not say which units left: a person must enter the waybill with its lines."""
    shipment = await _still(release, ReleaseState.RELEASED, tx)
    if shipment is None or await _booked_by_hand(release, shipment, tx):
        return
    await shipments.note(tx.connection, shipment.id, "the centre shipped a part; enter its waybill with the lines")
    await _postpone(release, tx)


async def release_later(release: Release, why: str, tx: Tx) -> None:
    """No usable answer. The state stays; the next try comes later each time."""
    if await _still(release, release.state, tx) is not None:
        await _change(release, release.state, tx, error=why)


async def _nothing_short(shipment: Shipment, tx: Tx) -> Shipment:
    """What was not there has come in."""
    after = shipment.to(short=())
    await shipments.save(tx.connection, shipment, after, tx.now)
    return after


async def _still(release: Release, state: ReleaseState, tx: Tx) -> Shipment | None:
    """The locked shipment, if the release is still in that state; somebody may have been quicker."""
    shipment = await shipments.lock(tx.connection, release.shipment_id)
    held = await releases.open_of(tx.connection, release.shipment_id)
    return shipment if held is not None and held.id == release.id and held.state is state else None


async def _change(
    release: Release, state: ReleaseState, tx: Tx, *, error: str | None = None, wait: timedelta | None = None
) -> None:
    attempts = release.attempts + 1
    next_at = tx.now + wait if wait is not None else releasing.retry_at(tx.now, attempts)
    await releases.change(tx.connection, release.id, state=state, next_at=next_at, attempts=attempts, error=error)


async def _booked_by_hand(release: Release, shipment: Shipment, tx: Tx) -> bool:
    """Whether staff has entered everything that left. Then the release is over, and nobody is asked for it again."""
    if not shipment.order_shipped:
        return False
    await _change(release, ReleaseState.SHIPPED, tx)
    return True


async def _postpone(release: Release, tx: Tx) -> None:
    await _change(release, ReleaseState.RELEASED, tx)


async def _reject(shipment: Shipment, reason: str, tx: Tx, carriers: CarrierTable) -> None:
    if shipment.left:
        command = RejectShipment(shipment.id, reason, shipment.short)
        await settle(tx, shipment, steps.reject(shipment, command), carriers)


async def _draft(shipment: Shipment, release: Release, tx: Tx) -> Draft:
    address = (await contacts.ship_to(tx.connection, [shipment.order_id]))[shipment.order_id]
    # The centre knows what lies on its shelves, not our lines and sets.
    known = await goods.known(tx.connection, (line.sku for line in shipment.lines))
    return Draft(release.order_no, release.ordered_on, address, picked(shipment.open_units, known))
