"""The tracking API (korea.md 3.2 Delivery Tracker): GraphQL, lastEvent over the last item, errors in the body."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_world import Running, sandbox

KEY = "TRACKQL-API-KEY sandbox:sandbox-tracker-secret"
QUERY = """
query Track($carrierId: ID!, $trackingNumber: String!) {
  track(carrierId: $carrierId, trackingNumber: $trackingNumber) {
    lastEvent { time status { code name } }
    events(last: 10) { edges { node { time status { code } description } } }
  }
}
"""
NUMBER = "310000000010"


async def ask(running: Running, number: str = NUMBER, query: str = QUERY, key: str = KEY) -> httpx.Response:
    variables = {"carrierId": "kr.lotte", "trackingNumber": number}
    return await running.client.post(
        "/logistics/tracker/graphql", json={"query": query, "variables": variables}, headers={"authorization": key}
    )


async def track(running: Running) -> dict[str, Any]:
    body = (await ask(running)).json()
    assert "errors" not in body, body
    return dict(body["data"]["track"])


async def issue(running: Running) -> None:
    body = {"carrier_id": "kr.lotte", "waybill": NUMBER}
    assert (await running.client.post("/logistics/_sandbox/parcels", json=body)).status_code == 201


async def scan(running: Running, code: str) -> httpx.Response:
    return await running.client.post(
        f"/logistics/_sandbox/parcels/kr.lotte/{NUMBER}/events", json={"code": code, "description": "부재중"}
    )


class TestTrack:
    async def test_a_parcel_travels_one_step_at_a_time(self, running: Running) -> None:
        await issue(running)
        seen = []
        for _ in range(6):
            seen.append((await track(running))["lastEvent"]["status"]["code"])
            await running.clock.advance(3)
        assert seen == [
            "INFORMATION_RECEIVED", "AT_PICKUP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED", "DELIVERED",
        ]  # fmt: skip

    async def test_events_are_oldest_first_with_korean_time(self, running: Running) -> None:
        await issue(running)
        await running.clock.advance(3)
        nodes = [edge["node"] for edge in (await track(running))["events"]["edges"]]
        assert [node["time"] for node in nodes] == ["2026-11-22T10:00:00+09:00", "2026-11-22T10:00:03+09:00"]

    async def test_delivered_stays_the_last_event_whatever_is_scanned_later(self, running: Running) -> None:
        await issue(running)
        await running.clock.advance(20)
        await scan(running, "OUT_FOR_DELIVERY")
        found = await track(running)
        assert found["lastEvent"]["status"]["code"] == "DELIVERED"
        assert found["events"]["edges"][-1]["node"]["status"]["code"] == "OUT_FOR_DELIVERY"

    async def test_something_out_of_the_ordinary_can_be_scanned(self, running: Running) -> None:
        await issue(running)
        await running.clock.advance(10)
        assert (await scan(running, "ATTEMPT_FAIL")).status_code == 201
        assert (await track(running))["lastEvent"]["status"]["code"] == "ATTEMPT_FAIL"
        assert (await scan(running, "TELEPORTED")).status_code == 422

    async def test_slices_as_a_relay_connection(self, running: Running) -> None:
        await issue(running)
        await running.clock.advance(20)
        query = QUERY.replace(
            "events(last: 10) { edges", "events(first: 2, after: 0) { pageInfo { hasNextPage endCursor } edges"
        ).replace("after: 0", 'after: "0"')
        body = (await ask(running, query=query)).json()
        events = body["data"]["track"]["events"]
        assert [edge["node"]["status"]["code"] for edge in events["edges"]] == ["AT_PICKUP", "IN_TRANSIT"]
        assert events["pageInfo"] == {"hasNextPage": True, "endCursor": "2"}


class TestErrors:
    async def test_an_unknown_number_is_not_found_on_http_200(self, running: Running) -> None:
        answer = await ask(running, "1")
        assert answer.status_code == 200
        assert answer.json()["data"] == {"track": None}
        assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"

    async def test_so_is_a_label_before_the_pickup_scan(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, tracking_hidden_seconds=60) as running:
            await issue(running)
            assert (await ask(running)).json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
            await running.clock.advance(60)
            assert "errors" not in (await ask(running)).json()

    @pytest.mark.parametrize("key", ["", "TRACKQL-API-KEY sandbox:wrong", "Bearer x"])
    async def test_a_wrong_key_is_told_in_the_body(self, running: Running, key: str) -> None:
        answer = await ask(running, key=key)
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"

    @pytest.mark.parametrize("query", ["{", "{ parcels { id } }", "{ track { lastEvent { time } } }"])
    async def test_a_bad_query_is_a_bad_request(self, running: Running, query: str) -> None:
        answer = await ask(running, query=query)
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"

    @pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b"null"])
    async def test_so_is_a_body_without_a_query(self, running: Running, content: bytes) -> None:
        answer = await running.client.post(
            "/logistics/tracker/graphql", content=content, headers={"authorization": KEY}
        )
        assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"

    async def test_a_fault_is_an_internal_error(self, running: Running) -> None:
        await issue(running)
        await running.fault("logistics", "error", operation="tracker")
        assert (await ask(running)).json()["errors"][0]["extensions"]["code"] == "INTERNAL"

    async def test_an_unknown_parcel_takes_no_scan(self, running: Running) -> None:
        assert (await scan(running, "EXCEPTION")).status_code == 404
