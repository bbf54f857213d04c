"""What staff does with units: goods in, a look, counts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from catalog.api.access import Editor, EditorOnly, Key
from catalog.errors import SkuNotFound
from catalog.handlers import stock as handlers
from catalog.repository import compositions, receipts, stock
from catalog.schemas import cursor as cursors
from catalog.schemas.fields import Sku
from catalog.schemas.stock import AppliedView, ApplyBody, CountView, MovementView, ReceiptBody, ReceiptView, StockView
from common.http import DatabaseDep
from common.idempotency import Claim, once
from common.problems import responses
from common.wire import Page

router = APIRouter(tags=["staff: stock"])


@router.post(
    "/v1/stock/receipts",
    summary="Goods arrived",
    status_code=201,
    response_model=ReceiptView,
    responses=responses(401, 403, 409, 422),
)
async def receive(request: Request, database: DatabaseDep, who: Editor, key: Key, receipt: ReceiptBody) -> Response:
    """A `reference` counts once, with or without an Idempotency-Key; with other items it is a 409."""

    async def work(claim: Claim) -> Response:
        async with database.transaction() as tx:
            levels = await handlers.receive(receipt.to_command(claim.resource_id), tx)
            items = [StockView.of(level) for _, level in sorted(levels.items())]
            return await claim.remember(tx, 201, ReceiptView(reference=receipt.reference, items=items))

    return await once(database, request, key, work, caller=who.subject)


@router.get(
    "/v1/stock/counts",
    summary="Counts that wait for a decision",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 422),
)
async def open_counts(
    database: DatabaseDep,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Page[CountView]:
    after = None if cursor is None else cursors.to_counts(cursor)
    async with database.read() as connection:
        rows = await receipts.open_counts(connection, after, limit + 1)
    items = [CountView.of(row) for row in rows[:limit]]
    more = len(rows) > limit
    last = items[-1] if more else None
    return Page(items=items, next_cursor=last and cursors.of_counts(last.counted_at, last.count_id, last.sku))


@router.post(
    "/v1/stock/counts/{count_id}/apply",
    summary="Correct the stock by a count",
    responses=responses(401, 403, 404, 409, 422),
)
async def apply_count(database: DatabaseDep, who: Editor, count_id: UUID, decision: ApplyBody) -> AppliedView:
    """Sets the units on hand to what was counted, less what was sold and not shipped, and less sales since then.

    A count is applied once: the same again answers with what the first did, another figure is refused. Several counts
    of one SKU correct what they found once, and one that is older than a count applied already corrects nothing.
    """
    async with database.transaction() as tx:
        level, difference = await handlers.apply_count(decision.to_command(count_id, who.subject), tx)
    return AppliedView(difference=difference, stock=StockView.of(level))


@router.get("/v1/stock/{sku}", summary="Units of a SKU", dependencies=[EditorOnly], responses=responses(401, 403, 404))
async def read_stock(database: DatabaseDep, sku: Annotated[Sku, Path()]) -> StockView:
    """Of a set: how many can be put together of its parts now."""
    async with database.read() as connection:
        found = (await stock.levels(connection, [sku])).get(sku)
        made = (await compositions.levels(connection, [sku])).get(sku)
    if found is None:
        raise SkuNotFound(f"there is no {sku}")
    return StockView.of(made.level if made else found)


@router.get(
    "/v1/stock/{sku}/movements",
    summary="What moved a SKU's units",
    dependencies=[EditorOnly],
    responses=responses(401, 403, 404, 422),
)
async def read_movements(
    database: DatabaseDep,
    sku: Annotated[Sku, Path()],
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[MovementView]:
    """The latest first. Sales of the last moment may be missing: counters catch up a quarter of a second later."""
    before = None if cursor is None else cursors.to_movements(cursor)
    async with database.read() as connection:
        if not await stock.levels(connection, [sku]):
            raise SkuNotFound(f"there is no {sku}")
        rows = await stock.movements(connection, sku, before, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    items = [MovementView.of(row) for row in rows[:limit]]
    return Page(items=items, next_cursor=last and cursors.of_story(last["at"], last["id"]))
