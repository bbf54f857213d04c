"""A centre that has fewer units than it was asked for: what is cancelled then is told to be missing."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from services.scm.tests.builders import (
    a_cancel_request,
    a_cancelled_order,
    a_claim_completed,
    a_line,
    a_product,
    an_option_wish,
    an_order_paid,
)
from services.scm.tests.polled import Polled
from services.scm.tests.shop import REQUESTS, SCM
from sqlalchemy import text

from common import ids
from common.errors import UpstreamUnavailable
from contracts.shipments import ShipmentCancelDecided, ShipmentOptionDecided
from scm.domain.release import SlipStatus

pytestmark = pytest.mark.integration


async def reject(scm: SCM, request_id, **short: int):
    items = [{"sku": sku, "quantity": quantity} for sku, quantity in short.items()]
    return await scm.centre("POST", f"/{request_id}/reject", {"reason": "재고 부족", "short": items})


async def missing(scm: SCM, of=ShipmentCancelDecided) -> list[dict[str, int]]:
    """What each decision since the last look tells of it."""
    said = [event for event in await scm.said() if isinstance(event, of)]
    assert all(event.accepted for event in said)
    return [{each.sku: each.quantity for each in event.short} for event in said]


class TestPulling:
    async def test_what_it_says_is_shown_and_told_with_the_cancel_and_only_once(self, scm: SCM):
        order = an_order_paid(lines=(a_line("A", 3), a_line("B", 1)))
        request_id = await scm.paid(order)
        for _ in range(2):
            answer = await reject(scm, request_id, A=2)
        assert (answer.status_code, answer.json()["short"]) == (200, [{"sku": "A", "quantity": 2}])
        await scm.said()
        part = a_cancel_request(order, (order.lines[0], 1), (order.lines[1], 1))
        rest = a_cancel_request(order, (order.lines[0], 2))
        await scm.hear(part, part, rest, rest)
        assert await missing(scm) == [{"A": 1}, {"A": 1}]

    async def test_of_a_set_it_says_which_part(self, scm: SCM):
        await scm.hear(a_product("BOX", ("A", 2), ("B", 1)), a_product("A"), a_product("B"))
        order = an_order_paid(lines=(a_line("BOX", 2),))
        request_id = await scm.paid(order)
        refused = await reject(scm, request_id, BOX=1)
        assert (refused.status_code, refused.json()["code"], refused.json()["pick"]) == (422, "shortage.unknown", 0)
        assert (await scm.shipment(order.order_id)).status == "requested"
        assert (await reject(scm, request_id, A=3)).status_code == 200
        await scm.said()
        await scm.hear(a_cancel_request(order, (order.lines[0], 1)), a_cancel_request(order, (order.lines[0], 1)))
        assert await missing(scm) == [{"A": 2}, {"A": 1}]

    async def test_another_centre_may_have_them(self, scm: SCM, staff):
        order = an_order_paid(lines=(a_line("A", 3),))
        request_id = await scm.paid(order)
        await reject(scm, request_id, A=2)
        again = f"/v1/logistics/shipment-requests/{request_id}/reassign"
        assert (await scm.http.post(again, headers=staff, json={"centre": "icheon"})).json()["short"] == []
        await scm.said()
        await scm.hear(a_cancel_request(order))
        assert await missing(scm) == [{}]

    async def test_units_that_become_another_option_are_told_with_it(self, scm: SCM):
        order = an_order_paid(lines=(a_line("A", 3), a_line("B", 1)))
        request_id = await scm.paid(order)
        await reject(scm, request_id, A=2, B=1)
        await scm.said()
        wish = an_option_wish(order, "A-RED")
        await scm.hear(wish, wish)
        assert await missing(scm, ShipmentOptionDecided) == [{"A": 2}]
        await scm.hear(a_cancel_request(order))
        assert await missing(scm) == [{"B": 1}]

    async def test_a_sku_typed_on_a_mac_is_the_same(self, scm: SCM):
        order = an_order_paid(lines=(a_line("현미-500", 2),))
        request_id = await scm.paid(order)
        typed = unicodedata.normalize("NFD", "현미-500")
        assert typed != "현미-500"
        answer = await reject(scm, request_id, **{typed: 1})
        assert answer.json()["short"] == [{"sku": "현미-500", "quantity": 1}]
        line = {"line_id": str(order.lines[0].line_id), "quantity": 1, "sku": typed}
        assert (await scm.waybill(request_id, lines=[line])).status_code == 200


class TestCorrected:
    """A centre that rejected says something else: its latest word counts."""

    async def test_another_reason_corrects_the_first_and_is_said_other_missing_units_only_kept(self, scm, staff):
        order = an_order_paid()
        request_id = await scm.paid(order)
        sku = order.lines[0].sku
        path = f"{REQUESTS}/{request_id}"
        for reason, units in (("no stock", 1), ("no stock", 2), ("no stock", 2), ("fire", 2), ("fire", 2)):
            body = {"reason": reason, "short": [{"sku": sku, "quantity": units}]}
            assert (await scm.centre("POST", f"/{request_id}/reject", body)).json()["short"] == body["short"]
            seen = (await scm.http.get(path, headers=staff)).json()
            assert seen["attention"] == f"icheon rejected it: {reason} (short of {units} × {sku})"
        assert [(said.status, said.reason) for said in await scm.updates()] == [
            ("rejected", "no stock"), ("rejected", "fire"),
        ]  # fmt: skip
        unknown = {"reason": "fire", "short": [{"sku": sku, "quantity": 99}]}
        assert (await scm.centre("POST", f"/{request_id}/reject", unknown)).json()["code"] == "shortage.unknown"

    async def test_a_repeat_that_comes_after_a_cancel_tells_nothing_new(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        sku = order.lines[0].sku
        body = {"reason": "no stock", "short": [{"sku": sku, "quantity": 2}]}
        await scm.centre("POST", f"/{request_id}/reject", body)
        await scm.hear(a_cancel_request(order, (order.lines[0], 1)))
        again = await scm.centre("POST", f"/{request_id}/reject", body)
        assert (again.status_code, again.json()["short"]) == (200, [{"sku": sku, "quantity": 1}])


class TestForStaff:
    """A rejected request is somebody's to look at, as long as it is rejected."""

    async def noticed(self, scm: SCM, staff, **query: object) -> dict[str, str]:
        """By request, why."""
        found = await scm.http.get(REQUESTS, params={"attention": True} | query, headers=staff)
        return {item["id"]: item["attention"] for item in found.json()["items"]}

    async def test_it_is_listed_with_the_reason_until_it_is_assigned_again(self, scm: SCM, staff):
        order = an_order_paid(lines=(a_line("A", 3), a_line("B", 1)))
        await scm.paid(an_order_paid())
        request_id = await scm.paid(order)
        assert await self.noticed(scm, staff) == {}
        assert (await reject(scm, request_id, A=2, B=1)).json()["attention"] is None
        why = "icheon rejected it: 재고 부족 (short of 2 × A, 1 × B)"
        assert await self.noticed(scm, staff) == {str(request_id): why}
        assert (await scm.http.get(f"{REQUESTS}/{request_id}", headers=staff)).json()["attention"] == why
        assert (await scm.centre("GET", f"/{request_id}")).json()["attention"] is None
        again = await scm.http.post(f"{REQUESTS}/{request_id}/reassign", headers=staff, json={"centre": "icheon"})
        assert again.json()["attention"] is None
        assert await self.noticed(scm, staff) == {}

    async def test_staff_who_reject_for_the_centre_are_told_at_once(self, scm: SCM, staff):
        request_id = await scm.paid(an_order_paid())
        told = await scm.http.post(f"{REQUESTS}/{request_id}/reject", headers=staff, json={"reason": "fire"})
        assert told.json()["attention"] == "icheon rejected it: fire"

    @pytest.mark.parametrize("of", [a_cancel_request, a_cancelled_order])
    async def test_a_cancel_of_all_of_it_ends_it_and_one_of_a_part_does_not(self, scm: SCM, staff, of):
        order = an_order_paid(lines=(a_line("A", 3),))
        request_id = await scm.paid(order)
        await reject(scm, request_id, A=2)
        await scm.hear(a_cancel_request(order, (order.lines[0], 1)))
        assert await self.noticed(scm, staff) == {str(request_id): "icheon rejected it: 재고 부족 (short of 1 × A)"}
        await scm.hear(of(order))
        assert await self.noticed(scm, staff) == {}

    async def test_an_exchange_and_a_note_are_in_the_same_list_and_paged_in_order(self, scm: SCM, staff, database):
        orders = [an_order_paid(lines=(a_line("A", 2),)) for _ in range(3)]
        noted, rejected, both = [await scm.paid(order) for order in orders]
        await scm.waybill(noted)
        done = a_claim_completed(orders[0], ids.new_id(), "exchange", replacement_sku="B", resellable=2)
        await scm.hear(done)
        waiting = (await scm.centre("GET", status="requested")).json()["items"]
        (exchange,) = [item["id"] for item in waiting if item["claim_id"]]
        for request_id in (rejected, both, exchange):
            assert (await reject(scm, request_id)).status_code == 200
        async with database.engine.begin() as connection:
            await connection.execute(
                text("UPDATE shipments SET attention = 'a note' WHERE id IN (:one, :other)"),
                {"one": noted, "other": both},
            )
        why = "icheon rejected it: 재고 부족"
        expected = [
            (str(noted), "a note"), (str(rejected), why), (str(both), f"{why}; a note"), (exchange, why),
        ]  # fmt: skip
        assert sorted((await self.noticed(scm, staff)).items()) == sorted(expected)
        seen: list[tuple[str, str]] = []
        query: dict[str, object] = {"attention": True, "limit": 1}
        while True:
            page = (await scm.http.get(REQUESTS, params=query, headers=staff)).json()
            seen += [(item["id"], item["attention"]) for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert seen == sorted(expected)


class TestPolled:
    async def short(self, polled: Polled, **shelves: int):
        """Two of A and one of B at a centre that has so many."""
        order = await polled.order(a_line("A", 2), a_line("B", 1))
        await polled.round()
        await polled.scm.said()
        polled.centre.becomes("S1", SlipStatus.SHORTAGE)
        polled.centre.can_send = shelves
        return order

    async def test_its_shelves_tell_what_is_missing_and_staff_sees_it(self, polled, staff):
        order = await self.short(polled, A=1, B=9)
        assert await polled.round() == ["shelves", "cancel S1"]
        assert (await polled.scm.shipment(order.order_id)).short == (("A", 1),)
        found = await polled.scm.http.get(REQUESTS, params={"attention": True}, headers=staff)
        (listed,) = found.json()["items"]
        assert (listed["order_id"], listed["status"]) == (str(order.order_id), "rejected")
        assert listed["attention"].startswith("yongin rejected it: ")
        assert listed["attention"].endswith("(short of 1 × A)")
        await polled.scm.said()
        await polled.scm.hear(a_cancel_request(order))
        assert await missing(polled.scm) == [{"A": 1}]

    async def test_a_cancel_in_the_same_moment_hears_of_it_too(self, polled):
        order = await self.short(polled, A=1)
        await polled.scm.hear(a_cancel_request(order))
        assert await polled.round() == ["shelves", "cancel S1"]
        assert await missing(polled.scm) == [{"A": 1, "B": 1}]

    async def test_a_crash_after_it_was_stopped_there_forgets_nothing(self, polled, monkeypatch):
        order = await self.short(polled, A=1, B=9)

        async def gone(_slip_no):
            raise UpstreamUnavailable("nobody hears the answer")

        with monkeypatch.context() as broken:
            broken.setattr(polled.centre, "slip", gone)
            assert await polled.round() == ["shelves", "cancel S1"]
        polled.centre.can_send = {"A": 9, "B": 9}
        assert await polled.round(timedelta(minutes=1)) == []
        await polled.scm.said()
        await polled.scm.hear(a_cancel_request(order))
        assert await missing(polled.scm) == [{"A": 1}]

    @pytest.mark.parametrize("status", [SlipStatus.ORDER, SlipStatus.WORKING])
    async def test_what_has_come_in_is_missing_no_more(self, polled, status, monkeypatch):
        order = await self.short(polled)

        async def unheard(_slip_no, _order_no):
            polled.centre.calls.append("cancel")

        with monkeypatch.context() as deaf:
            deaf.setattr(polled.centre, "cancel", unheard)
            assert await polled.round() == ["shelves", "cancel"]
        assert (await polled.scm.shipment(order.order_id)).short == (("A", 2), ("B", 1))
        polled.centre.becomes("S1", status)
        await polled.scm.hear(a_cancel_request(order))
        await polled.round(timedelta(hours=1))
        (decided,) = await polled.scm.decisions()
        assert (decided.accepted, decided.short) == (status is SlipStatus.ORDER, ())
        assert (await polled.scm.shipment(order.order_id)).short == ()

    async def test_one_that_never_tells_of_its_shelves_holds_no_cancel_up_for_ever(self, polled, monkeypatch):
        order = await self.short(polled)

        async def refuses():
            raise UpstreamUnavailable("not for you")

        monkeypatch.setattr(polled.centre, "shelves", refuses)
        await polled.scm.hear(a_cancel_request(order))
        other = await polled.order(a_line("C", 1))
        assert await polled.round() == [f"release {(await polled.scm.shipment(other.order_id)).id}"]
        for _ in range(6):
            await polled.round(timedelta(hours=1))
        assert await missing(polled.scm) == [{}]

    async def test_the_rest_is_asked_for_anew_and_its_answer_counts(self, polled):
        """B is cancelled while the centre is short of A; then it has one of A less than it thought."""
        order = await self.short(polled, A=1, B=9)
        await polled.scm.hear(a_cancel_request(order, (order.lines[1], 1)))
        await polled.round()
        assert await missing(polled.scm) == [{}]
        polled.centre.becomes("S2", SlipStatus.SHORTAGE)
        polled.centre.can_send = {}
        await polled.round()
        await polled.scm.hear(a_cancel_request(order, (order.lines[0], 2)))
        assert await missing(polled.scm) == [{"A": 2}]
        async with polled.scm.database.read() as connection:
            kept = await connection.scalars(text("SELECT short FROM cancels ORDER BY decided_at"))
            assert list(kept) == [{}, {"A": 2}]
