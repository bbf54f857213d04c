import itertools
import random
from collections import defaultdict
from datetime import timedelta

import pytest
from services.stats.tests.builders import GRANOLA, MILK, NOW, a_line, a_purchase, refusal, seoul, staff_headers

from common.clock import SEOUL
from common.testing import record_of

pytestmark = pytest.mark.integration

WEEK = {"from": "2026-11-16", "to": "2026-11-22"}


def won(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "KRW"}


class TestWhichMoment:
    async def test_a_sale_counts_on_the_day_it_was_paid(self, desk):
        purchase = a_purchase(placed_at=seoul("2026-11-20 23:50"))
        await desk.hears(purchase.placed(), purchase.paid(at=seoul("2026-11-21 00:10")))
        found = await desk.sales(**WEEK)
        assert [(item["period"], item["key"], item["orders"]) for item in found["items"]] == [
            ("2026-11-21T00:00:00+09:00", "intake", 1)
        ]
        assert found["items"][0]["gross_amount"] == won(12900)

    async def test_a_cancel_counts_on_the_day_of_the_cancel_and_leaves_the_sale_where_it_was(self, desk):
        line = a_line(quantity=2, amount=20000)
        purchase = a_purchase(line)
        await desk.hears(
            purchase.paid(at=seoul("2026-11-20 12:00")), purchase.cancelled(seoul("2026-11-21 12:00"), (line, 1, 10000))
        )
        sold, cancelled = (await desk.sales(**WEEK))["items"]
        assert (sold["orders"], sold["quantity"], sold["gross_amount"], sold["net_amount"]) == (
            1,
            2,
            won(20000),
            won(20000),
        )
        assert (cancelled["orders"], cancelled["gross_amount"], cancelled["cancelled_quantity"]) == (0, won(0), 1)
        assert (cancelled["cancelled_amount"], cancelled["net_amount"], cancelled["net_quantity"]) == (
            won(10000),
            won(-10000),
            -1,
        )

    async def test_an_order_never_paid_is_no_sale_and_no_cancel(self, desk):
        purchase = a_purchase()
        await desk.hears(purchase.placed(), purchase.cancelled(NOW, was_paid=False, refund_amount=0))
        found = await desk.sales(**WEEK)
        assert found["items"] == []
        assert found["totals"]["cancelled_amount"] == won(0)

    async def test_the_bounds_are_exact(self, desk):
        at = seoul("2026-11-20 12:00")
        await desk.hears(a_purchase().paid(at=at))

        async def orders(start, end):
            return (await desk.sales(**{"from": start.isoformat(), "to": end.isoformat()}))["totals"]["orders"]

        hair = timedelta(microseconds=1)
        assert await orders(at, at + hair) == 1
        assert await orders(at - hair, at) == 0
        assert await orders(at + hair, at + 2 * hair) == 0

    @pytest.mark.parametrize(
        ("by", "period"),
        [
            ("hour", "2026-11-22T12:00:00+09:00"),
            ("day", "2026-11-22T00:00:00+09:00"),
            ("week", "2026-11-16T00:00:00+09:00"),
            ("month", "2026-11-01T00:00:00+09:00"),
        ],
    )
    async def test_periods_begin_on_the_clock_in_seoul(self, desk, by, period):
        await desk.hears(a_purchase().paid(at=NOW + timedelta(minutes=59)))
        found = await desk.sales(by=by, **WEEK)
        assert [item["period"] for item in found["items"]] == [period]

    async def test_the_first_hours_of_a_month_in_seoul_are_the_last_of_the_one_before_in_utc(self, desk):
        await desk.hears(a_purchase().paid(at=seoul("2026-11-01 08:59")))
        found = await desk.sales(by="month", **{"from": "2026-10-01", "to": "2026-11-30"})
        assert [item["period"] for item in found["items"]] == ["2026-11-01T00:00:00+09:00"]


class TestOtherOptions:
    """Two of GR-500 paid on the 20th, GR-300 since the 21st, and one of them cancelled on the 22nd."""

    @pytest.fixture
    async def changed(self, desk):
        line = a_line("GR-500", 2, 20000)
        purchase, other = a_purchase(line), line.model_copy(update={"sku": "GR-300"})
        news = (
            purchase.paid(at=seoul("2026-11-20 12:00")),
            purchase.changed(seoul("2026-11-21 12:00"), line, "GR-300"),
            purchase.cancelled(seoul("2026-11-22 09:00"), (other, 1, 10000)),
        )
        await desk.hears(*random.sample([*news, news[1]], 4))
        return desk

    async def test_per_sku_the_units_move_and_are_no_sale_and_no_cancel(self, changed):
        found = await changed.sales(dimension="sku", **WEEK)
        assert [
            (item["key"], item["orders"], item["quantity"], item["gross_amount"], item["cancelled_quantity"])
            for item in found["items"]
        ] == [
            ("GR-500", 1, 2, won(20000), 0),
            ("GR-300", 1, 2, won(20000), 0),
            ("GR-500", 0, -2, won(-20000), 0),
            ("GR-300", 0, 0, won(0), 1),
        ]
        assert {item["label"] for item in found["items"] if item["key"] == "GR-300"} == {"그래놀라 다른"}
        assert (found["totals"]["orders"], found["totals"]["quantity"], found["totals"]["gross_amount"]) == (
            *(1, 2),
            won(20000),
        )

    async def test_per_anything_else_nothing_happened(self, changed):
        for dimension in ("product", "category", "mall", "channel"):
            found = await changed.sales(dimension=dimension, by="week", **WEEK)
            (item,) = found["items"]
            assert (item["orders"], item["quantity"], item["gross_amount"], item["cancelled_amount"]) == (
                *(1, 2),
                *(won(20000), won(10000)),
            )

    async def test_days_of_the_span_alone_count(self, changed):
        found = await changed.sales(dimension="sku", **{"from": "2026-11-21", "to": "2026-11-21"})
        assert [(item["key"], item["net_quantity"]) for item in found["items"]] == [("GR-300", 2), ("GR-500", -2)]
        assert (found["totals"]["orders"], found["totals"]["quantity"]) == (0, 0)


class TestReplacementsNotSent:
    """Two of GR-500, paid on the 20th, came on the 21st in exchange for GR-300: one was paid back on the 22nd."""

    @pytest.fixture
    async def stopped(self, desk):
        line = a_line("GR-500", 2, 20000)
        purchase = a_purchase(line)
        news = (
            purchase.paid(at=seoul("2026-11-20 12:00")),
            purchase.returned(seoul("2026-11-21 12:00"), line, (2, 0, 0), kind="exchange"),
            purchase.stopped(seoul("2026-11-22 09:00"), line, "GR-300", 1, shipping_amount=0),
        )
        await desk.hears(*random.sample([*news, news[2]], 4))
        return desk

    async def test_come_off_the_sku_that_was_bought_on_the_day_they_were_given_up(self, stopped):
        found = await stopped.sales(dimension="sku", **WEEK)
        assert [
            (item["period"][:10], item["key"], item["quantity"], item["cancelled_quantity"], item["cancelled_amount"])
            for item in found["items"]
        ] == [
            ("2026-11-20", "GR-500", 2, 0, won(0)),
            ("2026-11-22", "GR-500", 0, 1, won(10000)),
        ]
        assert {item["label"] for item in found["items"]} == {"그래놀라 500g"}

    @pytest.mark.parametrize("dimension", ["product", "category", "mall", "channel"])
    async def test_come_off_once_in_every_dimension(self, stopped, dimension):
        (item,) = (await stopped.sales(dimension=dimension, by="week", **WEEK))["items"]
        assert (item["orders"], item["net_quantity"], item["net_amount"]) == (1, 1, won(10000))

    async def test_their_shipping_counts_where_shipping_does(self, desk):
        line = a_line("GR-500", 1, 10000)
        purchase = a_purchase(line)
        await desk.hears(
            purchase.paid(at=seoul("2026-11-20 12:00")),
            purchase.stopped(seoul("2026-11-22 09:00"), line, "GR-300", 1, shipping_amount=3000, whole=True),
        )
        orders = (await desk.asks("orders", **WEEK)).json()
        assert (orders["cancelled_amount"], orders["cancelled"]) == (won(13000), 0)
        assert (await desk.sales(**WEEK))["totals"]["net_amount"] == won(0)


class TestDimensions:
    async def sold(self, desk):
        granola = a_line("GR-500", 2, 20000)
        more = a_line("GR-1000", 1, 18000, variant_name="1kg")
        milk = a_line("MILK-1", 1, 3000, product_id=MILK, product_name="우유", variant_name=None, category_ids=())
        first = a_purchase(granola, more, milk)
        second = a_purchase(a_line("GR-500", 1, 10000), mall_id="livestore", channel="mobile")
        await desk.hears(first.paid(), second.paid(), first.cancelled(NOW + timedelta(hours=1), (granola, 1, 10000)))

    def rows(self, found):
        return {
            item["key"]: (item["label"], item["orders"], item["quantity"], item["net_amount"]["amount"])
            for item in found["items"]
        }

    @pytest.mark.parametrize(
        ("dimension", "expected"),
        [
            ("mall", {"intake": ("intake", 1, 4, 31000), "livestore": ("livestore", 1, 1, 10000)}),
            ("channel", {"pc": ("pc", 1, 4, 31000), "mobile": ("mobile", 1, 1, 10000)}),
            ("category", {"granola": ("granola", 2, 4, 38000), None: (None, 1, 1, 3000)}),
            ("product", {str(GRANOLA): ("그래놀라", 2, 4, 38000), str(MILK): ("우유", 1, 1, 3000)}),
            (
                "sku",
                {
                    "GR-500": ("그래놀라 500g", 2, 3, 20000),
                    "GR-1000": ("그래놀라 1kg", 1, 1, 18000),
                    "MILK-1": ("우유", 1, 1, 3000),
                },
            ),
        ],
    )
    async def test_each_won_counts_once(self, desk, dimension, expected):
        await self.sold(desk)
        found = await desk.sales(dimension=dimension, **WEEK)
        assert self.rows(found) == expected
        totals = found["totals"]
        assert (totals["orders"], totals["quantity"], totals["gross_amount"], totals["net_amount"]) == (
            2,
            5,
            won(51000),
            won(41000),
        )

    async def test_one_mall_alone(self, desk):
        await self.sold(desk)
        found = await desk.sales(mall="livestore", dimension="sku", **WEEK)
        assert self.rows(found) == {"GR-500": ("그래놀라 500g", 1, 1, 10000)}
        assert found["totals"]["gross_amount"] == won(10000)

    async def test_a_cancel_alone_in_its_span_still_has_its_name(self, desk):
        purchase = a_purchase()
        await desk.hears(purchase.paid(at=seoul("2026-11-10 12:00")), purchase.cancelled(seoul("2026-11-20 12:00")))
        assert self.rows(await desk.sales(dimension="product", **WEEK)) == {str(GRANOLA): ("그래놀라", 0, 0, -12900)}

    async def test_the_newest_name_labels_old_sales_too(self, desk):
        await desk.hears(
            a_purchase(a_line(product_name="새 그래놀라")).paid(at=seoul("2026-11-21 12:00")),
            a_purchase().paid(at=seoul("2026-11-20 12:00")),
        )
        found = await desk.sales(dimension="product", **WEEK)
        assert {item["label"] for item in found["items"]} == {"새 그래놀라"}

    async def test_refunds_are_told_per_mall(self, desk):
        purchase = a_purchase()
        await desk.hears(
            purchase.paid(at=seoul("2026-11-20 12:00")), purchase.refunded(15900, seoul("2026-11-21 12:00"))
        )
        found = await desk.sales(**WEEK)
        assert [(item["refunded_amount"], item["orders"]) for item in found["items"]] == [(won(0), 1), (won(15900), 0)]
        assert found["totals"]["refunded_amount"] == won(15900)
        assert (await desk.sales(dimension="sku", **WEEK))["totals"]["refunded_amount"] is None

    async def test_other_currencies_are_never_added(self, desk):
        await desk.hears(a_purchase().paid(), a_purchase(a_line(amount=450), currency="USD", mall_id="usa").paid())
        assert (await desk.sales(**WEEK))["totals"]["gross_amount"] == won(12900)
        dollars = await desk.sales(currency="USD", **WEEK)
        assert dollars["totals"]["gross_amount"] == {"amount": 450, "currency": "USD"}


def _random_history(chance: random.Random) -> list:
    """Purchases of three months as events, with cancels of a part or of everything."""
    found = []
    for _ in range(60):
        lines = [
            a_line(
                f"SKU-{chance.randrange(6)}",
                quantity := chance.randint(1, 5),
                quantity * chance.randint(0, 9999),
                product_id=chance.choice((GRANOLA, MILK)),
                category_ids=chance.choice(((), ("food",), ("food", "granola"), ("drink", "milk"))),
            )
            for _ in range(chance.randint(1, 3))
        ]
        paid_at = seoul("2026-09-01 00:00") + timedelta(minutes=chance.randrange(80 * 24 * 60))
        purchase = a_purchase(
            *lines, mall_id=chance.choice(("intake", "livestore")), channel=chance.choice(("pc", "mobile"))
        )
        found.append(purchase.paid(at=paid_at))
        if chance.random() < 0.4:
            cancelled_at = paid_at + timedelta(minutes=chance.randrange(3 * 24 * 60))
            units = [] if chance.random() < 0.5 else [(lines[0], 1, lines[0].amount // lines[0].quantity)]
            found.append(purchase.cancelled(cancelled_at, *units))
    return found


def _midnight(at):
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


PERIODS = {
    "hour": lambda at: at.replace(minute=0, second=0, microsecond=0),
    "day": _midnight,
    "week": lambda at: _midnight(at) - timedelta(days=at.weekday()),
    "month": lambda at: _midnight(at).replace(day=1),
}
KEYS = {
    "product": lambda event, line: str(line.product_id),
    "category": lambda event, line: line.category_ids[-1] if line.category_ids else None,
    "sku": lambda event, line: line.sku,
    "channel": lambda event, line: event.channel,
    "mall": lambda event, line: event.mall_id,
}


class TestAnyHistory:
    async def test_every_grouping_is_what_the_events_add_up_to_in_any_order(self, desk, chance):
        history = _random_history(chance)
        heard = history + chance.sample(history, 20)
        chance.shuffle(heard)
        await desk.takes([record_of(event, offset=place) for place, event in enumerate(heard)])

        for by, dimension in itertools.product(PERIODS, KEYS):
            span = {"from": "2026-10-10", "to": "2026-11-05" if by == "hour" else "2026-11-22"}
            found = await desk.sales(by=by, dimension=dimension, **span)
            rows = {
                (item["period"], item["key"]): (
                    item["orders"],
                    item["quantity"],
                    item["gross_amount"]["amount"],
                    item["cancelled_quantity"],
                    item["cancelled_amount"]["amount"],
                )
                for item in found["items"]
            }
            assert rows == self.expected(
                history, by, dimension, seoul(f"{span['from']} 00:00"), seoul(f"{span['to']} 23:59")
            )
            for name in ("gross_amount", "cancelled_amount", "net_amount"):
                assert sum(item[name]["amount"] for item in found["items"]) == found["totals"][name]["amount"]

    def expected(self, history, by, dimension, start, end):
        orders, sums = defaultdict(set), defaultdict(lambda: [0, 0, 0, 0])
        for event in history:
            sale = event.type == "order-paid"
            at = (event.paid_at if sale else event.cancelled_at).astimezone(SEOUL)
            if not start <= at <= end:
                continue
            for line in event.lines:
                row = (PERIODS[by](at).isoformat(), KEYS[dimension](event, line))
                orders[row] |= {event.order_id} if sale else set()
                sums[row][0 if sale else 2] += line.quantity
                sums[row][1 if sale else 3] += line.amount
        return {row: (len(orders[row]), *values) for row, values in sums.items()}


class TestRefusals:
    @pytest.mark.parametrize("path", ["sales", "orders", "events", "rebuilds/0199-0"])
    async def test_only_staff_with_the_role(self, desk, path):
        assert refusal(await desk.http.get(f"/v1/stats/{path}")) == (401, "auth.required")
        other = await desk.http.get(f"/v1/stats/{path}", headers=staff_headers("catalog"))
        if path != "rebuilds/0199-0":
            assert refusal(other) == (403, "auth.forbidden")

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"by": "minute"}, "request.invalid"),
            ({"dimension": "customer"}, "request.invalid"),
            ({"mall": "In Take"}, "request.invalid"),
            ({"currency": "won"}, "request.invalid"),
            ({"from": "2026-13-01"}, "stats.range_invalid"),
            ({"from": "2026-11-22", "to": "2026-11-21"}, "stats.range_invalid"),
            ({"from": "2026-11-22T00:00:00"}, "stats.range_invalid"),
            ({"from": "2026-10-01", "to": "2026-11-01", "by": "hour"}, "stats.range_too_long"),
            ({"from": "2025-01-01", "to": "2026-11-01", "by": "day"}, "stats.range_too_long"),
            ({"from": "2010-01-01", "to": "2026-11-01", "by": "month"}, "stats.range_too_long"),
        ],
    )
    async def test_bad_questions_are_told_why(self, desk, params, code):
        assert refusal(await desk.asks("sales", **params)) == (422, code)

    async def test_too_many_rows_are_not_cut_off_silently(self, desk):
        lines = [a_line(f"S{index}") for index in range(501)]
        await desk.hears(a_purchase(*lines).paid())
        answer = await desk.asks("sales", dimension="sku", **WEEK)
        assert refusal(answer) == (422, "stats.too_many_rows")
        assert answer.json()["max_rows"] == 500
        assert (await desk.sales(dimension="product", **WEEK))["totals"]["quantity"] == 501
