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
    completes,
    decides,
    expires,
    settles,
    ships,
)
from services.orders.tests.world_claims import ClaimWorld
from services.orders.tests.world_money import PAYMENTS

from common import ids
from common.errors import DomainError
from orders import domain
from orders.commands import (
    ChangeAddress,
    ConfirmPurchase,
    NoteStockUnavailable,
    SettleAddressChange,
    ShipTo,
    Units,
)
from orders.domain import CLAIM_TRANSITIONS, TRANSITIONS, CancelStatus, Decision, Status
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


class OrderWorld(ClaimWorld):
    """The world keeps its own books from the facts alone and compares them with the order."""

    @initialize(
        lines=_LINES,
        shipping=st.integers(0, 3000),
        enough=st.sampled_from([None, 0, 3000, 8000]),
        gifts=st.lists(st.booleans(), max_size=2),
        start=st.sampled_from(["placed", "paid", "delivered", "exchanged", "stopping"]),
    )
    def place(self, lines, shipping, enough, gifts, start):
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
        self.faulty_whole, self.last_went = False, False
        self.parcels = 0
        self.replaced: set = set()
        self.stops: set = set()
        self.head_start(start)

    def head_start(self, start) -> None:
        """What comes late in an order is as likely as what comes early."""
        if start != "placed":
            self.money_comes(payment=PAYMENTS[0], off=0)
        if start in {"delivered", "exchanged", "stopping"}:
            self.goods_move(step="delivered")
        if start in {"exchanged", "stopping"}:
            self.exchange_all()
        if start == "stopping":
            self.give_up(self.order.claims[0], 0)

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
            self.note(fact)
        self.told.append(act)

    def note(self, fact) -> None:
        """In the books of whom it concerns."""
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
        if fact.name == "replacement-stopped":
            self.not_sent(fact)
        if fact.name == "charge-settled":
            self.charged.append(fact)

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

    @rule()
    def clock_completes(self):
        now = self.now
        self.decide(lambda: domain.complete(self.order, completes(self.order), now))

    @rule()
    def customer_confirms(self):
        now = self.now
        self.decide(lambda: domain.confirm_purchase(self.order, ConfirmPurchase(self.order.order_id, "customer"), now))

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
