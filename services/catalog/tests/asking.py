"""What the tests of stock ask the service and its books."""

from services.catalog.tests.builders import MALL

from catalog.repository import audit, stock
from common.clock import FixedClock
from common.db import Database


def a_hold(*, mall_id=MALL, expires_in_seconds=1800, **units):
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()]
    return {"mall_id": mall_id, "lines": lines, "expires_in_seconds": expires_in_seconds}


async def put(http, internal, order_id, **units):
    """Asks again while the service says that it is too busy, as orders does: the order's name makes that safe."""
    for _ in range(10):
        answer = await http.put(f"/internal/reservations/{order_id}", headers=internal, json=a_hold(**units))
        if answer.status_code != 503:
            break
    return answer


async def numbers(database, sku):
    """on_hand, reserved, sold: as anybody asking is told."""
    async with database.read() as connection:
        level = (await stock.levels(connection, [sku]))[sku]
    return level.on_hand, level.reserved, level.sold


async def status(http, internal, order_id):
    return (await http.get(f"/internal/reservations/{order_id}", headers=internal)).json()["status"]


async def balanced(database):
    async with database.read() as connection:
        return (await audit.run(connection))["wrong"] == []


def at(database, moment):
    return Database(database.engine, FixedClock(moment), database.schema)
