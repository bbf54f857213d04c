"""The active centre's job against the mall's own API (design.md 6), with waybills the carriers' checks pass."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_world import Mall, Running, sandbox

PATH = "/v1/logistics/shipment-requests"


class Warehouse(Mall):
    """A mall with shipment requests: idempotent, strict about its key, and able to lose an answer."""

    def __init__(self, *ids: str) -> None:
        super().__init__()
        self.open = {name: {"id": name, "order_id": f"order-{name}", "lines": self.lines()} for name in ids}
        self.accepted: list[str] = []
        self.waybills: list[tuple[str, dict[str, Any]]] = []
        self.rejected: list[tuple[str, str]] = []
        self.short: list[Any] = []
        self.lose: list[str] = []
        self.cancelled: set[str] = set()
        self.page_size = 50
        self.counts: list[Any] = []

    def add(self, name: str) -> None:
        self.open[name] = {"id": name, "order_id": f"order-{name}", "lines": self.lines()}

    def lines(self) -> list[dict[str, Any]]:
        return [{"line_id": "l1", "sku": "MUG-1", "quantity": 2}, {"line_id": "l2", "sku": "MUG-2", "quantity": 1}]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.headers.get("x-api-key") != "centre-key":
            return httpx.Response(401)
        if request.url.path == "/v1/logistics/stock-counts":
            self.counts.append(json.loads(request.content))
            return httpx.Response(200)
        if request.url.path == "/v1/logistics/return-requests":
            return httpx.Response(200, json={"items": [], "next_cursor": None})
        if request.method == "GET" and request.url.path != PATH:
            one = self.open.get(request.url.path.removeprefix(PATH + "/"))
            return httpx.Response(200, json=one) if one else httpx.Response(404)
        if request.method == "GET":
            return self.page(request)
        name, verb = request.url.path.removeprefix(PATH + "/").split("/")
        answer = self.act(name, verb, json.loads(request.content))
        if verb in self.lose:
            self.lose.remove(verb)
            raise httpx.ReadTimeout("lost")
        return answer

    def page(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == PATH
        assert request.url.params["status"] == "open"
        start = int(request.url.params.get("cursor", "0"))
        items = list(self.open.values())
        shown = items[start : start + self.page_size]
        more = str(start + self.page_size) if start + self.page_size < len(items) else None
        return httpx.Response(200, json={"items": shown, "next_cursor": more})

    def act(self, name: str, verb: str, body: dict[str, Any]) -> httpx.Response:
        if name in self.cancelled:
            return httpx.Response(409, json={"code": "shipment.cancelled"})
        if verb == "accept":
            self.accepted.append(name)
            self.open.pop(name, None)
        elif verb == "reject":
            self.rejected.append((name, body["reason"]))
            self.short.append(body.get("short"))
            self.open.pop(name, None)
        else:
            self.waybills.append((name, body))
        return httpx.Response(200, json={})


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Running]:
    mall = Warehouse()
    async with sandbox(
        tmp_path, mall=mall, logistics_url="http://mall.test", logistics_api_key="centre-key"
    ) as running:
        mall.add("s-1")
        yield running


def warehouse(running: Running) -> Warehouse:
    assert isinstance(running.mall, Warehouse)
    return running.mall


async def order(running: Running, path: str, body: Any = None) -> dict[str, Any]:
    answer = await running.client.post(f"/logistics/_sandbox/job/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def books(running: Running) -> dict[str, Any]:
    return dict((await running.client.get("/logistics/_sandbox/books")).json())


class TestJob:
    async def test_fetches_accepts_and_posts_a_valid_waybill(self, centre: Running) -> None:
        await centre.clock.advance(5)
        assert warehouse(centre).accepted == ["s-1"]
        ((name, body),) = warehouse(centre).waybills
        assert name == "s-1"
        assert set(body) == {"carrier", "waybill"}
        number = body["waybill"]
        assert body["carrier"] in ("cj", "lotte")
        digits = number[2:11] if body["carrier"] == "cj" else number[:11]
        assert int(digits) % 7 == int(number[11])
        (entry,) = (await books(centre))["requests"]
        assert entry["state"] == "shipped"

    async def test_each_request_once_however_often_it_is_listed(self, centre: Running) -> None:
        await centre.clock.advance(5)
        warehouse(centre).add("s-1")
        await centre.clock.advance(60)
        assert warehouse(centre).accepted == ["s-1"]
        assert len(warehouse(centre).waybills) == 1
        assert (await books(centre))["requests"][0]["sightings"] > 2

    async def test_follows_the_cursor(self, centre: Running) -> None:
        mall = warehouse(centre)
        mall.page_size = 2
        for number in range(2, 7):
            mall.add(f"s-{number}")
        await centre.clock.advance(10)
        assert len(mall.waybills) == 6
        assert len({body["waybill"] for _, body in mall.waybills}) == 6

    async def test_a_lost_answer_is_asked_again_with_the_same_waybill(self, centre: Running) -> None:
        mall = warehouse(centre)
        mall.lose = ["accept", "waybill"]
        await centre.clock.advance(20)
        assert mall.accepted == ["s-1", "s-1"]
        assert len(mall.waybills) == 2
        assert mall.waybills[0] == mall.waybills[1]
        assert (await books(centre))["totals"]["waybills"] == 1

    async def test_a_request_cancelled_meanwhile_gets_no_parcel(self, centre: Running) -> None:
        await order(centre, "delays", {"waybill_seconds": 30})
        await centre.clock.advance(10)
        warehouse(centre).cancelled.add("s-1")
        await centre.clock.advance(40)
        found = await books(centre)
        assert found["requests"][0]["state"] == "refused"
        assert found["parcels"] == []

    async def test_a_mall_that_is_down_is_tried_again(self, tmp_path: Path) -> None:
        class Down(Warehouse):
            down = True

            async def __call__(self, request: httpx.Request) -> httpx.Response:
                return httpx.Response(503) if self.down else await super().__call__(request)

        mall = Down("s-1")
        async with sandbox(
            tmp_path, mall=mall, logistics_url="http://mall.test", logistics_api_key="centre-key"
        ) as running:
            await running.clock.advance(10)
            assert (await books(running))["requests"] == []
            mall.down = False
            await running.clock.advance(10)
            assert len(mall.waybills) == 1

    async def test_stays_at_home_without_an_address(self, running: Running) -> None:
        await running.clock.advance(60)
        assert running.mall.requests == []

    async def test_goes_on_after_a_restart_with_the_waybill_it_had_chosen(self, tmp_path: Path) -> None:
        mall = Warehouse("s-1")
        mall.lose = ["waybill"]
        more: dict[str, Any] = {"logistics_url": "http://mall.test", "logistics_api_key": "centre-key"}
        async with sandbox(tmp_path, mall=mall, **more) as running:
            await running.clock.advance(3)
            clock = running.clock
        assert len(mall.waybills) == 1
        async with sandbox(tmp_path, mall=mall, clock=clock, **more) as running:
            await running.clock.advance(10)
        assert mall.waybills[0] == mall.waybills[1]
        assert mall.accepted == ["s-1"]


class TestSwitches:
    async def test_pause_and_resume(self, centre: Running) -> None:
        assert (await order(centre, "pause"))["paused"] is True
        warehouse(centre).requests.clear()
        await centre.clock.advance(30)
        assert warehouse(centre).requests == []
        await order(centre, "resume")
        await centre.clock.advance(10)
        assert len(warehouse(centre).waybills) == 1

    async def test_the_next_request_is_rejected_with_a_reason(self, centre: Running) -> None:
        await order(centre, "reject-next", {})
        warehouse(centre).add("s-2")
        await centre.clock.advance(10)
        assert warehouse(centre).rejected == [("s-1", "stock shortage")]
        assert [name for name, _ in warehouse(centre).waybills] == ["s-2"]
        assert warehouse(centre).short == [None]

    async def test_it_says_what_is_short_of_what_is_to_be_picked_by_then(self, centre: Running) -> None:
        """A unit of the set was cancelled after the request was first seen."""
        await order(centre, "delays", {"accept_seconds": 20})
        warehouse(centre).open["s-1"]["pick"] = [{"sku": "CUP", "quantity": 4}, {"sku": "MUG-2", "quantity": 1}]
        await centre.clock.advance(10)
        warehouse(centre).open["s-1"]["pick"][0]["quantity"] = 2
        assert (await order(centre, "reject-next", {"short": 3}))["reject_short"] == 3
        warehouse(centre).lose = ["reject"]
        await centre.clock.advance(20)
        missing = [{"sku": "CUP", "quantity": 2}, {"sku": "MUG-2", "quantity": 1}]
        assert warehouse(centre).short[0] == missing
        assert warehouse(centre).waybills == []

    async def test_a_lost_rejection_is_asked_again(self, centre: Running) -> None:
        warehouse(centre).lose = ["reject"]
        await order(centre, "reject-next", {"reason": "품절"})
        await centre.clock.advance(10)
        assert warehouse(centre).rejected == [("s-1", "품절"), ("s-1", "품절")]
        assert warehouse(centre).accepted == []

    async def test_delays(self, centre: Running) -> None:
        shown = await order(centre, "delays", {"accept_seconds": 0, "waybill_seconds": 60})
        assert shown["waybill_seconds"] == 60
        await centre.clock.advance(50)
        assert (warehouse(centre).accepted, warehouse(centre).waybills) == (["s-1"], [])
        await centre.clock.advance(20)
        assert len(warehouse(centre).waybills) == 1

    async def test_a_split_sends_the_lines_in_two_parcels(self, centre: Running) -> None:
        await order(centre, "split-next", {})
        await centre.clock.advance(10)
        first, second = (body for _, body in warehouse(centre).waybills)
        assert [line["line_id"] for line in first["lines"] + second["lines"]] == ["l1", "l2"]
        assert first["waybill"] != second["waybill"]

    async def test_a_stock_count_is_posted_on_order(self, centre: Running) -> None:
        answer = await order(centre, "stock-count", [{"sku": "MUG-1", "on_hand": 7}])
        assert answer == {"answer": 200}
        assert warehouse(centre).counts == [{"items": [{"sku": "MUG-1", "on_hand": 7}]}]


class TestFaults:
    async def test_the_waybill_can_come_twice(self, centre: Running) -> None:
        await centre.fault("logistics", "duplicate_callbacks", operation="job_waybill")
        await centre.clock.advance(10)
        first, second = warehouse(centre).waybills
        assert first == second

    async def test_or_never(self, centre: Running) -> None:
        await centre.fault("logistics", "no_callbacks", operation="job_waybill")
        await centre.clock.advance(60)
        assert warehouse(centre).waybills == []
        assert (await books(centre))["requests"][0]["state"] == "forgotten"

    async def test_or_late(self, centre: Running) -> None:
        await centre.fault("logistics", "late_callbacks", operation="job_waybill", seconds=120)
        await centre.clock.advance(100)
        assert warehouse(centre).waybills == []
        await centre.clock.advance(40)
        assert len(warehouse(centre).waybills) == 1
