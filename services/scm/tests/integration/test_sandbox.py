"""scm and the sandbox's logistics, each the other's caller: field names, carrier codes, errors and repeats agree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr
from services.scm.tests.builders import (
    NOW,
    a_cancel_request,
    a_claim_approved,
    a_claim_completed,
    a_claim_withdrawn,
    a_contact,
    a_line,
    a_product,
    an_order_paid,
)
from services.scm.tests.shop import KEYS, SCM

from common import ids
from common.clock import FixedClock
from contracts.shipments import ReturnReceived, ReturnUpdated
from sandbox.app import World, create_app
from sandbox.logistics.switches import Findings, Refusal
from sandbox.settings import Settings as SandboxSettings
from scm import jobs
from scm.clients.delivery_tracker import DeliveryTracker
from scm.clients.fassto import Account, Fassto
from scm.domain.shipment import Status
from scm.flows.centre import CentreFlow
from scm.flows.tracking import Patience, TrackingFlow
from scm.main import load_carriers

pytestmark = pytest.mark.integration

SECOND = timedelta(seconds=1)
WAIT = timedelta(seconds=30)


class SameClock:
    """The sandbox lives in the test's time."""

    def __init__(self, clock: FixedClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing in these tests waits")


class Outside:
    """The sandbox, and scm's two flows towards it."""

    def __init__(self, scm: SCM, world: World, http: httpx.AsyncClient) -> None:
        self.scm = scm
        self.world = world
        self.http = http
        carriers = load_carriers()
        account = Account(
            "http://sandbox.test/sandbox/logistics/fassto", SecretStr("sandbox-cd"), SecretStr("sandbox-key"), "94001"
        )
        self.centre = CentreFlow(scm.database, Fassto(http, account), carriers, code="yongin", settle_after=WAIT)
        url = "http://sandbox.test/sandbox/logistics/tracker/graphql"
        tracker = DeliveryTracker(http, url, SecretStr("sandbox:sandbox-tracker-secret"))
        self.tracking = TrackingFlow(scm.database, tracker, carriers, Patience(SECOND, timedelta(days=30)))

    def later(self, by: timedelta) -> None:
        self.scm.database.clock.advance(by)

    async def fault(self, operation: str, kind: str, **more) -> None:
        body = {"party": "logistics", "operation": operation, "kind": kind} | more
        (await self.http.post("http://sandbox.test/sandbox/_sandbox/faults", json=body)).raise_for_status()

    async def order(self, *lines, mall_id="intake"):
        order = an_order_paid(lines=lines, mall_id=mall_id)
        await self.scm.hear(order, a_contact(order.order_id))
        return order

    def books(self) -> list[dict]:
        return self.world.logistics.fassto.slips()


@pytest.fixture
async def outside(scm: SCM, staff, tmp_path) -> AsyncIterator[Outside]:
    settings = SandboxSettings(
        data_dir=tmp_path,
        logistics_url="http://shop.test",
        logistics_api_key=KEYS["icheon"],
        logistics_waybill_seconds=0,
    )
    clock = scm.database.clock
    assert isinstance(clock, FixedClock)
    app = create_app(settings, clock=SameClock(clock), http=scm.http)
    await scm.http.put("/v1/logistics/centres/yongin", json={"name": "용인", "mode": "poll"}, headers=staff)
    await scm.http.put("/v1/logistics/routes/livestore", json={"centre": "yongin"}, headers=staff)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        yield Outside(scm, app.state.world, http)
    app.state.world.store.close()


async def work(outside: Outside) -> None:
    """The active centre's job: one run accepts, the next ships."""
    for _ in range(2):
        await outside.world.logistics.job.round()


class TestActiveCentre:
    async def test_fetches_accepts_and_ships_with_carriers_we_know(self, outside):
        orders = [await outside.order() for _ in range(4)]
        await work(outside)
        said = [event for event in await outside.scm.updates() if event.status != "requested"]
        assert [event.status for event in said].count("accepted") == 4
        shipped = [event for event in said if event.status == "shipped"]
        assert {event.carrier for event in shipped} == {"cj", "lotte"}
        assert all(event.order_shipped for event in shipped)
        assert {event.order_id for event in shipped} == {order.order_id for order in orders}
        assert {entry["state"] for entry in outside.world.logistics.job.books()} == {"shipped"}

    async def test_splits_a_request_by_lines(self, outside):
        outside.world.logistics.switches.split_next(1)
        order = await outside.order(a_line("A", 2), a_line("B", 1))
        await work(outside)
        shipment = await outside.scm.shipment(order.order_id)
        assert [[unit.sku for unit in parcel.lines] for parcel in shipment.parcels] == [["A"], ["B"]]
        assert shipment.status is Status.SHIPPED

    async def test_rejects(self, outside):
        outside.world.logistics.switches.reject_next(Refusal("stock shortage", short=2), 1)
        order = await outside.order()
        await work(outside)
        shipment = await outside.scm.shipment(order.order_id)
        assert (shipment.status, shipment.reason) == (Status.REJECTED, "stock shortage")
        assert sum(units for _, units in shipment.short) == 2

    async def test_repeats_itself_without_effect(self, outside):
        await outside.fault("job_accept", "duplicate_callbacks")
        await outside.fault("job_waybill", "duplicate_callbacks")
        await outside.order()
        await work(outside)
        assert [event.status for event in await outside.scm.updates()] == ["requested", "accepted", "shipped"]

    async def test_stops_when_the_order_is_cancelled_under_its_hands(self, outside):
        order = await outside.order()
        await outside.world.logistics.job.round()
        await outside.scm.hear(a_cancel_request(order, reason="deposit_reversed"))
        await outside.world.logistics.job.round()
        assert [entry["state"] for entry in outside.world.logistics.job.books()] == ["refused"]
        assert (await outside.scm.shipment(order.order_id)).status is Status.CANCELLED

    async def test_counts_its_stock(self, outside):
        await outside.scm.said()
        assert await outside.world.logistics.job.count_stock([{"sku": "A", "on_hand": 12}]) == 201
        (said,) = await outside.scm.said()
        assert (said.sku, said.on_hand, said.centre) == ("A", 12, "icheon")


class TestReturns:
    """An order's goods come back to the active centre: nobody lends a hand between the claim's approval and its end."""

    async def claimed(self, outside: Outside, kind: str = "return"):
        order, claim_id = await outside.order(a_line("A", 2), a_line("B", 1)), ids.new_id()
        await work(outside)
        await outside.scm.hear(a_claim_approved(order, claim_id, kind))
        await outside.scm.said()
        return order, claim_id

    async def said_while_coming_back(self, outside: Outside) -> list:
        """To the end of the parcel's journey and of the inspection."""
        said = []
        for _ in range(16):
            await outside.world.logistics.job.round()
            said += await outside.scm.said()
            outside.later(SECOND)
        return said

    async def test_goods_are_collected_received_and_looked_at(self, outside):
        order, claim_id = await self.claimed(outside)
        *steps, received = await self.said_while_coming_back(outside)
        assert [(type(step), step.status) for step in steps] == [
            (ReturnUpdated, "picked_up"),
            (ReturnUpdated, "received"),
        ]
        assert steps[0].tracking_url
        assert isinstance(received, ReturnReceived)
        assert (received.order_id, received.claim_id) == (order.order_id, claim_id)
        assert [(line.sku, line.resellable, line.damaged, line.missing) for line in received.lines] == [("A", 2, 0, 0)]

    async def test_damaged_goods_and_others_than_claimed(self, outside):
        outside.world.logistics.switches.inspect_next(Findings(damaged=1, wrong=1), 1)
        await self.claimed(outside)
        received = (await self.said_while_coming_back(outside))[-1]
        assert [(line.resellable, line.damaged, line.missing) for line in received.lines] == [(0, 1, 1)]

    @pytest.mark.parametrize("operation", ["job_pick_up", "job_received"])
    async def test_told_twice_is_one_fact(self, outside, operation):
        await outside.fault(operation, "duplicate_callbacks")
        await self.claimed(outside)
        assert len(await self.said_while_coming_back(outside)) == 3
        assert [entry["state"] for entry in outside.world.logistics.returns.books()] == ["inspected"]

    async def test_a_withdrawn_claim_is_not_collected(self, outside):
        order, claim_id = await self.claimed(outside)
        await outside.world.logistics.job.round()
        await outside.scm.hear(a_claim_withdrawn(order, claim_id))
        assert [event.status for event in await self.said_while_coming_back(outside)] == ["closed"]
        assert [entry["state"] for entry in outside.world.logistics.returns.books()] == ["closed"]

    async def test_the_replacements_of_an_exchange_leave(self, outside):
        order, claim_id = await self.claimed(outside, "exchange")
        await self.said_while_coming_back(outside)
        await outside.scm.hear(a_claim_completed(order, claim_id, "exchange", replacement_sku="C", resellable=2))
        await work(outside)
        said = await outside.scm.updates()
        assert [(event.status, event.claim_id) for event in said] == [
            (status, claim_id) for status in ("requested", "accepted", "shipped")
        ]
        assert [(line.sku, line.quantity) for line in said[-1].lines] == [("C", 2)]


class TestAnsweringCentre:
    async def test_takes_a_release_and_gives_its_waybill(self, outside):
        order = await outside.order(mall_id="livestore")
        await outside.centre.run()
        assert (await outside.scm.shipment(order.order_id)).status is Status.ACCEPTED
        outside.later(2 * SECOND)
        await outside.centre.run()
        (parcel,) = (await outside.scm.shipment(order.order_id)).parcels
        assert (parcel.carrier, parcel.waybill) == ("cj", outside.books()[0]["waybill"])

    async def test_a_set_is_released_in_its_parts(self, outside):
        await outside.scm.hear(a_product("BOX", ("A", 3), ("B", 1)))
        await outside.order(a_line("BOX", 2), a_line("A", 1), mall_id="livestore")
        await outside.centre.run()
        assert outside.books()[0]["godCds"] == [{"cstGodCd": "A", "ordQty": 7}, {"cstGodCd": "B", "ordQty": 2}]

    async def test_a_pre_order_is_released_on_its_day(self, outside):
        await outside.scm.hear(a_product("A", release_at=NOW + timedelta(days=1)))
        order = await outside.order(mall_id="livestore")
        job = jobs.letting_go(outside.scm.database, WAIT, 1, lambda: None)
        preorder = await outside.order(a_line("A", 1), mall_id="livestore")
        await outside.centre.run()
        assert [slip["ordNo"] for slip in outside.books()] == [str((await outside.scm.shipment(order.order_id)).id)]
        outside.later(timedelta(days=1))
        await job.run()
        await outside.centre.run()
        assert len(outside.books()) == 2
        assert (await outside.scm.shipment(preorder.order_id)).status is Status.ACCEPTED

    async def test_what_comes_back_to_it_is_left_to_staff(self, outside, staff):
        order = await outside.order(mall_id="livestore")
        await outside.scm.hear(a_claim_approved(order, ids.new_id()))
        (shown,) = (await outside.scm.http.get("/v1/logistics/return-requests", headers=staff)).json()["items"]
        assert shown["centre"] == "yongin"
        assert "enter what came" in shown["attention"]

    async def test_stops_a_release_that_is_not_worked_on(self, outside):
        order = await outside.order(mall_id="livestore")
        await outside.centre.run()
        await outside.scm.hear(a_cancel_request(order))
        await outside.centre.run()
        assert (await outside.scm.shipment(order.order_id)).status is Status.CANCELLED
        assert [slip["status"] for slip in outside.books()] == ["CANCEL"]

    async def test_refuses_to_stop_what_it_works_on(self, outside):
        order = await outside.order(mall_id="livestore")
        await outside.centre.run()
        await outside.scm.said()
        outside.later(SECOND)
        await outside.scm.hear(a_cancel_request(order))
        await outside.centre.run()
        assert [(decision.accepted, decision.reason) for decision in await outside.scm.decisions()] == [
            (False, "centre_refused")
        ]

    async def test_a_line_cancel_releases_the_rest_under_a_new_number(self, outside):
        order = await outside.order(a_line("A", 2), a_line("B", 1), mall_id="livestore")
        await outside.centre.run()
        await outside.scm.hear(a_cancel_request(order, (order.lines[0], 2)))
        await outside.centre.run()
        first, second = outside.books()
        assert (first["status"], second["status"]) == ("CANCEL", "ORDER")
        assert second["ordNo"] == f"{first['ordNo']}-2"
        assert second["godCds"] == [{"cstGodCd": "B", "ordQty": 1}]

    async def test_a_lost_answer_leads_to_one_release(self, outside):
        await outside.fault("fassto_release", "drop_after_effect", mode="http_500")
        order = await outside.order(mall_id="livestore")
        await outside.centre.run()
        assert (await outside.scm.shipment(order.order_id)).status is Status.REQUESTED
        outside.later(WAIT)
        await outside.centre.run()
        assert len(outside.books()) == 1
        assert (await outside.scm.shipment(order.order_id)).status is Status.SHIPPED

    async def test_a_call_that_never_arrived_is_made_again(self, outside):
        await outside.fault("fassto_release", "http_500")
        await outside.order(mall_id="livestore")
        await outside.centre.run()
        assert outside.books() == []
        outside.later(WAIT)
        await outside.centre.run()
        assert len(outside.books()) == 1

    async def test_a_shortage_comes_back_as_a_rejection(self, outside):
        outside.world.logistics.fassto.set_stock("A", 1, 0)
        order = await outside.order(a_line("A", 2), mall_id="livestore")
        await outside.centre.run()
        shipment = await outside.scm.shipment(order.order_id)
        assert (shipment.status, shipment.reason) == (Status.REJECTED, "the centre has not enough goods")
        assert shipment.short == (("A", 1),)
        assert [slip["status"] for slip in outside.books()] == ["CANCEL"]

    async def test_a_token_that_runs_out_is_renewed(self, outside):
        await outside.order(mall_id="livestore")
        await outside.centre.run()
        outside.later(timedelta(hours=2))
        order = await outside.order(mall_id="livestore")
        await outside.centre.run()
        assert (await outside.scm.shipment(order.order_id)).status is Status.ACCEPTED


class TestTracking:
    async def test_follows_parcels_of_both_centres_to_the_door(self, outside):
        orders = [await outside.order(), await outside.order(mall_id="livestore")]
        await work(outside)
        await outside.centre.run()
        outside.later(2 * SECOND)
        await outside.centre.run()
        await outside.scm.said()
        seen = []
        for _ in range(6):
            await outside.tracking.run()
            seen += await outside.scm.updates()
            outside.later(3 * SECOND)
        for order in orders:
            steps = [(event.status, event.order_delivered) for event in seen if event.order_id == order.order_id]
            assert steps == [("in_transit", False), ("delivered", True)]

    async def test_a_number_the_carrier_does_not_know_yet_is_waited_for(self, outside):
        order = await outside.order()
        await work(outside)
        (parcel,) = (await outside.scm.shipment(order.order_id)).parcels
        carrier_id = {"cj": "kr.cjlogistics", "lotte": "kr.lotte"}[parcel.carrier]
        outside.world.logistics.parcels.void(carrier_id, parcel.waybill)
        await outside.tracking.run()
        assert (await outside.scm.shipment(order.order_id)).status is Status.SHIPPED
