"""What was told of an exchange names its goods in every message that follows."""

from typing import Any
from uuid import UUID

import pytest
from services.notify.tests.builders import (
    OTHER,
    claim_events,
    order_paid,
    replacement_stopped,
    shipment_updated,
)
from services.notify.tests.world import World

from common import ids
from contracts.envelope import Event

pytestmark = pytest.mark.integration

CHANGE, SAME = "제주 그래놀라 (500g → 초코 500g)", {"variant_name": "500g", "replacement_sku": "SKU-1"}


def told(order_id: UUID, **units: Any) -> list[Event]:
    """An exchange is requested, approved and completed."""
    events = claim_events(order_id, "exchange", **units)
    return [events[0], events[1], events[-1]]


def sent(order_id: UUID) -> Event:
    return shipment_updated(order_id, claim_id=ids.derived_id("claim", str(order_id)))


def mails(world: World) -> list[str]:
    return [mail.get_body(("plain",)).get_content() for mail in world.post.mails]


async def test_each_step_names_the_new_option_on_every_channel(world: World) -> None:
    order_id = ids.new_id()
    await world.hear_of(order_paid(order_id))
    await world.settle()
    await world.hear(*told(order_id, **OTHER), sent(order_id))
    await world.settle()
    words = mails(world)[1:]
    assert len(words) == 4
    assert all(f"- {CHANGE} 1개" in one for one in words)
    said = world.solapi.taken()[1:]
    assert len(said) == 4
    assert all(f"■ 상품: {CHANGE}\n" in one["text"] for one in said)


async def test_the_same_again_is_not_told_as_a_change(world: World) -> None:
    order_id = ids.new_id()
    await world.hear_of(order_paid(order_id), *told(order_id, **SAME), sent(order_id))
    await world.settle()
    words = mails(world)
    assert all("→" not in one for one in words)
    assert "- 제주 그래놀라 (500g) 1개" in next(one for one in words if "교환해 드리는 상품을" in one)


async def test_a_parcel_heard_of_before_its_exchange_is_named_if_that_is_known_by_then(world: World) -> None:
    order_id = ids.new_id()
    await world.hear(sent(order_id), *told(order_id, **OTHER))
    await world.hear_of(order_paid(order_id))
    await world.settle()
    assert f"- {CHANGE} 1개" in next(one for one in mails(world) if "교환해 드리는 상품을" in one)


async def test_a_parcel_of_an_exchange_nobody_told_of_names_the_product(world: World) -> None:
    order_id = ids.new_id()
    await world.hear_of(order_paid(order_id), sent(order_id))
    await world.settle()
    assert "- 제주 그래놀라 1개" in next(one for one in mails(world) if "교환해 드리는 상품을" in one)


async def test_another_exchange_of_the_order_names_none_of_it(world: World) -> None:
    order_id = ids.new_id()
    other = shipment_updated(order_id, claim_id=ids.new_id())
    await world.hear_of(order_paid(order_id), *told(order_id, **OTHER), other)
    await world.settle()
    assert "- 제주 그래놀라 1개" in next(one for one in mails(world) if "교환해 드리는 상품을" in one)


async def test_a_stop_is_told_once_with_its_goods_and_its_sum(world: World) -> None:
    order_id = ids.new_id()
    stop = replacement_stopped(order_id)
    await world.hear_of(order_paid(order_id), stop, stop)
    await world.settle()
    await world.hear(stop)
    await world.settle()
    rows = await world.rows("m.kind = 'replacement-stopped'")
    assert {row["channel"]: row["status"] for row in rows} == {"email": "delivered", "alimtalk": "accepted"}
    (words,) = [one for one in mails(world) if "보내 드릴 수 없어" in one]
    assert "- 제주 그래놀라 (초코 500g) 1개" in words
    assert "환불예정금액: 12,900원" in words


async def test_a_second_stop_of_the_same_claim_is_another_message(world: World) -> None:
    order_id = ids.new_id()
    stops = [replacement_stopped(order_id, stop_id=ids.new_id()) for _ in range(2)]
    await world.hear_of(order_paid(order_id), *stops)
    assert len(await world.rows("m.kind = 'replacement-stopped' AND d.channel = 'email'")) == 2


async def test_while_a_bank_holds_the_deposit_no_sum_is_told(world: World) -> None:
    order_id = ids.new_id()
    await world.hear_of(order_paid(order_id), replacement_stopped(order_id, refund_amount=0))
    await world.settle()
    words = mails(world)[-1]
    assert "반품으로 처리했습니다" in words
    assert "환불" not in words
