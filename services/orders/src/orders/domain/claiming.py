"""Returns and exchanges: who may send what back until when, who bears the shipping, and what money goes back.

The rules, with the law's least (전자상거래법 §17, §18) in the terms of the mall:

- A change of mind counts 7 days from the delivery, a fault of the seller's 3 months from it and 30 days from when it
  was noticed. The day of delivery does not count; the last day counts to its end in Seoul. Each unit counts from the
  parcel that brought it: also while others are on their way, and what was sent in exchange from its own arrival.
- Goods at the seller's fault come back for nothing, and with the last unit that was bought its shipping fee goes back:
  what was paid in its total, what was charged since, and what was paid apart for a farther place.
- A customer who changed their mind bears the way back. The fee for the way there is not paid back; where it was free
  because enough was bought, and what they keep would not have been enough, it is charged now, once per order. Enough is
  what the cart said when it was ordered (the terms' threshold for orders of before that was noted); what came back at
  the seller's fault counts as kept. The surcharge for a far place is no part of this fee.
- When nothing that was bought is left, the order is `returned`, a gift that did not come back or not.
- Fees come off what goes back, and never take more than the goods' own price. An exchange gives nothing back, so its
  fee, both ways at once, is paid before it is approved (see `charging`), and owed back where no exchange comes of it.
- A unit gives back its exact share, VAT and tax-free parts too. Units that did not come are not paid for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from common.clock import business_day
from common.ids import derived_id
from orders import errors
from orders.commands import (
    ApproveClaim,
    ClaimedUnits,
    Fault,
    Found,
    NoteReplacementUnavailable,
    NoteReturn,
    RejectClaim,
    RequestClaim,
    SettleClaim,
    WithdrawClaim,
)
from orders.domain import charging, claim_facts, claim_money
from orders.domain.amounts import Amounts
from orders.domain.claim import SELLERS_FAULT, Claim, ClaimStatus, ClaimUnits
from orders.domain.claim_days import last_day
from orders.domain.decision import Decision
from orders.domain.gifts import with_gifts
from orders.domain.holding import arrived, claimed_sku, name_of, since, sold_under
from orders.domain.order import Charge, Order
from orders.domain.status import Status


def request_claim(order: Order, command: RequestClaim, now: datetime) -> Decision:
    """Holds the units back from any other claim. No money moves and nothing is fetched before staff approves."""
    if any(claim.claim_id == command.claim_id for claim in order.claims):  # repeated
        return Decision(order)
    if order.status is Status.RETURNED:
        raise errors.AlreadyReturned("everything of this order was sent back before")
    if order.status is Status.CANCELLED or not order.has_arrivals:
        raise errors.ClaimNotDelivered(f"the order is {order.status}: only what has arrived can be sent back")
    wanted = _units(order, command)
    _check_time(order, command, wanted, business_day(now))
    fault: Fault = "seller" if command.reason in SELLERS_FAULT else "customer"
    claim = Claim(
        claim_id=command.claim_id,
        kind=command.kind,
        reason=command.reason,
        fault=fault,
        actor=command.actor,
        status=ClaimStatus.REQUESTED,
        units=wanted,
        terms=replace(command.terms, free_shipping_from_amount=claim_money.free_from(order, command.terms)),
        requested_at=now,
    )
    held = {units.line_id: units.quantity for units in claim.units}
    lines = [replace(line, claiming=line.claiming + held.get(line.line_id, 0)) for line in order.lines]
    return Decision(
        order.with_lines(lines).with_claim(claim), (claim_facts.ClaimRequested(claim, actor=command.actor),)
    )


def approve_claim(order: Order, command: ApproveClaim, now: datetime) -> Decision:
    """The goods are to come back. Approving again changes nothing, not even who bears the shipping."""
    claim = order.claim(command.claim_id)
    if not claim.allows(command):
        return Decision(order)
    approved = claim.to(ClaimStatus.APPROVED, approved_at=now, fault=command.fault or claim.fault)
    paid = Decision(order)
    if fee := charging.exchange_fee(approved):
        if command.fee_paid_by is None:
            owed = {"amount": fee, "currency": order.currency}
            raise errors.ExchangeFeeDue(
                f"the exchange costs {fee} {order.currency}: say how it was paid",
                claim_status=claim.status.value,
                fee=owed,
            )
        due = Charge("exchange_fee", claim.claim_id, fee, command.fee_paid_by, "kept", now)
        paid = charging.settle(order, due, command.actor)
        approved = replace(approved, return_fee_amount=paid.order.charges[-1].amount)
    told = claim_facts.ClaimApproved(approved, actor=command.actor)
    return paid.then(paid.order.with_claim(approved), (told,))


def reject_claim(order: Order, command: RejectClaim, now: datetime) -> Decision:
    """Also of an approved claim whose goods never come."""
    claim = order.claim(command.claim_id)
    if not claim.allows(command):
        return Decision(order)
    return _reject(order, claim, command.reason, command.actor, now)


def withdraw_claim(order: Order, command: WithdrawClaim, now: datetime) -> Decision:
    """The customer keeps the goods; too late once the carrier has them."""
    claim = order.claim(command.claim_id)
    if not claim.allows(command):
        return Decision(order)
    if claim.picked_up_at is not None:
        raise errors.ClaimAlreadyPickedUp("the goods are on their way back already")
    withdrawn = claim.to(ClaimStatus.WITHDRAWN, settled_at=now, return_fee_amount=0)
    told = claim_facts.ClaimWithdrawn(withdrawn, actor=command.actor)
    return _owing(Decision(_let_go(order, withdrawn).with_claim(withdrawn), (told,)), claim, now)


def note_return(order: Order, command: NoteReturn) -> Decision:
    claim = order.claim(command.claim_id)
    if not claim.allows(command) or claim.picked_up_at is not None:
        return Decision(order)
    noted = claim_facts.ReturnPickedUp(claim.claim_id, command.carrier, command.waybill, actor="scm")
    return Decision(order.with_claim(replace(claim, picked_up_at=command.picked_up_at)), (noted,))


def note_replacement_unavailable(order: Order, command: NoteReplacementUnavailable, now: datetime) -> Decision:
    """An exchange that cannot be served becomes a return. The shop could not deliver, so it bears the shipping."""
    claim = order.claim(command.claim_id)
    too_late = claim.status is ClaimStatus.COMPLETED and claim.kind == "exchange"
    if not claim.allows(command) or claim.kind == "return":
        late = claim_facts.ReplacementMissing(claim.claim_id, command.skus, too_late, actor="catalog")
        return Decision(order, (late,) if too_late else ())
    units = tuple(replace(each, replacement_sku=None, replacement_name=None) for each in claim.units)
    instead = replace(claim, kind="return", fault="seller", units=units, return_fee_amount=0)
    missing = claim_facts.ReplacementMissing(claim.claim_id, command.skus, too_late, actor="catalog")
    return _owing(Decision(order.with_claim(instead), (missing,)), claim, now)


def settle_claim(order: Order, command: SettleClaim, now: datetime) -> Decision:
    """The centre looked at the goods: money back for what came, or replacements. If nothing came, nothing is due."""
    claim = order.claim(command.claim_id)
    if not claim.allows(command):
        unexpected = claim_facts.ReturnUnexpected(claim.claim_id, claim.status.value, actor="scm")
        return Decision(order, () if claim.status is ClaimStatus.COMPLETED else (unexpected,))
    claim = replace(claim, units=_found(claim, command.found))
    if not any(units.came for units in claim.units):
        return _reject(order, claim, "goods_missing", "scm", now)
    return _return(order, claim, now) if claim.kind == "return" else _exchange(order, claim, now)


def _return(order: Order, claim: Claim, now: datetime) -> Decision:
    paid = [replace(units, worth=order.line(units.line_id).worth(units.came)) for units in claim.units]
    claim = replace(claim, units=tuple(paid))
    before, order = order, _let_go(order, claim)
    came = {units.line_id: units.came for units in claim.units}
    order = order.with_lines(replace(line, returned=line.returned + came.get(line.line_id, 0)) for line in order.lines)
    goods = Amounts.total(units.worth for units in claim.units)
    shipping_back = claim.fault == "seller" and claim_money.is_last(before, order)
    shipping = claim_money.shipping_of(order) if shipping_back else Amounts()
    return_fee, outbound_fee = claim_money.fees(order, claim, goods.amount)
    worth = claim_money.after_fee(goods + shipping, return_fee + outbound_fee)
    completed = claim.to(
        ClaimStatus.COMPLETED,
        settled_at=now,
        return_fee_amount=return_fee,
        outbound_fee_amount=outbound_fee,
        shipping_amount=shipping.amount,
        worth=worth,
        refund_amount=worth.amount if order.money_is_held else 0,
    )
    order = claim_money.returned_whole(order.with_claim(completed), now)
    whole = order.status is Status.RETURNED
    told = claim_facts.ClaimCompleted(completed, order.currency, sold_under(order), whole, actor="scm")
    settled = Decision(
        order, (told, *claim_money.refund_of(order, completed, derived_id("refund", str(claim.claim_id))))
    )
    if not shipping_back:
        return settled
    owed = charging.owe_far_places_back(order, now)
    return settled.then(owed.order, owed.facts)


def _exchange(order: Order, claim: Claim, now: datetime) -> Decision:
    """Nothing is paid back; the units that came are replaced, and the replacements may be claimed like any unit."""
    completed = claim.to(ClaimStatus.COMPLETED, settled_at=now)
    told = claim_facts.ClaimCompleted(completed, order.currency, sold_under(order), whole=False, actor="scm")
    return Decision(_let_go(order, completed).with_claim(completed), (told,))


def _reject(order: Order, claim: Claim, reason: str, actor: str, now: datetime) -> Decision:
    rejected = claim.to(ClaimStatus.REJECTED, settled_at=now, refused_because=reason, return_fee_amount=0)
    told = claim_facts.ClaimRejected(rejected, actor=actor)
    return _owing(Decision(_let_go(order, rejected).with_claim(rejected), (told,)), claim, now)


def _owing(decision: Decision, claim: Claim, now: datetime) -> Decision:
    """No exchange came of the claim: whatever was paid for one is owed back."""
    owed = charging.owe_back(decision.order, claim.claim_id, now)
    return decision.then(owed.order, owed.facts)


def _let_go(order: Order, claim: Claim) -> Order:
    held = {units.line_id: units.quantity for units in claim.units}
    return order.with_lines(replace(line, claiming=line.claiming - held.get(line.line_id, 0)) for line in order.lines)


def _check_time(order: Order, command: RequestClaim, wanted: tuple[ClaimUnits, ...], today: date) -> None:
    """Of what was asked for; a gift goes with it whenever it came."""
    asked = {units.line_id for units in command.lines}
    for units in wanted:
        came_at = since(order, order.line(units.line_id), units.sku, units.quantity)
        if came_at is None or units.line_id not in asked or command.goodwill:
            continue
        until = last_day(command.reason, command.terms, business_day(came_at), command.noticed_on)
        if today > until:
            raise errors.ClaimTooLate(f"the last day for this was {until.isoformat()}", until=until.isoformat())


def _units(order: Order, command: RequestClaim) -> tuple[ClaimUnits, ...]:
    """Gifts go back with what earned them, unless they are exchanged for their like."""
    asked = {units.line_id: units for units in command.lines}
    if not asked:
        raise errors.ClaimExceedsOpen("the claim names no units", open=0)
    if len(asked) != len(command.lines):
        raise errors.LineRepeated("a line is named twice")
    skus = {units.line_id: _claimed_sku(order, units, command.kind) for units in command.lines}
    wanted = [(units.line_id, units.quantity) for units in command.lines]
    if command.kind == "return":
        wanted = _with_gifts_that_came(order, wanted)
    found = []
    for line_id, quantity in wanted:
        line = order.line(line_id)
        sku = skus.get(line_id, line.sku)
        instead = (asked[line_id].replacement_sku or sku) if command.kind == "exchange" else None
        found.append(
            ClaimUnits(
                line_id,
                sku,
                line.product_id,
                line.product_name,
                name_of(order, line, sku),
                line.category_ids,
                quantity,
                instead,
                asked[line_id].replacement_name if instead not in (None, sku) else None,
            )
        )
    return tuple(found)


def _with_gifts_that_came(order: Order, asked: list[tuple[UUID, int]]) -> list[tuple[UUID, int]]:
    """A gift that is still on its way is not waited for."""
    named = dict(asked)
    found = []
    for line_id, quantity in with_gifts(order, asked):
        line = order.line(line_id)
        there = quantity if line_id in named else min(quantity, arrived(order, line, line.sku))
        if there:
            found.append((line_id, there))
    return found


def _claimed_sku(order: Order, units: ClaimedUnits, kind: str) -> str:
    line = order.line(units.line_id)
    if order.open_option(units.line_id) is not None:
        raise errors.OptionChangeOpen(
            "another option was asked for, and nobody knows yet which one came: ask when that is decided",
            line_id=str(line.line_id),
        )
    if kind == "return" and units.replacement_sku is not None:
        raise errors.ClaimReplacementUnneeded("a return sends nothing instead", line_id=str(line.line_id))
    if line.is_gift and units.replacement_sku not in (None, line.sku):
        raise errors.ClaimReplacementUnneeded("a gift is exchanged for its like", line_id=str(line.line_id))
    return claimed_sku(order, line, units)


def _found(claim: Claim, found: tuple[Found, ...]) -> tuple[ClaimUnits, ...]:
    by_line = {each.line_id: each for each in found}
    told = []
    for units in claim.units:
        each = by_line.pop(units.line_id, None)
        if each is None or min(each.resellable, each.damaged, each.missing) < 0:
            raise errors.FindingsIncomplete("each claimed line needs its findings", line_id=str(units.line_id))
        if each.resellable + each.damaged + each.missing != units.quantity:
            raise errors.FindingsIncomplete(f"{units.quantity} units were claimed", line_id=str(units.line_id))
        told.append(replace(units, resellable=each.resellable, damaged=each.damaged, missing=each.missing))
    if by_line:
        raise errors.FindingsIncomplete("a line was found that nobody claimed")
    return tuple(told)
