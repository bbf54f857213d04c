"""A centre that only answers, played out."""

from __future__ import annotations

from datetime import timedelta

from services.scm.tests.builders import a_contact, an_order_paid
from services.scm.tests.fakes import FakeCentre
from sqlalchemy import text

from scm.flows.centre import CentreFlow
from scm.main import load_carriers

WAIT = timedelta(seconds=30)


class Polled:
    """The flow, the centre at its other end, and time."""

    def __init__(self, scm) -> None:
        self.scm = scm
        self.centre = FakeCentre()
        self.flow = CentreFlow(scm.database, self.centre, load_carriers(), code="yongin", settle_after=WAIT)

    async def order(self, *lines):
        order = an_order_paid(lines=lines, mall_id="livestore")
        await self.scm.hear(order, a_contact(order.order_id))
        await self.scm.said()
        return order

    async def round(self, later: timedelta = timedelta()) -> list[str]:
        """One run of the job; which calls changed or looked something up."""
        self.scm.database.clock.advance(later)
        self.centre.calls.clear()
        await self.flow.run()
        return list(self.centre.calls)

    async def release(self, order) -> dict:
        async with self.scm.database.read() as connection:
            row = await connection.execute(
                text("SELECT r.* FROM releases r JOIN shipments s ON s.id = r.shipment_id WHERE s.order_id = :id"
                     " ORDER BY number DESC LIMIT 1"),
                {"id": order.order_id},
            )  # fmt: skip
            return dict(row.mappings().one())

    async def attention(self, order) -> str | None:
        async with self.scm.database.read() as connection:
            return await connection.scalar(
                text("SELECT attention FROM shipments WHERE order_id = :id"), {"id": order.order_id}
            )
