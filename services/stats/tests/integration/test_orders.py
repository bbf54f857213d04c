from datetime import timedelta

import pytest
from services.stats.tests.builders import NOW, a_line, a_purchase, refusal, seoul

from common import ids
from common.testing import record_of

pytestmark = pytest.mark.integration

WEEK = {"from": "2026-11-16", "to": "2026-11-22"}


class TestOrderCounts:
    async def test_what_happened_to_orders(self, desk):
        bought, dropped, sent_back, partly = (a_purchase(a_line(quantity=2, amount=20000)) for _ in range(4))
        await desk.hears(*(each.placed() for each in (bought, dropped, sent_back, partly)))
        await desk.hears(*(each.paid() for each in (bought, sent_back, partly)))
        await desk.hears(
            dropped.cancelled(NOW, was_paid=False, refund_amount=0),
            sent_back.cancelled(NOW),
            partly.cancelled(NOW, (partly.lines[0], 1, 10000)),
            bought.completed(NOW),
            sent_back.refunded(23000, NOW),
            partly.refunded(10000, NOW),
        )
        found = (await desk.asks("orders", **WEEK)).json()
        counts = ("placed", "paid", "cancelled", "cancelled_after_payment", "completed", "paid_of_placed", "refunds")
        assert [found[name] for name in counts] == [4, 3, 2, 1, 1, 3, 2]
        assert found["conversion"] == 0.75
        amounts = ("placed_amount", "paid_amount", "cancelled_amount", "refunded_amount")
        assert [found[name]["amount"] for name in amounts] == [92000, 69000, 33000, 33000]

    async def test_conversion_looks_at_the_orders_placed_whenever_they_were_paid(self, desk):
        early, late = a_purchase(placed_at=seoul("2026-11-15 12:00")), a_purchase(placed_at=seoul("2026-11-22 12:00"))
        await desk.hears(early.placed(), early.paid(at=seoul("2026-11-16 12:00")))
        await desk.hears(late.placed(), late.paid(at=seoul("2026-11-23 12:00")))
        found = (await desk.asks("orders", **WEEK)).json()
        assert (found["placed"], found["paid"], found["paid_of_placed"], found["conversion"]) == (1, 1, 1, 1.0)

    async def test_one_mall_and_one_currency(self, desk):
        await desk.hears(
            a_purchase().paid(),
            a_purchase(mall_id="livestore").paid(),
            a_purchase(currency="USD").paid(),
        )
        assert (await desk.asks("orders", **WEEK)).json()["paid"] == 2
        assert (await desk.asks("orders", mall="livestore", **WEEK)).json()["paid"] == 1
        assert (await desk.asks("orders", currency="USD", **WEEK)).json()["paid"] == 1

    async def test_refuses_a_span_that_is_none(self, desk):
        assert refusal(await desk.asks("orders", **{"from": "soon"})) == (422, "stats.range_invalid")


class TestHeardEvents:
    async def test_counts_each_fact_once(self, desk):
        purchase = a_purchase()
        paid, event_id = purchase.paid(), ids.new_id()
        same_message = [record_of(paid, event_id=event_id, offset=offset) for offset in (0, 1)]
        same_fact = record_of(paid, offset=2)
        await desk.takes([*same_message, same_fact])
        await desk.hears(purchase.refunded(15900, NOW))
        found = (await desk.asks("events")).json()
        assert {item["type"]: item["handled"] for item in found["items"]} == {
            "order-placed": 0,
            "order-paid": 1,
            "order-cancelled": 0,
            "order-completed": 0,
            "order-option-changed": 0,
            "payment-refunded": 1,
        }
        assert (found["parked"], found["dead_letters"]) == (0, 0)
        assert (await desk.sales(**WEEK))["totals"]["gross_amount"]["amount"] == 12900

    async def test_a_cancel_heard_before_its_payment_comes_to_the_same(self, desk):
        purchase = a_purchase()
        await desk.hears(
            purchase.refunded(15900, NOW),
            purchase.cancelled(NOW + timedelta(hours=1)),
            purchase.paid(),
            purchase.placed(),
        )
        totals = (await desk.sales(**WEEK))["totals"]
        assert (totals["orders"], totals["gross_amount"]["amount"], totals["net_amount"]["amount"]) == (1, 12900, 0)

    async def test_an_event_that_cannot_be_true_is_a_dead_letter_with_its_reason(self, desk):
        wrong, right = a_purchase(), a_purchase()
        await desk.takes([record_of(wrong.paid(total_amount=1)), record_of(right.paid(), offset=1)])
        found = (await desk.asks("events")).json()
        assert found["dead_letters"] == 1
        assert (await desk.sales(**WEEK))["totals"]["orders"] == 1
        async with desk.database.read() as connection:
            reasons = await connection.exec_driver_sql("SELECT reason FROM dead_letters")
            assert reasons.scalars().all() == ["stats.fact_unusable"]
