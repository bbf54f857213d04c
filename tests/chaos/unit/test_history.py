"""The history checker finds what a history may not have."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.chaos.faultbox import FaultBox
from tests.chaos.history import History

TOPIC = "shop.orders.v1"


class Books:
    """Answers for the database: sequences of the service orders, handled events, dead letters."""

    def __init__(self) -> None:
        self.sequences: dict[str, int] = {}
        self.handled: list[tuple[str, str]] = []
        self.dead: list[str] = []

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        if "event_sequences" in query:
            return [
                {"aggregateid": key, "last_seq": last} for key, last in self.sequences.items() if "orders." in query
            ]
        if "dead_letters" in query:
            return [(event,) for event in self.dead]
        return [
            {"id": number, "grp": group, "event_id": event}
            for number, (group, event) in enumerate(self.handled, 1)
            if number > arguments[0]
        ]


def record(event: str, sequence: int, *, key: str = "a", source: str = "/shop/orders") -> SimpleNamespace:
    headers = {"ce_source": source, "ce_id": event, "ce_sequence": str(sequence).zfill(20), "ce_type": "order-paid"}
    pairs = [(name, value.encode()) for name, value in headers.items()]
    return SimpleNamespace(topic=TOPIC, key=key.encode(), headers=pairs)


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def history(books: Books, tmp_path: Path) -> History:
    box = FaultBox(tmp_path)
    box.tell_handlers("scm", ["order-paid"])
    made = History(cast("Any", None), cast("Any", books), box)
    for event, sequence in (("one", 1), ("two", 2)):
        made._note(record(event, sequence))
    books.sequences = {"a": 2}
    books.handled = [("scm", "one"), ("scm", "two")]
    return made


async def told(history: History) -> set[tuple[str, tuple[str, ...]]]:
    found = [*await history._published(), *await history._handled()]
    return {(each.kind, each.offenders) for each in found if each.offenders}


async def test_a_good_history_has_no_findings(history: History) -> None:
    history._note(record("one", 1))
    assert await told(history) == set()
    assert (history.events, history.copies) == (2, 1)


async def test_a_committed_event_that_was_never_published_is_lost(history: History, books: Books) -> None:
    books.sequences = {"a": 3}
    assert await told(history) == {("lost", ("orders a 3",))}


async def test_a_published_event_that_was_never_committed_is_one_too_many(history: History, books: Books) -> None:
    books.sequences = {"a": 1}
    assert await told(history) == {("doubled", ("orders a 2",))}


async def test_two_events_under_one_number_are_one_too_many(history: History, books: Books) -> None:
    history._note(record("other", 2))
    books.handled.append(("scm", "other"))
    assert await told(history) == {("doubled", ("orders a 2",))}


async def test_first_copies_out_of_order_are_found(history: History, books: Books) -> None:
    history._note(record("four", 4))
    history._note(record("three", 3))
    books.sequences = {"a": 4}
    books.handled += [("scm", "three"), ("scm", "four")]
    assert await told(history) == {("out of order", (f"{TOPIC} a: 3 came after 4",))}


async def test_an_event_handled_twice_is_doubled_also_after_a_rest(history: History, books: Books) -> None:
    await history.rest()
    books.handled.append(("scm", "one"))
    assert ("doubled", ("scm one",)) in await told(history)


async def test_an_event_nobody_handled_is_lost_unless_it_is_dead(history: History, books: Books) -> None:
    books.handled.remove(("scm", "two"))
    assert await told(history) == {("lost", ("scm two",))}
    books.dead = ["two"]
    assert await told(history) == set()


async def test_effects_out_of_order_are_found(history: History, books: Books) -> None:
    books.handled.reverse()
    assert await told(history) == {("out of order", ("scm one",))}


async def test_records_of_strangers_do_not_count(history: History) -> None:
    history._note(record("x", 9, source="/shop/chaos"))
    history._note(SimpleNamespace(topic=TOPIC, key=b"a", headers=[]))
    assert await told(history) == set()
