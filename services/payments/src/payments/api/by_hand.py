"""Refunds their provider refused, and their way back by hand. All of it for staff with the role `payments`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from common.auth import CurrentStaff, require
from common.db import Database
from common.http import DatabaseDep
from common.problems import responses
from common.wire import MoneyView, Page
from payments.api.access import ROLE
from payments.api.views import with_refunds
from payments.commands import FindRefund, PayRefundByHand
from payments.flows.by_hand import ByHand
from payments.handlers import surplus as handlers
from payments.repository import by_hand as rows
from payments.schemas.books import AccountView, ProviderReturnBody, RefundTransferBody, RefusedRefundView
from payments.schemas.payments import PaymentView

router = APIRouter(prefix="/v1/payments", tags=["refunds"])


@router.get(
    "/refused-refunds",
    response_model=Page[RefusedRefundView],
    responses=responses(401, 403, 422),
    summary="Refunds that the provider will not pay",
)
async def refused_refunds(
    database: DatabaseDep,
    staff: CurrentStaff,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page[RefusedRefundView]:
    """Oldest refund first; gone from here once it was paid by hand."""
    require(staff, ROLE)
    async with database.read() as connection:
        found = await rows.refused(connection, after=cursor, limit=limit + 1)
    items = [
        RefusedRefundView(
            refund_id=row.id,
            payment_id=row.payment_id,
            order_id=row.order_id,
            order_number=row.order_number,
            mall_id=row.mall_id,
            provider=row.provider,
            amount=MoneyView.of(row.amount, row.currency),
            code=row.failure_code or "refused",
            reason=row.failure_reason or "",
            account_named=row.account_named,
            requested_at=row.requested_at,
        )
        for row in found[:limit]
    ]
    return Page(items=items, next_cursor=str(items[-1].refund_id) if len(found) > limit else None)


@router.put(
    "/{payment_id}/refunds/{refund_id}/transfer",
    response_model=PaymentView,
    responses=responses(401, 403, 404, 409, 422, 503),
    summary="Write down that a refused refund was paid by hand",
)
async def pay_by_hand(
    request: Request, staff: CurrentStaff, payment_id: UUID, refund_id: UUID, body: RefundTransferBody
) -> PaymentView:
    """After the transfer was made at the mall's own bank. The same again changes nothing.

    409 `refund.still_pending` while the provider may still pay it, 409 `refund.returned_at_provider` when the provider
    does not hold the money any more, 503 `refund.unseen` when it does not say; 409 `refund.not_owed` for one that is
    paid, void, or more than the payment holds. 409 `refund.transfer_reused` for another transfer of the same refund, or
    a reference of another transfer. 422 `refund.transfer_amount` for any other sum than the refund's.
    """
    require(staff, ROLE)
    flow: ByHand = request.app.state.by_hand
    command = PayRefundByHand(
        payment_id, refund_id, body.amount, body.reference, body.transferred_on, by=f"staff:{staff.subject}"
    )
    payment = await flow.record(command)
    return await with_refunds(request.app.state.database, payment)


@router.put(
    "/{payment_id}/refunds/{refund_id}/provider-return",
    response_model=PaymentView,
    responses=responses(401, 403, 404, 409, 422, 503),
    summary="Say which of the provider's returns a refused refund is",
)
async def find_refund(
    request: Request, staff: CurrentStaff, payment_id: UUID, refund_id: UUID, body: ProviderReturnBody
) -> PaymentView:
    """For money given back at the provider's own console. The provider is asked, and has to show a return of this name
    and of the refund's amount: else 404 `refund.return_not_found`, 422 `refund.transfer_amount`, 503 `refund.unseen`.
    409 as for a transfer, also for the return of another refund. The same again changes nothing.
    """
    require(staff, ROLE)
    flow: ByHand = request.app.state.by_hand
    payment = await flow.find(FindRefund(payment_id, refund_id, body.reference, by=f"staff:{staff.subject}"))
    return await with_refunds(request.app.state.database, payment)


@router.get(
    "/{payment_id}/refund-account",
    response_model=AccountView,
    responses=responses(401, 403, 404),
    summary="Where a surplus or a refused refund has to be sent",
)
@router.get(
    "/{payment_id}/surplus-account",
    response_model=AccountView,
    responses=responses(401, 403, 404),
    summary="The same, by the name it had before",
    deprecated=True,
)
async def account_to_send_to(request: Request, staff: CurrentStaff, payment_id: UUID) -> AccountView:
    """Only while something has to go back there by hand. Who looked stands in the payment's history."""
    require(staff, ROLE)
    database: Database = request.app.state.database
    async with database.transaction() as tx:
        by = f"staff:{staff.subject}"
        account = await handlers.show_account(payment_id, tx, by=by, seal=request.app.state.seal)
    return AccountView(bank_code=account.bank, account_number=account.number, holder_name=account.holder)
