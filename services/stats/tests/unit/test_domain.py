from datetime import date, datetime, timedelta

import pytest
from services.stats.tests.builders import NOW, a_line, a_purchase, seoul

from common.clock import SEOUL
from contracts.orders import CancelledLine
from stats import events
from stats.domain.facts import facts_of
from stats.domain.figures import Comparison, OrderSummary
from stats.domain.periods import MOST_DAYS, By, reportable_day, span
from stats.errors import FactUnusable, RangeInvalid, RangeTooLong

LATER = NOW + timedelta(days=3)


def facts(event):
    return facts_of(events.to_command(event))


class TestFactsOf:
    def test_a_placed_order_is_no_sale(self):
        found = facts(a_purchase().placed())
        assert [(fact.kind, fact.total_amount, fact.at) for fact in found.orders] == [("placed", 15900, NOW)]
        assert (found.lines, found.refunds) == ((), ())

    def test_a_sale_is_booked_when_its_order_was_paid(self):
        purchase = a_purchase(a_line(quantity=2, amount=20000), a_line("MILK-1", amount=500, category_ids=()))
        found = facts(purchase.paid(at=LATER))
        assert [
            (line.kind, line.sku, line.quantity, line.amount, line.category_id, line.at) for line in found.lines
        ] == [
            ("sale", "GR-500", 2, 20000, "granola", LATER),
            ("sale", "MILK-1", 1, 500, None, LATER),
        ]
        (order,) = found.orders
        assert (order.kind, order.goods_amount, order.shipping_amount, order.total_amount) == (
            "paid",
            20500,
            3000,
            23500,
        )

    def test_a_cancel_after_payment_is_booked_when_it_happened(self):
        line = a_line(quantity=3, amount=30000)
        purchase = a_purchase(line)
        found = facts(purchase.cancelled(LATER, (line, 1, 10000)))
        assert [(each.kind, each.quantity, each.amount, each.at) for each in found.lines] == [
            ("cancel", 1, 10000, LATER)
        ]
        assert [(each.whole, each.total_amount) for each in found.orders] == [(False, 10000)]

    def test_a_cancel_before_payment_takes_no_sale_back(self):
        found = facts(a_purchase().cancelled(LATER, was_paid=False, refund_amount=0))
        assert found.lines == ()
        assert [(each.kind, each.whole, each.was_paid) for each in found.orders] == [("cancelled", True, False)]

    def test_another_option_is_two_rows_that_are_no_sale_and_no_cancel(self):
        line = a_line(quantity=3, amount=30000)
        found = facts(a_purchase(line).changed(LATER, line, "GR-300", 2))
        assert [
            (each.kind, each.sku, each.variant_name, each.quantity, each.amount, each.at) for each in found.lines
        ] == [
            ("changed_from", "GR-500", "500g", 2, 20000, LATER),
            ("changed_to", "GR-300", "다른", 2, 20000, LATER),
        ]
        assert (found.orders, found.refunds) == ((), ())

    def test_another_option_of_less_than_nothing_is_no_fact(self):
        line = a_line()
        with pytest.raises(FactUnusable):
            facts(a_purchase(line).changed(LATER, line, "GR-300").model_copy(update={"amount": -1}))

    @pytest.mark.parametrize(("kind", "lines", "total"), [("return", [(2, 20000)], 17000), ("exchange", [], 0)])
    def test_units_that_came_back_for_money_are_no_sale_any_more(self, kind, lines, total):
        line = a_line(quantity=3, amount=30000)
        purchase = a_purchase(line)
        found = facts(purchase.returned(LATER, line, (1, 1, 1), kind=kind))
        assert [(each.quantity, each.amount) for each in found.lines] == lines
        assert {each.kind for each in found.lines} <= {"cancel"}
        assert [(each.whole, each.total_amount, each.at) for each in found.orders] == [(False, total, LATER)]

    def test_what_an_exchange_brought_comes_back_as_what_was_sold(self):
        line = a_line(sku="GR-300")
        told = a_purchase(line).returned(LATER, line, (1, 0, 0), kind="return")
        swapped = told.lines[0].model_copy(update={"sku": "GR-CHOCO", "bought_sku": "GR-300"})
        (found,) = facts(told.model_copy(update={"lines": (swapped,)})).lines
        assert (found.kind, found.sku, found.quantity) == ("cancel", "GR-300", 1)

    def test_a_replacement_that_is_not_sent_comes_off_what_was_bought(self):
        line = a_line(sku="GR-300", quantity=3, amount=30000)
        told = a_purchase(line).stopped(LATER, line, "GR-CHOCO", 2, shipping_amount=3000, whole=True)
        found = facts(told)
        assert [(each.kind, each.fact_id, each.sku, each.quantity, each.amount, each.at) for each in found.lines] == [
            ("cancel", told.stop_id, "GR-300", 2, 20000, LATER)
        ]
        assert [(each.product_name, each.variant_name) for each in found.lines] == [(None, None)]
        assert [
            (each.kind, each.fact_id, each.whole, each.was_paid, each.shipping_amount, each.total_amount, each.at)
            for each in found.orders
        ] == [("cancelled", told.stop_id, False, True, 3000, 23000, LATER)]
        assert found.refunds == ()

    def test_a_completed_order_moves_no_money(self):
        found = facts(a_purchase().completed(LATER))
        assert [(each.kind, each.total_amount, each.at) for each in found.orders] == [("completed", 0, LATER)]

    def test_a_refund_is_booked_when_the_money_went_back(self):
        (refund,) = facts(a_purchase().refunded(15900, LATER)).refunds
        assert (refund.amount, refund.at) == (15900, LATER)

    def test_an_event_read_twice_says_the_same(self):
        paid = a_purchase().paid()
        assert facts(paid) == facts(type(paid).model_validate_json(paid.model_dump_json()))

    @pytest.mark.parametrize(
        "event",
        [
            lambda: a_purchase(a_line(amount=-1)).paid(),
            lambda: a_purchase(shipping=-1).paid(),
            lambda: a_purchase().paid(total_amount=15901),
            lambda: a_purchase().placed(total_amount=15899),
            lambda: a_purchase(*[a_line()] * 2).paid(),
        ],
        ids=["negative line", "negative shipping", "paid too much", "placed too little", "line twice"],
    )
    def test_what_cannot_be_true_is_refused(self, event):
        with pytest.raises(FactUnusable):
            facts(event())

    def test_a_line_cancelled_twice_in_one_event_is_refused(self):
        line = a_line(quantity=2)
        event = a_purchase(line).cancelled(LATER, (line, 1, 1), (line, 1, 1))
        assert all(isinstance(each, CancelledLine) for each in event.lines)
        with pytest.raises(FactUnusable):
            facts(event)


class TestSpan:
    def test_days_are_seouls_and_the_last_is_included(self):
        found = span("2026-11-01", "2026-11-02", NOW, 31)
        assert (found.start, found.end) == (seoul("2026-11-01 00:00"), seoul("2026-11-03 00:00"))

    def test_moments_are_exact_and_the_last_is_not_included(self):
        found = span("2026-11-01T00:30:00Z", "2026-11-01T10:00:00+09:00", NOW, 31)
        assert (found.start, found.end) == (seoul("2026-11-01 09:30"), seoul("2026-11-01 10:00"))

    def test_without_bounds_thirty_days_through_today(self):
        found = span(None, None, NOW, 31)
        assert (found.start, found.end) == (seoul("2026-10-24 00:00"), seoul("2026-11-23 00:00"))

    def test_just_before_midnight_utc_today_is_seouls_tomorrow(self):
        assert span(None, None, seoul("2026-11-23 00:00"), 31).end == seoul("2026-11-24 00:00")

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            ("2026-11-02", "2026-11-01"),
            ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
            ("yesterday", "2026-11-01"),
            ("2026-11-31", None),
            ("2026-11-01T00:00:00", None),
            ("2026-11-01T00:00:00 09:00", None),
            ("0001-01-01", "0001-01-02"),
            (None, "0001-01-01"),
            ("9999-12-31", "9999-12-31"),
            ("", None),
        ],
    )
    def test_refuses_what_is_no_span(self, start, end):
        with pytest.raises(RangeInvalid):
            span(start, end, NOW, 31)

    @pytest.mark.parametrize("by", By)
    def test_refuses_one_day_too_many(self, by):
        most = MOST_DAYS[by]
        last = date(2026, 11, 22)
        first = last - timedelta(days=most - 1)
        assert span(first.isoformat(), last.isoformat(), NOW, most).end == seoul("2026-11-23 00:00")
        with pytest.raises(RangeTooLong):
            span((first - timedelta(days=1)).isoformat(), last.isoformat(), NOW, most)


class TestReportableDay:
    @pytest.mark.parametrize(
        ("now", "day"),
        [
            ("2026-11-22 23:59", date(2026, 11, 21)),
            ("2026-11-23 00:14", date(2026, 11, 21)),
            ("2026-11-23 00:15", date(2026, 11, 22)),
        ],
    )
    def test_is_over_for_the_delay(self, now, day):
        assert reportable_day(seoul(now), timedelta(minutes=15)) == day


class TestConversion:
    def summary(self, placed: int, paid: int) -> OrderSummary:
        return OrderSummary(placed, 0, 0, 0, 0, paid, 0, 0, 0, 0, 0)

    def test_is_the_share_of_placed_orders_that_were_paid(self):
        assert self.summary(3, 2).conversion == 0.6667

    def test_of_nothing_is_nothing(self):
        assert self.summary(0, 0).conversion is None


class TestComparison:
    @pytest.mark.parametrize("which", ["missing", "extra", "different"])
    def test_any_difference_makes_it_unequal(self, which):
        assert Comparison(5).equal
        assert not Comparison(5, **{which: 1}).equal


def test_the_builders_noon_is_noon_in_seoul():
    assert NOW.astimezone(SEOUL) == datetime(2026, 11, 22, 12, tzinfo=SEOUL)
