"""Goods that come back, told by orders' claims: each unit is on hand again once, and no replacement is sold twice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from services.catalog.tests.asking import balanced, numbers
from services.catalog.tests.builders import NOW, a_stored_product, order_paid

from catalog.consumer import handlers
from common import ids, testing
from common.db import Database
from contracts.claims import ClaimApproved, ClaimCompleted, ClaimLine, ClaimRejected, ClaimWithdrawn, SettledLine

pytestmark = pytest.mark.integration

ORDER = ids.derived_id("order", "returns")
PRODUCT = ids.derived_id("product", "returns")
LINE = ids.derived_id("line", "returns")


def about(claim_id: UUID | None = None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "order_id": ORDER,
        "order_number": "20261122-00000001",
        "mall_id": "intake",
        "channel": "pc",
        "currency": "KRW",
    }
    return said if claim_id is None else said | {"claim_id": claim_id, "fault": "seller"}


def approved(claim_id: UUID, sku: str, quantity: int, kind: str) -> ClaimApproved:
    line = ClaimLine(line_id=LINE, sku=sku, product_id=PRODUCT, quantity=quantity)
    return ClaimApproved(**about(claim_id), kind=kind, lines=(line,), approved_at=NOW)


def completed(claim_id: UUID, sku: str, found: tuple[int, int, int], kind: str, *earlier: UUID) -> ClaimCompleted:
    resellable, damaged, missing = found
    line = SettledLine(
        line_id=LINE, sku=sku, product_id=PRODUCT, quantity=sum(found), resellable=resellable, damaged=damaged,
        missing=missing, amount=0,
    )  # fmt: skip
    return ClaimCompleted(
        **about(claim_id), kind=kind, lines=(line,), sold_under=(ORDER, *earlier), placed_at=NOW, completed_at=NOW
    )


async def hear(database: Database, *events: Any) -> None:
    """Each fact twice, the second time in a new message."""
    for event in events:
        await testing.deliver(database, handlers(), event)
        await testing.deliver(database, handlers(), event)


async def on_hand(database: Database, sku: str) -> int:
    assert await balanced(database)
    return (await numbers(database, sku))[0]


@pytest.fixture
async def sku(shelf: Database) -> str:
    """Ten on hand, three of them sold to the order."""
    await hear(shelf, order_paid(ORDER, A=3))
    assert await on_hand(shelf, "A") == 7
    return "A"


async def test_what_can_be_sold_again_is_on_hand_once(database: Database, sku: str):
    claim = ids.new_id()
    await hear(database, approved(claim, sku, 3, "return"), completed(claim, sku, (1, 1, 1), "return"))
    assert await on_hand(database, sku) == 8


async def test_a_set_comes_back_in_its_parts(shelf: Database):
    """Three sets of two A and one B were sold; one came back whole, one damaged, and one was exchanged."""
    await a_stored_product(shelf, "GIFT", slug="gift", parts={"A": 2, "B": 1})
    await hear(shelf, order_paid(ORDER, GIFT=3))
    assert [await on_hand(shelf, part) for part in ("A", "B")] == [4, 7]
    claim, exchange = ids.new_id(), ids.new_id()
    await hear(shelf, approved(claim, "GIFT", 2, "return"), completed(claim, "GIFT", (1, 1, 0), "return"))
    assert [await on_hand(shelf, part) for part in ("A", "B")] == [6, 8]
    await hear(shelf, approved(exchange, "GIFT", 1, "exchange"))
    assert [await on_hand(shelf, part) for part in ("A", "B")] == [4, 7]
    await hear(shelf, completed(exchange, "GIFT", (1, 0, 0), "exchange", claim))
    assert [await on_hand(shelf, part) for part in ("A", "B")] == [6, 8]


async def test_an_exchange_takes_its_replacements_at_once(database: Database, sku: str):
    claim = ids.new_id()
    await hear(database, approved(claim, sku, 2, "exchange"))
    assert await on_hand(database, sku) == 5
    await hear(database, completed(claim, sku, (1, 0, 1), "exchange"))
    assert await on_hand(database, sku) == 7, "one came back, and the replacement for the missing one was not needed"


async def test_a_replacement_that_comes_back_too_is_on_hand_again(database: Database, sku: str):
    first, second = ids.new_id(), ids.new_id()
    await hear(database, approved(first, sku, 3, "exchange"), completed(first, sku, (3, 0, 0), "exchange"))
    assert await on_hand(database, sku) == 7
    await hear(database, approved(second, sku, 3, "return"), completed(second, sku, (3, 0, 0), "return", first))
    assert await on_hand(database, sku) == 10


@pytest.mark.parametrize("dropped", [ClaimRejected, ClaimWithdrawn])
async def test_a_dropped_exchange_frees_its_replacements(database: Database, sku: str, dropped: type):
    claim = ids.new_id()
    await hear(database, approved(claim, sku, 3, "exchange"))
    line = ClaimLine(line_id=LINE, sku=sku, product_id=PRODUCT, quantity=3)
    when = {"reason": "not_sent", "rejected_at": NOW, "withdrawn_at": NOW}
    await hear(database, dropped(**about(claim), kind="exchange", lines=(line,), was_approved=True, **when))
    assert await on_hand(database, sku) == 7


async def test_where_the_replacement_is_gone_orders_hears_it_under_the_claim(database: Database, sku: str):
    claim = ids.new_id()
    await testing.published(database, clear=True)
    await hear(database, approved(claim, sku, 8, "exchange"))
    (told,) = [event for event in await testing.published(database) if event.type == "stock-unavailable"]
    assert (told.order_id, told.shortages[0].sku) == (claim, sku)
    assert await on_hand(database, sku) == 7
    await hear(database, completed(claim, sku, (3, 0, 0), "return"))
    assert await on_hand(database, sku) == 10
