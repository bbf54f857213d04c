from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.orders.tests.builders import NOW, a_quote, a_quote_line, an_order, cancels, settles

from common import ids
from orders import domain, errors
from orders.commands import NoteStockUnavailable
from orders.domain import Amounts, CancelStatus, Status
from orders.domain.amounts import share


def cancel_now(order, *lines):
    """Asked and accepted."""
    cancel_id = ids.new_id()
    order = domain.request_cancel(order, cancels(order, *lines, cancel_id=cancel_id), NOW).order
    return domain.settle_cancel(order, settles(order, cancel_id), NOW)


def refund_of(decision):
    return next((fact for fact in decision.facts if fact.name == "order-refund-requested"), None)


class TestShares:
    @given(total=st.integers(0, 10**12), units=st.integers(1, 9999), data=st.data())
    def test_neighbouring_shares_add_up(self, total, units, data):
        cuts = sorted(data.draw(st.lists(st.integers(0, units), max_size=6)))
        edges = [0, *cuts, units]
        shares = [share(total, units, first, last - first) for first, last in pairwise(edges)]
        assert sum(shares) == total
        assert all(part >= 0 for part in shares)

    @given(total=st.integers(0, 10**9), units=st.integers(1, 500))
    def test_no_unit_costs_more_than_one_minor_unit_over_another(self, total, units):
        each = [share(total, units, unit, 1) for unit in range(units)]
        assert max(each) - min(each) <= 1


class TestMoney:
    @pytest.mark.parametrize(("price", "discount", "quantity"), [(1000, 1, 3), (333, 100, 7), (12900, 0, 2), (1, 0, 5)])
    def test_unit_by_unit_gives_back_exactly_the_line(self, price, discount, quantity):
        quote = a_quote(a_quote_line("A", quantity=quantity, unit_price=price, discount=discount), a_quote_line("B"))
        order = an_order(Status.PAID, quote)
        line = order.lines[0]
        back = Amounts()
        for _ in range(quantity):
            decision = cancel_now(order, (line.line_id, 1))
            back += refund_of(decision).worth
            order = decision.order
        assert back == Amounts(line.amount, line.vat_amount, line.tax_free_amount)
        assert order.status is Status.PAID

    def test_tax_free_lines_give_back_tax_free_money(self):
        quote = a_quote(a_quote_line("APPLE", quantity=3, unit_price=3333, tax_free=True), a_quote_line("B"))
        order = an_order(Status.PAID, quote)
        worth = refund_of(cancel_now(order, (order.lines[0].line_id, 2))).worth
        assert worth == Amounts(6666, 0, 6666)

    def test_shipping_stays_paid_until_nothing_is_left(self):
        order = an_order(Status.PAID)
        first, second = order.lines
        part = cancel_now(order, (first.line_id, 1))
        assert refund_of(part).worth.amount == first.amount
        rest = cancel_now(part.order, (second.line_id, 3))
        assert refund_of(rest).worth.amount == second.amount + order.shipping_amount
        assert rest.order.status is Status.CANCELLED
        assert rest.order.requested_refunds == order.total_amount

    def test_a_whole_cancel_gives_back_everything_with_its_tax_parts(self):
        order = an_order(Status.PAID)
        assert refund_of(cancel_now(order)).worth == order.worth

    def test_what_was_told_when_asking_is_what_goes_back(self):
        order = an_order(Status.PAID, a_quote(a_quote_line("A", quantity=3, unit_price=1000, discount=1)))
        line_id = order.lines[0].line_id
        asked = [domain.request_cancel(order, cancels(order, (line_id, 1)), NOW)]
        asked.append(domain.request_cancel(asked[0].order, cancels(order, (line_id, 2)), NOW))
        order = asked[1].order
        for cancel in order.cancels:
            settled = domain.settle_cancel(order, settles(order, cancel.cancel_id), NOW)
            assert settled.facts[0].cancel.units == cancel.units
            order = settled.order

    def test_a_refusal_does_not_lose_the_odd_won(self):
        """The first cancel was told the odd won; it is refused, so the next one gets it."""
        order = an_order(Status.PAID, a_quote(a_quote_line("A", quantity=3, unit_price=1000, discount=2), shipping=0))
        line_id = order.lines[0].line_id
        first = domain.request_cancel(order, cancels(order, (line_id, 1)), NOW).order
        both = domain.request_cancel(first, cancels(order, (line_id, 2)), NOW).order
        refused, taken = both.cancels
        order = domain.settle_cancel(both, settles(both, refused.cancel_id, accepted=False), NOW).order
        order = domain.settle_cancel(order, settles(order, taken.cancel_id), NOW).order
        last = cancel_now(order, (line_id, 1)).order
        assert last.requested_refunds == 2998

    def test_a_free_line_asks_for_no_refund(self):
        order = an_order(Status.PAID, a_quote(a_quote_line("GIFT", unit_price=500, discount=500), a_quote_line("B")))
        decision = cancel_now(order, (order.lines[0].line_id, 1))
        assert [fact.name for fact in decision.facts] == ["order-cancelled"]


class TestRequest:
    def test_units_being_cancelled_cannot_be_cancelled_again(self):
        order = an_order(Status.PAID)
        line_id = order.lines[1].line_id
        order = domain.request_cancel(order, cancels(order, (line_id, 2)), NOW).order
        with pytest.raises(errors.QuantityExceedsOpen) as refused:
            domain.request_cancel(order, cancels(order, (line_id, 2)), NOW)
        assert refused.value.fields["open"] == 1

    def test_a_whole_cancel_takes_what_is_left_open(self):
        order = an_order(Status.PAID)
        first, second = order.lines
        order = domain.request_cancel(order, cancels(order, (second.line_id, 2)), NOW).order
        decision = domain.request_cancel(order, cancels(order), NOW)
        units = decision.order.cancels[1].units
        assert [(one.line_id, one.quantity) for one in units] == [(first.line_id, 1), (second.line_id, 1)]
        assert decision.facts[0].whole is False
        with pytest.raises(errors.CancelInProgress):
            domain.request_cancel(decision.order, cancels(order), NOW)

    def test_only_a_cancel_of_everything_is_whole(self):
        order = an_order(Status.PAID)
        lines = [(line.line_id, line.quantity) for line in order.lines]
        assert domain.request_cancel(order, cancels(order), NOW).facts[0].whole
        assert domain.request_cancel(order, cancels(order, *lines), NOW).facts[0].whole
        assert not domain.request_cancel(order, cancels(order, lines[0]), NOW).facts[0].whole

    @pytest.mark.parametrize(
        ("lines", "refusal"),
        [
            (lambda order: [(ids.new_id(), 1)], errors.LineUnknown),
            (lambda order: [(order.lines[0].line_id, 1)] * 2, errors.LineRepeated),
            (lambda order: [(order.lines[0].line_id, 2)], errors.QuantityExceedsOpen),
            (lambda order: [(order.lines[0].line_id, 0)], errors.QuantityExceedsOpen),
            (lambda order: [(order.lines[0].line_id, -1)], errors.QuantityExceedsOpen),
        ],
    )
    def test_lines_that_make_no_sense_are_refused(self, lines, refusal):
        order = an_order(Status.PAID)
        with pytest.raises(refusal):
            domain.request_cancel(order, cancels(order, *lines(order)), NOW)

    def test_an_unpaid_order_named_line_by_line_is_whole_too(self):
        order = an_order()
        lines = [(line.line_id, line.quantity) for line in order.lines]
        cancelled = domain.request_cancel(order, cancels(order, *lines), NOW)
        assert cancelled.order.status is Status.CANCELLED
        assert [fact.name for fact in cancelled.facts] == ["order-cancelled"]

    def test_repeated_changes_nothing(self):
        order = an_order(Status.PAID)
        command = cancels(order)
        asked = domain.request_cancel(order, command, NOW).order
        assert domain.request_cancel(asked, command, NOW) == domain.Decision(asked)


class TestSettle:
    def test_told_twice_changes_nothing(self):
        order = an_order(Status.PAID)
        settled = cancel_now(order, (order.lines[0].line_id, 1)).order
        again = domain.settle_cancel(settled, settles(order, settled.cancels[0].cancel_id), NOW)
        assert again == domain.Decision(settled)

    def test_an_answer_is_final(self):
        order = an_order(Status.PAID)
        settled = cancel_now(order, (order.lines[0].line_id, 1)).order
        with pytest.raises(errors.CancelAlreadySettled):
            domain.settle_cancel(settled, settles(order, settled.cancels[0].cancel_id, accepted=False), NOW)

    def test_a_refused_cancel_gives_its_units_back_to_the_order(self):
        order = an_order(Status.PAID)
        asked = domain.request_cancel(order, cancels(order), NOW).order
        refused = domain.settle_cancel(
            asked, settles(order, asked.cancels[0].cancel_id, accepted=False, reason="packed"), NOW
        )
        assert refused.order.lines == order.lines
        assert refused.order.cancels[0].status is CancelStatus.REFUSED
        assert "packed" in refused.facts[0].story


class TestStockUnavailable:
    def test_an_unpaid_order_is_given_up(self):
        order = an_order()
        decision = domain.note_stock_unavailable(order, NoteStockUnavailable(order.order_id, ("A",)), NOW)
        assert [fact.name for fact in decision.facts] == ["stock-unavailable", "order-cancelled"]
        assert decision.order.cancels[0].reason == "stock_unavailable"

    def test_a_paid_order_is_cancelled_as_any_other_and_refunded(self):
        order = an_order(Status.PAID)
        command = NoteStockUnavailable(order.order_id, ("A",))
        asked = domain.note_stock_unavailable(order, command, NOW).order
        assert domain.note_stock_unavailable(asked, command, NOW) == domain.Decision(asked)
        settled = domain.settle_cancel(asked, settles(order, asked.cancels[0].cancel_id), NOW)
        assert refund_of(settled).worth == order.worth

    def test_after_the_goods_left_it_is_only_told(self):
        order = an_order(Status.SHIPPED)
        decision = domain.note_stock_unavailable(order, NoteStockUnavailable(order.order_id, ("A",)), NOW)
        assert decision.order == order
        assert decision.facts[0].too_late

    def test_a_line_whose_cancel_is_refused_later_has_no_stock_either_and_is_stopped_too(self):
        order = an_order(Status.PAID)
        line = cancels(order, (order.lines[1].line_id, 2))
        order = domain.request_cancel(order, line, NOW).order
        order = domain.note_stock_unavailable(order, NoteStockUnavailable(order.order_id, ("A",)), NOW).order
        refused = domain.settle_cancel(order, settles(order, line.cancel_id, accepted=False), NOW)
        assert not any(each.open for each in refused.order.lines), "every unit is being stopped"
        asked = refused.order.cancels[-1]
        assert (asked.reason, asked.units[0].quantity) == ("stock_unavailable", 2)
        again = domain.settle_cancel(refused.order, settles(order, asked.cancel_id, accepted=False), NOW)
        assert len(again.order.cancels) == len(refused.order.cancels), "what is asked by force is not asked again"
