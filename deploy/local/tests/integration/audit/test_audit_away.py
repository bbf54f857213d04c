"""Parts of the shop are down: the auditor says what it cannot look at, and looks at the rest."""

import socket
import time

import asyncpg
import pytest
from deploy.local.tests.integration.audit.outside import BANK, CENTRES, MAILBOX, MESSENGER
from deploy.local.tests.integration.audit.world import named

from contracts import topics
from shop.audit.looking import look_at
from shop.audit.snapshot import Snapshot

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

DAN = named("order", "dan")
TOTAL = "an order's lines and shipping are its total"


def nobody_listens():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


async def wrong_at(places):
    found = await look_at(places)
    return {each.promise: each for each in found.findings if each.offenders}


class TestLook:
    async def test_without_a_broker_the_database_is_still_asked(self, copy):
        await copy.run(f"UPDATE orders.orders SET total_amount = total_amount + 1 WHERE order_id = '{DAN}'")
        places = copy.outside.places(copy.url, f"127.0.0.1:{nobody_listens()}")

        wrong = await wrong_at(places)

        assert wrong.keys() == {"cannot look: the topics", TOTAL}
        assert (wrong["cannot look: the topics"].kind, wrong["cannot look: the topics"].holds) == ("stuck", "unseen")
        assert "KafkaConnectionError" in wrong["cannot look: the topics"].offenders[0]

    async def test_without_a_database_the_topics_are_still_read(self, copy):
        database = f"postgresql://auditor:x@127.0.0.1:{nobody_listens()}/shop"
        found = await look_at(copy.outside.places(database, copy.bootstrap))

        wrong = {each.promise: each.offenders for each in found.findings if each.offenders}
        assert wrong.keys() == {"cannot look: the database"}
        assert found.numbers["events in the topics"] > 0
        assert "the events of one thing come in the order in which they were committed" in {
            each.promise for each in found.findings
        }

    async def test_a_wrong_password_is_no_traceback(self, copy):
        url = copy.url.replace("postgres:", "postgres:wrong", 1)

        wrong = await wrong_at(copy.outside.places(url, copy.bootstrap))

        assert wrong.keys() == {"cannot look: the database"}
        assert "InvalidPasswordError" in wrong["cannot look: the database"].offenders[0]
        assert "wrong" not in wrong["cannot look: the database"].offenders[0]

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            (BANK, "the payment providers' books"),
            (MESSENGER, "the messenger's books"),
            (CENTRES, "the centres' books"),
            (MAILBOX, "the mail sink"),
        ],
    )
    async def test_a_company_that_does_not_answer_is_named(self, copy, path, name):
        del copy.outside.documents[path]

        wrong = await copy.wrong()

        assert wrong.keys() == {f"cannot look: {name}"}
        assert "503" in wrong[f"cannot look: {name}"][0]

    async def test_books_of_another_shape_are_named(self, copy):
        copy.outside.documents[BANK] = {"payments": [{"orderId": "x"}]}

        assert (await copy.wrong()).keys() == {"cannot look: the payment providers' books"}

    async def test_a_schema_that_is_not_there_is_named_and_the_others_are_asked(self, copy):
        await copy.run(
            "DROP SCHEMA cart CASCADE",
            f"UPDATE orders.orders SET total_amount = total_amount + 1 WHERE order_id = '{DAN}'",
        )

        wrong = await copy.wrong()

        assert wrong.keys() == {"cannot look: the books of cart", "cannot look: tables that promises are about", TOTAL}
        assert all('"cart.' in reason for reason in wrong["cannot look: tables that promises are about"])

    async def test_a_topic_that_is_not_there_is_named(self, copy, monkeypatch):
        spec = topics.TopicSpec("shop.none.v1", key="x", owner="nobody")
        monkeypatch.setitem(topics.TOPICS, spec.name, spec)

        assert (await copy.wrong())["cannot look: the topics"] == (
            "TopicsUnreadable: the broker has no topic shop.none.v1",
        )

    async def test_a_table_that_is_locked_is_not_waited_for_for_long(self, copy):
        holder = await asyncpg.connect(copy.url)
        try:
            async with holder.transaction():
                await holder.execute("LOCK TABLE stats.line_facts IN ACCESS EXCLUSIVE MODE")
                began = time.monotonic()
                wrong = await copy.wrong()
        finally:
            await holder.close()

        assert "cannot look: the books of stats" in wrong
        assert time.monotonic() - began < 30

    async def test_the_auditor_can_write_nothing_even_as_the_superuser(self, copy):
        """The session says so itself, whatever the role may do."""
        async with Snapshot(copy.outside.places(copy.url, copy.bootstrap)) as snapshot:
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await snapshot.ask_anew("DELETE FROM orders.orders WHERE order_id::text = ANY($1) RETURNING 1", ["x"])
