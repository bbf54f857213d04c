import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from deploy.console.tests.builders import NUMBER, ORDER, TRACE, a_message

from common.clock import FixedClock
from console.events import entry
from console.events.log import WATCHERS_MOST, EventLog, Filter, TooManyWatchers

NOW = datetime(2026, 11, 22, 3, 0, 5, tzinfo=UTC)


def an_entry(number=1, *args, **fields):
    return entry.read(number, a_message(*args, **fields))[0]


@pytest.fixture
def log():
    return EventLog(FixedClock(NOW), kept=5)


class TestEntry:
    def test_tells_what_happened(self):
        data = {"order_id": ORDER, "order_number": NUMBER, "total_amount": 12900, "currency": "KRW"}
        found = an_entry(1, "order-placed", data)
        assert (found.service, found.type, found.key, found.order_number) == ("orders", "order-placed", ORDER, NUMBER)
        assert found.summary == f"{NUMBER} · 12,900 KRW"
        assert found.trace_id == TRACE

    @pytest.mark.parametrize("topic", ["shop.order-contacts.v1", "scm.shop.order-contacts.v1.dlq"])
    def test_shows_of_personal_data_only_that_it_came(self, topic):
        data = {"order_id": ORDER, "orderer": {"name": "김하늘", "phone": "01012345678"}}
        found, payload = entry.read(1, a_message("order-contact-recorded", data, topic=topic))
        assert payload == {}
        assert found.order_id == ORDER
        assert "김하늘" not in str(found.as_dict())
        assert "0101" not in str(found.as_dict())

    def test_a_trace_that_is_not_sampled_leads_nowhere(self):
        assert an_entry(headers={"traceparent": f"00-{TRACE}-{'b' * 16}-00"}).trace_id == ""
        assert an_entry(headers={"traceparent": "nonsense"}).trace_id == ""

    def test_a_dead_letter_says_for_whom_and_why(self):
        found = an_entry(headers={"dlq-reason": "schema", "dlq-consumer-group": "scm"}, topic="scm.shop.orders.v1.dlq")
        assert found.dead
        assert found.summary.startswith("dead for scm: schema")

    @pytest.mark.parametrize("value", [b"", b"\xff", b"[1]", b"{", b"null"])
    def test_reads_whatever_comes(self, value):
        found = an_entry(1, "x", value, headers={"ce_time": "yesterday"}, key=None)
        assert found.time == datetime(2026, 11, 22, 3, tzinfo=UTC)
        assert found.order_id == ""

    def test_a_large_payload_is_cut(self):
        found = an_entry(1, "x", {"text": "x" * 20_000})
        assert len(found.payload) < entry.PAYLOAD_MOST + 20
        assert found.payload.endswith("(cut)")


class TestLog:
    def test_shows_the_newest_first_and_forgets_the_oldest(self, log):
        for number in range(8):
            log.add([an_entry(number, headers={"ce_time": f"2026-11-22T03:00:0{number}+00:00"})])
        assert [found.number for found in log.find(Filter())] == [7, 6, 5, 4, 3]
        assert [found.number for found in log.find(Filter(), limit=2)] == [7, 6]
        assert [found.number for found in log.find(Filter(), after=5)] == [7, 6]

    @pytest.mark.parametrize(
        ("wanted", "numbers"),
        [
            (Filter(type="stock-changed"), {2}),
            (Filter(key="SKU-1"), {2}),
            (Filter(service="catalog"), {2}),
            (Filter(topic="shop.stock.v1"), {2}),
            (Filter(text="granola"), {2}),
            (Filter(order=NUMBER), {1, 2, 3}),
            (Filter(order=ORDER), {1, 2, 3}),
            (Filter(order="20261122-99999999"), set()),
            (Filter(order=NUMBER, type="order-placed"), {1}),
        ],
    )
    def test_filters(self, log, wanted, numbers):
        stock = {"sku": "SKU-1", "order_id": ORDER, "note": "Granola"}
        log.add(
            [
                an_entry(1),
                an_entry(2, "stock-changed", stock, key=b"SKU-1", topic="shop.stock.v1",
                         headers={"ce_source": "/shop/catalog"}),
                an_entry(3, "order-contact-recorded", {"name": "x"}, topic="shop.order-contacts.v1"),
                an_entry(4, "order-placed", {"order_id": "other", "order_number": "other"}, key=b"other"),
            ]
        )  # fmt: skip
        assert {found.number for found in log.find(wanted)} == numbers

    def test_counts_what_was_said_lately(self, log):
        old = (NOW - timedelta(minutes=1)).isoformat()
        log.add([an_entry(1, headers={"ce_time": old}), *(an_entry(number) for number in (2, 3))])
        assert log.rates() == {"orders": 0.2}


class TestWatching:
    async def test_a_watcher_is_told_what_matches(self, log):
        async with log.watch(Filter(type="order-paid")) as queue:
            log.add([an_entry(1), an_entry(2, "order-paid")])
            assert (await queue.get()).number == 2
            assert queue.empty()

    async def test_one_that_is_behind_misses_the_oldest_and_holds_nobody_up(self, log):
        async with log.watch(Filter()) as queue:
            log.add([an_entry(number) for number in range(1000)])
            assert queue.qsize() == 300
            assert (await queue.get()).number == 700

    async def test_there_are_not_too_many(self, log):
        watches = [log.watch(Filter()) for _ in range(WATCHERS_MOST)]
        for watch in watches:
            await watch.__aenter__()
        assert log.full
        with pytest.raises(TooManyWatchers):
            await log.watch(Filter()).__aenter__()
        await watches[0].__aexit__(None, None, None)
        assert not log.full

    async def test_all_are_told_the_end(self, log):
        async with log.watch(Filter()) as queue:
            log.close()
            assert await asyncio.wait_for(queue.get(), 1) is None
        assert log.full
