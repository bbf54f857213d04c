"""Facts from orders: twice, late, out of order."""

from __future__ import annotations

import pytest
from services.scm.tests.builders import CJ, NOW, TOKEN, a_contact, a_line, an_order_paid
from sqlalchemy import text

from common import ids
from common.testing import processor, record_of
from contracts.orders import OrderContactRecorded
from scm.domain.shipment import Status

pytestmark = pytest.mark.integration


async def count(scm, table: str) -> int:
    async with scm.database.read() as connection:
        return await connection.scalar(text(f"SELECT count(*) FROM {table}"))


class TestOrderPaid:
    async def test_makes_one_request_at_the_default_centre_and_says_so(self, scm):
        order = an_order_paid()
        await scm.hear(order)
        (said,) = await scm.updates()
        shipment = await scm.shipment(order.order_id)
        assert (said.shipment_id, said.order_id, said.status, said.centre) == (
            shipment.id, order.order_id, "requested", "icheon",
        )  # fmt: skip
        assert [(line.line_id, line.sku, line.quantity) for line in said.lines] == [
            (line.line_id, line.sku, line.quantity) for line in order.lines
        ]
        assert not said.order_shipped
        assert shipment.requested_at == NOW

    async def test_the_same_fact_in_a_new_message_changes_nothing(self, scm):
        order = an_order_paid()
        await scm.hear(order, order)
        assert len(await scm.said()) == 1
        assert await count(scm, "shipments") == 1

    async def test_a_late_repeat_does_not_bring_a_shipped_order_back(self, scm):
        order = an_order_paid()
        await scm.waybill(await scm.paid(order))
        await scm.said()
        await scm.hear(order)
        assert await scm.said() == []
        assert (await scm.shipment(order.order_id)).status is Status.SHIPPED

    async def test_goes_to_the_centre_of_the_malls_route(self, scm, staff):
        await scm.http.put("/v1/logistics/centres/gimpo", json={"name": "김포", "mode": "pull"}, headers=staff)
        await scm.http.put("/v1/logistics/routes/livestore", json={"centre": "gimpo"}, headers=staff)
        routed, other = an_order_paid(mall_id="livestore"), an_order_paid()
        await scm.hear(routed, other)
        assert (await scm.shipment(routed.order_id)).centre == "gimpo"
        assert (await scm.shipment(other.order_id)).centre == "icheon"

    async def test_a_closed_centre_gets_nothing_new(self, scm, staff):
        centre = {"name": "김포", "mode": "pull", "active": False}
        await scm.http.put("/v1/logistics/centres/gimpo", json=centre, headers=staff)
        await scm.http.put("/v1/logistics/routes/intake", json={"centre": "gimpo"}, headers=staff)
        order = an_order_paid()
        await scm.hear(order)
        assert (await scm.shipment(order.order_id)).centre == "icheon"

    async def test_two_orders_never_share_a_request_and_no_order_has_two(self, scm):
        order = an_order_paid()
        await scm.hear(order)
        async with scm.database.engine.connect() as connection:
            with pytest.raises(Exception, match="shipments_one_per_order"):
                await connection.execute(
                    text("INSERT INTO shipments SELECT :id, order_id, order_number, mall_id, centre, stage, status,"
                         " revision, reason, attention, requested_at, updated_at FROM shipments"),
                    {"id": ids.new_id()},
                )  # fmt: skip


class TestContact:
    async def test_a_request_is_offered_only_when_its_address_is_there(self, scm):
        order = an_order_paid()
        await scm.hear(order)
        request_id = (await scm.shipment(order.order_id)).id
        assert (await scm.centre("GET", status="open")).json()["items"] == []
        assert (await scm.centre("GET", f"/{request_id}")).status_code == 404
        assert (await scm.accept(request_id)).status_code == 404
        await scm.hear(a_contact(order.order_id))
        (item,) = (await scm.centre("GET", status="open")).json()["items"]
        assert item["ship_to"]["recipient"] == "김민지"

    async def test_the_address_may_come_first(self, scm):
        order = an_order_paid()
        await scm.hear(a_contact(order.order_id), order)
        assert len((await scm.centre("GET", status="open")).json()["items"]) == 1

    async def test_a_repeat_changes_nothing(self, scm):
        order = an_order_paid()
        await scm.hear(order, a_contact(order.order_id), a_contact(order.order_id, recipient="다른 사람"))
        (item,) = (await scm.centre("GET", status="open")).json()["items"]
        assert item["ship_to"]["recipient"] == "김민지"

    async def test_lands_in_one_table_and_in_no_event(self, scm):
        order = an_order_paid()
        request_id = await scm.paid(order)
        await scm.accept(request_id)
        await scm.waybill(request_id)
        async with scm.database.read() as connection:
            tables = (
                await connection.scalars(
                    text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'scm'")
                )
            ).all()
            holding = [
                table
                for table in tables
                if await connection.scalar(
                    text(f'SELECT count(*) FROM "{table}" AS row WHERE row::text ~ :personal'),
                    {"personal": "김민지|1234-5678|테헤란로|101호|minji"},
                )
            ]
            payloads = (await connection.scalars(text("SELECT convert_from(payload, 'UTF8') FROM outbox"))).all()
        assert holding == ["shipment_contacts"]
        assert len(payloads) == 2
        assert not [payload for payload in payloads if "김민지" in payload or "테헤란로" in payload]

    async def test_a_hash_that_is_none_is_dead_lettered_and_parks_nobody(self, scm):
        broken = a_contact(ids.new_id()).model_copy(update={"access_token_hash": "not-hex"})
        await processor(scm.database, scm.handlers).process([record_of(broken)])
        assert (await count(scm, "dead_letters"), await count(scm, "parked_keys")) == (1, 0)

    async def test_of_an_order_without_a_token_is_for_staff_only(self, scm, staff):
        order = an_order_paid()
        contact = a_contact(order.order_id).model_copy(update={"access_token_hash": None})
        await scm.hear(order, OrderContactRecorded.model_validate(contact.model_dump()))
        assert (await scm.customer(order.order_id, TOKEN)).status_code == 404
        seen = await scm.http.get(f"/v1/orders/{order.order_id}/shipments", headers=staff)
        assert seen.json()["items"][0]["status"] == "requested"


class TestOneLineOrder:
    async def test_keeps_the_order_of_its_lines(self, scm):
        lines = tuple(a_line(f"SKU-{number}", 1) for number in (3, 1, 2))
        order = an_order_paid(lines=lines)
        request_id = await scm.paid(order)
        (await scm.waybill(request_id, CJ)).raise_for_status()
        shipment = await scm.shipment(order.order_id)
        assert [line.sku for line in shipment.lines] == ["SKU-3", "SKU-1", "SKU-2"]
        assert [unit.sku for unit in shipment.parcels[0].lines] == ["SKU-3", "SKU-1", "SKU-2"]
