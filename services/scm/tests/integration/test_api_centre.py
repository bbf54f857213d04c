"""The logistics centre's job, the way such jobs behave: they repeat themselves, come late, and mistype."""

from __future__ import annotations

import asyncio

import pytest
from services.scm.tests.builders import (
    B_SKU,
    CJ,
    CJ_OTHER,
    LOTTE,
    NOW,
    a_cancel_request,
    a_contact,
    a_line,
    an_order_paid,
)
from services.scm.tests.shop import KEYS, a_staff_token
from sqlalchemy import text

from common import ids
from contracts.shipments import StockCounted
from scm.domain.shipment import Status

pytestmark = pytest.mark.integration


def code(response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


class TestAuth:
    @pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}, {"X-API-Key": ""}, {"Authorization": "Bearer x"}])
    async def test_strangers_see_nothing(self, scm, headers):
        response = await scm.http.get("/v1/logistics/shipment-requests", headers=headers)
        assert response.status_code == 401

    async def test_staff_without_the_role_see_nothing(self, scm):
        headers = {"Authorization": f"Bearer {a_staff_token('catalog')}"}
        response = await scm.http.get("/v1/logistics/shipment-requests", headers=headers)
        assert response.status_code == 403

    async def test_a_centre_sees_and_touches_its_own_only(self, scm):
        request_id = await scm.paid(an_order_paid())
        assert (await scm.centre("GET", centre="gimpo")).json()["items"] == []
        assert code(await scm.centre("GET", f"/{request_id}", centre="gimpo")) == (404, "shipment.not_found")
        bodies = {
            "accept": None,
            "waybill": {"carrier": "cj", "waybill": CJ},
            "reject": {"reason": "x"},
            "delivered": None,
        }
        for verb, body in bodies.items():
            response = await scm.centre("POST", f"/{request_id}/{verb}", body, centre="gimpo")
            assert code(response) == (404, "shipment.not_found")
        assert await scm.said() == []

    async def test_a_key_opens_no_staff_route(self, scm):
        response = await scm.http.get("/v1/logistics/centres", headers={"X-API-Key": KEYS["icheon"]})
        assert response.status_code == 401


class TestList:
    async def test_shows_what_to_pack_and_for_whom(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        page = (await scm.centre("GET", status="open")).json()
        assert page == {
            "items": [
                {
                    "id": str(request_id), "order_id": str(order.order_id), "order_number": order.order_number,
                    "claim_id": None, "mall_id": "intake", "centre": "icheon", "status": "requested", "revision": 1,
                    "reason": None, "short": [],
                    "attention": None, "requested_at": "2026-11-20T03:00:00Z", "held_until": None, "parcels": [],
                    "warnings": [], "pick": [{"sku": line.sku, "quantity": line.quantity} for line in order.lines],
                    "lines": [
                        {"line_id": str(line.line_id), "sku": line.sku, "product_name": "그래놀라",
                         "variant_name": None, "quantity": line.quantity, "left": line.quantity,
                         "parts": []}
                        for line in order.lines
                    ],
                    "ship_to": {"recipient": "김민지", "phone": "010-1234-5678", "zonecode": "06236",
                                "road_address": "서울 강남구 테헤란로 1", "jibun_address": None, "detail": "101호",
                                "memo": None},
                }
            ],
            "next_cursor": None,
        }  # fmt: skip

    async def test_pages_through_everything_once_and_in_order(self, scm):
        made = [str(await scm.paid(an_order_paid())) for _ in range(5)]
        seen, cursor = [], None
        while True:
            page = (await scm.centre("GET", status="open", limit=2, **({"cursor": cursor} if cursor else {}))).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == made

    async def test_open_holds_what_is_accepted_but_not_what_left(self, scm):
        accepted, shipped, fresh = [await scm.paid(an_order_paid()) for _ in range(3)]
        await scm.accept(accepted)
        await scm.waybill(shipped)
        open_ids = [item["id"] for item in (await scm.centre("GET", status="open")).json()["items"]]
        assert open_ids == [str(accepted), str(fresh)]
        assert [item["id"] for item in (await scm.centre("GET", status="shipped")).json()["items"]] == [str(shipped)]
        assert len((await scm.centre("GET")).json()["items"]) == 3

    @pytest.mark.parametrize(
        "query", [{"status": "lost"}, {"cursor": "!!"}, {"cursor": "AAAA"}, {"limit": 0}, {"limit": 500}]
    )
    async def test_a_bad_question_is_refused(self, scm, query):
        response = await scm.centre("GET", **query)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"


class TestAccept:
    async def test_is_said_once_however_often_it_is_posted(self, scm):
        request_id = await scm.paid(an_order_paid())
        first, again = await scm.accept(request_id), await scm.accept(request_id)
        assert (first.status_code, first.json()) == (200, again.json())
        assert [event.status for event in await scm.updates()] == ["accepted"]

    async def test_after_a_cancel_tells_the_centre_to_stop(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.hear(a_cancel_request(order))
        assert code(await scm.accept(request_id)) == (409, "shipment.cancelled")
        assert code(await scm.waybill(request_id)) == (409, "shipment.cancelled")
        assert code(await scm.centre("POST", f"/{request_id}/reject", {"reason": "x"})) == (409, "shipment.cancelled")

    async def test_of_a_revision_that_is_over_makes_the_centre_read_again(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.hear(a_cancel_request(order, (order.lines[0], 1)))
        refused = await scm.accept(request_id, {"revision": 1})
        assert code(refused) == (409, "shipment.changed")
        assert refused.json()["revision"] == 2
        assert (await scm.accept(request_id, {"revision": 2})).status_code == 200

    async def test_an_unknown_request_and_a_bad_body_are_refused(self, scm):
        assert code(await scm.accept(ids.new_id())) == (404, "shipment.not_found")
        assert (await scm.accept("nonsense")).status_code == 422
        request_id = await scm.paid(an_order_paid())
        assert (await scm.accept(request_id, {"revison": 1})).status_code == 422


class TestWaybill:
    async def test_ships_everything_and_says_how_to_follow_it(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.accept(request_id)
        await scm.said()
        view = (await scm.waybill(request_id, "6804-1234-5673")).json()
        assert (view["status"], view["warnings"]) == ("shipped", [])
        (said,) = await scm.updates()
        assert (said.status, said.shipment_id, said.carrier, said.carrier_name, said.waybill) == (
            "shipped", request_id, "cj", "CJ대한통운", CJ,
        )  # fmt: skip
        assert said.tracking_url == f"https://trace.cjlogistics.com/next/tracking.html?wblNo={CJ}"
        assert (said.order_shipped, said.order_delivered) == (True, False)

    async def test_again_is_the_same_answer_and_nothing_else(self, scm):
        request_id = await scm.paid(an_order_paid())
        first, again = await scm.waybill(request_id), await scm.waybill(request_id, "6804 1234 5673", "CJGLS")
        assert first.json() == again.json()
        assert len(await scm.updates()) == 1

    async def test_another_one_for_what_left_is_refused(self, scm):
        request_id = await scm.paid(an_order_paid())
        await scm.waybill(request_id)
        assert code(await scm.waybill(request_id, CJ_OTHER)) == (409, "shipment.already_shipped")

    async def test_lines_split_the_request_into_parcels(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        first, second = order.lines
        part = [{"line_id": str(first.line_id), "sku": first.sku, "quantity": 1}]
        view = (await scm.waybill(request_id, CJ, lines=part)).json()
        assert (view["status"], [line["left"] for line in view["lines"]]) == ("partly_shipped", [1, 1])
        rest = (await scm.waybill(request_id, LOTTE, "lotte")).json()
        assert rest["status"] == "shipped"
        split_off, last = await scm.updates()
        assert split_off.shipment_id != request_id
        assert last.shipment_id == request_id
        assert [event.order_shipped for event in (split_off, last)] == [False, True]
        assert [(line.sku, line.quantity) for line in last.lines] == [(first.sku, 1), (second.sku, 1)]

    async def test_a_number_that_only_looks_odd_is_taken_with_a_warning(self, scm):
        request_id = await scm.paid(an_order_paid())
        view = (await scm.waybill(request_id, "508123456784", "hanjin")).json()
        assert view["status"] == "shipped"
        assert "check digit" in view["warnings"][0]

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({"carrier": "cj", "waybill": "680412345674"}, "waybill.invalid"),
            ({"carrier": "cj", "waybill": "6.80412E+11"}, "waybill.invalid"),
            ({"carrier": "cj", "waybill": "000000000000"}, "waybill.invalid"),
            ({"carrier": "pigeon", "waybill": CJ}, "carrier.unknown"),
            ({"carrier": "cj"}, "request.invalid"),
            ({"carrier": "cj", "waybill": 680412345673}, "request.invalid"),
            ({"carrier": "cj", "waybill": CJ, "lines": []}, "request.invalid"),
            ({"carrier": "cj", "waybill": CJ, "note": "x"}, "request.invalid"),
        ],
    )
    async def test_a_bad_one_changes_nothing(self, scm, body, expected):
        order = an_order_paid()
        request_id = await scm.paid(order)
        assert code(await scm.centre("POST", f"/{request_id}/waybill", body)) == (422, expected)
        assert (await scm.shipment(order.order_id)).status is Status.REQUESTED
        assert await scm.said() == []

    @pytest.mark.parametrize("quantity", [0, -1, 1.5, "1", 3])
    async def test_quantities_that_cannot_be_are_refused(self, scm, quantity):
        order = an_order_paid()
        request_id = await scm.paid(order)
        response = await scm.waybill(request_id, lines=[{"line_id": str(order.lines[0].line_id), "quantity": quantity}])
        assert response.status_code == (409 if quantity == 3 else 422)
        assert await scm.said() == []

    async def test_a_line_named_twice_is_refused(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        line = {"line_id": str(order.lines[0].line_id), "quantity": 1}
        assert (await scm.waybill(request_id, lines=[line, line])).status_code == 422

    async def test_of_another_order_to_another_door_is_refused(self, scm):
        one, other = an_order_paid(), an_order_paid()
        await scm.hear(one, a_contact(one.order_id), other, a_contact(other.order_id, detail="202호"))
        first, second = [(await scm.shipment(order.order_id)).id for order in (one, other)]
        await scm.waybill(first)
        assert code(await scm.waybill(second)) == (409, "waybill.used")
        assert (await scm.shipment(other.order_id)).status is Status.REQUESTED

    async def test_of_another_order_to_the_same_door_is_one_box(self, scm):
        first, second = await scm.paid(an_order_paid()), await scm.paid(an_order_paid())
        assert (await scm.waybill(first)).status_code == 200
        assert (await scm.waybill(second)).status_code == 200

    async def test_numbers_are_used_again_after_months(self, scm, database):
        one, other = an_order_paid(), an_order_paid()
        await scm.hear(one, a_contact(one.order_id), other, a_contact(other.order_id, detail="202호"))
        await scm.waybill((await scm.shipment(one.order_id)).id)
        async with database.engine.begin() as connection:
            await connection.execute(text("UPDATE parcels SET shipped_at = shipped_at - interval '91 days'"))
        assert (await scm.waybill((await scm.shipment(other.order_id)).id)).status_code == 200

    async def test_two_jobs_at_once_ship_once(self, scm):
        request_id = await scm.paid(an_order_paid())
        answers = await asyncio.gather(*(scm.waybill(request_id, number) for number in (CJ, CJ_OTHER) * 4))
        assert sorted(answer.status_code for answer in answers) == [200] * 4 + [409] * 4
        assert len(await scm.updates()) == 1

    async def test_one_number_cannot_be_taken_by_two_doors_at_once(self, scm):
        orders = [an_order_paid() for _ in range(4)]
        for number, order in enumerate(orders):
            await scm.hear(order, a_contact(order.order_id, detail=f"{number}호"))
        requests = [(await scm.shipment(order.order_id)).id for order in orders]
        answers = await asyncio.gather(*(scm.waybill(request_id) for request_id in requests))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]

    async def test_staff_may_enter_it_for_the_centre_and_whose_word_it_is_stays_known(self, scm, staff):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.waybill(request_id, CJ_OTHER, lines=[{"line_id": str(order.lines[0].line_id), "quantity": 1}])
        path = f"/v1/logistics/shipment-requests/{request_id}/waybill"
        for _ in range(2):
            response = await scm.http.post(path, json={"carrier": "cj", "waybill": CJ}, headers=staff)
            assert response.json()["status"] == "shipped"
        await scm.waybill(request_id)
        told = [(parcel.waybill, parcel.told_by) for parcel in (await scm.shipment(order.order_id)).parcels]
        assert told == [(CJ_OTHER, "icheon"), (CJ, None)]


class TestReject:
    async def test_is_said_once_with_its_reason(self, scm):
        request_id = await scm.paid(an_order_paid())
        for _ in range(2):
            response = await scm.centre("POST", f"/{request_id}/reject", {"reason": "stock shortage"})
            assert (response.status_code, response.json()["status"]) == (200, "rejected")
        (said,) = await scm.updates()
        assert (said.status, said.reason) == ("rejected", "stock shortage")
        assert code(await scm.accept(request_id)) == (409, "shipment.rejected")

    async def test_what_left_cannot_be_rejected(self, scm):
        request_id = await scm.paid(an_order_paid())
        await scm.waybill(request_id)
        assert code(await scm.centre("POST", f"/{request_id}/reject", {"reason": "x"})) == (
            409, "shipment.already_shipped",
        )  # fmt: skip

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 201}])
    async def test_needs_a_reason(self, scm, body):
        request_id = await scm.paid(an_order_paid())
        assert (await scm.centre("POST", f"/{request_id}/reject", body)).status_code == 422


class TestDelivered:
    async def test_the_centres_word_delivers_what_no_tracker_knows(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.waybill(request_id, "1234567890", "hdexp")
        await scm.said()
        for _ in range(2):
            response = await scm.centre(
                "POST", f"/{request_id}/delivered", {"delivered_at": "2026-11-20T11:00:00+09:00"}
            )
            assert response.json()["status"] == "delivered"
        (said,) = await scm.updates()
        assert (said.status, said.order_delivered) == ("delivered", True)
        assert (await scm.shipment(order.order_id)).parcels[0].delivered_at.isoformat() == "2026-11-20T02:00:00+00:00"

    async def test_a_parcel_is_known_by_its_waybill_however_it_is_written(self, scm):
        request_id = await scm.paid(an_order_paid())
        await scm.waybill(request_id, "6804-1234-5673")
        said = await scm.centre("POST", f"/{request_id}/delivered", {"waybill": "6804-1234-5673"})
        assert (said.status_code, said.json()["status"]) == (200, "delivered")

    async def test_a_waybill_of_another_request_delivers_nothing(self, scm):
        request_id = await scm.paid(an_order_paid())
        await scm.waybill(request_id)
        assert code(await scm.centre("POST", f"/{request_id}/delivered", {"waybill": CJ_OTHER})) == (
            404, "parcel.not_found",
        )  # fmt: skip

    async def test_nothing_has_arrived_that_will_arrive(self, scm):
        request_id = await scm.paid(an_order_paid())
        await scm.waybill(request_id)
        late = {"delivered_at": "2026-12-01T10:00:00+09:00"}
        assert code(await scm.centre("POST", f"/{request_id}/delivered", late)) == (422, "shipment.delivered_in_future")
        assert (await scm.centre("POST", f"/{request_id}/delivered")).json()["status"] == "delivered"

    async def test_what_has_not_left_cannot_have_arrived(self, scm):
        request_id = await scm.paid(an_order_paid())
        assert code(await scm.centre("POST", f"/{request_id}/delivered")) == (409, "shipment.not_shipped")


class TestStockCounts:
    async def count(self, scm, items, key=None, centre="icheon"):
        headers = {"X-API-Key": KEYS[centre]} | ({"Idempotency-Key": key} if key else {})
        return await scm.http.post("/v1/logistics/stock-counts", json={"items": items}, headers=headers)

    async def test_each_sku_is_said_for_itself(self, scm):
        answer = await self.count(scm, [{"sku": "A", "on_hand": 12}, {"sku": B_SKU, "on_hand": 0}])
        assert answer.status_code == 201
        assert (answer.json()["centre"], answer.json()["items"]) == ("icheon", 2)
        said = await scm.said()
        assert [(event.sku, event.on_hand, event.centre, event.counted_at) for event in said] == [
            ("A", 12, "icheon", NOW), (B_SKU, 0, "icheon", NOW),
        ]  # fmt: skip
        assert {type(event) for event in said} == {StockCounted}
        assert len({event.count_id for event in said}) == 2

    async def test_a_repeat_with_its_key_is_the_same_count(self, scm):
        first = await self.count(scm, [{"sku": "A", "on_hand": 12}], "count-1")
        again = await self.count(scm, [{"sku": "A", "on_hand": 12}], "count-1")
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(await scm.said()) == 1

    async def test_a_key_with_another_body_is_refused_but_another_centre_may_use_it(self, scm):
        await self.count(scm, [{"sku": "A", "on_hand": 12}], "count-1")
        assert code(await self.count(scm, [{"sku": "A", "on_hand": 13}], "count-1")) == (422, "idempotency.key_reused")
        assert (await self.count(scm, [{"sku": "A", "on_hand": 13}], "count-1", "gimpo")).status_code == 201

    @pytest.mark.parametrize(
        "items",
        [[], [{"sku": "A", "on_hand": -1}], [{"sku": "A", "on_hand": 1.5}], [{"sku": "A", "on_hand": "1"}],
         [{"sku": "", "on_hand": 1}], [{"sku": "A"}], [{"sku": "A", "on_hand": 1}, {"sku": "A", "on_hand": 2}]],
    )  # fmt: skip
    async def test_a_bad_count_changes_nothing(self, scm, items):
        assert (await self.count(scm, items)).status_code == 422
        assert await scm.said() == []

    async def test_is_the_centres_own_business(self, scm, staff):
        body = {"items": [{"sku": "A", "on_hand": 1}]}
        assert (await scm.http.post("/v1/logistics/stock-counts", json=body, headers=staff)).status_code == 401


async def test_a_cancelled_line_is_not_shown_for_packing(scm):
    kept, gone = a_line("KEEP", 1), a_line("GONE", 1)
    order = an_order_paid(lines=(kept, gone))
    request_id = await scm.paid(order)
    await scm.hear(a_cancel_request(order, (gone, 1)))
    view = (await scm.centre("GET", f"/{request_id}")).json()
    assert ([line["sku"] for line in view["lines"]], view["revision"]) == (["KEEP"], 2)
    await scm.said()
    await scm.waybill(request_id)
    (said,) = await scm.updates()
    assert ([line.sku for line in said.lines], said.order_shipped) == (["KEEP"], True)
