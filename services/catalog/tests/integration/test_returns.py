"""Goods that come back, told by orders' claims: each unit is on hand again once, and no replacement is sold twice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from services.catalog.tests.asking import balanced, numbers
from services.catalog.tests.builders import NOW, a_stored_product, order_cancelled, order_paid
from sqlalchemy import text

from catalog import jobs
from catalog.consumer import handlers
from common import ids, testing
from common.db import Database
from contracts.claims import (
    ClaimApproved,
    ClaimCompleted,
    ClaimLine,
    ClaimRejected,
    ClaimWithdrawn,
    ReplacementStopped,
    SettledLine,
    StoppedLine,
)
from contracts.shared import SkuQuantity

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


def approved(claim_id: UUID, sku: str, quantity: int, kind: str, replacement: str | None = None) -> ClaimApproved:
    line = ClaimLine(line_id=LINE, sku=sku, product_id=PRODUCT, quantity=quantity, replacement_sku=replacement)
    return ClaimApproved(**about(claim_id), kind=kind, lines=(line,), approved_at=NOW)


def completed(
    claim_id: UUID, sku: str, found: tuple[int, int, int], kind: str, *earlier: UUID, replacement: str | None = None
) -> ClaimCompleted:
    resellable, damaged, missing = found
    line = SettledLine(
        line_id=LINE, sku=sku, product_id=PRODUCT, quantity=sum(found), resellable=resellable, damaged=damaged,
        missing=missing, amount=0, replacement_sku=replacement,
    )  # fmt: skip
    return ClaimCompleted(
        **about(claim_id), kind=kind, lines=(line,), sold_under=(ORDER, *earlier), placed_at=NOW, completed_at=NOW
    )


def stopped(
    claim_id: UUID, *units: tuple[str, int], whole: bool = False, earlier: tuple[UUID, ...] = (), **short: int
) -> ReplacementStopped:
    """Units by SKU of the replacement, each on a line of its own, and what the centre does not have of them."""
    lines = tuple(
        StoppedLine(
            line_id=ids.new_id(), sku=sku, bought_sku="A", product_id=PRODUCT, quantity=quantity, resellable=0, amount=0
        )
        for sku, quantity in units
    )  # fmt: skip
    missed = tuple(SkuQuantity(sku=sku, quantity=quantity) for sku, quantity in short.items())
    return ReplacementStopped(
        **about(), claim_id=claim_id, stop_id=ids.new_id(), lines=lines, short=missed, whole=whole,
        sold_under=(ORDER, *earlier), placed_at=NOW, stopped_at=NOW,
    )  # fmt: skip


async def hear(database: Database, *events: Any) -> None:
    """Each fact twice, the second time in a new message."""
    for event in events:
        await testing.deliver(database, handlers(), event)
        await testing.deliver(database, handlers(), event)


async def moved(database: Database, reference: UUID) -> list[tuple[str, str, int]]:
    """What was added to the counters under this name, but for what was only reserved."""
    await jobs.post_movements(database)
    async with database.read() as connection:
        rows = await connection.execute(
            text(
                "SELECT reason, sku, delta_on_hand FROM stock_movements WHERE reference = :reference"
                " AND delta_on_hand <> 0 ORDER BY id"
            ),
            {"reference": str(reference)},
        )
        return [tuple(row) for row in rows]


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


async def exchanged(
    database: Database, claim: UUID, came: tuple[int, int, int], replacement: str | None = None
) -> None:
    """Three of A went back; what was kept for them is in the reservation of the claim."""
    await hear(
        database,
        approved(claim, "A", 3, "exchange", replacement),
        completed(claim, "A", came, "exchange", replacement=replacement),
    )


async def test_replacements_that_are_not_sent_are_on_hand_again_once(database: Database, sku: str):
    claim = ids.new_id()
    await exchanged(database, claim, (2, 1, 0), "B")
    assert [await on_hand(database, each) for each in ("A", "B")] == [9, 7]
    await hear(database, stopped(claim, ("B", 1), ("B", 1)))
    assert [await on_hand(database, each) for each in ("A", "B")] == [9, 9]
    assert await moved(database, claim) == [("sold", "B", -3), ("restocked", "B", 2)]


async def test_a_stop_of_everything_leaves_the_rest_of_the_order_alone(database: Database, sku: str):
    claim = ids.new_id()
    await exchanged(database, claim, (3, 0, 0))
    await hear(database, stopped(claim, (sku, 3), whole=True))
    assert await on_hand(database, sku) == 10


async def test_what_was_kept_for_units_that_did_not_come_is_free_already(database: Database, sku: str):
    claim = ids.new_id()
    await exchanged(database, claim, (2, 0, 1), "B")
    assert await on_hand(database, "B") == 8
    await hear(database, stopped(claim, ("B", 3)))
    assert await on_hand(database, "B") == 10


async def test_replacements_that_the_centre_does_not_have_are_not_sold_again(database: Database, sku: str):
    claim = ids.new_id()
    await exchanged(database, claim, (3, 0, 0), "B")
    await hear(database, stopped(claim, ("B", 3), B=2))
    assert [await on_hand(database, each) for each in ("A", "B")] == [10, 8]
    assert await moved(database, claim) == [("sold", "B", -3), ("restocked", "B", 3), ("shortage", "B", -2)]


async def test_of_sets_in_exchange_the_part_that_is_short_leaves(shelf: Database):
    """Two sets of two A and one B were bought and came back; of the two that were to be sent B lacks once."""
    await a_stored_product(shelf, "GIFT", slug="gift", parts={"A": 2, "B": 1})
    claim = ids.new_id()
    await hear(shelf, order_paid(ORDER, GIFT=2), approved(claim, "GIFT", 2, "exchange"))
    await hear(shelf, completed(claim, "GIFT", (2, 0, 0), "exchange"))
    assert [await on_hand(shelf, part) for part in ("A", "B")] == [6, 8]
    await hear(shelf, stopped(claim, ("GIFT", 2), B=1))
    assert [await on_hand(shelf, part) for part in ("A", "B")] == [10, 9]
    assert ("shortage", "B", -1) in await moved(shelf, claim)


async def test_a_claim_that_was_kept_nothing_gives_nothing_back(database: Database, sku: str):
    """Not even what its centre says it lacks."""
    claim = ids.new_id()
    await hear(database, approved(claim, sku, 8, "exchange"))
    await hear(database, stopped(claim, (sku, 3)), stopped(claim, (sku, 3), A=3))
    assert await on_hand(database, sku) == 7
    assert await moved(database, claim) == []


@pytest.mark.parametrize("came", [(3, 0, 0), (0, 3, 0)])
async def test_replacements_that_were_sent_come_back_after_the_others_were_not(
    database: Database, sku: str, came: tuple[int, int, int]
):
    """Of three B one is not sent; the two that were come back for money, and are on hand where they were sold."""
    claim, back = ids.new_id(), ids.new_id()
    await exchanged(database, claim, came, "B")
    await hear(database, stopped(claim, ("B", 1)), approved(back, "B", 2, "return"))
    assert await on_hand(database, "B") == 8
    await hear(database, completed(back, "B", (2, 0, 0), "return", claim))
    assert [await on_hand(database, each) for each in ("A", "B")] == [7 + came[0], 10]
    assert await moved(database, claim) == [("sold", "B", -3), ("restocked", "B", 1), ("restocked", "B", 2)]


async def test_replacements_that_came_back_are_not_given_back_with_those_that_were_never_sent(
    database: Database, sku: str
):
    """The other way round, and of the same variant: two come back before the third is given up."""
    claim, back = ids.new_id(), ids.new_id()
    await exchanged(database, claim, (3, 0, 0))
    await hear(database, approved(back, sku, 2, "return"), completed(back, sku, (2, 0, 0), "return", claim))
    assert await on_hand(database, sku) == 9
    await hear(database, stopped(claim, (sku, 1)))
    assert await on_hand(database, sku) == 10


async def test_units_of_another_exchange_that_came_back_are_not_taken_for_those_that_were_never_sent(
    database: Database, sku: str
):
    """All of one variant: nothing of the first exchange has left, what the second sent has come back for money."""
    first, second, back = ids.new_id(), ids.new_id(), ids.new_id()
    for claim in (first, second):
        await hear(database, approved(claim, sku, 1, "exchange"), completed(claim, sku, (1, 0, 0), "exchange"))
    await hear(database, approved(back, sku, 2, "return"), completed(back, sku, (2, 0, 0), "return", first, second))
    assert await on_hand(database, sku) == 9
    await hear(database, stopped(first, (sku, 1), earlier=(first, second), A=1))
    assert await moved(database, first) == [
        ("sold", "A", -1),
        ("restocked", "A", 1),
        ("restocked", "A", 1),
        ("shortage", "A", -1),
    ]
    assert await on_hand(database, sku) == 9


async def test_what_came_back_of_an_exchange_is_not_taken_for_units_that_have_not_left(database: Database, sku: str):
    """All of one variant, in parcels: of three one was exchanged, what was sent for it came back for money, and then
    the two are cancelled that have not left."""
    claim, back = ids.new_id(), ids.new_id()
    await hear(database, approved(claim, sku, 1, "exchange"), completed(claim, sku, (1, 0, 0), "exchange"))
    await hear(database, approved(back, sku, 1, "return"), completed(back, sku, (1, 0, 0), "return", claim))
    assert await on_hand(database, sku) == 8
    await hear(database, order_cancelled(ORDER, was_paid=True, whole=False, A=2))
    assert await on_hand(database, sku) == 10
