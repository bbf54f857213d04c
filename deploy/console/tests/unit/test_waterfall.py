import pytest
from deploy.console.tests.builders import ORDER, TRACE, a_process, a_send, a_span, a_statement

from console.traces.span import CLIENT
from console.traces.waterfall import ROWS_MOST, waterfall


def shape(fall):
    """(label, depth) of every row that is no statement."""
    return [(row.label, row.depth) for row in fall.rows if not row.span.is_database]


class TestTree:
    def test_shows_reactions_below_the_sending_of_their_topic(self):
        post = a_span("POST /v1/orders", ms=90)
        orders = a_send("shop.orders.v1", parent=post, at=98, ms=6)
        contacts = a_send("shop.order-contacts.v1", parent=post, at=99, ms=6)
        scm = a_process("shop.orders.v1", "order-placed", parent=post, at=110, service="scm")
        notify = a_process("shop.order-contacts.v1", "order-contact-recorded", parent=post, at=112, service="notify")
        assert shape(waterfall([notify, scm, contacts, orders, post])) == [
            ("POST /v1/orders", 0),
            ("send shop.orders.v1", 1),
            ("process order-placed", 2),
            ("send shop.order-contacts.v1", 1),
            ("process order-contact-recorded", 2),
        ]

    def test_a_reaction_belongs_to_the_last_sending_before_it(self):
        job = a_span("work", ms=10)
        first = a_send("shop.orders.v1", parent=job, at=20, ms=5)
        second = a_send("shop.orders.v1", parent=job, at=60, ms=5)
        early = a_process("shop.orders.v1", "order-placed", parent=job, at=30)
        late = a_process("shop.orders.v1", "order-paid", parent=job, at=70)
        assert [label for label, _ in shape(waterfall([job, first, second, early, late]))] == [
            "work", "send shop.orders.v1", "process order-placed", "send shop.orders.v1", "process order-paid",
        ]  # fmt: skip

    def test_a_sending_for_several_traces_stands_below_what_caused_it_here(self):
        post = a_span("POST /v1/orders")
        batch = a_send("shop.orders.v1", trace_id="b" * 32, at=20, links=(("c" * 32, "1" * 16), (TRACE, post.span_id)))
        assert shape(waterfall([post, batch])) == [("POST /v1/orders", 0), ("send shop.orders.v1", 1)]

    def test_a_span_whose_parent_is_not_kept_is_a_root(self):
        assert shape(waterfall([a_span("late", parent="f" * 16)])) == [("late", 0)]

    def test_spans_that_name_each_other_as_parents_do_not_hang(self):
        fall = waterfall([a_span(span_id="1" * 16, parent="2" * 16), a_span(span_id="2" * 16, parent="1" * 16)])
        assert (fall.rows, fall.left_out) == ([], 2)

    def test_draws_a_bounded_number_of_rows(self):
        spans = [a_span(at=number) for number in range(ROWS_MOST + 5)]
        fall = waterfall(spans)
        assert (len(fall.rows), fall.left_out) == (ROWS_MOST, 5)

    def test_a_chain_may_be_deep(self):
        spans = [a_span()]
        for _ in range(2000):
            spans.append(a_span(parent=spans[-1]))
        assert waterfall(spans).rows[-1].depth == 2000


class TestWaits:
    def test_are_told_apart(self):
        post = a_span("POST /v1/orders", ms=90)
        send = a_send("shop.orders.v1", parent=post, at=100, ms=5)
        process = a_process("shop.orders.v1", "order-placed", parent=post, at=125)
        _, sent, handled = waterfall([post, send, process]).rows
        assert (sent.wait.where, sent.wait.milliseconds) == ("until sent", 10)
        assert (handled.wait.where, handled.wait.milliseconds) == ("Kafka", 20)

    def test_without_its_sending_a_reaction_waited_for_both(self):
        post = a_span(ms=90)
        process = a_process("shop.orders.v1", "order-placed", parent=post, at=100)
        assert waterfall([post, process]).rows[1].wait.where == "outbox and Kafka"

    def test_there_is_none_where_a_call_overlaps_its_cause(self):
        post = a_span(ms=90)
        assert waterfall([post, a_send("shop.orders.v1", parent=post, at=80)]).rows[1].wait is None
        assert waterfall([post, a_span(parent=post, at=200)]).rows[1].wait is None


def test_statements_are_counted_on_what_made_them():
    post = a_span(ms=90)
    spans = [post, a_statement(post, at=10, ms=2), a_statement(post, at=20, ms=3)]
    fall = waterfall(spans)
    top = fall.rows[0]
    assert (top.statements, top.statement_ms, len(top.ticks), fall.statements) == (2, 5, 2, 2)
    assert [row.classes for row in fall.rows] == ["", "db", "db"]


class TestLabel:
    @pytest.mark.parametrize(
        ("attributes", "label"),
        [
            ({"http.request.method": "POST", "http.route": "/v1/orders"}, "POST /v1/orders"),
            ({"http.method": "GET", "http.url": f"http://h:1/internal/orders/{ORDER}/payable?x=1"},
             "GET /internal/orders/019ab3c2…/payable"),
            ({"db.system": "postgresql", "db.statement": "SELECT 1\n  FROM x"}, "SELECT 1 FROM x"),
            ({"messaging.operation.type": "send", "messaging.destination.name": "topic",
              "messaging.batch.message_count": 3}, "send topic × 3"),
            ({}, "work"),
        ],
    )  # fmt: skip
    def test_says_what_a_person_would(self, attributes, label):
        assert a_span(kind=CLIENT, attributes=attributes).label == label
