"""What comes back in the random ways through the life of an order, and what is sent, or not sent, in exchange."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from services.orders.tests.builders import NOW, claims, finds, ships, stops
from services.orders.tests.world_money import MoneyWorld

from common import ids
from orders import domain
from orders.commands import (
    ApproveClaim,
    NoteChargeReturned,
    NoteReplacementUnavailable,
    NoteReturn,
    RejectClaim,
    StopReplacement,
    Units,
    WithdrawClaim,
)
from orders.domain import ClaimStatus

_VERDICTS = ("approve", "paid", "paid", "waived", "reject", "withdraw", "pick up", "sold out")


class ClaimWorld(MoneyWorld):
    """Customers, staff and centres about claims."""

    def exchange_all(self) -> None:
        """What was bought came back damaged, and another variant is to be sent."""
        lines = [(line.line_id, line.quantity, f"{line.sku}-OTHER") for line in self.order.lines if not line.is_gift]
        command = claims(self.order, *lines, kind="exchange", reason="defective")
        approve = ApproveClaim(self.order.order_id, command.claim_id, "staff:1")
        self.decide(lambda: domain.request_claim(self.order, command, NOW))
        self.decide(lambda: domain.approve_claim(self.order, approve, NOW))
        self.decide(lambda: domain.settle_claim(self.order, finds(self.order, command.claim_id), NOW))

    def count(self, fact) -> None:
        """What catalog does: whole units on the shelf again, replacements out of it for units that came."""
        for units in fact.claim.units:
            book = self.came_back if fact.claim.kind == "return" else self.sent
            book[units.line_id] = book.get(units.line_id, 0) + units.came
            self.in_hand[units.line_id][units.sku] -= units.came
            if fact.claim.kind == "exchange":
                self.in_hand[units.line_id][units.replacement_sku] += units.came
        if fact.claim.kind == "return":
            self.over(seller=fact.claim.fault == "seller")

    def not_sent(self, fact) -> None:
        """What catalog does: the replacement stays on the shelf, and the customer has neither."""
        for units in fact.claim.units:
            self.came_back[units.line_id] = self.came_back.get(units.line_id, 0) + units.stopped
            self.sent[units.line_id] -= units.stopped
            self.in_hand[units.line_id][units.replacement_sku] -= units.stopped
        self.over(seller=True)

    def over(self, *, seller) -> None:
        """Who bears the last unit that was bought decides about the shipping fee, whatever becomes of gifts."""
        if self.order.keeps_nothing and not self.last_went:
            self.last_went, self.faulty_whole = True, seller

    @precondition(lambda self: self.order.claims)
    @rule(data=st.data())
    def a_replacement_arrives(self, data):
        claim = data.draw(st.sampled_from(self.order.claims))
        if claim.kind != "exchange" or claim.status is not ClaimStatus.COMPLETED or claim.claim_id in self.replaced:
            return
        if not claim.is_stopping:
            self.replaced.add(claim.claim_id)
            self.parcel(tuple(Units(units.line_id, units.sent) for units in claim.units), claim.claim_id)

    @precondition(lambda self: self.order.claims)
    @rule(data=st.data())
    def a_part_of_what_replaces_leaves(self, data):
        claim = data.draw(st.sampled_from(self.order.claims))
        units = data.draw(st.sampled_from(claim.units))
        exchanged = claim.kind == "exchange" and claim.status is ClaimStatus.COMPLETED and claim.stop is None
        if exchanged and claim.claim_id not in self.replaced and units.sent > 1:
            self.replaced.add(claim.claim_id)
            self.parcel((Units(units.line_id, data.draw(st.integers(1, units.sent - 1))),), claim.claim_id)

    @precondition(lambda self: self.order.claims)
    @rule(data=st.data(), number=st.integers(0, 2))
    def staff_gives_a_replacement_up(self, data, number):
        self.give_up(data.draw(st.sampled_from(self.order.claims)), number)

    def give_up(self, claim, number) -> None:
        stop_id = ids.derived_id("stop", str(claim.claim_id), str(number))
        if stop_id in self.stops:
            return  # a stop has a name of its own
        command = StopReplacement(self.order.order_id, claim.claim_id, stop_id, "staff:1")
        told = len(self.told)
        self.decide(lambda: domain.stop_replacement(self.order, command))
        if len(self.told) > told:
            self.stops.add(stop_id)

    @precondition(lambda self: any(claim.is_stopping for claim in self.order.claims))
    @rule(data=st.data(), accepted=st.booleans())
    def centre_answers_the_stop(self, data, accepted):
        """Perhaps for fewer units than were asked for: others have left meanwhile."""
        claim = data.draw(st.sampled_from([claim for claim in self.order.claims if claim.is_stopping]))
        counts = [data.draw(st.integers(0, units.stopping)) for units in claim.units]
        command, now = stops(self.order, claim.claim_id, *counts, accepted=accepted), self.now
        self.decide(lambda: domain.settle_replacement_stop(self.order, command, now))

    def parcel(self, lines, claim_id=None):
        self.parcels += 1
        name = ids.derived_id("parcel", str(self.parcels))
        news = replace(ships(self.order, "delivered"), shipment_id=name, lines=lines, claim_id=claim_id)
        news = replace(news, occurred_at=self.now)
        self.decide(lambda: domain.note_shipment(self.order, news))

    @precondition(lambda self: self.order.has_arrivals)
    @rule(
        data=st.data(),
        kind=st.sampled_from(["return", "return", "exchange"]),
        reason=st.sampled_from(["change_of_mind", "defective"]),
    )
    def customer_claims(self, data, kind, reason):
        picked = data.draw(st.lists(st.sampled_from(self.order.lines), min_size=1, unique_by=lambda line: line.line_id))
        lines = tuple(self.claimed(data, line, kind) for line in picked)
        command, now = claims(self.order, *lines, kind=kind, reason=reason), self.now
        self.decide(lambda: domain.request_claim(self.order, command, now))

    def claimed(self, data, line, kind) -> tuple:
        """Mostly what the customer has, said or not, for the same again or for another variant."""
        sku = data.draw(st.sampled_from([None, *sorted(self.in_hand[line.line_id])]))
        instead = data.draw(st.sampled_from([None, f"{line.sku}-OTHER"])) if kind == "exchange" else None
        return line.line_id, data.draw(st.integers(1, max(1, line.open))), instead, sku

    @precondition(lambda self: self.order.claims)
    @rule(data=st.data(), verdict=st.sampled_from(_VERDICTS))
    def claim_is_decided(self, data, verdict):
        order_id, now = self.order.order_id, self.now
        claim_id = data.draw(st.sampled_from(self.order.claims)).claim_id
        acts = {
            "approve": lambda: domain.approve_claim(self.order, ApproveClaim(order_id, claim_id, "staff:1"), now),
            "paid": lambda: domain.approve_claim(
                self.order, ApproveClaim(order_id, claim_id, "staff:1", fee_paid_by="bank_transfer"), now
            ),
            "waived": lambda: domain.approve_claim(
                self.order, ApproveClaim(order_id, claim_id, "staff:1", fee_paid_by="waived"), now
            ),
            "reject": lambda: domain.reject_claim(self.order, RejectClaim(order_id, claim_id, "staff:1", "used"), now),
            "withdraw": lambda: domain.withdraw_claim(self.order, WithdrawClaim(order_id, claim_id, "customer"), now),
            "pick up": lambda: domain.note_return(self.order, NoteReturn(order_id, claim_id, now)),
            "sold out": lambda: domain.note_replacement_unavailable(
                self.order, NoteReplacementUnavailable(order_id, claim_id, ("SKU-0",)), now
            ),
        }
        self.decide(acts[verdict])

    @precondition(lambda self: self.order.charges)
    @rule(data=st.data())
    def staff_sends_a_charge_back(self, data):
        now = self.now
        subject = data.draw(st.sampled_from(self.order.charges)).subject
        command = NoteChargeReturned(self.order.order_id, subject, "staff:1")
        self.decide(lambda: domain.note_returned(self.order, command, now))

    @precondition(lambda self: self.order.claims)
    @rule(data=st.data())
    def goods_come_back(self, data):
        claim, now = data.draw(st.sampled_from(self.order.claims)), self.now
        found = []
        for units in claim.units:
            good = data.draw(st.integers(0, units.quantity))
            bad = data.draw(st.integers(0, units.quantity - good))
            found.append((good, bad, units.quantity - good - bad))
        command = finds(self.order, claim.claim_id, *found)
        self.decide(lambda: domain.settle_claim(self.order, command, now))
