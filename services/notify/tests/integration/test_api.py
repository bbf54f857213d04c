"""What staff see, and what reports of the provider can and cannot do."""

import base64
from typing import Any

import httpx
import jwt
import pytest
from services.notify.tests.builders import EMAIL, PHONE, order_paid, order_placed
from services.notify.tests.world import CALLBACK_TOKEN, STAFF_KEY, World

from common import ids
from contracts.notifications import NotificationDelivered
from notify import api

pytestmark = pytest.mark.integration

LIST = "/v1/notifications"
CALLBACK = "/v1/callbacks/solapi"
SECRET = {"X-Solapi-Secret": CALLBACK_TOKEN}


def forged(moment: str) -> str:
    return base64.urlsafe_b64encode(f"{moment} {ids.new_id()}".encode()).decode()


class TestNotifications:
    async def test_shows_an_order_s_messages_with_masked_recipients(
        self, world: World, client: httpx.AsyncClient, staff: dict[str, str]
    ) -> None:
        order_id = ids.new_id()
        await world.hear_of(order_placed(order_id), order_paid(order_id))
        await world.hear_of(order_paid(ids.new_id()))
        await world.settle()
        answer = await client.get(LIST, params={"order_id": str(order_id)}, headers=staff)
        assert answer.status_code == 200
        items = answer.json()["items"]
        assert {(item["template"], item["channel"], item["status"]) for item in items} == {
            ("order-placed", "email", "delivered"),
            ("order-placed", "alimtalk", "accepted"),
            ("order-paid", "email", "delivered"),
            ("order-paid", "alimtalk", "accepted"),
        }
        assert {item["recipient"] for item in items} == {"m***@example.com", "010****5678"}
        assert EMAIL not in answer.text
        assert PHONE.replace("-", "") not in answer.text

    async def test_pages_through_all_and_filters_by_status(
        self, world: World, client: httpx.AsyncClient, staff: dict[str, str]
    ) -> None:
        for _ in range(5):
            await world.hear_of(order_paid(ids.new_id()))
        await world.mails()
        seen: list[str] = []
        cursor: str | None = None
        while True:
            query = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(LIST, params=query, headers=staff)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == 10
        delivered = (await client.get(LIST, params={"status": "delivered"}, headers=staff)).json()["items"]
        assert [item["channel"] for item in delivered] == ["email"] * 5

    @pytest.mark.parametrize(
        ("query", "status", "code"),
        [
            ({"cursor": "not-one-of-ours"}, 422, "cursor.invalid"),
            ({"cursor": "가나다"}, 422, "cursor.invalid"),
            ({"cursor": forged("2026-11-22T09:30:00")}, 422, "cursor.invalid"),
            ({"cursor": forged("0001-01-01T00:00:00+14:00")}, 422, "cursor.invalid"),
            ({"cursor": forged("9999-12-31T23:59:59-14:00")}, 422, "cursor.invalid"),
            ({"order_id": "1"}, 422, "request.invalid"),
            ({"status": "lost"}, 422, "request.invalid"),
            ({"limit": "0"}, 422, "request.invalid"),
        ],
    )
    async def test_bad_questions(
        self, client: httpx.AsyncClient, staff: dict[str, str], query: dict[str, str], status: int, code: str
    ) -> None:
        answer = await client.get(LIST, params=query, headers=staff)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_is_for_staff_with_the_role(self, client: httpx.AsyncClient) -> None:
        assert (await client.get(LIST)).status_code == 401
        claims = {"sub": "staff-2", "typ": "staff", "roles": ["scm"], "exp": 4_102_444_800}
        token = jwt.encode(claims, STAFF_KEY, algorithm="HS256")
        refused = await client.get(LIST, headers={"Authorization": f"Bearer {token}"})
        assert (refused.status_code, refused.json()["code"]) == (403, "auth.forbidden")


@pytest.fixture
async def accepted(world: World) -> dict[str, Any]:
    """A message the provider has, as it lies in its books."""
    await world.hear_of(order_paid(ids.new_id()), email=None)
    await world.settle()
    (message,) = world.solapi.taken()
    return message


async def state(world: World) -> tuple[str, int]:
    """The Alimtalk's status, and how many messages the provider has."""
    await world.settle()
    return (await world.states())["order-paid", "alimtalk"], len(world.solapi.messages)


class TestReports:
    @pytest.mark.parametrize("wrapped", [True, False])
    async def test_good_news_is_believed_at_once(
        self, world: World, client: httpx.AsyncClient, accepted: dict[str, Any], wrapped: bool
    ) -> None:
        item = world.solapi.finish(accepted, "4000")
        asked = len(world.solapi.calls)
        body = [{"eventDataId": "e1", "data": item, "retryCount": 0} if wrapped else item]
        answer = await client.post(CALLBACK, json=body, headers=SECRET)
        assert (answer.status_code, answer.json()) == (200, {"received": 1, "taken": 1})
        assert await state(world) == ("delivered", 1)
        assert len(world.solapi.calls) == asked

    async def test_the_secret_may_stand_in_the_path(
        self, world: World, client: httpx.AsyncClient, accepted: dict[str, Any]
    ) -> None:
        item = world.solapi.finish(accepted, "4000")
        assert (await client.post(f"{CALLBACK}/{CALLBACK_TOKEN}", json=[item])).status_code == 200
        assert await state(world) == ("delivered", 1)

    async def test_twice_late_and_out_of_order_change_nothing_more(
        self, world: World, client: httpx.AsyncClient, accepted: dict[str, Any]
    ) -> None:
        good = world.solapi.finish(accepted, "4000")
        for item in (good, good, good | {"statusCode": "3000"}, good | {"statusCode": "3040"}):
            assert (await client.post(CALLBACK, json=[item], headers=SECRET)).status_code == 200
        assert await state(world) == ("delivered", 1)
        assert len([event for event in await world.said() if isinstance(event, NotificationDelivered)]) == 1

    async def test_many_come_in_one_call_some_twice_some_of_nobody(
        self, world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(api, "_AT_ONCE", 3)
        for _ in range(7):
            await world.hear_of(order_paid(ids.new_id()), email=None)
        await world.settle()
        news = [world.solapi.finish(message, "4000") for message in world.solapi.taken()]
        stranger = news[0] | {"customFields": {"notificationId": str(ids.new_id())}}
        answer = await client.post(CALLBACK, json=[*news, {"odd": 1}, stranger, news[0]], headers=SECRET)
        assert answer.json() == {"received": 10, "taken": 8}
        assert len([event for event in await world.said() if isinstance(event, NotificationDelivered)]) == 7

    async def test_bad_news_is_asked_about_before_a_text_follows(
        self, world: World, client: httpx.AsyncClient, accepted: dict[str, Any]
    ) -> None:
        item = world.solapi.finish(accepted, "3104", "ATA")
        world.solapi.finish(accepted, "3000", "LMS")  # the provider is sending it as a text meanwhile
        await client.post(CALLBACK, json=[item], headers=SECRET)
        assert await state(world) == ("accepted", 1)
        world.solapi.finish(accepted, "3055", "ATA")
        await client.post(CALLBACK, json=[item], headers=SECRET)
        assert await state(world) == ("failed", 2)

    async def test_a_report_before_our_own_note_counts(
        self, world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The provider is quicker than our transaction: the delivery is still `sending`."""
        from notify.flows.desk import Desk

        original, held = Desk.write_down, []

        async def slow(desk: Desk, *given: Any) -> None:
            held.append((desk, given))

        monkeypatch.setattr(Desk, "write_down", slow)
        await world.hear_of(order_paid(ids.new_id()))
        await world.turn("send-texts")
        assert (await world.states())["order-paid", "alimtalk"] == "sending"
        item = world.solapi.finish(world.solapi.taken()[0], "4000")
        await client.post(CALLBACK, json=[item], headers=SECRET)
        for desk, given in held:
            await original(desk, *given)
        assert (await world.states())["order-paid", "alimtalk"] == "delivered"

    @pytest.mark.parametrize("path", [CALLBACK, f"{CALLBACK}/wrong", f"{CALLBACK}/가"])
    async def test_a_wrong_secret_is_refused(
        self, world: World, client: httpx.AsyncClient, accepted: dict[str, Any], path: str
    ) -> None:
        item = world.solapi.finish(accepted, "4000") | {"statusCode": "4000"}
        world.solapi.finish(accepted, "3000")
        answer = await client.post(path, json=[item])
        assert (answer.status_code, answer.json()["code"]) == (403, "callback.refused")
        assert await state(world) == ("accepted", 1)

    async def test_without_a_secret_set_a_report_only_makes_us_ask(
        self, world: World, client: httpx.AsyncClient, accepted: dict[str, Any]
    ) -> None:
        world.parts.state["callback_token"] = ""
        item = world.solapi.finish(accepted, "4000")
        world.solapi.finish(accepted, "3000")
        client._transport.app.state.callback_token = ""  # type: ignore[attr-defined]
        assert (await client.post(CALLBACK, json=[item])).status_code == 200
        assert await state(world) == ("accepted", 1)  # a lie
        world.solapi.finish(accepted, "4000")
        await client.post(CALLBACK, json=[item])
        assert await state(world) == ("delivered", 1)  # the truth

    @pytest.mark.parametrize(
        "change",
        [
            {"messageId": "M4V-of-somebody-else"},
            {"to": "01099998888"},
            {"customFields": {"notificationId": "6f6b3f3e-5e0c-5d2a-9c55-3c1c7a1d5b10"}},
            {"customFields": {"notificationId": "not-an-id"}},
            {"customFields": None},
            {"statusCode": "all fine"},
            {"messageId": None},
        ],
    )
    async def test_what_does_not_fit_is_left_alone_and_holds_nothing_up(
        self, world: World, client: httpx.AsyncClient, accepted: dict[str, Any], change: dict[str, Any]
    ) -> None:
        item = world.solapi.finish(accepted, "4000")
        answer = await client.post(CALLBACK, json=[item | change], headers=SECRET)
        assert (answer.status_code, answer.json()) == (200, {"received": 1, "taken": 0})
        answer = await client.post(CALLBACK, json=[item | change, item], headers=SECRET)
        assert answer.json() == {"received": 2, "taken": 1}
        assert await state(world) == ("delivered", 1)

    @pytest.mark.parametrize("body", [{}, "x", [1], None, [[]]])
    async def test_what_is_no_list_of_reports_is_refused(self, client: httpx.AsyncClient, body: Any) -> None:
        answer = await client.post(CALLBACK, json=body, headers=SECRET)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_body_over_the_limit_is_refused(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(CALLBACK, content=b"[" + b" " * 1_048_577 + b"]", headers=SECRET)
        assert (answer.status_code, answer.json()["code"]) == (413, "request.too_large")
