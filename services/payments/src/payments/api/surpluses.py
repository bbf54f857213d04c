"""What was paid in beyond any order, and its way back. All of it for staff with the role `payments`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from common.auth import CurrentStaff, require
from common.db import Database
from common.http import DatabaseDep
from common.problems import responses
from common.wire import MoneyView, Page
from payments.api.access import ROLE
from payments.api.views import with_refunds
from payments.commands import ReturnSurplus
from payments.handlers import surplus as handlers
from payments.repository import surplus as rows
from payments.schemas.books import SurplusView, TransferBody
from payments.schemas.payments import PaymentView

router = APIRouter(prefix="/v1/payments", tags=["ledger"])

Reference = Annotated[
    str, Path(pattern=r"^[\w.:-]{1,60}$", description="the bank's name of the transfer; it is written down once")
]


@router.get(
    "/surpluses",
    response_model=Page[SurplusView],
    responses=responses(401, 403, 422),
    summary="Money that belongs to no order",
)
async def owed_surpluses(
    database: DatabaseDep,
    staff: CurrentStaff,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[SurplusView]:
    """Oldest payment first."""
    require(staff, ROLE)
    async with database.read() as connection:
        found = await rows.owed(connection, after=cursor, limit=limit + 1)
    items = [
        SurplusView(
            payment_id=row.id,
            order_id=row.order_id,
            order_number=row.order_number,
            mall_id=row.mall_id,
            status=row.status,
            owed=MoneyView.of(row.surplus - row.surplus_returned, row.currency),
            account_named=row.account_named,
            changed_at=row.updated_at,
        )
        for row in found[:limit]
    ]
    return Page(items=items, next_cursor=str(items[-1].payment_id) if len(found) > limit else None)


@router.put(
    "/{payment_id}/surplus-transfers/{reference}",
    response_model=PaymentView,
    responses=responses(401, 403, 404, 409, 422),
    summary="Write down that a surplus was sent back",
)
async def return_surplus(
    request: Request, staff: CurrentStaff, payment_id: UUID, reference: Reference, body: TransferBody
) -> PaymentView:
    """After the transfer was made at the mall's own bank. The same again changes nothing; more than is owed is refused:
    409 `surplus.exceeded`. A reference that came with another amount or day is 409 `surplus.reference_reused`.
    """
    require(staff, ROLE)
    database: Database = request.app.state.database
    command = ReturnSurplus(payment_id, body.amount, reference, body.transferred_on, by=f"staff:{staff.subject}")
    async with database.transaction() as tx:
        payment = await handlers.return_surplus(command, tx, patience=request.app.state.patience)
    return await with_refunds(database, payment)
