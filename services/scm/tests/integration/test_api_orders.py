from __future__ import annotations

import pytest
from services.scm.tests.builders import CJ, LOTTE, TOKEN, a_cancel_request, a_contact, an_order_paid
from services.scm.tests.shop import a_staff_token

from common import ids

pytestmark = pytest.mark.integration


class TestShipments:
    async def test_shows_the_parcels_and_what_has_not_left(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        first, second = order.lines
        await scm.waybill(request_id, CJ, lines=[{"line_id": str(first.line_id)}])
        parcel, rest = (await scm.customer(order.order_id)).json()["items"]
        assert (parcel["status"], parcel["carrier_name"], parcel["waybill"]) == ("shipped", "CJ대한통운", CJ)
        assert parcel["tracking_url"].endswith(CJ)
        assert parcel["lines"] == [{"line_id": str(first.line_id), "sku": first.sku, "quantity": 2}]
        assert (rest["id"], rest["status"], rest["waybill"]) == (str(request_id), "accepted", None)
        assert rest["lines"] == [{"line_id": str(second.line_id), "sku": second.sku, "quantity": 1}]

    async def test_the_id_of_an_unsplit_order_stays_from_request_to_door(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        steps = [(await scm.customer(order.order_id)).json()["items"]]
        await scm.waybill(request_id, LOTTE, "lotte")
        steps.append((await scm.customer(order.order_id)).json()["items"])
        await scm.centre("POST", f"/{request_id}/delivered")
        steps.append((await scm.customer(order.order_id)).json()["items"])
        assert [[item["id"] for item in items] for items in steps] == [[str(request_id)]] * 3
        assert [items[0]["status"] for items in steps] == ["requested", "shipped", "delivered"]

    async def test_a_cancelled_request_is_shown_as_such(self, scm):
        order = an_order_paid()
        await scm.paid(order)
        await scm.hear(a_cancel_request(order))
        (item,) = (await scm.customer(order.order_id)).json()["items"]
        assert (item["status"], len(item["lines"])) == ("cancelled", 2)

    async def test_an_order_that_is_not_paid_has_none_yet(self, scm):
        order_id = ids.new_id()
        await scm.hear(a_contact(order_id))
        answer = await scm.customer(order_id)
        assert (answer.status_code, answer.json()) == (200, {"items": []})

    async def test_holds_no_address(self, scm):
        order = an_order_paid()
        await scm.paid(order)
        answer = await scm.customer(order.order_id)
        assert "김민지" not in answer.text
        assert answer.headers["cache-control"] == "private, no-store"


class TestWhoMayAsk:
    async def test_a_wrong_token_answers_like_an_unknown_order(self, scm):
        order = an_order_paid()
        await scm.paid(order)
        wrong, unknown = await scm.customer(order.order_id, "wrong"), await scm.customer(ids.new_id(), TOKEN)
        assert wrong.status_code == unknown.status_code == 404
        assert wrong.json() == unknown.json()
        assert wrong.json()["code"] == "order.not_found"

    async def test_the_token_of_another_order_opens_nothing(self, scm):
        order, other = an_order_paid(), an_order_paid()
        await scm.paid(order)
        await scm.hear(other, a_contact(other.order_id).model_copy(update={"access_token_hash": "00" * 32}))
        assert (await scm.customer(other.order_id, TOKEN)).status_code == 404

    async def test_without_a_token_nobody(self, scm):
        order = an_order_paid()
        await scm.paid(order)
        assert (await scm.http.get(f"/v1/orders/{order.order_id}/shipments")).status_code == 401

    async def test_staff_with_the_role(self, scm, staff):
        order = an_order_paid()
        await scm.paid(order)
        path = f"/v1/orders/{order.order_id}/shipments"
        assert (await scm.http.get(path, headers=staff)).status_code == 200
        others = {"Authorization": f"Bearer {a_staff_token('catalog')}"}
        assert (await scm.http.get(path, headers=others)).status_code == 403
        assert (await scm.http.get(f"/v1/orders/{ids.new_id()}/shipments", headers=staff)).status_code == 404

    async def test_an_id_that_is_none_is_refused(self, scm):
        assert (await scm.customer("20261120-00000001")).status_code == 422
