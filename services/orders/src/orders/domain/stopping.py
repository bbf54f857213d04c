"""What an exchange was to send is given up: it is paid back instead, as goods are that come back at the seller's fault.

Asked for by staff when the old goods have come and the new ones cannot be sent. As with a cancel no money goes before
the centre has said what stays there. What has left stays exchanged: the claim remains an exchange, completed, and of
the units that were stopped it ends as a return does. One stop of a claim is accepted at most: it takes what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from common.ids import derived_id
from orders import errors
from orders.commands import SettleReplacementStop, StopReplacement
from orders.domain import charging, claim_facts, claim_money
from orders.domain.amounts import Amounts
from orders.domain.claim import Claim, ClaimUnits, ReplacementStop
from orders.domain.decision import Decision
from orders.domain.holding import sold_under
from orders.domain.order import Order
from orders.domain.status import Status


def stop_replacement(order: Order, command: StopReplacement) -> Decision:
    """Holds the units back from claims and cancels until the centre answers. Asked again meanwhile: nothing changes."""
    claim = order.claim(command.claim_id)
    known = claim.stop
    if not claim.allows(command) or (known and (known.status != "refused" or known.stop_id == command.stop_id)):
        return Decision(order)
    left = {units.line_id: units.came - _gone(order, claim, units.line_id) for units in claim.units}
    if claim.kind != "exchange" or not any(count > 0 for count in left.values()):
        raise errors.NothingToStop("nothing of this claim is still to be sent", claim_status=claim.status.value)
    if any(order.line(line_id).open < count for line_id, count in left.items()):
        raise errors.CancelInProgress(
            "a cancel of these units waits for the centre's answer: ask again when it is there"
        )
    units = tuple(replace(each, stopping=max(0, left[each.line_id])) for each in claim.units)
    asked = replace(claim, units=units, stop=ReplacementStop(command.stop_id, "requested"))
    held = _held_back(order, units, 1).with_claim(asked)
    return Decision(held, (claim_facts.ReplacementStopRequested(asked, command.stop_id, actor=command.actor),))


def settle_replacement_stop(order: Order, command: SettleReplacementStop, now: datetime) -> Decision:
    """The centre's answer is final: what it stopped is paid back, what it did not is sent."""
    claim = order.claim(command.claim_id)
    claim.allows(command)
    if claim.stop is None:
        raise errors.StopNotFound("nobody asked to stop what this claim sends")
    if claim.stop.stop_id != command.stop_id or not claim.is_stopping:  # redelivered
        return Decision(order)
    order = _held_back(order, claim.units, -1)
    if not command.accepted:
        units = tuple(replace(each, stopping=0) for each in claim.units)
        refused = replace(claim.stop, status="refused", refused_because=command.reason or "refused")
        refused_claim = replace(claim, units=units, stop=refused)
        told = claim_facts.ReplacementStopRefused(refused_claim, command.stop_id, actor="scm")
        return Decision(order.with_claim(refused_claim), (told,))
    return _pay_back(order, claim, command, now)


def _pay_back(order: Order, claim: Claim, command: SettleReplacementStop, now: datetime) -> Decision:
    stopped = _stopped(claim, command)
    units = tuple(_without_replacement(order, each, stopped.get(each.line_id, 0)) for each in claim.units)
    before = order
    order = order.with_lines(
        replace(line, returned=line.returned + stopped.get(line.line_id, 0)) for line in order.lines
    )
    shipping_back = claim_money.is_last(before, order)
    shipping = claim_money.shipping_of(order) if shipping_back else Amounts()
    worth = Amounts.total(each.worth for each in units) + shipping
    nothing_sent = not any(each.sent for each in units)
    settled = replace(
        claim,
        units=units,
        stop=ReplacementStop(command.stop_id, "accepted"),
        shipping_amount=shipping.amount,
        worth=worth,
        refund_amount=worth.amount if order.money_is_held else 0,
        return_fee_amount=0 if nothing_sent else claim.return_fee_amount,
    )
    order = claim_money.returned_whole(order.with_claim(settled), now)
    refund = claim_money.refund_of(order, settled, derived_id("refund", str(claim.claim_id)))
    whole = order.status is Status.RETURNED
    told = claim_facts.ReplacementStopped(
        settled, command.stop_id, order.currency, now, whole, sold_under(order), command.short, actor="scm"
    )
    done = Decision(order, (told, *refund))
    if nothing_sent:
        owed = charging.owe_back(done.order, claim.claim_id, now)
        done = done.then(owed.order, owed.facts)
    if shipping_back:
        owed = charging.owe_far_places_back(done.order, now)
        done = done.then(owed.order, owed.facts)
    return done


def _stopped(claim: Claim, command: SettleReplacementStop) -> Mapping[UUID, int]:
    """By line. Raises `StopInconsistent` where the centre stopped what it was not asked to, or nothing at all."""
    asked = {each.line_id: each.stopping for each in claim.units}
    stopped: dict[UUID, int] = {}
    for each in command.lines:
        stopped[each.line_id] = stopped.get(each.line_id, 0) + each.quantity
    if not stopped or any(count > asked.get(line_id, 0) for line_id, count in stopped.items()):
        raise errors.StopInconsistent("what was stopped does not fit what was asked for", stop_id=str(command.stop_id))
    return stopped


def _without_replacement(order: Order, units: ClaimUnits, stopped: int) -> ClaimUnits:
    return replace(units, stopping=0, stopped=stopped, worth=order.line(units.line_id).worth(stopped))


def _gone(order: Order, claim: Claim, line_id: UUID) -> int:
    """Units of the line that have left in exchange."""
    return sum(
        units.quantity
        for parcel in order.parcels
        if parcel.claim_id == claim.claim_id
        for units in parcel.lines
        if units.line_id == line_id
    )


def _held_back(order: Order, units: tuple[ClaimUnits, ...], sign: int) -> Order:
    held = {each.line_id: sign * each.stopping for each in units}
    return order.with_lines(replace(line, claiming=line.claiming + held.get(line.line_id, 0)) for line in order.lines)
