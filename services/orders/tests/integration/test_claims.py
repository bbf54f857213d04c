"""Returns and exchanges over HTTP, from events, and in the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from services.orders.tests.builders import DAY, NOW, pays, ships
from services.orders.tests.fakes import TOKEN_KEY, FakeCatalog, staff
from services.orders.tests.stored import change, order_token, place, read

from common import ids, testing
from common.clock import FixedClock
from common.db import Database
from contracts.shipments import (
    InspectedLine,
    ReturnReceived,
    ReturnUpdated,
    ShipmentLine,
    ShipmentStatus,
    ShipmentUpdated,
)
from contracts.stock import Shortage, StockUnavailable
from orders import handlers
from orders.consumer import handlers_by_event
from orders.domain import ClaimStatus, Order

pytestmark = pytest.mark.integration

STAFF = staff("orders")
TERMS = {
    "return_fee_amount": 2500,
    "outbound_fee_amount": 2500,
    "free_shipping_from_amount": 50000,
    "change_of_mind_days": 14,
    "defect_days": 90,
    "defect_known_days": 30,
}


def guest(order: Order) -> dict[str, str]:
    return {"X-Order-Token": order_token(TOKEN_KEY, order.order_id)}


async def delivered(database: Database) -> Order:
    order = await place(database)
    await change(database, handlers.pay_order, pays(order, payment_id=ids.new_id()))
    await change(database, handlers.note_shipment, ships(order, "delivered", shipped=True, delivered=True))
    await testing.published(database, clear=True)
    return order


async def ask(http, order: Order, *, headers: dict[str, str] | None = None, key: str = "claim", **changes: Any):
    lines = [{"line_id": str(order.lines[1].line_id), "quantity": 2}]
    body = {"kind": "return", "reason": "defective", "lines": lines, "note": "뚜껑이 깨져 왔어요"} | changes
    sent = (headers or guest(order)) | {"Idempotency-Key": key}
    return await http.post(f"/v1/orders/{order.order_id}/claims", json=body, headers=sent)


async def decide(http, order: Order, claim: dict[str, Any], verdict: str, **body: Any):
    path = f"/v1/orders/{order.order_id}/claims/{claim['claim_id']}/{verdict}"
    return await http.post(path, json=body or None, headers=STAFF)


def received(order: Order, claim: dict[str, Any], *found: tuple[int, int, int]) -> ReturnReceived:
    lines = tuple(
        InspectedLine(line_id=line["line_id"], sku=line["sku"], resellable=good, damaged=bad, missing=gone)
        for line, (good, bad, gone) in zip(claim["lines"], found, strict=True)
    )
    about = {"claim_id": claim["claim_id"], "order_id": order.order_id, "mall_id": order.mall_id}
    return ReturnReceived(**about, lines=lines, occurred_at=NOW + 3 * DAY)


def sent(order: Order, claim: dict[str, Any], status: str) -> ShipmentUpdated:
    """Of what goes to the customer in exchange."""
    (line,) = claim["lines"]
    units = ShipmentLine(line_id=line["line_id"], sku=line["replacement_sku"], quantity=line["quantity"])
    about = {"order_id": order.order_id, "order_number": order.number, "mall_id": order.mall_id, "centre": "gimpo"}
    return ShipmentUpdated(
        **about, shipment_id=ids.derived_id("parcel", claim["claim_id"]), claim_id=claim["claim_id"],
        status=ShipmentStatus(status), lines=(units,), order_shipped=True, order_delivered=status == "delivered",
        occurred_at=NOW + 4 * DAY,
    )  # fmt: skip


async def hear(database: Database, *events) -> list:
    """Delivers the facts twice, the second time in new messages; returns what was said because of the first."""
    await testing.published(database, clear=True)
    await testing.deliver(database, handlers_by_event(), *events)
    said = await testing.published(database, clear=True)
    await testing.deliver(database, handlers_by_event(), *events)
    assert await testing.published(database) == []
    return said


async def test_a_return_from_the_request_to_the_refund(http, database: Database):
    order = await delivered(database)
    answer = await ask(http, order)
    claim = answer.json()
    assert (answer.status_code, claim["status"], claim["fault"]) == (201, "requested", "seller")
    assert (await ask(http, order)).content == answer.content
    seen = (await http.get(f"/v1/orders/{order.order_id}", headers=guest(order))).json()
    assert seen["lines"][1]["claiming_quantity"] == 2
    assert seen["claim_notes"] == {claim["claim_id"]: {"customer": "뚜껑이 깨져 왔어요"}}
    assert (await decide(http, order, claim, "approve")).json()["status"] == "approved"
    told = await testing.published(database, clear=True)
    assert [event.type for event in told] == ["claim-requested", "claim-approved"]
    assert "뚜껑" not in str(told)

    said = await hear(database, received(order, claim, (1, 1, 0)))
    assert [event.type for event in said] == ["claim-completed", "order-refund-requested"]
    share = order.lines[1].worth(2)
    assert (said[1].amount, said[1].vat_amount) == (share.amount, share.vat)
    assert (said[0].lines[0].resellable, said[0].refund_amount) == (1, share.amount)
    (done,) = (await http.get(f"/v1/orders/{order.order_id}/claims", headers=guest(order))).json()["items"]
    assert (done["status"], done["refund_amount"]["amount"]) == ("completed", share.amount)
    story = (await http.get(f"/v1/orders/{order.order_id}/history", headers=guest(order))).json()["items"]
    assert story[-2]["story"].startswith("returned (OAT-1000: 1 whole, 1 damaged, 0 missing)")


async def test_a_sold_out_exchange_becomes_a_return(http, database: Database):
    order = await delivered(database)
    claim = (await ask(http, order, kind="exchange")).json()
    await decide(http, order, claim, "approve")
    gone = StockUnavailable(
        order_id=claim["claim_id"],
        mall_id=order.mall_id,
        shortages=(Shortage(sku="OAT-1000", wanted=2, available=0),),
        occurred_at=NOW,
    )
    assert await hear(database, gone) == []
    said = await hear(database, received(order, claim, (2, 0, 0)))
    assert (said[0].kind, said[1].type) == ("return", "order-refund-requested")


@pytest.mark.parametrize(
    ("mine", "other", "allowed"),
    [(8000, 8000, True), (10000, 10000, True), (5000, 8000, True), (8000, 5000, True), (5000, 8001, False),
     (10000, 10001, False), (None, 8000, True), (None, 8001, False)],
    ids=["as ever", "my sale is over", "mine is on sale", "the other is", "dearer", "dearer than mine now",
         "mine is no more", "mine is no more, the other dearer"],
)  # fmt: skip
async def test_a_replacement_is_not_dearer_than_what_was_paid_or_than_its_own_price(
    http, database: Database, catalog: FakeCatalog, mine, other, allowed
):
    """8,000 were paid for a unit."""
    order = await delivered(database)
    catalog.price_of = {"OAT-VANILLA": other} | ({} if mine is None else {"OAT-1000": mine})
    line = {"line_id": str(order.lines[1].line_id), "quantity": 1, "replacement_sku": "OAT-VANILLA"}
    answer = await ask(http, order, kind="exchange", lines=[line])
    assert answer.status_code == (201 if allowed else 409)
    assert allowed or answer.json()["code"] == "claim.replacement_price_differs"


async def test_the_variant_that_was_sent_instead_comes_back(http, database: Database, catalog: FakeCatalog):
    """The customer of two OAT-1000 has one of another variant after the exchange; catalog is told which came back."""
    order = await delivered(database)
    where = str(order.lines[1].line_id)
    catalog.price_of = {"OAT-1000": 9900, "OAT-VANILLA": 9900}
    one = {"line_id": where, "quantity": 1}
    claim = (await ask(http, order, kind="exchange", lines=[one | {"replacement_sku": "OAT-VANILLA"}])).json()
    await decide(http, order, claim, "approve")
    await hear(database, received(order, claim, (1, 0, 0)))
    unsaid = await ask(http, order, key="2", lines=[one])
    assert (unsaid.status_code, unsaid.json()["code"]) == (422, "claim.sku_needed")
    assert unsaid.json()["skus"] == ["OAT-1000", "OAT-VANILLA"]
    more = await ask(http, order, key="3", lines=[one | {"quantity": 2, "sku": "OAT-VANILLA"}])
    assert (more.status_code, more.json()["open"]) == (409, 1)
    not_there = await ask(http, order, key="4", lines=[one | {"sku": "OAT-VANILLA"}])
    assert (not_there.status_code, not_there.json()["code"]) == (409, "claim.not_delivered")
    assert await hear(database, sent(order, claim, "shipped"), sent(order, claim, "delivered")) == []
    back = (await ask(http, order, key="5", lines=[one | {"sku": "OAT-VANILLA"}])).json()
    assert back["lines"][0]["sku"] == "OAT-VANILLA"
    await decide(http, order, back, "approve")
    said = await hear(database, received(order, back, (1, 0, 0)))
    assert [(line.sku, line.variant_name) for line in said[0].lines] == [("OAT-VANILLA", "옵션 OAT-VANILLA")]
    assert said[0].sold_under == (order.order_id, UUID(claim["claim_id"]))
    (last,) = (await ask(http, order, key="6", lines=[one])).json()["lines"]
    assert last["sku"] == "OAT-1000"


async def test_an_exchange_for_a_change_of_mind_is_paid_for_first(http, database: Database):
    order = await delivered(database)
    claim = (await ask(http, order, kind="exchange", reason="wrong_choice")).json()
    assert claim["fee_due"]["amount"] == 6000
    await testing.published(database, clear=True)
    refused = await decide(http, order, claim, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "claim.fee_due")
    assert refused.json()["fee"] == {"amount": 6000, "currency": "KRW"}
    assert await testing.published(database) == []
    approved = (await decide(http, order, claim, "approve", fee_paid_by="bank_transfer")).json()
    assert (approved["fee_due"]["amount"], approved["fee_amount"]["amount"]) == (0, 6000)
    stored = await read(database, order)
    assert [(each.what, each.amount, each.status) for each in stored.charges] == [("exchange_fee", 6000, "kept")]
    (said,) = await hear(database, received(order, claim, (2, 0, 0)))
    assert (said.type, said.kind, said.fee_amount, said.refund_amount) == ("claim-completed", "exchange", 6000, 0)


async def test_an_order_sent_back_whole_is_returned(http, database: Database):
    order = await delivered(database)
    lines = [{"line_id": str(line.line_id), "quantity": line.quantity} for line in order.lines]
    claim = (await ask(http, order, lines=lines)).json()
    await decide(http, order, claim, "approve")
    said = await hear(database, received(order, claim, *((line.quantity, 0, 0) for line in order.lines)))
    assert (said[0].whole, said[1].amount) == (True, order.total_amount)
    seen = (await http.get(f"/v1/orders/{order.order_id}", headers=guest(order))).json()
    assert (seen["status"], bool(seen["returned_at"]), seen["completed_at"]) == ("returned", True, None)
    found = (await http.get("/v1/orders?status=returned", headers=STAFF)).json()["items"]
    assert [each["id"] for each in found] == [str(order.order_id)]
    again = await ask(http, order, key="again")
    assert (again.status_code, again.json()["code"]) == (409, "order.already_returned")


class TestRefusals:
    async def test_a_stranger_finds_no_claim(self, http, database: Database):
        order = await delivered(database)
        claim = (await ask(http, order)).json()
        other = await delivered(database)
        for answer in (
            await ask(http, order, headers=guest(other), key="x"),
            await http.get(f"/v1/orders/{order.order_id}/claims"),
            await http.post(f"/v1/orders/{other.order_id}/claims/{claim['claim_id']}/withdraw", headers=guest(other)),
        ):
            assert answer.status_code == 404

    async def test_every_refusal_says_why(self, http, database: Database, catalog: FakeCatalog, clock: FixedClock):
        order = await delivered(database)
        line = {"line_id": str(order.lines[0].line_id), "quantity": 1}
        catalog.price_of = {"GRANOLA-500": 12900, "GRANOLA-1000": 19900}
        swap = [line | {"replacement_sku": "GRANOLA-1000"}]
        refused = [
            (await ask(http, order, key="1", lines=[line | {"quantity": 2}]), 409, "claim.quantity_exceeds_open"),
            (await ask(http, order, key="2", lines=[line, line]), 422, "order.line_repeated"),
            (await ask(http, order, key="3", goodwill=True), 403, "auth.forbidden"),
            (await ask(http, order, key="4", kind="exchange", lines=swap), 409, "claim.replacement_price_differs"),
            (await ask(http, order, key="5", lines=swap), 422, "claim.replacement_unneeded"),
            (await ask(http, order, key="6", kind="exchange", lines=[line | {"replacement_sku": "NO"}]), 422,
             "claim.replacement_unknown"),
        ]  # fmt: skip
        clock.advance(timedelta(days=9))
        refused.append((await ask(http, order, key="7", reason="change_of_mind"), 409, "claim.too_late"))
        for answer, status, code in refused:
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert answer.json()["detail"]
        late = await ask(http, order, headers=STAFF, key="8", reason="change_of_mind", goodwill=True)
        assert late.status_code == 201

    async def test_staff_rejects_with_words_for_the_customer(self, http, database: Database):
        order = await delivered(database)
        claim = (await ask(http, order)).json()
        rejected = await decide(http, order, claim, "reject", reason="used", note="사용 흔적이 있어요")
        assert (rejected.json()["status"], rejected.json()["refused_because"]) == ("rejected", "used")
        seen = (await http.get(f"/v1/orders/{order.order_id}", headers=guest(order))).json()
        assert seen["claim_notes"][claim["claim_id"]]["staff"] == "사용 흔적이 있어요"
        again = await decide(http, order, claim, "approve")
        assert (again.status_code, again.json()["code"]) == (409, "claim.already_rejected")
        mine = await http.post(f"/v1/orders/{order.order_id}/claims/{claim['claim_id']}/approve", headers=guest(order))
        assert mine.status_code == 401

    async def test_what_is_on_its_way_back_cannot_be_kept(self, http, database: Database):
        order = await delivered(database)
        claim = (await ask(http, order)).json()
        await decide(http, order, claim, "approve")
        about = {"order_id": order.order_id, "order_number": order.number, "mall_id": order.mall_id, "centre": "icheon"}
        await hear(
            database, ReturnUpdated(**about, claim_id=claim["claim_id"], status="picked_up", occurred_at=NOW + DAY)
        )
        path = f"/v1/orders/{order.order_id}/claims/{claim['claim_id']}/withdraw"
        refused = await http.post(path, headers=guest(order))
        assert (refused.status_code, refused.json()["code"]) == (409, "claim.already_picked_up")


async def test_the_terms_of_a_mall_hold_for_claims_from_then_on(http, database: Database):
    order = await delivered(database)
    path = f"/v1/orders/claim-terms/{order.mall_id}"
    assert (await http.get(path)).json()["return_fee_amount"] == 3000
    assert (await http.put(path, json=TERMS | {"change_of_mind_days": 3}, headers=STAFF)).status_code == 422
    assert (await http.put(path, json=TERMS)).status_code == 401
    first = (await ask(http, order, lines=[{"line_id": str(order.lines[0].line_id), "quantity": 1}])).json()
    assert (await http.put(path, json=TERMS, headers=STAFF)).json() == TERMS
    second = (await ask(http, order, key="second")).json()
    assert (first["terms"]["return_fee_amount"], second["terms"]) == (3000, TERMS)


async def test_staff_lists_what_waits(http, database: Database):
    order, other = await delivered(database), await delivered(database)
    first, second = (await ask(http, order)).json(), (await ask(http, other, key="b")).json()
    await decide(http, order, first, "approve")
    waiting = (await http.get("/v1/orders/claims?status=requested", headers=STAFF)).json()
    assert [claim["claim_id"] for claim in waiting["items"]] == [second["claim_id"]]
    page = (await http.get("/v1/orders/claims?limit=1&mall=intake", headers=STAFF)).json()
    rest = (await http.get(f"/v1/orders/claims?limit=1&cursor={page['next_cursor']}", headers=STAFF)).json()
    assert [page["items"][0]["order_number"], rest["items"][0]["order_number"]] == [other.number, order.number]
    assert (await http.get("/v1/orders/claims")).status_code == 401


async def test_a_claim_is_read_as_it_was_written(http, database: Database):
    order = await delivered(database)
    claim = (await ask(http, order)).json()
    await decide(http, order, claim, "approve", fault="customer")
    await hear(database, received(order, claim, (1, 0, 1)))
    stored = await read(database, order)
    made = stored.claims[0]
    assert (made.status, made.units[0].missing, made.fee_amount) == (ClaimStatus.COMPLETED, 1, 3000)
    assert made.worth.amount == order.lines[1].worth(1).amount - 3000
    assert (stored.lines[1].returned, stored.lines[1].claiming) == (1, 0)
    assert ids.derived_id("refund", str(made.claim_id))


async def test_the_customer_confirms_the_purchase(http, database: Database):
    order = await delivered(database)
    path = f"/v1/orders/{order.order_id}/confirm"
    assert (await http.post(path)).status_code == 404
    for _ in range(2):
        answer = await http.post(path, headers=guest(order))
        assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    (told,) = await testing.published(database)
    assert (told.type, told.by_customer) == ("order-completed", True)
