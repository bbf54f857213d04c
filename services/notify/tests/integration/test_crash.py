"""Each delivery once when a process dies between handing over and writing down, and when many work at it."""

import asyncio
from datetime import timedelta

import pytest
from services.notify.tests.builders import order_paid, order_placed
from services.notify.tests.fakes import API_KEY, API_SECRET, PF_ID, SENDER
from services.notify.tests.world import World

from common import ids
from notify.clients.solapi import Account, Solapi
from notify.domain.delivery import Channel, Policy
from notify.domain.outcomes import Accepted, Refused
from notify.flows.desk import Desk
from notify.flows.rendering import Templates
from notify.flows.texts import TextSender
from notify.repository import deliveries, facts

pytestmark = pytest.mark.integration


class Killed(BaseException):
    """The process dies here: nothing after it runs."""


@pytest.fixture
def die(monkeypatch: pytest.MonkeyPatch):
    """`die("after")` kills the next sender after handing over, before writing down; `die("before")` before both."""

    def arm(world: World, when: str) -> None:
        original = Desk.write_down

        async def killed(*_args: object) -> None:
            monkeypatch.setattr(Desk, "write_down", original)
            raise Killed

        monkeypatch.setattr(Desk, "write_down", killed)
        if when == "before":
            world.solapi.down = True
            world.post.answers = ["421 gone"]

    return arm


class TestCrash:
    async def test_after_a_text_left_it_is_found_and_not_sent_again(self, world: World, die) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        die(world, "after")
        with pytest.raises(Killed):
            await world.texts()
        assert (await world.states())["order-paid", "alimtalk"] == "sending"
        await world.texts()
        assert len(world.solapi.messages) == 1  # somebody may still be at it
        await world.later(seconds=121)
        (row,) = await world.rows("d.channel = 'alimtalk'")
        assert (row["status"], row["provider_id"]) == ("accepted", "M4V000001")
        assert len(world.solapi.messages) == 1

    async def test_before_a_text_left_it_is_sent(self, world: World, die) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        die(world, "before")
        with pytest.raises(Killed):
            await world.texts()
        world.solapi.down = False
        await world.later(seconds=121)
        assert len(world.solapi.messages) == 1
        assert (await world.states())["order-paid", "alimtalk"] == "accepted"

    async def test_after_a_mail_left_its_copy_has_the_same_name(self, world: World, die) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        die(world, "after")
        with pytest.raises(Killed):
            await world.mails()
        await world.later(seconds=121)
        assert (await world.states())["order-paid", "email"] == "delivered"
        assert len(world.post.distinct) == 1
        assert len([event for event in await world.said() if event.channel == "email"]) == 1

    async def test_before_a_mail_left_it_is_sent_once(self, world: World, die) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        die(world, "before")
        with pytest.raises(Killed):
            await world.mails()
        await world.later(seconds=121)
        assert len(world.post.mails) == 1


class TestManyHands:
    async def test_five_senders_send_each_once(self, world: World) -> None:
        for _ in range(15):
            await world.hear_of(order_placed(order_id := ids.new_id()), order_paid(order_id))
        senders = [world.build(batch=7) for _ in range(5)]

        async def work(name: str, parts) -> None:
            while await world.turn(name, parts):
                pass

        await asyncio.gather(*(work(name, parts) for parts in senders for name in ("send-mails", "send-texts")))
        await world.settle()
        assert len(world.post.mails) == len(world.post.distinct) == 30
        named = [message["customFields"]["notificationId"] for message in world.solapi.messages.values()]
        assert len(named) == len(set(named)) == 30

    async def test_taking_in_hand_never_waits_for_one_who_writes_down(self, world: World) -> None:
        """Else two of them can wait for each other: the one for a message, the other for a delivery of it."""
        await world.hear_of(order_paid(ids.new_id()))
        (mail,) = await world.rows("d.channel = 'email'")
        async with world.database.transaction() as tx:
            await facts.lock_messages(tx.connection, [mail["id"]])
            taken = await asyncio.wait_for(
                Desk(world.database, Policy(), batch=10, after=lambda: None).take(Channel.ALIMTALK), 5
            )
        assert len(taken) == 1

    async def test_of_two_that_read_the_same_the_first_to_write_has_it(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        async with world.database.read() as connection:
            read = await deliveries.ready(connection, [Channel.EMAIL], world.clock.now(), 10)

        async def as_read(*_given: object) -> list[deliveries.Ready]:
            return read

        desk = Desk(world.database, Policy(), batch=10, after=lambda: None)
        monkeypatch.setattr(deliveries, "ready", as_read)
        assert [len(await desk.take(Channel.EMAIL)) for _ in range(2)] == [1, 0]
        (row,) = await world.rows("d.channel = 'email'")
        assert (row["status"], row["attempts"]) == ("sending", 1)

    async def test_one_who_woke_after_its_lease_sends_nothing(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        desk = Desk(world.database, Policy(lease=timedelta(seconds=10)), batch=10, after=lambda: None)
        account = Account(API_KEY, API_SECRET, PF_ID, SENDER)
        provider = Solapi(world.solapi.client(), "http://solapi.test", account, world.clock)
        await TextSender(desk, provider, Templates(), call_seconds=20).turn()
        (row,) = await world.rows("d.channel = 'alimtalk'")
        assert (row["status"], row["reason"]) == ("pending", "lease_nearly_over")
        assert world.solapi.messages == {}

    async def test_a_late_success_of_one_who_lost_the_delivery_still_counts(self, world: World) -> None:
        """The slow one's call goes through after another has asked, found nothing, and made it due again."""
        await world.hear_of(order_paid(ids.new_id()))
        slow = Desk(world.database, Policy(), batch=10, after=lambda: None)
        (work,) = await slow.take(Channel.ALIMTALK)
        world.clock.advance(timedelta(seconds=121))
        await world.turn("send-texts")
        assert (await world.states())["order-paid", "alimtalk"] == "pending"
        await slow.write_down((work, Accepted("M-late")))
        await world.texts()
        assert (await world.states())["order-paid", "alimtalk"] == "accepted"
        assert world.solapi.messages == {}

    async def test_a_late_failure_of_one_who_lost_the_delivery_changes_nothing(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        slow = Desk(world.database, Policy(), batch=10, after=lambda: None)
        (work,) = await slow.take(Channel.EMAIL)
        await world.later(seconds=121)
        await slow.write_down((work, Refused("smtp_550")))
        assert (await world.states())["order-paid", "email"] == "delivered"
