"""Random ways through the life of an order, and a world that keeps its own books of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from services.orders.tests.builders import (
    NOW,
    WINDOW,
    a_quote,
    a_quote_line,
    cancels,
    chooses,
    claims,
    completes,
    decides,
    expires,
    finds,
    settles,
    ships,
)
from services.orders.tests.world_money import MoneyWorld

from common import ids
from common.errors import DomainError
from orders import domain
from orders.commands import (
    ApproveClaim,
    ChangeAddress,
    ConfirmPurchase,
    NoteChargeReturned,
    NoteReplacementUnavailable,
    NoteReturn,
    NoteStockUnavailable,
    RejectClaim,
    SettleAddressChange,
    ShipTo,
    Units,
    WithdrawClaim,
)
from orders.domain import CLAIM_TRANSITIONS, TRANSITIONS, CancelStatus, ClaimStatus, Decision, Status
from orders.domain.option_facts import OptionFact

_LINES = st.lists(
    st.builds(
        lambda quantity, price, cut, tax_free: (quantity, price, min(cut, price * quantity), tax_free),
        st.integers(1, 6),
        st.integers(0, 5000),
        st.integers(0, 3000),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)
_CHANGES = [ids.derived_id("change", str(number)) for number in range(3)]
_VERDICTS = ("approve", "paid", "paid", "waived", "reject", "withdraw", "pick up", "sold out")


class OrderWorld(MoneyWorld):
    """The world keeps its own books from the facts alone and compares them with the order."""

    @initialize(
        lines=_LINES,
        shipping=st.integers(0, 3000),
        enough=st.sampled_from([None, 0, 3000, 8000]),
        gifts=st.lists(st.booleans(), max_size=2),
    )
    def place(self, lines, shipping, enough, gifts):
        """A gift is for the first line, or for the whole order. Somebody pays something."""
        shipping = max(shipping, not any(quantity * price - cut for quantity, price, cut, _ in lines))
        items = [
            a_quote_line(f"SKU-{place}", quantity=quantity, unit_price=price, discount=cut, tax_free=tax_free)
            for place, (quantity, price, cut, tax_free) in enumerate(lines)
        ]
        given = [
            replace(a_quote_line(f"GIFT-{place}", unit_price=0), kind="gift", gift_of=(items[0].line_id,) * of_first)
            for place, of_first in enumerate(gifts)
        ]
        quote = a_quote(*items, *given, shipping=shipping, free_shipping_from=0 if shipping else enough)
        self.now = NOW
        self.order = domain.place(ids.new_id(), "1", quote, due_at=NOW + WINDOW, now=NOW).order
        self.worth = self.order.worth
        self.received: dict[tuple, int] = {}
        self.refunds: dict = {}
        self.reversed = False
        self.stopped: dict = {}
        self.came_back: dict = {}
        self.sent: dict = {}
        self.in_hand = {line.line_id: Counter({line.sku: line.quantity}) for line in self.order.lines}
        self.told: list = []
        self.dropped: set = set()
        self.done: set = set()
        self.charged: list = []
        self.asked: set = set()
        self.moved: dict = {}
        # Catalog's books: what is sold of each line by SKU, and what is held for an option.
        self.sold = {line.line_id: Counter({line.sku: line.quantity}) for line in self.order.lines}
        self.holds: dict = {}
        self.faulty_whole = False
        self.parcels = 0
        self.replaced: set = set()

    def decide(self, act) -> None:
        before = self.order
        try:
            decision: Decision = act()
        except DomainError:
            assert self.order == before
            return
        assert decision.order.status is before.status or decision.order.status in TRANSITIONS[before.status]
        for was, now in zip(before.claims, decision.order.claims, strict=False):
            assert now.status is was.status or now.status in CLAIM_TRANSITIONS[was.status]
        self.order = decision.order
        for fact in decision.facts:
            assert fact.story
            if fact.name == "order-refund-requested":
                assert fact.refund_id not in self.refunds, "a refund was asked for twice"
                self.refunds[fact.refund_id] = fact
            if fact.name == "order-cancelled":
                for units in fact.cancel.units:
                    self.stopped[units.line_id] = self.stopped.get(units.line_id, 0) + units.quantity
                    self.in_hand[units.line_id][units.sku] -= units.quantity
                    self.sold[units.line_id][units.sku] -= units.quantity
            if isinstance(fact, OptionFact):
                self.option(fact)
            if fact.name == "claim-completed":
                self.count(fact)
            if fact.name == "charge-settled":
                self.charged.append(fact)
        self.told.append(act)

    def count(self, fact) -> None:
        """What catalog does: whole units on the shelf again, replacements out of it for units that came."""
        for units in fact.claim.units:
            book = self.came_back if fact.claim.kind == "return" else self.sent
            book[units.line_id] = book.get(units.line_id, 0) + units.came
            self.in_hand[units.line_id][units.sku] -= units.came
            if fact.claim.kind == "exchange":
                self.in_hand[units.line_id][units.replacement_sku] += units.came
        if fact.claim.kind == "return" and fact.claim.fault == "seller":
            self.faulty_whole |= not any(line.kept for line in self.order.lines)

    def option(self, fact) -> None:
        """What catalog does: a hold, and then one way or the other it is none any more."""
        change = fact.change
        if fact.name == "order-option-change-requested":
            assert change.change_id not in self.holds, "an option was asked for twice"
            self.holds[change.change_id] = change.quantity
            return
        assert self.holds.pop(change.change_id) == change.quantity
        if fact.name == "order-option-changed":
            for book in (self.in_hand, self.sold):
                book[change.line_id][change.sku] -= change.quantity
                book[change.line_id][change.new_sku] += change.quantity

    @rule(minutes=st.integers(1, 60 * 24 * 3))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule()
    def clock_expires(self):
        now = self.now
        self.decide(lambda: domain.expire(self.order, expires(self.order), now))

    @rule(data=st.data())
    def customer_cancels(self, data):
        picked = data.draw(st.lists(st.sampled_from(self.order.lines), unique_by=lambda line: line.line_id))
        lines = tuple((line.line_id, data.draw(st.integers(1, line.quantity))) for line in picked)
        command, now = cancels(self.order, *lines), self.now
        assert command.lines == tuple(Units(*line) for line in lines)
        self.decide(lambda: domain.request_cancel(self.order, command, now))

    @precondition(lambda self: self.order.cancel_open)
    @rule(data=st.data(), accepted=st.booleans())
    def centre_answers(self, data, accepted):
        waiting = [cancel for cancel in self.order.cancels if cancel.status is CancelStatus.REQUESTED]
        cancel_id, now = data.draw(st.sampled_from(waiting)).cancel_id, self.now
        self.decide(lambda: domain.settle_cancel(self.order, settles(self.order, cancel_id, accepted=accepted), now))

    @rule()
    def stock_is_missing(self):
        now = self.now
        command = NoteStockUnavailable(self.order.order_id, ("SKU-0",))
        self.decide(lambda: domain.note_stock_unavailable(self.order, command, now))

    @rule(step=st.sampled_from(["accepted", "shipped", "delivered"]))
    def goods_move(self, step):
        news = ships(self.order, step, shipped=step != "accepted", delivered=step == "delivered")
        self.decide(lambda: domain.note_shipment(self.order, news))

    @precondition(lambda self: self.order.status in {Status.PAID, Status.PREPARING, Status.SHIPPED})
    @rule(data=st.data())
    def a_parcel_arrives_before_the_others(self, data):
        line = data.draw(st.sampled_from(self.order.lines))
        left = line.quantity - line.cancelled - line.cancelling
        left -= domain.units_of(self.order.parcels, line.line_id, delivered=True)
        if left > 0:
            self.parcel((Units(line.line_id, data.draw(st.integers(1, left))),))

    @precondition(lambda self: self.order.claims)
    @rule(data=st.data())
    def a_replacement_arrives(self, data):
        claim = data.draw(st.sampled_from(self.order.claims))
        sent = tuple(Units(units.line_id, units.came) for units in claim.units)
        if claim.kind == "exchange" and claim.status is ClaimStatus.COMPLETED and claim.claim_id not in self.replaced:
            self.replaced.add(claim.claim_id)
            self.parcel(sent, claim.claim_id)

    def parcel(self, lines, claim_id=None):
        self.parcels += 1
        name = ids.derived_id("parcel", str(self.parcels))
        news = replace(ships(self.order, "delivered"), shipment_id=name, lines=lines, claim_id=claim_id)
        news = replace(news, occurred_at=self.now)
        self.decide(lambda: domain.note_shipment(self.order, news))

    @rule()
    def clock_completes(self):
        now = self.now
        self.decide(lambda: domain.complete(self.order, completes(self.order), now))

    @rule()
    def customer_confirms(self):
        now = self.now
        self.decide(lambda: domain.confirm_purchase(self.order, ConfirmPurchase(self.order.order_id, "customer"), now))

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

    @rule(
        change=st.sampled_from(_CHANGES),
        costs=st.sampled_from([0, 3000, 5000]),
        paid_by=st.sampled_from([None, "bank_transfer", "waived"]),
    )
    def customer_moves(self, change, costs, paid_by):
        now, pending = self.now, frozenset(self.asked - self.moved.keys())
        ship_to = ShipTo("", "", "63122", "", None, "", None)
        command = ChangeAddress(
            self.order.order_id, change, "staff:1", ship_to,
            surcharge=costs, surcharge_paid_by=paid_by, pending=pending,
        )  # fmt: skip
        if change in self.asked:
            return  # a change has a name of its own
        told = len(self.told)
        self.decide(lambda: domain.change_address(self.order, command, now))
        if len(self.told) > told:
            self.asked.add(change)
            self.told.pop()  # the customer's door remembers its answers

    @rule(change=st.sampled_from(_CHANGES), accepted=st.booleans())
    def centre_answers_the_move(self, change, accepted):
        now = self.now
        if change not in self.asked or self.moved.setdefault(change, accepted) is not accepted:
            return
        command = SettleAddressChange(self.order.order_id, change, accepted)
        self.decide(lambda: domain.settle_address_change(self.order, command, now))

    @rule(data=st.data(), other=st.sampled_from(["A", "B"]))
    def customer_wants_another_option(self, data, other):
        line, now = data.draw(st.sampled_from(self.order.lines)), self.now
        command = chooses(self.order, line, f"{line.line_id}-{other}")
        self.decide(lambda: domain.change_option(self.order, command, now))

    @precondition(lambda self: self.order.option_changes)
    @rule(data=st.data(), accepted=st.booleans())
    def centre_answers_the_option(self, data, accepted):
        change, now = data.draw(st.sampled_from(self.order.option_changes)), self.now
        command = decides(self.order, change.change_id, accepted=accepted)
        self.decide(lambda: domain.settle_option_change(self.order, command, now))

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

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def old_news_comes_again(self, data):
        """Redelivered in a new message: nothing but the story may change, and nobody is told anything that costs."""
        act = data.draw(st.sampled_from(self.told))
        before, refunds = self.order, dict(self.refunds)
        told = list(self.told)
        try:
            after = act().order
        except DomainError:
            return
        if after != before:  # it was not old news for the order as it stands now: let it count as new
            self.decide(act)
        self.told = told
        assert set(refunds) <= set(self.refunds)
