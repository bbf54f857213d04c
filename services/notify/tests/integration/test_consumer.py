"""Facts in, deliveries out: each once, in whatever order things come."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from services.notify.tests.builders import (
    EMAIL,
    NOW,
    claim_events,
    contact,
    deposit_mismatch,
    mall_changed,
    option_changed,
    order_paid,
    order_placed,
    payment_pending,
    refund_account_needed,
    refund_refused,
    refund_requested,
    return_updated,
    shipment_held,
    shipment_updated,
)
from services.notify.tests.facts import every_fact
from services.notify.tests.world import World

from common import ids, testing
from contracts.claims import ClaimCompleted
from contracts.envelope import Event
from contracts.shipments import ShipmentStatus

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)


KINDS = [
    "order-placed", "payment-pending", "order-paid", "order-cancelled", "payment-refunded", "refund-account-needed",
    "deposit-short", "deposit-surplus", "deposit-reversed", "surplus-returned", "address-kept", "address-changed",
    "option-kept", "option-changed",
    "refund-failed", "payment-unwanted", "preorder-held", "exchange-shipped", "order-shipped", "claim-requested",
    "claim-approved", "claim-collected", "claim-rejected", "claim-withdrawn", "claim-completed", "replacement-stopped",
    "order-completed", "preorder-released",
]  # fmt: skip


class TestFacts:
    async def test_each_fact_makes_a_mail_and_an_alimtalk(self, world: World) -> None:
        await world.hear_of(*every_fact(ids.new_id()))
        rows = await world.rows()
        assert [(row["kind"], row["channel"]) for row in rows] == [
            (kind, channel) for kind in KINDS for channel in ("alimtalk", "email")
        ]
        assert {row["status"] for row in rows} == {"awaiting_contact"}

    async def test_a_fact_in_another_event_tells_nothing_twice(self, world: World) -> None:
        facts = every_fact(ids.new_id())
        await world.hear_of(*facts)
        await world.settle()
        before = await world.rows()
        await world.hear(*facts)  # `hear` gives every event a new id, so the inbox does not know it
        await world.settle()
        assert await world.rows() == before
        assert len(world.post.mails) == len(world.solapi.taken()) == len(KINDS)

    async def test_what_is_told_after_an_option_was_changed_names_the_new_one(self, world: World) -> None:
        order_id = ids.new_id()
        await world.hear_of(order_paid(order_id), option_changed(order_id), shipment_updated(order_id))
        await world.settle()
        shipped = next(mail for mail in world.post.mails if "발송" in mail["Subject"] or "출발" in mail["Subject"])
        assert "제주 그래놀라 (초코 500g)" in shipped.get_body(("plain",)).get_content()

    async def test_what_is_sent_in_exchange_is_told_of_the_units_that_came(self, world: World) -> None:
        order_id = ids.new_id()
        told = claim_events(order_id, "exchange")[-1]
        assert isinstance(told, ClaimCompleted)
        line = told.lines[0].model_copy(update={"quantity": 2, "resellable": 0, "damaged": 1, "missing": 1})
        await world.hear_of(order_paid(order_id), told.model_copy(update={"lines": (line,), "refund_amount": 0}))
        await world.settle()
        mail = next(mail for mail in world.post.mails if "교환 처리" in mail["Subject"])
        words = mail.get_body(("plain",)).get_content()
        assert "- 제주 그래놀라 (500g) 1개" in words
        assert "도착하지 않은 상품 1개는 제외되었습니다." in words

    async def test_two_parcels_are_two_messages(self, world: World) -> None:
        order_id = ids.new_id()
        await world.hear_of(order_paid(order_id), shipment_updated(order_id), shipment_updated(order_id))
        assert len(await world.rows("m.kind = 'order-shipped' AND d.channel = 'email'")) == 2

    async def test_an_account_that_was_wrong_is_asked_for_again_each_time(self, world: World) -> None:
        order_id = ids.new_id()
        first = refund_account_needed(order_id)
        again = [
            refund_account_needed(order_id, account_was_wrong=True, occurred_at=first.occurred_at + hours * HOUR)
            for hours in (1, 2)
        ]
        await world.hear_of(order_placed(order_id), first, *again, first, *again)
        assert len(await world.rows("m.kind = 'refund-account-needed' AND d.channel = 'email'")) == 3

    async def test_each_deposit_that_differs_is_told_once(self, world: World) -> None:
        order_id = ids.new_id()
        deposits = [deposit_mismatch(order_id, paid) for paid in (10_000, 40_000)]
        await world.hear_of(order_placed(order_id), *deposits, *deposits)
        assert len(await world.rows("m.kind = 'deposit-short' AND d.channel = 'email'")) == 2

    async def test_a_refund_is_only_promised_where_the_money_is_the_customers(self, world: World) -> None:
        await world.hear(refund_refused(ids.new_id(), still_owed=False))
        assert await world.rows() == []

    async def test_a_refund_after_a_cancel_is_told_once_it_is_made(self, world: World) -> None:
        for reason in ("customer_request", "deposit_reversed", "stock_unavailable"):
            await world.hear(refund_requested(ids.new_id(), reason=reason))
        assert await world.rows() == []

    @pytest.mark.parametrize("status", [status for status in ShipmentStatus if status is not ShipmentStatus.SHIPPED])
    async def test_of_a_parcel_only_its_leaving_is_told(self, world: World, status: ShipmentStatus) -> None:
        await world.hear(shipment_updated(ids.new_id(), status=status))
        assert await world.rows() == []

    async def test_of_goods_on_their_way_back_only_that_the_carrier_has_them(self, world: World) -> None:
        order_id = ids.new_id()
        steps = [return_updated(order_id, status=status) for status in ("requested", "received", "closed")]
        corrected = return_updated(order_id, waybill="688012345694")
        await world.hear_of(order_placed(order_id), *steps, return_updated(order_id), corrected)
        assert len(await world.rows("m.kind LIKE 'claim-%' AND d.channel = 'email'")) == 1

    async def test_each_day_a_pre_order_moves_to_is_told_and_its_release_once(self, world: World) -> None:
        order_id = ids.new_id()
        days = [
            shipment_held(order_id, NOW + day * 24 * HOUR, occurred_at=NOW + told * HOUR)
            for told, day in enumerate((1, 2, 1))
        ]
        free = [shipment_held(order_id, None, occurred_at=NOW + hours * HOUR) for hours in (24, 25)]
        await world.hear_of(order_placed(order_id), *days, *free, *days)
        kinds = [row["kind"] for row in await world.rows("m.kind LIKE 'preorder-%' AND d.channel = 'email'")]
        assert sorted(kinds) == ["preorder-held"] * 3 + ["preorder-released"]

    async def test_a_batch_of_events_in_one_transaction(self, world: World) -> None:
        facts = every_fact(ids.new_id())
        processor = testing.processor(world.database, world.parts.handlers)
        await processor.process([testing.record_of(event) for event in (*facts, *facts)])
        assert len(await world.rows()) == 2 * len(KINDS)

    async def test_wakes_both_senders_after_the_commit(self, world: World) -> None:
        await world.hear(order_placed(ids.new_id()))
        assert world.woken == ["send-mails", "send-texts"]


class TestContacts:
    async def test_a_newer_contact_is_used_from_then_on_and_an_older_one_never_again(self, world: World) -> None:
        order_id = ids.new_id()
        old = contact(order_id)
        new = contact(order_id, email="new@example.com", phone="010-9999-0000", recorded_at=NOW + HOUR)
        await world.hear(old, order_placed(order_id))
        await world.settle()
        await world.hear(new, old, order_paid(order_id))
        await world.settle()
        assert [mail["To"].addresses[0].addr_spec for mail in world.post.mails] == [EMAIL, "new@example.com"]
        assert [text["to"] for text in world.solapi.taken()] == ["01012345678", "01099990000"]


class TestAnyOrder:
    @pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
    async def test_contact_order_and_another_topic_s_fact(self, world: World, order: tuple[int, ...]) -> None:
        order_id = ids.new_id()
        events: list[Event] = [contact(order_id), order_placed(order_id), payment_pending(order_id)]
        for index in order:
            await world.hear(events[index])
            await world.settle()
        states = await world.states()
        assert states["order-placed", "email"] == states["payment-pending", "email"] == "delivered"
        assert states["order-placed", "alimtalk"] == states["payment-pending", "alimtalk"] == "accepted"
        assert [subject.split("] ")[1][:3] for subject in world.post.subjects()] == ["주문이", "11/"]  # noqa: RUF100

    async def test_waits_for_the_contact_and_loses_nothing(self, world: World) -> None:
        order_id = ids.new_id()
        await world.hear(order_placed(order_id), order_paid(order_id))
        await world.later(days=6)
        assert set((await world.states()).values()) == {"awaiting_contact"}
        assert world.post.mails == []
        await world.hear(contact(order_id))
        await world.settle()
        assert len(world.post.mails) == len(world.solapi.taken()) == 2

    async def test_order_paid_alone_carries_all_it_needs(self, world: World) -> None:
        order_id = ids.new_id()
        await world.hear_of(order_paid(order_id))
        await world.settle()
        assert "제주 그래놀라" in world.post.mails[0].get_body(("plain",)).get_content()

    async def test_an_older_word_about_a_mall_does_not_overwrite_a_newer(self, world: World) -> None:
        newer = mall_changed(name="인테이크")
        older = mall_changed(name="옛이름", occurred_at=newer.occurred_at.replace(year=2020))
        order_id = ids.new_id()
        await world.hear(newer, older, contact(order_id), order_paid(order_id))
        await world.settle()
        assert world.post.subjects()[0].startswith("[인테이크]")

    async def test_a_mall_not_heard_of_goes_by_its_id(self, world: World) -> None:
        order_id = ids.new_id()
        await world.hear(contact(order_id), order_paid(order_id))
        await world.settle()
        assert world.post.subjects()[0].startswith("[intake]")


class TestChannels:
    @pytest.mark.parametrize(
        ("settings", "channels"),
        [
            ({}, ["alimtalk", "email"]),
            ({"alimtalk": False}, ["email", "sms"]),
            ({"solapi_pf_id": ""}, ["email", "sms"]),
            ({"solapi_api_key": ""}, ["email"]),
        ],
    )
    async def test_follow_the_settings(self, world: World, settings: dict[str, Any], channels: list[str]) -> None:
        parts = world.build(**settings)
        await testing.deliver(world.database, parts.handlers, order_paid(ids.new_id()))
        assert [row["channel"] for row in await world.rows()] == channels

    async def test_without_an_e_mail_address_the_mail_is_skipped(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()), email=None)
        await world.settle()
        states = await world.states()
        assert states == {("order-paid", "alimtalk"): "accepted", ("order-paid", "email"): "skipped"}

    async def test_the_number_goes_out_without_hyphens(self, world: World) -> None:
        await world.hear_of(order_paid(ids.new_id()))
        await world.settle()
        assert world.solapi.taken()[0]["to"] == "01012345678"
        assert world.post.mails[0]["To"].addresses[0].addr_spec == EMAIL
