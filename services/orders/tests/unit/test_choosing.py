"""Another option for a line: who may ask, what the answer does, and cancels that come in between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from services.orders.tests.builders import (
    DAY,
    NOW,
    a_quote,
    a_quote_line,
    an_order,
    cancels,
    chooses,
    claims,
    decides,
    settles,
    ships,
)

from common import ids
from orders import domain, errors
from orders.commands import NoteDepositReversed, NoteShipment, NoteStockUnavailable, Units
from orders.domain import CancelStatus, OptionStatus, Order, Status

LATER = NOW.replace(hour=9)


def an_order_of_three(status: Status = Status.PAID) -> Order:
    """Three of RED, one of BAR and a gift."""
    gift = replace(a_quote_line("CUP", unit_price=0), kind="gift")
    return an_order(status, a_quote(a_quote_line("RED", quantity=3), a_quote_line("BAR"), gift))


def asked(order: Order, sku: str = "BLUE") -> tuple[Order, domain.OptionChange]:
    order = domain.change_option(order, chooses(order, sku=sku), NOW).order
    return order, order.option_changes[-1]


def answered(order: Order, change: domain.OptionChange, *, accepted: bool = True) -> domain.Decision:
    return domain.settle_option_change(order, decides(order, change.change_id, accepted=accepted), LATER)


def reversed_deposit(order: Order) -> domain.Decision:
    assert order.payment is not None
    command = NoteDepositReversed(order.order_id, order.payment.payment_id, LATER)
    return domain.note_deposit_reversed(order, command, LATER)


def without_stock(order: Order) -> domain.Decision:
    return domain.note_stock_unavailable(order, NoteStockUnavailable(order.order_id, ("RED",)), LATER)


def cancelled_line(order: Order) -> Order:
    command = cancels(order, (order.lines[0].line_id, 3))
    order = domain.request_cancel(order, command, NOW).order
    return domain.settle_cancel(order, settles(order, command.cancel_id), NOW).order


def partly_shipped(order: Order) -> Order:
    one = (Units(order.lines[1].line_id, 1),)
    news = NoteShipment(order.order_id, ids.new_id(), "shipped", False, False, NOW, lines=one)
    return domain.note_shipment(order, news).order


def with_a_cancel_refused_after_the_stock_was_gone(order: Order) -> Order:
    order = without_stock(order).order
    return domain.settle_cancel(order, settles(order, order.cancels[0].cancel_id, accepted=False), LATER).order


def with_a_reversed_deposit_that_the_centre_ships_all_the_same(order: Order) -> Order:
    order = reversed_deposit(order).order
    return domain.settle_cancel(order, settles(order, order.cancels[0].cancel_id, accepted=False), LATER).order


class TestRefusals:
    @pytest.mark.parametrize(
        ("made", "refusal"),
        [
            (lambda order: domain.request_cancel(order, cancels(order), NOW).order, errors.CancelInProgress),
            (
                lambda order: domain.request_cancel(order, cancels(order, (order.lines[0].line_id, 1)), NOW).order,
                errors.CancelInProgress,
            ),
            (cancelled_line, errors.LineCancelled),
            (partly_shipped, errors.AlreadyShipped),
            (lambda order: asked(order)[0], errors.OptionChangeOpen),
            (with_a_cancel_refused_after_the_stock_was_gone, errors.StockMissing),
            (with_a_reversed_deposit_that_the_centre_ships_all_the_same, errors.NotPaid),
        ],
    )
    def test_of_an_order_that_is_no_longer_free(self, made, refusal):
        order = made(an_order_of_three())
        with pytest.raises(refusal):
            domain.change_option(order, chooses(order, sku="GREEN"), NOW)

    def test_an_order_that_is_not_paid_is_placed_anew(self):
        order = an_order_of_three(Status.PENDING_PAYMENT)
        with pytest.raises(errors.NotPaid):
            domain.change_option(order, chooses(order), NOW)

    def test_a_gift_is_what_it_is(self):
        order = an_order_of_three()
        with pytest.raises(errors.OptionOfGift):
            domain.change_option(order, chooses(order, order.lines[2]), NOW)

    def test_what_it_is_already(self):
        order = an_order_of_three()
        with pytest.raises(errors.OptionSame):
            domain.change_option(order, chooses(order, sku="RED"), NOW)

    def test_a_line_of_another_order(self):
        order, other = an_order_of_three(), an_order_of_three()
        with pytest.raises(errors.LineUnknown):
            domain.change_option(order, chooses(order, other.lines[0]), NOW)

    @pytest.mark.parametrize("changes", [{"quantity": 2}, {"from_sku": "GREEN"}])
    def test_a_line_that_is_not_what_was_held_for(self, changes):
        order = an_order_of_three()
        with pytest.raises(errors.OptionChangedMeanwhile):
            domain.change_option(order, chooses(order, **changes), NOW)

    def test_a_cancel_of_another_line_is_no_obstacle(self):
        order = an_order_of_three()
        order = domain.request_cancel(order, cancels(order, (order.lines[1].line_id, 1)), NOW).order
        assert asked(order)[1].is_open


class TestAnswer:
    def test_until_it_comes_the_line_is_what_was_bought(self):
        order, change = asked(an_order_of_three())
        assert (order.lines[0].sku, change.quantity, change.status) == ("RED", 3, OptionStatus.REQUESTED)

    def test_accepted_the_line_is_the_new_variant_and_costs_the_same(self):
        before = an_order_of_three()
        order, change = asked(before)
        decision = answered(order, change)
        line = decision.order.lines[0]
        assert (line.sku, line.variant_name) == ("BLUE", "다른")
        assert decision.order.worth == before.worth
        (told,) = decision.facts
        assert (told.name, told.amount) == ("order-option-changed", before.lines[0].amount)
        assert "RED → BLUE" in told.story

    def test_refused_it_stays_and_may_be_asked_again(self):
        order, change = asked(an_order_of_three())
        decision = answered(order, change, accepted=False)
        assert decision.order.lines == order.lines
        assert [fact.name for fact in decision.facts] == ["order-option-change-refused"]
        assert asked(decision.order, "GREEN")[1].is_open

    def test_heard_again_or_of_another_change_it_means_nothing(self):
        order, change = asked(an_order_of_three())
        after = answered(order, change).order
        for accepted in (True, False):
            assert answered(after, change, accepted=accepted) == domain.Decision(after)
        stranger = domain.settle_option_change(after, decides(after, ids.new_id()), LATER)
        assert stranger == domain.Decision(after)

    def test_asked_again_under_its_name_it_is_the_same_change(self):
        order, change = asked(an_order_of_three())
        again = domain.change_option(order, chooses(order, sku="BLUE", change_id=change.change_id), NOW)
        assert again == domain.Decision(order)

    def test_only_what_is_kept_changes_and_what_was_cancelled_stays_what_it_was(self):
        order = an_order_of_three()
        first = cancels(order, (order.lines[0].line_id, 1))
        order = domain.request_cancel(order, first, NOW).order
        order = domain.settle_cancel(order, settles(order, first.cancel_id), NOW).order
        order, change = asked(order)
        assert change.quantity == 2
        order = answered(order, change).order
        assert order.cancels[0].units[0].sku == "RED"
        order = domain.request_cancel(order, cancels(order), LATER).order
        assert order.cancels[1].units[0].sku == "BLUE"


class TestCancelInBetween:
    @pytest.mark.parametrize("whole", [True, False])
    def test_a_customer_waits_for_the_answer(self, whole):
        order, _ = asked(an_order_of_three())
        lines = () if whole else ((order.lines[0].line_id, 1),)
        with pytest.raises(errors.OptionChangeOpen):
            domain.request_cancel(order, cancels(order, *lines), NOW)

    def test_what_came_before_the_answer_is_not_claimed_before_it(self):
        """Nobody knows which option is in the customer's hands."""
        order, change = asked(an_order_of_three())
        order = domain.note_shipment(order, ships(order, "delivered", shipped=True, delivered=True)).order
        with pytest.raises(errors.OptionChangeOpen):
            domain.request_claim(order, claims(order), NOW + DAY)
        order = answered(order, change).order
        assert domain.request_claim(order, claims(order), NOW + DAY).order.claims[0].units[0].sku == "BLUE"

    def test_the_other_lines_may_be_cancelled(self):
        order, change = asked(an_order_of_three())
        cancel = cancels(order, (order.lines[1].line_id, 1))
        order = domain.request_cancel(order, cancel, NOW).order
        order = domain.settle_cancel(order, settles(order, cancel.cancel_id), NOW).order
        assert answered(order, change).order.lines[0].sku == "BLUE"

    @pytest.mark.parametrize("forced", [reversed_deposit, without_stock])
    def test_a_forced_one_is_of_whatever_the_centre_packs_by_then(self, forced):
        """scm answers in the order in which it was asked."""
        order, change = asked(an_order_of_three())
        order = forced(order).order
        order = answered(order, change).order
        (cancel,) = order.cancels
        assert cancel.units[0].sku == "BLUE"
        over = domain.settle_cancel(order, settles(order, cancel.cancel_id), LATER)
        assert over.order.status is Status.CANCELLED
        told = next(fact for fact in over.facts if fact.name == "order-cancelled")
        assert told.cancel.units[0].sku == "BLUE"

    @pytest.mark.parametrize("forced", [reversed_deposit, without_stock])
    def test_a_forced_one_that_is_decided_first_overtakes_the_wish(self, forced):
        order, change = asked(an_order_of_three())
        order = forced(order).order
        over = domain.settle_cancel(order, settles(order, order.cancels[0].cancel_id), LATER)
        assert over.order.option_changes[0].status is OptionStatus.REFUSED
        assert [fact.name for fact in over.facts][:2] == ["order-option-change-refused", "order-cancelled"]
        late = answered(over.order, change)
        assert late == domain.Decision(over.order)

    def test_a_forced_one_that_is_refused_leaves_the_wish(self):
        order, change = asked(an_order_of_three())
        order = without_stock(order).order
        order = domain.settle_cancel(order, settles(order, order.cancels[0].cancel_id, accepted=False), LATER).order
        assert order.cancels[0].status is CancelStatus.REFUSED
        assert answered(order, change).order.lines[0].sku == "BLUE"
