"""What other services of the shop ask. Never routed by the edge."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from catalog.api.shopping import Storefront
from catalog.commands import ReleaseHold
from catalog.errors import ProductNotFound, ReservationNotFound
from catalog.handlers import reservations as handlers
from catalog.repository import audit, compositions, listing, reservations
from catalog.schemas.products import ProductView
from catalog.schemas.sets import SetsView
from catalog.schemas.stock import AuditView, HoldBody, ReservationView
from common.auth import InternalOnly
from common.http import DatabaseDep
from common.problems import responses
from common.wire import Sku

router = APIRouter(prefix="/internal", dependencies=[InternalOnly], tags=["internal"])


@router.put("/reservations/{order_id}", summary="Hold units for an order", responses=responses(401, 409, 422))
async def hold(database: DatabaseDep, order_id: UUID, wanted: HoldBody) -> ReservationView:
    """All lines or none, for a limited time. The same order with the same lines gets the same answer."""
    async with database.transaction() as tx:
        return ReservationView.of(await handlers.hold_stock(wanted.to_command(order_id, tx.now), tx))


@router.delete("/reservations/{order_id}", summary="Give a hold back", responses=responses(401))
async def release(database: DatabaseDep, order_id: UUID) -> ReservationView:
    """Releases a hold. What was confirmed or sold stays as it is: only the order's cancel gives that back."""
    async with database.transaction() as tx:
        found = await handlers.release_hold(ReleaseHold(order_id), tx)
    return ReservationView.of(found) if found else ReservationView.of_nothing(order_id)


@router.get("/reservations/{order_id}", summary="A reservation", responses=responses(401, 404))
async def read(database: DatabaseDep, order_id: UUID) -> ReservationView:
    async with database.read() as connection:
        found = await reservations.read(connection, order_id)
    if found is None:
        raise ReservationNotFound("nothing was ever reserved for this order")
    return ReservationView.of(found)


@router.get("/sets", summary="What sets are made of", responses=responses(401, 422))
async def sets(database: DatabaseDep, sku: Annotated[list[Sku], Query(min_length=1, max_length=200)]) -> SetsView:
    """Those of the SKUs that are sets, whether they are on sale or not."""
    async with database.read() as connection:
        return SetsView.of(await compositions.parts_of(connection, sku))


@router.get(
    "/products/{product_id}",
    summary="One product, on sale or not",
    response_model=ProductView,
    responses=responses(401, 404),
)
async def read_product(request: Request, database: DatabaseDep, product_id: UUID) -> Response:
    """What was sold once is exchanged, though it is hidden now."""
    storefront: Storefront = request.app.state.storefront
    async with database.read() as connection:
        found = await listing.by_id(connection, product_id, all_states=True)
    if found is None:
        raise ProductNotFound("there is no such product")
    return Response(storefront.fill(found), media_type="application/json")


@router.get("/audit", summary="Whether the books balance", responses=responses(401))
async def balance(database: DatabaseDep) -> AuditView:
    """Compares every counter with its movements and with the reservations. `wrong` is empty."""
    async with database.read() as connection:
        return AuditView(**await audit.run(connection))
