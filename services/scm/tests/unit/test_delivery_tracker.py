from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from common.errors import UpstreamUnavailable
from scm.clients.delivery_tracker import DeliveryTracker
from scm.domain.tracking import TrackEvent


def node(code: str, time: str | None) -> dict[str, Any]:
    return {"time": time, "status": {"code": code}}


def tracker(answer: httpx.Response | Exception, asked: list[httpx.Request] | None = None) -> DeliveryTracker:
    def machine(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    http = httpx.AsyncClient(transport=httpx.MockTransport(machine))
    return DeliveryTracker(http, "https://tracker.test/graphql", SecretStr("id:secret"))


def found(last: Any, *events: Any) -> httpx.Response:
    edges = [{"node": event} for event in events]
    return httpx.Response(200, json={"data": {"track": {"lastEvent": last, "events": {"edges": edges}}}})


def failed(*codes: str) -> httpx.Response:
    errors = [{"message": "no", "extensions": {"code": code}} for code in codes]
    return httpx.Response(200, json={"data": {"track": None}, "errors": errors})


async def test_asks_as_documented():
    asked: list[httpx.Request] = []
    await tracker(found(None), asked).track("kr.cjlogistics", "680412345673")
    (request,) = asked
    assert (request.method, str(request.url)) == ("POST", "https://tracker.test/graphql")
    assert request.headers["Authorization"] == "TRACKQL-API-KEY id:secret"
    body = json.loads(request.content)
    assert body["variables"] == {"carrierId": "kr.cjlogistics", "trackingNumber": "680412345673"}
    assert "lastEvent { time status { code } }" in body["query"]


async def test_reads_the_last_event_and_the_list():
    delivered = node("DELIVERED", "2026-11-21T10:00:00+09:00")
    track = await tracker(found(delivered, node("AT_PICKUP", "2026-11-20T18:00:00.000Z"), delivered, None)).track(
        "a", "1"
    )
    assert track is not None
    assert track.last == TrackEvent(datetime(2026, 11, 21, 1, tzinfo=UTC), "DELIVERED")
    assert [event.code for event in track.events] == ["AT_PICKUP", "DELIVERED"]


async def test_a_time_without_an_offset_is_korean():
    track = await tracker(found(node("IN_TRANSIT", "2026-11-21T10:00:00"))).track("a", "1")
    assert track is not None
    assert track.last is not None
    assert track.last.time == datetime(2026, 11, 21, 1, tzinfo=UTC)


@pytest.mark.parametrize("time", [None, "어제"])
async def test_an_event_may_lack_its_time(time):
    track = await tracker(found(node("IN_TRANSIT", time))).track("a", "1")
    assert track is not None
    assert track.last == TrackEvent(None, "IN_TRANSIT")


async def test_not_found_is_an_answer():
    assert await tracker(failed("NOT_FOUND")).track("a", "1") is None


@pytest.mark.parametrize(
    "answer",
    [failed("UNAUTHENTICATED"), failed("INTERNAL"), failed("NOT_FOUND", "INTERNAL"), httpx.Response(502, text="<html>"),
     httpx.Response(200, json={"data": None}), httpx.Response(200, json=[]), httpx.ConnectError("down")],
)  # fmt: skip
async def test_everything_else_is_no_answer(answer):
    with pytest.raises(UpstreamUnavailable):
        await tracker(answer).track("a", "1")
