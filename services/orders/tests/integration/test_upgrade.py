"""A shop that is brought from an older version to this one finds its orders as they would have become here."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from services.orders.tests.builders import DAY, NOW, TERMS
from sqlalchemy import insert, select

from common import ids, migrate, testing
from common.db import Database
from orders import tables
from orders.domain import Lot, Status, lots
from orders.repository import orders

pytestmark = pytest.mark.integration

_MIGRATIONS = Path(__file__).parents[2] / "migrations"
_LAST_OF_THE_OLDER = "0006"


@pytest.fixture
async def older(tmp_path: Path):
    """A database of the older version, and how to bring it to this one."""
    tree = tmp_path / "migrations"
    shutil.copytree(_MIGRATIONS, tree, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (tree / "versions").glob("*.py"):
        if file.name[:4] > _LAST_OF_THE_OLDER:
            file.unlink()
    async with testing.migrated_database("orders_older", tree) as database:
        url = f"{testing.test_database_url().rsplit('/', 1)[0]}/test_orders_older_{os.getpid()}"

        async def bring() -> Database:
            await migrate.upgrade(url, "orders_older", _MIGRATIONS)
            return database

        yield database, bring


async def an_order_of_then(database: Database, number: int, *, returned: int) -> object:
    """Two units bought and delivered, so many of them sent back."""
    order_id, line_id, claim_id = ids.new_id(), ids.new_id(), ids.new_id()
    order = {
        "order_id": order_id, "number": f"20261122-{number:08d}", "mall_id": "intake", "channel": "pc",
        "currency": "KRW", "cart_id": ids.new_id(), "access_token_hash": b"x", "status": "completed",
        "items_amount": 2000, "discount_amount": 0, "shipping_amount": 0, "shipping_vat_amount": 0,
        "total_amount": 2000, "placed_at": NOW, "payment_due_at": NOW, "payment_id": ids.new_id(),
        "payment_provider": "toss", "payment_method": "card", "paid_amount": 2000, "paid_at": NOW,
        "delivered_at": NOW, "completed_at": NOW,
    }  # fmt: skip
    line = {
        "order_id": order_id, "line_id": line_id, "position": 0, "sku": "A", "product_id": ids.new_id(),
        "product_name": "그래놀라", "category_ids": [], "quantity": 2, "unit_price": 1000, "discount_amount": 0,
        "amount": 2000, "vat_amount": 182, "tax_free_amount": 0, "returned_quantity": returned,
    }  # fmt: skip
    claim = {
        "claim_id": claim_id, "order_id": order_id, "mall_id": "intake", "position": 0, "kind": "return",
        "reason": "defective", "fault": "seller", "actor": "customer", "status": "completed", "terms": asdict(TERMS),
        "return_fee_amount": 0, "outbound_fee_amount": 0, "shipping_amount": 0, "amount": 1000 * returned,
        "vat_amount": 0, "tax_free_amount": 0, "refund_amount": 1000 * returned, "requested_at": NOW,
        "approved_at": NOW, "settled_at": NOW,
    }  # fmt: skip
    async with database.engine.begin() as connection:
        await connection.execute(insert(tables.orders).values(order))
        await connection.execute(insert(tables.order_lines).values(line))
        await connection.execute(insert(tables.order_claims).values(claim))
    return order_id


async def what_happened_then(database: Database, order_id: object) -> tuple[object, object]:
    """A parcel came after a day, a unit was exchanged after two: the parcel's name, and the claim's."""
    claim_id, parcel = ids.new_id(), ids.new_id()
    async with database.engine.begin() as connection:
        line_id = await connection.scalar(
            select(tables.order_lines.c.line_id).where(tables.order_lines.c.order_id == order_id)
        )
        claim = {
            "claim_id": claim_id, "order_id": order_id, "mall_id": "intake", "position": 1, "kind": "exchange",
            "reason": "defective", "fault": "seller", "actor": "customer", "status": "completed",
            "terms": asdict(TERMS), "return_fee_amount": 0, "outbound_fee_amount": 0, "shipping_amount": 0,
            "amount": 0, "vat_amount": 0, "tax_free_amount": 0, "refund_amount": 0, "requested_at": NOW,
            "approved_at": NOW, "settled_at": NOW + 2 * DAY,
        }  # fmt: skip
        await connection.execute(insert(tables.order_claims).values(claim))
        await connection.exec_driver_sql(
            "INSERT INTO order_claim_lines (claim_id, order_id, line_id, position, quantity, replacement_sku,"
            " resellable, amount, vat_amount, tax_free_amount) VALUES ($1, $2, $3, 0, 1, 'B', 1, 0, 0, 0)",
            (claim_id, order_id, line_id),
        )
        await connection.exec_driver_sql(
            "INSERT INTO order_parcels VALUES ($1, $2, 0, 'delivered', $3)",
            (order_id, parcel, f'[{{"line_id": "{line_id}", "quantity": 2}}]'),
        )
        told = {"actor": "scm", "name": "shipment-updated", "story": "", "status": "delivered"}
        await connection.execute(
            insert(tables.order_history).values(
                **told, order_id=order_id, at=NOW + DAY, once=f"shipment-updated:{parcel}:delivered:11"
            )
        )
    return parcel, claim_id


async def test_what_arrived_before_is_known_by_the_story_and_replacements_by_their_exchange(older):
    before, bring = older
    order_id = await an_order_of_then(before, 1, returned=0)
    parcel, claim_id = await what_happened_then(before, order_id)
    database = await bring()
    async with database.read() as connection:
        order = await orders.find(connection, order_id)
    assert [(each.shipment_id, each.claim_id, each.delivered_at) for each in order.parcels] == [
        (parcel, None, NOW + DAY),
        (claim_id, claim_id, NOW + 2 * DAY),
    ]
    assert set(lots(order, order.lines[0])) == {Lot("A", 1, NOW + DAY), Lot("B", 1, NOW + 2 * DAY)}


async def test_orders_that_were_sent_back_whole_are_returned_and_their_story_says_so(older):
    before, bring = older
    whole = await an_order_of_then(before, 1, returned=2)
    part = await an_order_of_then(before, 2, returned=1)
    database = await bring()
    await bring()
    async with database.read() as connection:
        one, other = await orders.find(connection, whole), await orders.find(connection, part)
        told = await connection.scalars(select(tables.order_history.c.status))
        assert list(told) == ["returned"]
    assert (one.status, one.returned_at, one.completed_at) == (Status.RETURNED, NOW, NOW)
    assert (other.status, other.returned_at) == (Status.COMPLETED, None)
    assert (one.charges, one.troubles) == ((), ())
    assert one.free_shipping_from == 0, "nothing was spared of its shipping"
