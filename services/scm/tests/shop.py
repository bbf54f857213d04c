"""The service under test, as its neighbours meet it: events in and out, the centre's and the customer's calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import jwt
from services.scm.tests.builders import CJ, TOKEN, a_contact

from common import testing
from common.db import Database
from common.http import create_app
from common.processing import Handlers
from common.runtime import Parts
from contracts.envelope import Event
from contracts.orders import OrderPaid
from contracts.shipments import ShipmentCancelDecided, ShipmentUpdated
from scm.domain.shipment import Shipment
from scm.repository import shipments
from scm.settings import Settings

STAFF_KEY = "a-staff-key-of-32-bytes-at-least!"
KEYS = {"icheon": "key-of-icheon", "gimpo": "key-of-gimpo"}
REQUESTS = "/v1/logistics/shipment-requests"


def a_staff_token(*roles: str) -> str:
    claims = {"sub": "hana", "typ": "staff", "roles": list(roles), "exp": 4_102_444_800}
    return jwt.encode(claims, STAFF_KEY, algorithm="HS256")


@dataclass
class SCM:
    database: Database
    handlers: Handlers
    http: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def started(cls, parts: Parts, settings: Settings, database: Database) -> AsyncIterator[SCM]:
        app = create_app("scm", settings, database, parts.routers, state=parts.state)
        async with testing.client(app) as http:
            yield cls(database, parts.handlers, http)

    async def hear(self, *events: Event) -> None:
        await testing.deliver(self.database, self.handlers, *events)

    async def said(self) -> list[Event]:
        """What was published since the last look."""
        return await testing.published(self.database, clear=True)

    async def updates(self) -> list[ShipmentUpdated]:
        return [event for event in await self.said() if isinstance(event, ShipmentUpdated)]

    async def decisions(self) -> list[ShipmentCancelDecided]:
        return [event for event in await self.said() if isinstance(event, ShipmentCancelDecided)]

    async def exchange(self, order_id: UUID, claim_id: UUID) -> Shipment:
        async with self.database.read() as connection:
            found = await shipments.all_of_order(connection, order_id)
        return next(shipment for shipment in found if shipment.claim_id == claim_id)

    async def shipment(self, order_id: UUID) -> Shipment:
        async with self.database.read() as connection:
            found = await shipments.of_order(connection, order_id)
        assert found is not None
        return found

    async def paid(self, order: OrderPaid) -> UUID:
        """A paid order with its address: on offer to its centre. Returns the request's id."""
        await self.hear(order, a_contact(order.order_id))
        await self.said()
        return (await self.shipment(order.order_id)).id

    async def centre(
        self, method: str, path: str = "", body: Any = None, *, centre: str = "icheon", **query: Any
    ) -> httpx.Response:
        """The centre's job calls."""
        return await self.http.request(
            method, REQUESTS + path, json=body, params=query or None, headers={"X-API-Key": KEYS[centre]}
        )

    async def accept(self, request_id: UUID, body: Any = None) -> httpx.Response:
        return await self.centre("POST", f"/{request_id}/accept", body)

    async def waybill(
        self, request_id: UUID, waybill: str = CJ, carrier: str = "cj", lines: Sequence[Any] | None = None
    ) -> httpx.Response:
        body = {"carrier": carrier, "waybill": waybill} | ({"lines": list(lines)} if lines is not None else {})
        return await self.centre("POST", f"/{request_id}/waybill", body)

    async def customer(self, order_id: UUID, token: str = TOKEN) -> httpx.Response:
        return await self.http.get(f"/v1/orders/{order_id}/shipments", headers={"X-Order-Token": token})
