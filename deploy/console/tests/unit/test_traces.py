import pytest
from deploy.console.tests.builders import NUMBER, ORDER, TRACE, a_process, a_send, a_span, a_statement

from common.clock import Clock
from console.sqlite import Sqlite
from console.traces import store as trace_store
from console.traces.recorder import Recorder
from console.traces.search import Question, TraceSearch
from console.traces.store import Bounds, Known, TraceStore

PAYMENT = "019ab3c2-2222-7aaa-8bbb-0123456789ab"


@pytest.fixture
async def file(tmp_path):
    file = Sqlite(tmp_path / "traces.sqlite", trace_store.SCHEMA)
    await file.open()
    yield file
    await file.close()


@pytest.fixture
def store(file):
    return TraceStore(file, Bounds(journeys=5, reads=3, spans=100))


@pytest.fixture
def search(file):
    return TraceSearch(file)


def an_order(trace_id=TRACE, at=0.0):
    post = a_span("POST /v1/orders", trace_id=trace_id, at=at)
    return [post, a_process("shop.orders.v1", "order-placed", parent=post, service="scm", at=at + 20)]


def a_read(trace_id, at=0.0):
    attributes = {"http.request.method": "GET", "http.route": "/v1/orders/{id}", "url.path": f"/v1/orders/{ORDER}"}
    return a_span("GET", trace_id=trace_id, at=at, attributes=attributes)


class TestStore:
    async def test_gives_back_what_it_took(self, store):
        spans = [*an_order(), a_span("x", links=(("b" * 32, "c" * 16),), events=({"name": "e", "time": 1},))]
        await store.add(spans)
        assert sorted(await store.trace(TRACE), key=str) == sorted(spans, key=str)

    async def test_the_same_span_again_is_one(self, store):
        spans = an_order()
        await store.add(spans)
        await store.add(spans)
        assert await store.counts() == {"traces": 1, "spans": 2}

    async def test_a_trace_has_the_sendings_linked_to_it(self, store):
        post, process = an_order()
        batch = a_send("shop.orders.v1", trace_id="b" * 32, links=((TRACE, post.span_id),))
        await store.add([post, process, batch])
        assert batch in await store.trace(TRACE)

    async def test_forgets_the_oldest_of_each_kind(self, store, search):
        for number in range(8):
            await store.add(an_order(trace_id=f"{number:032x}", at=number))
            await store.add([a_read(f"{number + 100:032x}", at=number)])
        found = await search.find(Question(reads=True))
        journeys = {each.trace_id for each in found if each.name.startswith("POST")}
        reads = {each.trace_id for each in found if each.name.startswith("GET")}
        assert journeys == {f"{number:032x}" for number in range(3, 8)}
        assert reads == {f"{number + 100:032x}" for number in range(5, 8)}

    async def test_reads_go_before_journeys_when_there_are_too_many_spans(self, store):
        await store.add([a_read("d" * 32, at=500)])
        await store.add(an_order(at=1))
        await store.add([*an_order("e" * 32), *(a_span(trace_id="e" * 32, parent="1" * 16) for _ in range(96))])
        assert await store.trace("d" * 32) == []
        assert await store.counts() == {"traces": 2, "spans": 100}

    async def test_what_is_forgotten_is_forgotten_whole(self, store, file, search):
        for number in range(8):
            await store.add(an_order(trace_id=f"{number:032x}", at=number))
        left = await file.run(
            lambda connection: [
                connection.execute(f"SELECT count(*) FROM {table} WHERE trace_id = ?", ("0" * 32,)).fetchone()[0]
                for table in ("spans", "words", "traces", "links")
            ]
        )
        assert left == [0, 0, 0, 0]

    async def test_words_of_traces_that_never_came_are_tidied_away(self, store, file):
        await store.learn([Known("f" * 32, ORDER, ORDER, frozenset({NUMBER}))])
        await store.tidy()
        assert await file.run(lambda connection: connection.execute("SELECT count(*) FROM words").fetchone()[0]) == 0


class TestSearch:
    async def test_finds_a_trace_by_the_key_of_its_messages(self, store, search):
        await store.add(an_order())
        assert [each.trace_id for each in await search.find(Question(words=ORDER))] == [TRACE]

    async def test_an_order_number_finds_every_trace_of_the_order(self, store, search):
        pay, read = "b" * 32, "c" * 32
        await store.add([*an_order(), a_read(read)])
        await store.add(
            [a_span(trace_id=pay), a_process("shop.payments.v1", "payment-confirmed", key=PAYMENT, trace_id=pay)]
        )
        await store.learn(
            [Known("", ORDER, ORDER, frozenset({NUMBER})), Known("", ORDER, PAYMENT, frozenset({PAYMENT}))]
        )
        assert {each.trace_id for each in await search.find(Question(words=NUMBER))} == {TRACE, pay}
        assert {each.trace_id for each in await search.find(Question(words=NUMBER, reads=True))} == {TRACE, pay, read}
        (one,) = [each for each in await search.find(Question(words=PAYMENT)) if each.trace_id == pay]
        assert one.orders == [NUMBER]

    async def test_a_sku_does_not_join_the_orders_that_hold_it(self, store, search):
        other = "019ab3c2-3333-7aaa-8bbb-0123456789ab"
        await store.add(an_order())
        await store.learn(
            [Known(TRACE, ORDER, "granola-500", frozenset()), Known("", other, "granola-500", frozenset())]
        )
        assert await search.find(Question(words=other)) == []

    async def test_an_event_makes_the_trace_that_caused_it_findable(self, store, search):
        post = a_span("POST /v1/orders")
        await store.add([post])
        await store.learn([Known(TRACE, ORDER, ORDER, frozenset({NUMBER}))])
        assert [each.orders for each in await search.find(Question(words=NUMBER))] == [[NUMBER]]

    @pytest.mark.parametrize(
        ("question", "found"),
        [
            (Question(), {"journey"}),
            (Question(reads=True), {"journey", "fragment", "read", "batch"}),
            (Question(words="process order-completed"), {"fragment"}),
            (Question(service="scm"), {"journey"}),
            (Question(errors=True), set()),
            (Question(slower_than=25), {"journey"}),
            (Question(words="nothing like it"), set()),
            (Question(words="d" * 32), {"read"}),
        ],
    )
    async def test_tells_journeys_fragments_and_reads_apart(self, store, search, question, found):
        names = {TRACE: "journey", "b" * 32: "fragment", "d" * 32: "read", "e" * 32: "batch"}
        fragment = a_process("shop.orders.v1", "order-completed", service="stats", trace_id="b" * 32)
        batch = a_send("shop.orders.v1", trace_id="e" * 32)
        await store.add([*an_order(), fragment, a_read("d" * 32), batch])
        assert {names[each.trace_id] for each in await search.find(question)} == found

    async def test_an_error_makes_any_trace_worth_showing(self, store, search):
        await store.add([a_read("d" * 32), a_span(trace_id="d" * 32, error=True, parent="1" * 16)])
        (found,) = await search.find(Question(errors=True))
        assert (found.errors, found.spans, found.services) == (1, 2, ["orders"])


class TestRecorder:
    async def test_writes_what_it_took_when_it_ends(self, store):
        recorder = Recorder(store, Clock())
        assert recorder.take(an_order()) == 0
        await recorder._write()
        assert await store.counts() == {"traces": 1, "spans": 2}

    def test_leaves_out_statements_outside_of_any_work(self, store):
        recorder = Recorder(store, Clock())
        post = a_span()
        recorder.take([a_statement(""), post, a_statement(post)])
        assert len(recorder._spans) == 2
        assert recorder.dropped == 0

    def test_refuses_whole_traces_when_writing_is_behind(self, store):
        recorder = Recorder(store, Clock())
        refused = sum(
            recorder.take([a_span(trace_id=f"{number * 40_503 % 65_536:032x}") for _ in range(4)])
            for number in range(10_000)
        )
        kept = {}
        for span in recorder._spans:
            kept[span.trace_id] = kept.get(span.trace_id, 0) + 1
        assert len(recorder._spans) <= 20_000
        assert refused == recorder.dropped == 40_000 - len(recorder._spans)
        assert set(kept.values()) == {4}
