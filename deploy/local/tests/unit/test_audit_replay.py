"""The auditor works figures out by itself: of the same event it must make what stats makes of it."""

from dataclasses import astuple
from datetime import UTC, datetime, timedelta, timezone

import pytest

from common import ids
from contracts.claims import ClaimCompleted, ReplacementStopped, SettledLine, StoppedLine
from contracts.orders import CancelledLine, OrderCancelled, OrderCompleted, OrderOptionChanged, OrderPaid, OrderPlaced
from contracts.payments import PaymentRefunded
from contracts.shared import OrderLine
from shop.audit.topics.telling import telling
from stats.domain.facts import facts_of
from stats.events import HEARD, to_command

NOW = datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=UTC)
SEOUL = NOW.astimezone(timezone(timedelta(hours=9)))
ORDER = {
    "order_id": ids.derived_id("order"), "order_number": "20261122-1", "mall_id": "intake", "channel": "mobile",
    "currency": "KRW",
}  # fmt: skip
LINES = (
    OrderLine(
        line_id=ids.derived_id("line"), sku="OATS-7", product_id=ids.derived_id("product"), product_name="귀리 | 7일",
        variant_name="큰 것", category_ids=("food", "oats"), quantity=2, unit_price=5000, amount=9000,
    ),
    OrderLine(
        line_id=ids.derived_id("other"), sku="GIFT", product_id=ids.derived_id("gift"), product_name="덤", quantity=1,
        unit_price=0, amount=0,
    ),
)  # fmt: skip
GONE = (
    CancelledLine(
        line_id=ids.derived_id("line"), sku="OATS-7", product_id=ids.derived_id("product"), category_ids=("food",),
        quantity=1, amount=4500,
    ),
)  # fmt: skip
BACK = (
    SettledLine(
        line_id=ids.derived_id("line"), sku="OATS-7", product_id=ids.derived_id("product"), product_name="귀리 | 7일",
        category_ids=("food", "oats"), quantity=2, resellable=0, damaged=1, missing=1, amount=4500,
        bought_sku="OATS-14",
    ),
    SettledLine(
        line_id=ids.derived_id("other"), sku="GIFT", product_id=ids.derived_id("gift"), quantity=1, resellable=0,
        damaged=0, missing=1, amount=0,
    ),
)  # fmt: skip
NOT_SENT = (
    StoppedLine(
        line_id=ids.derived_id("line"), sku="OATS-14", bought_sku="OATS-7", product_id=ids.derived_id("product"),
        product_name="귀리 | 7일", variant_name="큰 것", category_ids=("food", "oats"), quantity=1, resellable=0,
        amount=4500,
    ),
    StoppedLine(
        line_id=ids.derived_id("other"), sku="GIFT", bought_sku="GIFT", product_id=ids.derived_id("gift"), quantity=1,
        resellable=1, amount=0,
    ),
)  # fmt: skip
TOTALS = {"shipping_amount": 2500, "discount_amount": 1000, "total_amount": 11500}
CANCEL = {
    "cancel_id": ids.derived_id("cancel"), "reason": "customer_request", "lines": GONE, "shipping_amount": 2500,
    "placed_at": NOW, "cancelled_at": SEOUL,
}  # fmt: skip
EVENTS = [
    OrderPlaced(**ORDER, lines=LINES, items_amount=10000, **TOTALS, placed_at=NOW, payment_due_at=NOW),
    OrderPaid(
        **ORDER, lines=LINES, **TOTALS, payment_id=ids.derived_id("payment"), provider="toss", method="card",
        placed_at=NOW, paid_at=SEOUL,
    ),
    OrderCancelled(**ORDER, **CANCEL, whole=True, was_paid=True, refund_amount=7000),
    OrderCancelled(**ORDER, **CANCEL, whole=False, was_paid=False, refund_amount=0),
    OrderCompleted(**ORDER, completed_at=NOW),
    OrderOptionChanged(
        **ORDER, change_id=ids.derived_id("change"), line_id=ids.derived_id("line"),
        product_id=ids.derived_id("product"), product_name="귀리 | 7일", category_ids=("food", "oats"), sku="OATS-7",
        variant_name="큰 것", new_sku="OATS-3", quantity=2, amount=9000, changed_at=SEOUL,
    ),
    *(
        ClaimCompleted(
            **ORDER, claim_id=ids.derived_id("claim", kind), kind=kind, fault="customer", lines=BACK,
            shipping_amount=0, fee_amount=3000, refund_amount=1500, sold_under=(ORDER["order_id"],), placed_at=NOW,
            completed_at=SEOUL,
        )
        for kind in ("return", "exchange")
    ),
    ReplacementStopped(
        **ORDER, claim_id=ids.derived_id("claim", "exchange"), stop_id=ids.derived_id("stop"), lines=NOT_SENT,
        shipping_amount=2500, refund_amount=7000, whole=True, sold_under=(ORDER["order_id"],), placed_at=NOW,
        stopped_at=SEOUL,
    ),
    PaymentRefunded(
        payment_id=ids.derived_id("payment"), order_id=ORDER["order_id"], order_number="20261122-1", mall_id="intake",
        currency="KRW", amount=11500, provider="toss", method="card", refund_id=ids.derived_id("refund"),
        refund_amount=7000, refunded_amount=7000, remaining_amount=4500, reason="x", refunded_at=NOW,
    ),
]  # fmt: skip
MICROSECONDS = 1_795_339_815_123_456


def word(value):
    """As PostgreSQL writes it: `FIGURES` in `shop.audit.topics.books`."""
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        return str(MICROSECONDS)
    return "" if value is None else str(value)


def by_stats(event):
    facts = facts_of(to_command(event))
    found = [(f"{one.kind} {one.fact_id}", astuple(one)[2:]) for one in facts.orders]
    for line in facts.lines:
        named = (line.order_id, line.mall_id, line.channel, line.currency, line.sku, line.product_id)
        more = (line.product_name, line.variant_name, line.category_id, line.quantity, line.amount, line.at)
        found.append((f"{line.kind} {line.fact_id} {line.line_id}", named + more))
    found += [(f"refund {one.refund_id}", astuple(one)[1:]) for one in facts.refunds]
    return [(name, "|".join(map(word, content))) for name, content in found]


class TestFigures:
    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
    def test_are_those_that_stats_makes_of_the_same_event(self, event):
        assert telling(event.type, event.model_dump_json().encode()).figures == by_stats(event)

    def test_every_event_that_stats_hears_is_among_them(self):
        assert {type(event) for event in EVENTS} == set(HEARD)
