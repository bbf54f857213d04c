"""Goods that come back: the claim's events in, the centre's calls, what orders is told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from services.scm.tests.builders import (
    CJ,
    LOTTE,
    TOKEN,
    a_claim_approved,
    a_claim_completed,
    a_claim_withdrawn,
    a_contact,
    an_order_paid,
)
from services.scm.tests.shop import KEYS, REQUESTS, SCM

from common import ids
from contracts.orders import OrderPaid
from contracts.shipments import ReturnReceived, ReturnUpdated, ShipmentUpdated
from scm.domain.shipment import Status

pytestmark = pytest.mark.integration

RETURNS = "/v1/logistics/return-requests"
CENTRE = {"X-API-Key": KEYS["icheon"]}
OTHER = {"X-API-Key": KEYS["gimpo"]}


async def delivered(scm: SCM) -> OrderPaid:
    order = an_order_paid()
    request_id = await scm.paid(order)
    await scm.waybill(request_id)
    await scm.http.post(f"{REQUESTS}/{request_id}/delivered", headers=CENTRE)
    await scm.said()
    return order


async def approved(scm: SCM, kind: str = "return") -> tuple[OrderPaid, UUID]:
    order, claim_id = await delivered(scm), ids.new_id()
    event = a_claim_approved(order, claim_id, kind)
    await scm.hear(event, event)
    (told,) = await scm.said()
    assert (told.type, told.status, told.centre) == ("return-updated", "requested", "icheon")
    return order, claim_id


async def post(scm: SCM, claim_id: UUID, step: str, headers: dict[str, str] = CENTRE, **body: Any):
    return await scm.http.post(f"{RETURNS}/{claim_id}/{step}", json=body, headers=headers)


def found(order: OrderPaid, resellable: int, damaged: int, missing: int) -> dict[str, Any]:
    line = {"line_id": str(order.lines[0].line_id), "resellable": resellable, "damaged": damaged, "missing": missing}
    return {"lines": [line]}


async def test_from_the_request_to_what_was_found(scm: SCM):
    order, claim_id = await approved(scm)
    (waiting,) = (await scm.http.get(RETURNS, params={"status": "open"}, headers=CENTRE)).json()["items"]
    assert (waiting["claim_id"], waiting["fetch_from"]["recipient"]) == (str(claim_id), "김민지")
    assert (await scm.http.get(RETURNS, headers=OTHER)).json()["items"] == []

    for _ in range(2):
        answer = await post(scm, claim_id, "pick-up", carrier="cj", waybill="6804-1234-5673")
        assert (answer.status_code, answer.json()["status"], answer.json()["waybill"]) == (200, "picked_up", CJ)
    (told,) = await scm.said()
    assert (told.status, told.waybill, told.carrier) == ("picked_up", CJ, "cj")

    for _ in range(2):
        answer = await post(scm, claim_id, "received", **found(order, 1, 1, 0))
        assert (answer.status_code, answer.json()["status"]) == (200, "received")
    updated, received = await scm.said()
    assert isinstance(updated, ReturnUpdated)
    assert isinstance(received, ReturnReceived)
    (line,) = received.lines
    assert (line.resellable, line.damaged, line.missing) == (1, 1, 0)
    assert (await scm.http.get(RETURNS, params={"status": "open"}, headers=CENTRE)).json()["items"] == []


async def test_refusals_say_why_and_change_nothing(scm: SCM, staff):
    order, claim_id = await approved(scm)
    refused = [
        (await post(scm, claim_id, "received", **found(order, 1, 0, 0)), 422, "return.inspection_incomplete"),
        (await post(scm, claim_id, "received", OTHER, **found(order, 2, 0, 0)), 404, "return.not_found"),
        (await post(scm, ids.new_id(), "received", **found(order, 2, 0, 0)), 404, "return.not_found"),
        (await post(scm, claim_id, "pick-up", carrier="nobody", waybill=CJ), 422, "carrier.unknown"),
        (await post(scm, claim_id, "pick-up", {}, carrier="cj", waybill=CJ), 401, "auth.required"),
    ]
    await post(scm, claim_id, "received", staff, **found(order, 2, 0, 0))
    refused += [
        (await post(scm, claim_id, "received", **found(order, 1, 1, 0)), 409, "return.inspection_differs"),
        (await post(scm, claim_id, "pick-up", carrier="lotte", waybill=LOTTE), 409, "return.already_received"),
    ]
    for answer, status, code in refused:
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    shown = (await scm.http.get(f"{RETURNS}/{claim_id}", headers=staff)).json()
    assert (shown["status"], shown["carrier"], shown["lines"][0]["resellable"]) == ("received", None, 2)


async def test_a_withdrawn_claim_is_fetched_no_more(scm: SCM):
    order, claim_id = await approved(scm)
    gone = a_claim_withdrawn(order, claim_id)
    await scm.hear(gone, gone)
    assert [event.status for event in await scm.said()] == ["closed"]
    answer = await post(scm, claim_id, "pick-up", carrier="cj", waybill=CJ)
    assert (answer.status_code, answer.json()["code"]) == (409, "return.closed")


async def test_an_exchange_sends_its_replacements_as_a_shipment_of_its_own(scm: SCM):
    order, claim_id = await approved(scm, "exchange")
    done = a_claim_completed(order, claim_id, "exchange", replacement_sku="GRANOLA-1000", resellable=1, missing=1)
    await scm.hear(done, done)
    (told,) = await scm.said()
    assert isinstance(told, ShipmentUpdated)
    assert (told.claim_id, told.status, told.lines[0].sku, told.lines[0].quantity) == (
        claim_id, "requested", "GRANOLA-1000", 1,
    )  # fmt: skip
    (request,) = (await scm.centre("GET", status="open")).json()["items"]
    assert (request["claim_id"], request["ship_to"]["recipient"]) == (str(claim_id), "김민지")
    await scm.http.post(
        f"{REQUESTS}/{request['id']}/waybill", json={"carrier": "lotte", "waybill": LOTTE}, headers=CENTRE
    )
    (shipped,) = await scm.updates()
    assert (shipped.status, shipped.claim_id) == ("shipped", claim_id)
    path = f"/v1/orders/{order.order_id}/shipments"
    seen = (await scm.http.get(path, headers={"X-Order-Token": TOKEN})).json()["items"]
    assert [(item["status"], item["claim_id"]) for item in seen] == [("delivered", None), ("shipped", str(claim_id))]
    assert (await scm.shipment(order.order_id)).status is Status.DELIVERED


async def test_a_return_of_an_order_without_a_request_here_goes_to_the_malls_centre(scm: SCM):
    order, claim_id = an_order_paid(), ids.new_id()
    await scm.hear(a_contact(order.order_id))
    await scm.hear(a_claim_approved(order, claim_id))
    assert [event.centre for event in await scm.said()] == ["icheon"]
