"""Whatever happens to an order and in whatever order it is told: no won and no unit is made or lost."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant
from services.orders.tests.world import OrderWorld

from orders import domain
from orders.domain import Amounts, CancelStatus, ClaimStatus, Status


def nothing_sent(claim) -> bool:
    """An exchange whose units that came were all paid back in the end."""
    came = sum(units.came for units in claim.units)
    return came > 0 and came == sum(units.stopped for units in claim.units)


class OrderMachine(OrderWorld):
    """Compares the world's books with the order after every step."""

    @invariant()
    def no_unit_is_made_or_lost(self):
        for line in self.order.lines:
            parts = (line.cancelled, line.cancelling, line.claiming, line.returned, line.open)
            assert min(parts) >= 0
            assert sum(parts) == line.quantity
            assert line.cancelled == self.stopped.get(line.line_id, 0)
            assert line.returned == self.came_back.get(line.line_id, 0)
            claimed = sum(
                units.quantity if claim.is_open else units.stopping
                for claim in self.order.claims
                for units in claim.units
                if units.line_id == line.line_id
            )
            assert line.claiming == claimed
            waiting = sum(
                units.quantity
                for cancel in self.order.cancels
                if cancel.status is CancelStatus.REQUESTED
                for units in cancel.units
                if units.line_id == line.line_id
            )
            assert line.cancelling == waiting

    @invariant()
    def the_customer_can_claim_what_is_in_their_hands_and_nothing_else(self):
        """By variant: what they have is what they may claim, and what waits for an answer."""
        for line in self.order.lines:
            waiting = Counter({line.sku: line.cancelling})
            for claim in self.order.claims:
                for units in claim.units:
                    if units.line_id == line.line_id:
                        waiting += Counter({units.sku: units.quantity * claim.is_open})
                        waiting += Counter({units.instead: units.stopping})
            free = domain.held(line, self.order.claims)
            assert sum(free.values()) == line.open
            assert +self.in_hand[line.line_id] == Counter(free) + waiting
            by_parcel = Counter()
            for lot in domain.lots(self.order, line):
                by_parcel[lot.sku] += lot.count
            assert +by_parcel == Counter(free)

    @invariant()
    def what_is_sold_of_each_variant_is_what_the_order_keeps(self):
        """Catalog hears of cancels and options only: of no variant more is given back than was sold."""
        for line in self.order.lines:
            assert +self.sold[line.line_id] == +Counter({line.sku: line.quantity - line.cancelled})
            assert min(self.sold[line.line_id].values()) >= 0

    @invariant()
    def units_are_held_for_an_option_while_its_answer_is_awaited_and_no_longer(self):
        awaited = {change.change_id: change for change in self.order.option_changes if change.is_open}
        assert self.holds == {change_id: change.quantity for change_id, change in awaited.items()}
        assert len({change.line_id for change in awaited.values()}) == len(awaited)
        for change in awaited.values():
            line = self.order.line(change.line_id)
            assert (line.sku, line.kept) == (change.sku, change.quantity)
            assert line.cancelling in (0, line.kept)

    @invariant()
    def every_won_belongs_to_goods_or_goes_back(self):
        order = self.order
        kept = Amounts.total(
            Amounts(line.amount, line.vat_amount, line.tax_free_amount) for line in order.lines
        ) + Amounts(order.shipping_amount, order.shipping_vat_amount)
        assert kept == self.worth
        accepted = [cancel for cancel in order.cancels if cancel.status is CancelStatus.ACCEPTED]
        gone = Amounts.total(cancel.worth for cancel in accepted)
        left = Amounts.total(line.worth(line.kept) for line in order.lines)
        gone += Amounts.total(units.worth for claim in order.claims for units in claim.units)
        shipping = (
            Amounts() if order.status is Status.CANCELLED else Amounts(order.shipping_amount, order.shipping_vat_amount)
        )
        assert gone + left + shipping == self.worth

    @invariant()
    def nobody_keeps_a_gift_of_a_cancelled_order_and_none_is_worth_a_won(self):
        for line in self.order.lines:
            if line.is_gift:
                assert line.worth(line.kept) == Amounts()
                assert line.kept == 0 or self.order.status is not Status.CANCELLED

    @invariant()
    def refunds_are_exactly_what_is_owed(self):
        order = self.order
        unwanted = {known.refund_id: known.amount for known in order.unwanted}
        for refund_id, amount in unwanted.items():
            assert self.refunds[refund_id].worth.amount == amount
        of_order = self.refunds_of_order.values()
        assert order.refunded_amount == sum(self.refunds[done].worth.amount for done in self.done)
        back = Amounts.total(fact.worth for fact in of_order)
        assert back.amount == order.requested_refunds
        paid = order.payment.amount if order.payment else 0
        assert back.amount <= paid
        if order.payment is not None and not self.reversed:
            cancelled = Amounts.total(
                cancel.worth for cancel in order.cancels if cancel.status is CancelStatus.ACCEPTED
            )
            returned = Amounts.total(claim.worth for claim in order.claims)
            assert back == cancelled + returned, "what is due goes back whole, with its tax parts"
        if order.status is Status.CANCELLED and order.payment is not None and not self.reversed:
            assert back == self.worth

    @invariant()
    def a_return_gives_back_the_goods_less_its_fees(self):
        for claim in self.order.claims:
            if claim.status is not ClaimStatus.COMPLETED:
                assert claim.worth == Amounts()
                continue
            goods = sum(units.worth.amount for units in claim.units)
            if claim.kind == "exchange":
                assert claim.worth.amount == goods + claim.shipping_amount, "its fee was paid apart"
                stopped = claim.stop is not None and claim.stop.status == "accepted"
                assert stopped or claim.worth == Amounts()
                assert stopped == any(units.stopped for units in claim.units)
                assert claim.is_stopping == any(units.stopping for units in claim.units)
                continue
            assert claim.worth.amount == goods + claim.shipping_amount - claim.fee_amount
            assert claim.fee_amount <= goods
            assert claim.fee_amount == 0 or claim.fault == "customer"
            assert claim.worth.vat >= 0
            assert 0 <= claim.worth.tax_free <= claim.worth.amount - claim.worth.vat
        assert sum(claim.outbound_fee_amount > 0 for claim in self.order.claims) <= 1
        with_shipping = [claim for claim in self.order.claims if claim.shipping_amount]
        assert len(with_shipping) <= 1
        if self.last_went and self.faulty_whole and self.order.shipping_amount:
            assert with_shipping, "the last unit was not the customer's fault"

    @invariant()
    def an_order_is_returned_when_nothing_that_was_bought_is_left_of_what_arrived(self):
        arrived = self.order.status in {Status.DELIVERED, Status.COMPLETED, Status.RETURNED}
        gone = all(line.cancelled + line.returned == line.quantity for line in self.order.lines if not line.is_gift)
        assert (self.order.status is Status.RETURNED) == (arrived and gone)

    @invariant()
    def what_was_paid_apart_is_for_something_or_owed_back(self):
        """Every won that came to the mall's own account belongs to an exchange or a move that is not off."""
        charges = self.order.charges
        came = [(fact.subject, 0 if fact.paid_by == "waived" else fact.amount) for fact in self.charged]
        assert came == [(charge.subject, charge.amount) for charge in charges]
        by_id = {claim.claim_id: claim for claim in self.order.claims}
        for charge in charges:
            claim = by_id.get(charge.subject)
            if claim is None:
                over = self.order.status is Status.CANCELLED or self.faulty_whole
                off = self.moved.get(charge.subject) is False or over
            else:
                ended = claim.status in {ClaimStatus.REJECTED, ClaimStatus.WITHDRAWN}
                off = claim.kind == "return" or ended or nothing_sent(claim)
                assert claim.return_fee_amount == (charge.amount if not off else claim.return_fee_amount)
            assert (charge.status != "kept") == (off and charge.amount > 0)

    @invariant()
    def far_places_cost_what_the_farthest_costs(self):
        assert (
            sum(each.amount for each in self.order.charges if (each.what, each.status) == ("surcharge", "kept")) <= 5000
        )

    @invariant()
    def an_exchange_that_costs_something_was_paid_for(self):
        for claim in self.order.claims:
            if claim.kind == "exchange" and claim.was_approved and claim.fault == "customer":
                assert claim.claim_id in {charge.subject for charge in self.order.charges}

    @invariant()
    def every_payment_received_has_one_owner(self):
        own = {self.order.payment.payment_id} if self.order.payment else set()
        sent_back = [known.payment_id for known in self.order.unwanted if known.reversed_at is None]
        assert len(sent_back) == len(set(sent_back))
        assert {payment for payment, _ in self.received} == own | set(sent_back)
        assert not own & set(sent_back)


# What it finds it makes small, which takes minutes.
TestOrderMachine = pytest.mark.timeout(400)(OrderMachine.TestCase)
TestOrderMachine.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
