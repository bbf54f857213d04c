"""The whole service against the sandbox's Solapi: two readings of the same facts have to agree on every field."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from services.notify.tests.builders import (
    contact,
    mall_changed,
    order_paid,
    shipment_updated,
)
from services.notify.tests.facts import every_fact
from services.notify.tests.fakes import MailServer
from services.notify.tests.world import CALLBACK_TOKEN, World
from starlette.types import Receive, Scope, Send

from common import ids
from common.clock import Clock, FixedClock
from common.db import Database
from contracts.notifications import NotificationDelivered, NotificationFailed
from notify.domain.messages import Kind
from notify.flows.rendering import FOLDER
from sandbox.app import create_app
from sandbox.settings import Settings as SandboxSettings

pytestmark = pytest.mark.integration


class Outside:
    """The running sandbox: a provider for the shop, and what it has in its books."""

    def __init__(self, app: Any) -> None:
        self._transport = httpx.ASGITransport(app=app)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self._transport)

    async def messages(self) -> list[dict[str, Any]]:
        async with self.client() as http:
            answer = await http.get("http://sandbox.test/sandbox/solapi/_sandbox/messages")
            return list(answer.json()["messages"])

    async def fault(self, **order: Any) -> None:
        async with self.client() as http:
            answer = await http.post("http://sandbox.test/sandbox/_sandbox/faults", json={"party": "solapi"} | order)
            assert answer.status_code == 201, answer.text


@asynccontextmanager
async def running(tmp_path: Path, shop: Any) -> AsyncIterator[Outside]:
    settings = SandboxSettings(
        data_dir=tmp_path,
        tick_seconds=0.01,
        solapi_templates=str(FOLDER / "alimtalk.json"),
        solapi_webhook_url=f"http://shop.test/v1/callbacks/solapi/{CALLBACK_TOKEN}",
        solapi_unreachable_suffix="00",
        solapi_send_seconds=0.01,
        solapi_deliver_seconds=0.01,
    )
    app = create_app(settings, http=httpx.AsyncClient(transport=httpx.ASGITransport(app=shop)))
    async with app.router.lifespan_context(app):
        yield Outside(app)


@pytest.fixture
async def outside(tmp_path: Path, database: Database, post: MailServer) -> AsyncIterator[tuple[World, Outside]]:
    doors: list[Any] = []

    async def shop(scope: Scope, receive: Receive, send: Send) -> None:
        await doors[0](scope, receive, send)

    usual = SandboxSettings(data_dir=tmp_path)
    ours = {
        "solapi_url": "http://sandbox.test/sandbox/solapi",
        "solapi_api_key": usual.solapi_api_key,
        "solapi_api_secret": usual.solapi_api_secret,
        "solapi_pf_id": usual.solapi_pf_id,
        "sender_number": usual.solapi_senders,
    }
    # The sandbox lives in real time and checks that our clock is near it.
    database.clock = clock = FixedClock(Clock().now())
    async with running(tmp_path, shop) as sandbox:
        world = World(database, clock, post, sandbox, ours)  # type: ignore[arg-type]
        doors.append(world.app())
        yield world, sandbox


async def until(world: World, expected: dict[tuple[str, str], str]) -> None:
    """Until the deliveries are in these states, the senders working all the while; at most 15 s."""
    end = time.monotonic() + 15
    while (found := await world.states()) != expected:
        assert time.monotonic() < end, found
        await world.settle()
        await asyncio.sleep(0.01)


def all_facts(order_id: UUID, world: World) -> list[Any]:
    """The account that waits for a deposit still does."""
    facts: list[Any] = every_fact(order_id)
    later = world.clock.now() - facts[0].placed_at
    pending = facts[1].virtual_account.model_copy(update={"due_at": facts[1].virtual_account.due_at + later})
    facts[1] = facts[1].model_copy(update={"virtual_account": pending})
    return facts


async def test_every_message_arrives_as_an_alimtalk_and_is_reported(outside: tuple[World, Outside]) -> None:
    world, sandbox = outside
    order_id = ids.new_id()
    await world.hear(mall_changed(), contact(order_id), *all_facts(order_id, world))
    await until(world, {(kind, channel): "delivered" for kind in Kind for channel in ("email", "alimtalk")})
    assert {(message["type"], message["statusCode"]) for message in await sandbox.messages()} == {("ATA", "4000")}
    assert len(await sandbox.messages()) == len(Kind)
    assert {event.channel for event in await world.said()} == {"email", "alimtalk"}


async def test_every_message_reaches_whom_kakao_does_not_know_as_a_text(outside: tuple[World, Outside]) -> None:
    world, sandbox = outside
    order_id = ids.new_id()
    who = contact(order_id, name="김😀민지", email=None, phone="010-1234-5699")
    await world.hear(mall_changed(name="인테이크💚"), who, *all_facts(order_id, world))
    ends = {"alimtalk": "delivered", "email": "skipped"}
    await until(world, {(kind, channel): end for kind in Kind for channel, end in ends.items()})
    messages = await sandbox.messages()
    assert {(message["type"], message["replacement"]) for message in messages} == {("LMS", True)}
    assert len(messages) == len(Kind)


async def test_whom_kakao_does_not_know_gets_one_text(outside: tuple[World, Outside]) -> None:
    world, sandbox = outside
    order_id = ids.new_id()
    await world.hear(mall_changed(), contact(order_id, email=None, phone="010-1234-5699"), order_paid(order_id))
    await until(world, {("order-paid", "alimtalk"): "delivered", ("order-paid", "email"): "skipped"})
    (message,) = await sandbox.messages()
    assert (message["type"], message["replacement"]) == ("LMS", True)
    (said,) = await world.said()
    assert isinstance(said, NotificationDelivered)
    assert said.channel == "lms"


async def test_a_phone_that_is_off_fails_on_every_channel(outside: tuple[World, Outside]) -> None:
    world, sandbox = outside
    order_id = ids.new_id()
    await world.hear(mall_changed(), contact(order_id, email=None, phone="010-1234-5600"), order_paid(order_id))
    await until(
        world,
        {("order-paid", "alimtalk"): "failed", ("order-paid", "sms"): "failed", ("order-paid", "email"): "skipped"},
    )
    assert sorted(message["type"] for message in await sandbox.messages()) == ["ATA", "SMS"]
    (said,) = await world.said()
    assert isinstance(said, NotificationFailed)
    assert said.reason == "solapi_3040"


async def test_a_lost_answer_is_found_by_our_id(outside: tuple[World, Outside]) -> None:
    world, sandbox = outside
    await sandbox.fault(operation="send", kind="drop_after_effect", mode="http_500")
    await sandbox.fault(operation="report", kind="no_callbacks")
    order_id = ids.new_id()
    await world.hear(mall_changed(), contact(order_id, email=None), order_paid(order_id))
    await until(world, {("order-paid", "alimtalk"): "unknown", ("order-paid", "email"): "skipped"})
    await world.later(seconds=20)
    await world.later(seconds=180)
    await until(world, {("order-paid", "alimtalk"): "delivered", ("order-paid", "email"): "skipped"})
    assert len(await sandbox.messages()) == 1


async def test_what_never_arrived_is_sent_once(outside: tuple[World, Outside]) -> None:
    world, sandbox = outside
    await sandbox.fault(operation="send", kind="http_500")
    order_id = ids.new_id()
    await world.hear(mall_changed(), contact(order_id, email=None), order_paid(order_id))
    await until(world, {("order-paid", "alimtalk"): "unknown", ("order-paid", "email"): "skipped"})
    await world.later(seconds=20)
    await until(world, {("order-paid", "alimtalk"): "delivered", ("order-paid", "email"): "skipped"})
    assert len(await sandbox.messages()) == 1


async def test_texts_alone(outside: tuple[World, Outside]) -> None:
    world, sandbox = outside
    world.settings["alimtalk"] = False
    world.parts = world.build()
    order_id = ids.new_id()
    await world.hear(mall_changed(name="인테이크💚"), contact(order_id, email=None), order_paid(order_id))
    await world.hear(shipment_updated(order_id))
    await until(
        world,
        {(kind, channel): state for kind in ("order-paid", "order-shipped")
         for channel, state in (("sms", "delivered"), ("email", "skipped"))},
    )  # fmt: skip
    assert {message["type"] for message in await sandbox.messages()} == {"SMS", "LMS"}


async def test_wrong_keys_wait_and_lose_nothing(outside: tuple[World, Outside]) -> None:
    world, sandbox = outside
    right = world.parts
    world.parts = world.build(solapi_api_secret="of somebody else")
    order_id = ids.new_id()
    await world.hear(mall_changed(), contact(order_id, email=None), order_paid(order_id))
    await until(world, {("order-paid", "alimtalk"): "pending", ("order-paid", "email"): "skipped"})
    assert (await world.rows("d.channel = 'alimtalk'"))[0]["reason"] == "http_403"
    world.parts = right
    await world.later(seconds=6)
    await until(world, {("order-paid", "alimtalk"): "delivered", ("order-paid", "email"): "skipped"})
    assert len(await sandbox.messages()) == 1
