from __future__ import annotations

from dataclasses import replace

import pytest
from services.orders.tests.builders import NOW, WINDOW, a_quote, a_quote_line

from common import ids
from common.money import Money
from orders import domain
from orders.domain import Status
from orders.errors import NothingToPay, PriceChanged, QuoteInconsistent


class TestPrice:
    @pytest.mark.parametrize("off", [-1, 1])
    def test_a_total_the_customer_was_not_shown_is_refused(self, off):
        quote = a_quote()
        with pytest.raises(PriceChanged) as refused:
            domain.check_price(quote, Money(quote.total_amount + off, "KRW"))
        assert refused.value.fields == {"total": {"amount": quote.total_amount, "currency": "KRW"}}

    def test_the_currency_belongs_to_the_price(self):
        quote = a_quote()
        with pytest.raises(PriceChanged):
            domain.check_price(quote, Money(quote.total_amount, "USD"))

    def test_the_right_total_or_none_at_all_will_do(self):
        quote = a_quote()
        domain.check_price(quote, Money(quote.total_amount, "KRW"))
        domain.check_price(quote, None)


class TestQuote:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"amount": 12901},
            {"unit_price": -1, "amount": -1},
            {"discount_amount": -100, "amount": 13000},
            {"quantity": 0, "amount": 0},
            {"vat_amount": 12000, "tax_free_amount": 1000},
            {"vat_amount": -1},
        ],
    )
    def test_a_line_that_does_not_add_up_is_not_ordered(self, wrong):
        quote = a_quote(replace(a_quote_line(), **wrong))
        quote = replace(quote, total_amount=sum(line.amount for line in quote.lines) + quote.shipping_amount)
        with pytest.raises(QuoteInconsistent):
            quote.check()

    @pytest.mark.parametrize(
        "wrong",
        [{"total_amount": 1}, {"shipping_amount": 0}, {"shipping_vat_amount": 3001}, {"shipping_vat_amount": -1}],
    )
    def test_parts_that_do_not_make_the_total_are_not_ordered(self, wrong):
        with pytest.raises(QuoteInconsistent):
            a_quote(**wrong).check()

    def test_no_lines_or_a_line_twice_is_not_ordered(self):
        line = a_quote_line()
        for lines in ((), (line, line)):
            quote = replace(a_quote(), lines=lines, total_amount=sum(one.amount for one in lines) + 3000)
            with pytest.raises(QuoteInconsistent):
                quote.check()

    def test_there_is_no_order_of_nothing(self):
        with pytest.raises(NothingToPay):
            a_quote(a_quote_line(unit_price=0), shipping=0).check()


class TestPlace:
    def test_owes_what_the_quote_says_until_it_is_due(self):
        quote = a_quote()
        decision = domain.place(ids.new_id(), "20261122-00000001", quote, due_at=NOW + WINDOW, now=NOW)
        order = decision.order
        assert (order.status, order.payment_due_at) == (Status.PENDING_PAYMENT, NOW + WINDOW)
        assert order.worth.amount == order.total_amount == quote.total_amount
        assert [fact.name for fact in decision.facts] == ["order-placed"]
