"""The active centre's job and goods that come back, against the mall's own API."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_world import Mall, Running, sandbox

PATH = "/v1/logistics/return-requests"
MORE: dict[str, Any] = {
    "logistics_url": "http://mall.test", "logistics_api_key": "centre-key", "tracking_step_seconds": 3.0,
}  # fmt: skip


class Claims(Mall):
    """A mall with one return of two lines; it can lose an answer, and drop the claim."""

    def __init__(self) -> None:
        super().__init__()
        lines = [{"line_id": "l1", "sku": "MUG-1", "quantity": 2}, {"line_id": "l2", "sku": "MUG-2", "quantity": 1}]
        self.open = [{"claim_id": "c-1", "order_id": "o-1", "lines": lines}]
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.lose: list[str] = []
        self.dropped = False

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["x-api-key"] == "centre-key"
        if request.method == "GET":
            items = self.open if request.url.path == PATH else []
            return httpx.Response(200, json={"items": items, "next_cursor": None})
        verb = request.url.path.removeprefix(f"{PATH}/c-1/")
        self.posts.append((verb, json.loads(request.content)))
        if verb in self.lose:
            self.lose.remove(verb)
            raise httpx.ReadTimeout("lost")
        if self.dropped:
            return httpx.Response(409, json={"code": "return.closed"})
        return httpx.Response(200, json={})

    def said(self, verb: str) -> list[dict[str, Any]]:
        return [body for name, body in self.posts if name == verb]


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Running]:
    async with sandbox(tmp_path, mall=Claims(), **MORE) as running:
        yield running


def claims(running: Running) -> Claims:
    assert isinstance(running.mall, Claims)
    return running.mall


async def entry(running: Running) -> dict[str, Any]:
    books = (await running.client.get("/logistics/_sandbox/books")).json()
    (found,) = books["returns"]
    assert books["totals"][f"returns_{found['state']}"] == 1
    return dict(found)


async def inspect_next(running: Running, **findings: int) -> None:
    answer = await running.client.post("/logistics/_sandbox/job/inspect-next", json=findings)
    assert answer.status_code == 200, answer.text


async def test_collected_brought_back_and_found_in_order(centre: Running) -> None:
    await centre.clock.advance(1)
    assert (await entry(centre))["state"] == "booked"
    assert claims(centre).posts == []
    await centre.clock.advance(4)
    (collected,) = claims(centre).said("pick-up")
    assert collected["carrier"] in {"cj", "lotte"}
    await centre.clock.advance(15)
    (found,) = claims(centre).said("received")
    assert found["lines"] == [
        {"line_id": "l1", "resellable": 2, "damaged": 0, "missing": 0},
        {"line_id": "l2", "resellable": 1, "damaged": 0, "missing": 0},
    ]
    assert (await entry(centre))["state"] == "inspected"
    await centre.clock.advance(60)
    assert len(claims(centre).posts) == 2


async def test_damaged_and_other_goods_when_ordered_for_one_return(centre: Running) -> None:
    await inspect_next(centre, damaged=1, wrong=1)
    await centre.clock.advance(30)
    (found,) = claims(centre).said("received")
    assert [(line["resellable"], line["damaged"], line["missing"]) for line in found["lines"]] == [(0, 1, 1), (1, 0, 0)]
    assert [line["wrong"] for line in (await entry(centre))["found"]] == [1, 0]


@pytest.mark.parametrize("verb", ["pick-up", "received"])
async def test_a_lost_answer_is_asked_again_in_the_same_words(centre: Running, verb: str) -> None:
    await inspect_next(centre, damaged=1)
    claims(centre).lose = [verb]
    await centre.clock.advance(40)
    first, second = claims(centre).said(verb)
    assert first == second
    assert (await entry(centre))["state"] == "inspected"


async def test_goods_of_a_dropped_claim_are_not_collected(centre: Running) -> None:
    claims(centre).dropped = True
    await centre.clock.advance(40)
    assert (await entry(centre))["state"] == "closed"
    assert (await centre.client.get("/logistics/_sandbox/books")).json()["parcels"] == []


async def test_goods_of_a_claim_dropped_on_their_way_are_put_aside(centre: Running) -> None:
    await centre.clock.advance(6)
    claims(centre).dropped = True
    await centre.clock.advance(40)
    assert (await entry(centre))["state"] == "put_aside"


async def test_told_twice_late_or_never(centre: Running) -> None:
    await centre.fault("logistics", "duplicate_callbacks", operation="job_pick_up")
    await centre.fault("logistics", "late_callbacks", operation="job_received", seconds=60)
    await centre.fault("logistics", "no_callbacks", operation="job_received")
    await centre.clock.advance(30)
    first, second = claims(centre).said("pick-up")
    assert first == second
    await centre.clock.advance(120)
    assert claims(centre).said("received") == []
    assert (await entry(centre))["state"] == "forgotten"


async def test_goes_on_after_a_restart_where_it_stood(tmp_path: Path) -> None:
    mall = Claims()
    mall.lose = ["received"] * 100
    async with sandbox(tmp_path, mall=mall, **MORE) as running:
        await inspect_next(running, damaged=2)
        await running.clock.advance(20)
        clock = running.clock
    tried = mall.said("received")
    mall.lose = []
    async with sandbox(tmp_path, mall=mall, clock=clock, **MORE) as running:
        await running.clock.advance(10)
        assert (await entry(running))["state"] == "inspected"
    assert len(mall.said("pick-up")) == 1
    assert mall.said("received") == [tried[0]] * (len(tried) + 1)
