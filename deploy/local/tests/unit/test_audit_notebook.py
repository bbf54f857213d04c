"""The auditor's notebook takes whatever lies in a topic, and forgets nothing that identifies it."""

import pytest

from common import ids
from common.clock import Clock
from common.cloudevents import encode, fallback_id
from common.transport import Record
from contracts.topics import ORDERS, SHIPMENTS
from shop.audit.topics.entry import Page
from shop.audit.topics.store import Store
from shop.audit.topics.telling import Telling, telling

EVENT_ID = ids.derived_id("event")


def a_record(*, topic=SHIPMENTS, key=b"k", value=b"{}", offset=3, **headers):
    """As scm would have sent it, but for these headers; None takes one away."""
    out = encode(
        topic=topic, key="k", event_id=EVENT_ID, wire_type="shipment-updated", source="scm", time=Clock().now(),
        sequence=1, payload=value, stored={},
    )  # fmt: skip
    told = dict(out.headers) | {name: text for name, text in headers.items() if text is not None}
    kept = tuple((name, value) for name, value in told.items() if headers.get(name, b"") is not None)
    return Record(topic, 2, offset, 1_000, key, value, kept)


def noted(record, columns="source, key, seq, id, type", table="records"):
    with Store() as store:
        page = Page()
        page.take(record)
        page.write(store)
        store.ready()
        return store.ask(f"SELECT {columns} FROM {table}")


class TestRecords:
    def test_ours_is_named_by_its_publisher_number_and_id(self):
        assert noted(a_record()) == [("scm", "k", 1, str(EVENT_ID), "shipment-updated")]

    @pytest.mark.parametrize("source", [b"/shop/orders", b"/shop/chaos", b"scm", b"/elsewhere/scm"])
    def test_nobody_answers_for_what_a_stranger_put_there(self, source):
        assert noted(a_record(ce_source=source))[0][0] is None

    @pytest.mark.parametrize(
        "odd",
        [{"ce_id": None}, {"ce_id": b"\xff"}, {"ce_type": None}, {"ce_time": b"noon"}, {"ce_sequence": b"x"}],
        ids=str,
    )
    def test_the_unreadable_goes_by_the_id_its_readers_know_it_by(self, odd):
        record = a_record(**odd)

        assert noted(record) == [(None, "k", 0, str(fallback_id(record)), None)]

    def test_a_key_that_is_no_text_is_unreadable_too(self):
        assert noted(a_record(key=b"\xff"))[0][0] is None
        assert noted(a_record(key=None), "key") == [("",)]

    @pytest.mark.parametrize("number", [b"9" * 30, b"-" + b"9" * 30])
    def test_a_number_beyond_all_bounds_is_cut(self, number):
        [(sequence,)] = noted(a_record(ce_sequence=number), "seq")

        assert abs(sequence) == 2**63 - 1

    def test_a_report_of_a_dead_letter_counts_for_its_group(self):
        record = a_record(topic=f"notify.{ORDERS}.dlq")

        assert noted(record, "source, key", "reports") == [("notify", "k")]
        assert noted(record) == []

    def test_content_differs_with_the_text_and_not_with_the_delivery(self):
        [first], [again], [other] = (
            noted(record, "content")
            for record in (a_record(ce_time=b"2026-11-22T00:00:00+00:00"),
                           a_record(ce_time=b"2026-11-22T00:00:00+00:00", offset=9, traceparent=b"x"),
                           a_record(ce_time=b"2026-11-22T00:00:00+00:00", value=b"[]"))
        )  # fmt: skip

        assert first == again != other


class TestTexts:
    @pytest.mark.parametrize(
        "payload", [b'{"shipment_id": 7, "status": "shipped"}', b'{"shipment_id": "p", "status": {"a": 1}}']
    )
    def test_words_that_are_no_words_say_nothing(self, payload):
        assert telling("shipment-updated", payload) == Telling()
        assert noted(a_record(value=payload), "*", "steps") == []

    def test_a_strangers_facts_are_not_held_against_ours(self):
        payload = b'{"shipment_id": "p", "status": "shipped"}'

        assert noted(a_record(value=payload), "name, ref", "told") == [("parcel shipped", "p")]
        assert noted(a_record(value=payload, ce_source=b"/shop/chaos"), "name, ref", "told") == []


class TestStore:
    def test_is_bounded_and_gone_afterwards(self):
        """Much more than its cache: the rest lies on disk."""
        with Store() as store:
            for start in range(0, 20_000, 5_000):
                store.add("settled", (("orders", f"{start + number:036d}") for number in range(5_000)))
            store.ready()
            assert store.column("SELECT count(*) FROM settled") == [20_000]
            assert store.ask("PRAGMA cache_size") == [(-64_000,)]

    def test_knows_the_first_id_of_a_moment(self):
        with Store() as store:
            made = str(ids.new_id())
            now = int(Clock().now().timestamp() * 1000)
            assert store.column("SELECT lowest_id(?) < ?", now - 60_000, made) == [1]
            assert store.column("SELECT lowest_id(?) > ?", now + 60_000, made) == [1]
            assert store.column("SELECT lowest_id(?)", 2**62)[0].startswith("ffffffff-ffff-0000")
