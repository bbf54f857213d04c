"""Cash receipts: asking for one, and looking at it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request

from common.auth import OptionalStaff
from common.http import DatabaseDep
from common.problems import responses
from payments.api.access import OrderToken, may_see
from payments.errors import PaymentNotFound
from payments.handlers import receipt as handlers
from payments.repository import payment as rows
from payments.repository import receipt as receipt_rows
from payments.schemas.receipts import CashReceiptBody, CashReceiptView

router = APIRouter(prefix="/v1/payments/{payment_id}/cash-receipt", tags=["cash receipts"])


@router.post(
    "",
    status_code=202,
    response_model=CashReceiptView,
    responses=responses(401, 403, 404, 409, 422),
    summary="Ask for a cash receipt",
)
async def want_receipt(
    *,
    request: Request,
    database: DatabaseDep,
    staff: OptionalStaff,
    payment_id: UUID,
    body: CashReceiptBody,
    x_order_token: OrderToken = None,
) -> CashReceiptView:
    """For deposits and transfers. Issued as soon as the money is there; asked again, the newest counts until then."""
    async with database.read() as connection:
        payment = may_see(await rows.find(connection, payment_id), x_order_token, staff)
    async with database.transaction() as tx:
        receipt = await handlers.want_receipt(payment_id, body.type, body.identifier, tx, seal=request.app.state.seal)
        tx.then(request.app.state.wake_receipts)
    return CashReceiptView.of(receipt, payment.currency)


@router.get("", response_model=CashReceiptView, responses=responses(401, 403, 404), summary="Look at a cash receipt")
async def get_receipt(
    database: DatabaseDep, staff: OptionalStaff, payment_id: UUID, x_order_token: OrderToken = None
) -> CashReceiptView:
    async with database.read() as connection:
        payment = may_see(await rows.find(connection, payment_id), x_order_token, staff)
        receipt = await receipt_rows.find(connection, payment_id)
    if receipt is None:
        raise PaymentNotFound("nobody asked for a cash receipt")
    return CashReceiptView.of(receipt, payment.currency)
