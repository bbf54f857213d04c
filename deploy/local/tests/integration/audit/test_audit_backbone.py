"""Outboxes, inboxes, parked events and dead letters, broken in a real database beside sound topics."""

import pytest
from deploy.local.tests.integration.audit.breaking import DID, REPLAY, TOLD, broken, check
from deploy.local.tests.integration.audit.world import named

from common import ids
from shop.services import SERVICES

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ADA, DAN = named("order", "ada"), named("order", "dan")
NEW = ids.new_id()
IN_INBOX = "every event that a service is past is in its inbox"
GHOST = "nothing is in an inbox that is in no topic"
ONE_PLACE = "an event that could not be handled rests in one place"
KNOWN = "an event that is parked or dead is known to the inbox, or it would be handled besides"
COMMITTED = "every committed event is in its topic, or waits in its outbox"
UNCOMMITTED = "nothing is in a topic that its publisher has not committed"


def waiting(service, event_id=NEW, *, key="k", seq=1):
    return (
        f"INSERT INTO {service}.outbox (shard, event_id, topic, aggregateid, seq, type, payload, headers)"
        f" VALUES (0, '{event_id}', 'shop.orders.v1', '{key}', {seq}, 'x', '', '{{}}')"
    )


def parked(service, event_id):
    return (
        f'INSERT INTO {service}.parked_events (topic, key, event_id, type, partition, "offset", headers, payload)'
        f" VALUES ('shop.orders.v1', 'k', '{event_id}', 'x', 0, 0, '{{}}', '')"
    )


def parked_key(service):
    return (
        f"INSERT INTO {service}.parked_keys (topic, key, attempts, next_at, reason, error)"
        " VALUES ('shop.orders.v1', 'k', 1, now(), 'x', 'x')"
    )


def dead(service, event_id, status="open"):
    return (
        f'INSERT INTO {service}.dead_letters (event_id, topic, key, type, partition, "offset", headers, payload,'
        f" reason, error, attempts, status) VALUES ('{event_id}', 'shop.orders.v1', 'k', 'x', 0, 0, '{{}}', '',"
        f" 'schema', 'x', 1, '{status}')"
    )


def event_of(world, wire_type, key):
    return next(said for said in world.told if said.event.type == wire_type and said.event.key == str(key))


class TestEveryService:
    """The same four promises in each schema."""

    @pytest.mark.parametrize("service", [service.name for service in SERVICES])
    async def test_each_is_found_by_its_id(self, copy, service):
        await copy.run(
            f"INSERT INTO {service}.inbox VALUES ('{NEW}')",
            waiting(service),
            parked_key(service),
            parked(service, NEW).replace("'k'", "'forgotten'"),
            dead(service, NEW),
        )

        wrong = await copy.wrong()

        assert wrong[f"{service}: every committed event has left"] == (str(NEW),)
        assert wrong[f"{service}: no key is parked"] == ("shop.orders.v1 k",)
        assert wrong[f"{service}: somebody comes back to every parked event"] == (str(NEW),)
        assert wrong[f"{service}: no event is a dead letter"] == (f"{NEW} schema",)


class TestPublishers:
    @pytest.mark.parametrize(
        "one",
        [
            broken(
                COMMITTED,
                f"UPDATE orders.event_sequences SET last_seq = last_seq + 2 WHERE aggregateid = '{DAN}'",
                offenders=(f"orders {DAN}: 2 of 4 events",),
            ),
            broken(
                TOLD,
                "INSERT INTO scm.cancels VALUES"
                f" ('{named('new')}', '{ADA}', 'intake', true, '[]', 'x', 'accepted', false, NULL, now(), now())",
                offenders=(f"cancel decided {named('new')}",),
            ),
            broken(
                DID,
                f"DELETE FROM scm.cancels WHERE cancel_id = '{named('cancel', 'bea')}'",
                offenders=(f"cancel decided {named('cancel', 'bea')}",),
            ),
        ],
    )
    async def test_a_broken_promise_is_found(self, copy, one):
        await check(copy, one)

    async def test_an_event_that_its_publisher_does_not_know_is_found(self, copy, sound):
        contact = event_of(sound[0], "order-contact-recorded", DAN)
        await copy.run(f"UPDATE orders.event_sequences SET last_seq = 1 WHERE aggregateid = '{DAN}'")

        assert await copy.wrong() == {UNCOMMITTED: (f"orders {contact.event_id}",)}

    async def test_what_waits_in_the_outbox_is_not_lost(self, copy):
        await copy.run(
            f"UPDATE orders.event_sequences SET last_seq = 3 WHERE aggregateid = '{DAN}'",
            waiting("orders", key=DAN, seq=3),
        )

        assert await copy.wrong() == {"orders: every committed event has left": (str(NEW),)}


class TestReaders:
    async def test_an_event_that_a_service_never_settled_is_found(self, copy, sound):
        event = event_of(sound[0], "order-paid", ADA)
        await copy.run(f"DELETE FROM catalog.inbox WHERE event_id = '{event.event_id}'")

        assert await copy.wrong() == {IN_INBOX: (f"catalog {event.event_id}",)}

    async def test_what_the_inbox_has_forgotten_is_not_asked_of_it(self, copy, sound):
        """Partitions of old months are dropped."""
        await copy.run(
            "DO $$ DECLARE name text; BEGIN FOR name IN SELECT c.oid::regclass FROM pg_inherits i"
            " JOIN pg_class c ON c.oid = i.inhrelid WHERE inhparent = 'notify.inbox'::regclass"
            " AND c.relname <> 'inbox_other' LOOP EXECUTE 'DROP TABLE ' || name; END LOOP; END $$",
            "CREATE TABLE notify.inbox_later PARTITION OF notify.inbox FOR VALUES"
            " FROM ('0fffffff-0000-7000-8000-000000000000') TO ('1fffffff-0000-7000-8000-000000000000')",
        )

        assert await copy.wrong() == {}

    async def test_an_inbox_row_without_an_event_is_found(self, copy):
        await copy.run(f"INSERT INTO catalog.inbox VALUES ('{NEW}')")

        assert await copy.wrong() == {GHOST: (f"catalog {NEW}",)}

    async def test_an_event_in_two_places_is_found(self, copy, sound):
        event = event_of(sound[0], "order-paid", ADA).event_id
        await copy.run(parked_key("catalog"), parked("catalog", event), dead("catalog", event))

        assert (await copy.wrong())[ONE_PLACE] == (f"catalog {event}",)

    async def test_an_event_parked_twice_is_found(self, copy, sound):
        event = event_of(sound[0], "order-paid", ADA).event_id
        await copy.run(parked_key("scm"), parked("scm", event), parked("scm", event))

        assert (await copy.wrong())[ONE_PLACE] == (f"scm {event}",)

    async def test_a_parked_event_that_the_inbox_does_not_know_is_found(self, copy, sound):
        event = event_of(sound[0], "order-paid", ADA).event_id
        await copy.run(parked_key("scm"), parked("scm", event), f"DELETE FROM scm.inbox WHERE event_id = '{event}'")

        assert (await copy.wrong())[KNOWN] == (f"scm {event}",)

    async def test_a_dropped_dead_letter_is_settled(self, copy, sound):
        event = event_of(sound[0], "order-paid", ADA).event_id
        await copy.run(dead("scm", event, "dropped"))

        assert await copy.wrong() == {}


class TestFreshReplay:
    @pytest.mark.parametrize(
        "one",
        [
            broken(
                REPLAY,
                f"DELETE FROM stats.order_facts WHERE kind = 'placed' AND fact_id = '{DAN}'",
                offenders=(f"missing: placed {DAN}",),
            ),
            broken(
                REPLAY,
                f"UPDATE stats.order_facts SET fact_id = '{named('ghost')}', order_id = '{named('ghost')}'"
                f" WHERE kind = 'completed' AND fact_id = '{ADA}'",
                offenders=(f"in no topic: completed {named('ghost')}", f"missing: completed {ADA}"),
            ),
        ],
    )
    async def test_a_missing_or_invented_figure_is_found(self, copy, one):
        await check(copy, one)

    async def test_a_figure_that_says_something_else_is_found(self, copy):
        await copy.run(f"UPDATE stats.order_facts SET channel = 'mobile' WHERE kind = 'placed' AND fact_id = '{DAN}'")

        [offender] = (await copy.wrong())[REPLAY]
        assert offender.startswith(f"different: placed {DAN}: ")
        assert "|mobile|" in offender

    async def test_what_stats_could_not_count_is_no_difference(self, copy, sound):
        event = event_of(sound[0], "order-completed", ADA).event_id
        await copy.run(
            dead("stats", event, "dropped"),
            f"DELETE FROM stats.order_facts WHERE kind = 'completed' AND fact_id = '{ADA}'",
        )

        assert await copy.wrong() == {}

    async def test_another_generation_does_not_count(self, copy):
        await copy.run("UPDATE stats.order_facts SET generation = 2 WHERE kind = 'placed'")

        assert len((await copy.wrong())[REPLAY]) == 9
