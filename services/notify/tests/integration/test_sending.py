"""Sending: the usual way, refusals, lost answers, and how messages end."""

from typing import Any

import pytest
from services.notify.tests.builders import (
    contact,
    mall_changed,
    order_cancelled,
    order_paid,
    order_placed,
    payment_pending,
    payment_refunded,
    shipment_updated,
)
from services.notify.tests.world import World

from common import ids
from contracts.notifications import NotificationDelivered, NotificationFailed
from notify import handlers

pytestmark = pytest.mark.integration


async def end(world: World, code: str, kind: str | None = None) -> None:
    """Every message at the provider ends with this code; nobody reports it."""
    for message in world.solapi.taken():
        if message["statusCode"] != "4000":
            world.solapi.finish(message, code, kind)


class TestHappyWay:
    async def test_mail_is_delivered_when_the_server_took_it(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        await world.mails()
        (mail,) = world.post.mails
        (row,) = await world.rows("d.channel = 'email'")
        assert row["status"] == "delivered"
        assert mail["Message-ID"] == f"<{row['id']}@mail.test>"
        assert mail["From"].addresses[0].display_name == "인테이크"
        assert mail["Reply-To"].addresses[0].addr_spec == "help@intake.example"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Content-Language"] == "ko"
        assert mail["Subject"] == "[인테이크] 결제가 완료되었습니다 (20261122-00001234)"
        assert mail.get_body(("html",)).get_content().startswith("<!DOCTYPE html>")
        assert "42,800원" in mail.get_body(("plain",)).get_content()
        (said,) = await world.said()
        assert isinstance(said, NotificationDelivered)
        assert (said.delivery_id, said.template, said.channel) == (row["id"], "order-paid", "email")

    async def test_an_alimtalk_is_delivered_when_the_provider_says_so(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        await world.texts()
        assert (await world.states())["order-paid", "alimtalk"] == "accepted"
        assert await world.said() == []
        await end(world, "4000")
        await world.later(minutes=3)
        (row,) = await world.rows("d.channel = 'alimtalk'")
        assert (row["status"], row["delivered_as"]) == ("delivered", "alimtalk")
        assert {event.channel for event in await world.said()} == {"alimtalk", "email"}

    async def test_messages_of_an_order_leave_in_the_order_of_their_facts(self, world: World) -> None:
        order_id = ids.new_id()
        facts = [order_placed(order_id), payment_pending(order_id), order_paid(order_id), order_cancelled(order_id),
                 payment_refunded(order_id), shipment_updated(order_id)]  # fmt: skip
        await world.hear(*reversed(facts))
        await world.hear(contact(order_id))
        await world.settle()
        texts = [message["text"].split("] ")[1].split("\n")[0] for message in world.solapi.messages.values()]
        assert texts == [
            "주문 접수 안내",
            "입금 안내",
            "결제 완료 안내",
            "주문 취소 안내",
            "환불 완료 안내",
            "상품 발송 안내",
        ]
        assert len(world.post.mails) == len(facts)
        assert "접수" in world.post.subjects()[0]
        assert "출발" in world.post.subjects()[-1]

    async def test_a_later_message_waits_while_an_earlier_one_is_tried_again(self, world: World) -> None:
        order_id, other = ids.new_id(), ids.new_id()
        world.post.answers = ["451 not now"]
        await world.hear_of(order_placed(order_id))
        await world.mails()
        await world.hear(order_paid(order_id), order_paid(other), contact(other))
        await world.mails()
        assert (await world.states(f"d.order_id = '{order_id}'"))["order-paid", "email"] == "pending"
        assert len(world.post.mails) == 1  # the other order does not wait
        await world.later(seconds=6)
        assert ["접수" in subject for subject in world.post.subjects()] == [False, True, False]


class TestMailTrouble:
    @pytest.mark.parametrize("code", ["451", "421"])
    @pytest.mark.parametrize("step", ["answers", "data_answers"])
    async def test_a_passing_refusal_is_tried_again(self, world: World, code: str, step: str) -> None:
        setattr(world.post, step, [f"{code} not now"])
        await world.hear_of(order_paid(ids.new_id()))
        await world.mails()
        (row,) = await world.rows("d.channel = 'email'")
        assert (row["status"], row["reason"]) == ("pending", f"smtp_{code}")
        await world.later(seconds=6)
        assert (await world.states())["order-paid", "email"] == "delivered"
        assert len(world.post.mails) == 1

    async def test_a_final_refusal_is_the_end_of_the_mail_alone(self, world: World) -> None:
        world.post.answers = ["550 no such user"]
        await world.hear_of(order_paid(ids.new_id()))
        await world.settle()
        states = await world.states()
        assert states == {("order-paid", "alimtalk"): "accepted", ("order-paid", "email"): "failed"}
        assert await world.said() == []  # the Alimtalk may still arrive

    async def test_one_refused_recipient_does_not_hurt_the_next_on_the_line(self, world: World) -> None:
        parts = world.build(smtp_lines=1)
        world.post.answers = ["550 no such user"]
        for _ in range(2):
            await world.hear_of(order_paid(ids.new_id()))
        await world.turn("send-mails", parts)
        assert sorted(row["status"] for row in await world.rows("d.channel = 'email'")) == ["delivered", "failed"]

    async def test_a_line_that_breaks_after_the_mail_sends_it_again_under_the_same_name(self, world: World) -> None:
        world.post.break_after_data = 1
        await world.hear_of(order_paid(ids.new_id()))
        await world.mails()
        assert (await world.states())["order-paid", "email"] == "unknown"
        await world.later(seconds=20)
        assert (await world.states())["order-paid", "email"] == "delivered"
        assert len(world.post.mails) == 2
        assert len(world.post.distinct) == 1
        assert len([event for event in await world.said() if event.channel == "email"]) == 1

    async def test_a_server_that_is_away_costs_nothing_but_time(self, world: World) -> None:
        parts = world.build(smtp_port=1)
        for _ in range(5):
            await world.hear_of(order_paid(ids.new_id()))
        await world.turn("send-mails", parts)
        assert {row["status"] for row in await world.rows("d.channel = 'email'")} == {"pending"}
        await world.later(seconds=6)
        assert len(world.post.mails) == 5

    async def test_an_unusable_address_is_never_tried(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()), email="minji@example.com\nBcc: all@example.com")
        await world.settle()
        (row,) = await world.rows("d.channel = 'email'")
        assert (row["status"], row["reason"], row["recipient"]) == ("skipped", "no_usable_address", None)
        assert world.post.mails == []

    async def test_an_answer_the_database_would_not_take_is_written_down_later_and_nothing_sent_twice(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settle, tries = handlers.settle, []

        async def away(*given: Any) -> None:
            tries.append(given)
            if len(tries) < 3:
                raise TimeoutError
            await settle(*given)

        monkeypatch.setattr(handlers, "settle", away)
        await world.hear_of(order_paid(ids.new_id()))
        await world.mails()
        assert (await world.states())["order-paid", "email"] == "delivered"
        assert (len(tries), len(world.post.mails)) == (3, 1)

    async def test_a_mall_s_unusable_address_costs_the_answer_address_and_not_the_mail(self, world: World) -> None:
        order_id = ids.new_id()
        await world.hear(
            mall_changed(support_email="help at intake\nBcc: a@b.c"), contact(order_id), order_paid(order_id)
        )
        await world.mails()
        assert world.post.mails[0]["Reply-To"] is None
        assert world.post.mails[0]["Bcc"] is None

    async def test_a_name_cannot_write_headers(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()), name='"김" <a@b.c>\r\nBcc: d@e.f')
        await world.mails()
        (mail,) = world.post.mails
        assert mail["Bcc"] is None
        assert [address.addr_spec for address in mail["To"].addresses] == ["minji.kim@example.com"]


class TestTextTrouble:
    async def test_a_refused_alimtalk_goes_out_as_our_own_text(self, world: World) -> None:
        world.solapi.refuse = ["1043"]
        await world.hear_of(order_paid(ids.new_id()))
        await world.texts()
        states = await world.states()
        assert states["order-paid", "alimtalk"] == "failed"
        assert states["order-paid", "sms"] == "accepted"
        (text,) = world.solapi.taken()
        assert (text["type"], text["to"]) == ("SMS", "01012345678")

    async def test_an_alimtalk_that_failed_later_is_followed_by_our_own_text(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        await world.texts()
        await end(world, "3055")
        await world.later(minutes=3)
        states = await world.states()
        assert states["order-paid", "alimtalk"] == "failed"
        assert states["order-paid", "sms"] == "accepted"

    async def test_what_the_provider_sent_as_a_text_is_not_sent_again(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        await world.texts()
        await end(world, "4000", "LMS")
        await world.later(minutes=3)
        (row,) = await world.rows("d.channel = 'alimtalk'")
        assert (row["status"], row["delivered_as"]) == ("delivered", "lms")
        assert len(world.solapi.messages) == 1

    async def test_nor_where_its_text_failed_too(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()), email=None)
        await world.settle()
        await end(world, "3040", "LMS")
        await world.later(minutes=3)
        assert len(world.solapi.messages) == 1
        (said,) = await world.said()
        assert isinstance(said, NotificationFailed)
        assert said.reason == "solapi_3040"

    async def test_an_empty_balance_waits(self, world: World) -> None:
        world.solapi.refuse = ["1030"]
        await world.hear_of(order_paid(ids.new_id()))
        await world.texts()
        assert (await world.states())["order-paid", "alimtalk"] == "pending"
        await world.later(seconds=6)
        assert len(world.solapi.taken()) == 1

    async def test_a_lost_answer_is_looked_up_and_not_sent_again(self, world: World) -> None:
        world.solapi.lose_answers = 1
        await world.hear_of(order_paid(ids.new_id()))
        await world.texts()
        (row,) = await world.rows("d.channel = 'alimtalk'")
        assert (row["status"], row["reason"]) == ("unknown", "ReadTimeout")
        await world.later(seconds=20)
        (row,) = await world.rows("d.channel = 'alimtalk'")
        assert (row["status"], row["provider_id"]) == ("accepted", "M4V000001")
        assert len(world.solapi.messages) == 1

    async def test_a_call_that_never_arrived_is_looked_up_and_sent(self, world: World) -> None:
        world.solapi.statuses = [503]
        await world.hear_of(order_paid(ids.new_id()))
        await world.texts()
        assert world.solapi.messages == {}
        await world.later(seconds=20)
        assert len(world.solapi.messages) == 1

    async def test_while_the_provider_cannot_be_asked_nothing_is_guessed(self, world: World) -> None:
        world.solapi.lose_answers = 1
        await world.hear_of(order_paid(ids.new_id()))
        await world.texts()
        world.solapi.down = True
        await world.later(hours=2)
        assert (await world.states())["order-paid", "alimtalk"] == "unknown"
        world.solapi.down = False
        await world.later(hours=1)
        assert (await world.states())["order-paid", "alimtalk"] == "accepted"
        assert len(world.solapi.messages) == 1


class TestEnds:
    async def test_a_message_that_reached_nobody_is_said_once(self, world: World) -> None:
        world.post.answers = ["550 no such user"]
        world.solapi.refuse = ["1043", "1062"]
        await world.hear_of(order_paid(ids.new_id()))
        await world.settle()
        assert await world.states() == {
            ("order-paid", "alimtalk"): "failed",
            ("order-paid", "email"): "failed",
            ("order-paid", "sms"): "failed",
        }
        (said,) = await world.said()
        assert isinstance(said, NotificationFailed)
        assert (said.template, said.channel, said.reason) == ("order-paid", "sms", "solapi_1062")

    async def test_gives_up_after_a_day_of_tries(self, world: World) -> None:
        world.solapi.down = True
        await world.hear_of(order_paid(ids.new_id()))
        await world.texts()
        for _ in range(3):
            await world.later(hours=25)
        states = await world.states()
        assert states["order-paid", "alimtalk"] == states["order-paid", "sms"] == "failed"

    async def test_a_deposit_is_not_asked_for_after_its_time(self, world: World) -> None:
        order_id = ids.new_id()
        await world.hear(order_placed(order_id), payment_pending(order_id))
        await world.later(days=3)
        await world.hear(contact(order_id))
        await world.settle()
        rows = await world.rows("m.kind = 'payment-pending'")
        assert {(row["status"], row["reason"]) for row in rows} == {("skipped", "expired")}
        assert len(world.post.mails) == 1

    async def test_a_contact_that_never_comes_ends_in_an_event(self, world: World) -> None:
        await world.hear(order_paid(ids.new_id()))
        await world.later(days=8)
        (said,) = await world.said()
        assert isinstance(said, NotificationFailed)
        assert said.reason == "no_contact"
        assert set((await world.states()).values()) == {"failed"}
