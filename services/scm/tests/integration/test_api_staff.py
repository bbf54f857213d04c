from __future__ import annotations

import pytest
from services.scm.tests.builders import CJ, a_contact, an_order_paid
from services.scm.tests.shop import REQUESTS, a_staff_token

from scm.main import load_carriers

pytestmark = pytest.mark.integration


class TestCentres:
    async def test_are_put_and_listed(self, scm, staff):
        for name in ("김포", "김포 물류센터"):
            answer = await scm.http.put(
                "/v1/logistics/centres/gimpo", json={"name": name, "mode": "pull"}, headers=staff
            )
            assert answer.status_code == 200
        listed = (await scm.http.get("/v1/logistics/centres", headers=staff)).json()["items"]
        assert listed == [{"code": "gimpo", "name": "김포 물류센터", "mode": "pull", "active": True}]

    async def test_only_the_centre_of_the_settings_can_be_polled(self, scm, staff):
        body = {"name": "x", "mode": "poll"}
        refused = await scm.http.put("/v1/logistics/centres/gimpo", json=body, headers=staff)
        assert (refused.status_code, refused.json()["code"]) == (422, "centre.unknown")
        assert (await scm.http.put("/v1/logistics/centres/yongin", json=body, headers=staff)).status_code == 200

    @pytest.mark.parametrize(
        ("path", "body"),
        [("centres/UPPER", {"name": "x", "mode": "pull"}), ("centres/a", {"name": "", "mode": "pull"}),
         ("centres/a", {"name": "x", "mode": "push"}), ("centres/a", {"name": "x", "mode": "pull", "open": True}),
         ("routes/Not-A-Mall", {"centre": "a"}), ("routes/intake", {})],
    )  # fmt: skip
    async def test_bad_input_is_refused(self, scm, staff, path, body):
        assert (await scm.http.put(f"/v1/logistics/{path}", json=body, headers=staff)).status_code == 422

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "centres"), ("PUT", "centres/a"), ("GET", "routes"), ("PUT", "routes/a"),
         ("POST", "shipment-requests/00000000-0000-7000-8000-000000000000/reassign")],
    )  # fmt: skip
    async def test_are_for_staff_with_the_role(self, scm, method, path):
        assert (await scm.http.request(method, f"/v1/logistics/{path}", json={})).status_code == 401
        others = {"Authorization": f"Bearer {a_staff_token('orders')}"}
        assert (await scm.http.request(method, f"/v1/logistics/{path}", json={}, headers=others)).status_code == 403


class TestRoutes:
    async def test_lead_to_centres_that_exist(self, scm, staff):
        refused = await scm.http.put("/v1/logistics/routes/intake", json={"centre": "nowhere"}, headers=staff)
        assert (refused.status_code, refused.json()["code"]) == (422, "centre.unknown")
        await scm.http.put("/v1/logistics/centres/gimpo", json={"name": "김포", "mode": "pull"}, headers=staff)
        await scm.http.put("/v1/logistics/routes/intake", json={"centre": "gimpo"}, headers=staff)
        listed = (await scm.http.get("/v1/logistics/routes", headers=staff)).json()["items"]
        assert listed == [{"mall_id": "intake", "centre": "gimpo"}]

    async def test_do_not_lead_to_a_centre_that_was_closed(self, scm, staff):
        closed = {"name": "김포", "mode": "pull", "active": False}
        await scm.http.put("/v1/logistics/centres/gimpo", json=closed, headers=staff)
        refused = await scm.http.put("/v1/logistics/routes/intake", json={"centre": "gimpo"}, headers=staff)
        assert (refused.status_code, refused.json()["code"]) == (422, "centre.unknown")


class TestRequests:
    async def test_staff_see_every_centres_requests_but_addresses_one_by_one(self, scm, staff):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.hear(an_order_paid(mall_id="livestore"))
        every = (await scm.http.get(REQUESTS, headers=staff)).json()["items"]
        assert len(every) == 2
        assert {item["ship_to"] for item in every} == {None}
        (found,) = (await scm.http.get(REQUESTS, params={"mall": "livestore"}, headers=staff)).json()["items"]
        assert found["mall_id"] == "livestore"
        one = (await scm.http.get(f"{REQUESTS}/{request_id}", headers=staff)).json()
        assert one["ship_to"]["recipient"] == "김민지"
        by_number = await scm.http.get(REQUESTS, params={"order_number": "20261120-99999999"}, headers=staff)
        assert by_number.json()["items"] == []


class TestReassign:
    async def reassign(self, scm, staff, request_id, centre):
        return await scm.http.post(f"{REQUESTS}/{request_id}/reassign", json={"centre": centre}, headers=staff)

    async def test_a_rejected_request_goes_to_another_centre(self, scm, staff):
        await scm.http.put("/v1/logistics/centres/gimpo", json={"name": "김포", "mode": "pull"}, headers=staff)
        request_id = await scm.paid(an_order_paid())
        await scm.centre("POST", f"/{request_id}/reject", {"reason": "shortage"})
        await scm.said()
        assert (await self.reassign(scm, staff, request_id, "gimpo")).json()["status"] == "requested"
        (said,) = await scm.updates()
        assert (said.status, said.centre, said.reason) == ("requested", "gimpo", None)
        assert (await scm.accept(request_id)).status_code == 404
        assert (await scm.centre("POST", f"/{request_id}/accept", centre="gimpo")).status_code == 200

    async def test_not_once_a_centre_works_on_it_and_not_to_nowhere(self, scm, staff):
        request_id = await scm.paid(an_order_paid())
        assert (await self.reassign(scm, staff, request_id, "nowhere")).json()["code"] == "centre.unknown"
        await scm.accept(request_id)
        refused = await self.reassign(scm, staff, request_id, "icheon")
        assert (refused.status_code, refused.json()["code"]) == (409, "shipment.already_accepted")

    async def test_the_rest_of_a_request_goes_on_elsewhere_and_the_order_ships_with_it(self, scm, staff):
        await scm.http.put("/v1/logistics/centres/gimpo", json={"name": "김포", "mode": "pull"}, headers=staff)
        order = an_order_paid()
        await scm.hear(order, a_contact(order.order_id))
        request_id = (await scm.shipment(order.order_id)).id
        await scm.waybill(request_id, CJ, lines=[{"line_id": str(order.lines[0].line_id)}])
        await scm.centre("POST", f"/{request_id}/reject", {"reason": "shortage"})
        await self.reassign(scm, staff, request_id, "gimpo")
        await scm.said()
        body = {"carrier": "lotte", "waybill": "240310000011"}
        view = (await scm.centre("POST", f"/{request_id}/waybill", body, centre="gimpo")).json()
        assert (view["status"], len(view["parcels"])) == ("shipped", 2)
        assert [event.order_shipped for event in await scm.updates()] == [True]


async def test_carriers_are_for_anybody(scm):
    answer = await scm.http.get("/v1/carriers")
    assert answer.headers["cache-control"] == "public, max-age=3600"
    items = answer.json()["items"]
    assert [item["code"] for item in items] == [carrier.code for carrier in load_carriers().carriers]
    assert items[0]["waybill_checks"] == [{"rule": "mod7_of_digits_3_to_11", "length": 12, "severity": "reject"}]
    assert items[2]["codes"]["naver"] == "HYUNDAI"


async def test_every_route_is_described(scm):
    paths = (await scm.http.get("/openapi.json")).json()["paths"]
    operations = [operation for path in paths.values() for operation in path.values()]
    assert len(operations) == 18
    assert all(operation.get("summary") for operation in operations)
