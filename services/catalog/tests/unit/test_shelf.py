"""The shelf answers what was asked before, and never with what has changed."""

import pytest

from catalog.api.shelf import Shelf


class App:
    """Answers with how often it was asked. `meanwhile` runs between its two messages."""

    def __init__(self, status=200, cache="public, max-age=5", size=0) -> None:
        self.asked = 0
        self.status, self.cache, self.padding = status, cache, b"." * size
        self.meanwhile = lambda: None

    async def __call__(self, scope, receive, send) -> None:
        self.asked += 1
        body = b"answer %d" % self.asked + self.padding
        headers = [(b"cache-control", self.cache.encode()), (b"etag", b'W/"%d"' % self.asked)]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        self.meanwhile()
        await send({"type": "http.response.body", "body": body[:3], "more_body": True})
        await send({"type": "http.response.body", "body": body[3:]})


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def shelf(time) -> Shelf:
    return Shelf(time, seconds=1, most_bytes=10_000)


async def ask(app, path="/v1/products", query=b"", method="GET", **headers):
    """Status, body, headers."""
    sent = []

    async def send(message) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": raw}
    await app(scope, None, send)
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:]), dict(sent[0]["headers"])


async def test_the_same_question_is_answered_once_for_a_second(shelf, time):
    app = App()
    front = shelf.before(app)
    assert [(await ask(front))[1] for _ in range(3)] == [b"answer 1"] * 3
    time.now += 1.01
    assert (await ask(front))[1] == b"answer 2"


async def test_every_path_and_every_query_is_a_question_of_its_own(shelf):
    app = App()
    front = shelf.before(app)
    asked = [await ask(front, path, query) for path in ("/v1/products", "/v1/products/a") for query in (b"", b"q=a")]
    assert [body for _, body, _ in asked] == [b"answer 1", b"answer 2", b"answer 3", b"answer 4"]


async def test_a_change_is_seen_at_once(shelf):
    front = shelf.before(App())
    await ask(front)
    shelf.clear()
    assert (await ask(front))[1] == b"answer 2"


async def test_what_was_read_before_a_change_and_ends_after_it_is_not_kept(shelf):
    app = App()
    app.meanwhile = shelf.clear
    front = shelf.before(app)
    await ask(front)
    app.meanwhile = lambda: None
    assert (await ask(front))[1] == b"answer 2"


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "Bearer x"}, {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}],
    ids=["staff see their own", "a sampled trace is whole"],
)
async def test_some_go_past_the_shelf(shelf, headers):
    front = shelf.before(App())
    await ask(front)
    assert (await ask(front, **headers))[1] == b"answer 2"
    assert (await ask(front))[1] == b"answer 1"


async def test_whoever_asks_for_the_head_is_told_of_the_same_answer(shelf):
    front = shelf.before(App())
    assert [(await ask(front, method=method))[2][b"etag"] for method in ("HEAD", "GET", "HEAD")] == [b'W/"1"'] * 3


async def test_an_unsampled_trace_is_answered_from_the_shelf(shelf):
    front = shelf.before(App())
    await ask(front)
    assert (await ask(front, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"))[1] == b"answer 1"


@pytest.mark.parametrize(
    ("app", "question"),
    [
        (App(status=404), {}),
        (App(cache="private, no-store"), {}),
        (App(), {"method": "POST"}),
        (App(), {"path": "/v1/malls/intake"}),
    ],
    ids=["not found", "private", "another method", "not a product"],
)
async def test_some_answers_are_never_kept(shelf, app, question):
    front = shelf.before(app)
    await ask(front, **question)
    assert (await ask(front, **question))[1] == b"answer 2"


async def test_who_has_the_answer_already_gets_a_304(shelf):
    front = shelf.before(App())
    await ask(front)
    status, body, headers = await ask(front, if_none_match='"other", W/"1"')
    assert (status, body, headers[b"etag"]) == (304, b"", b'W/"1"')
    assert (await ask(front, if_none_match='"2"'))[0] == 200


async def test_it_stays_within_its_bounds_and_forgets_the_longest_unread(shelf):
    app = App(size=2_000)
    front = shelf.before(app)
    for page in (b"1", b"2", b"3"):
        await ask(front, query=page)
    await ask(front, query=b"1")
    await ask(front, query=b"4")
    assert app.asked == 4
    await ask(front, query=b"1")
    assert app.asked == 4
    await ask(front, query=b"2")
    assert app.asked == 5
