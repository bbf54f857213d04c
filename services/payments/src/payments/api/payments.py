"""Starting, confirming and looking at payments."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from common import idempotency
from common.auth import OptionalStaff
from common.db import Database
from common.errors import Unauthenticated
from common.http import DatabaseDep
from common.idempotency import idempotency_key
from common.ids import token_hash
from common.problems import responses
from common.wire import Page
from payments import errors
from payments.api.access import OrderToken, may_see, visible
from payments.api.views import with_refunds
from payments.commands import GiveRefundAccount
from payments.domain import by_hand
from payments.domain.status import Status
from payments.flows.confirming import Confirming
from payments.flows.opening import Opening
from payments.handlers import refund as refund_handlers
from payments.repository import payment as rows
from payments.repository import refund as refund_rows
from payments.schemas.payments import ConfirmBody, OpenBody, PaymentView, RefundAccountBody

router = APIRouter(prefix="/v1/payments", tags=["payments"])


@router.post(
    "",
    status_code=201,
    response_model=PaymentView,
    responses=responses(401, 404, 409, 422, 503),
    summary="Start paying an order",
)
async def open_payment(
    request: Request,
    database: DatabaseDep,
    body: OpenBody,
    key: Annotated[str, Depends(idempotency_key)],
    x_order_token: OrderToken = None,
) -> Response:
    """Answers with `next_action`: go to the provider's window, pay into an account, or ask again in a moment.

    A new try gives up an older window nobody has paid at. While another payment of the order may be bringing money
    the answer is 409 `payment.already_open`; once the order is paid, 409 `payment.already_paid`.
    """
    if not x_order_token:
        raise Unauthenticated("the header X-Order-Token is needed")
    token: str = x_order_token
    opening: Opening = request.app.state.opening

    async def work(claim: idempotency.Claim) -> Response:
        return await opening.open(body, token, claim)

    return await idempotency.once(database, request, key, work, caller=token_hash(token).hex())


@router.get("", response_model=Page[PaymentView], responses=responses(401, 403), summary="The payments of an order")
async def list_payments(
    database: DatabaseDep,
    staff: OptionalStaff,
    order_id: Annotated[UUID, Query()],
    x_order_token: OrderToken = None,
) -> Page[PaymentView]:
    """Oldest first; an order has a handful at most, so there is one page. Without the order's token it is empty."""
    async with database.read() as connection:
        seen = visible(await rows.of_order(connection, order_id), x_order_token, staff)
        items = [
            PaymentView.of(payment, await refund_rows.of_payment(connection, payment.id), for_staff=staff is not None)
            for payment in seen
        ]
    return Page(items=items)


@router.get(
    "/{payment_id}", response_model=PaymentView, responses=responses(401, 403, 404), summary="Look at a payment"
)
async def get_payment(
    database: DatabaseDep, staff: OptionalStaff, payment_id: UUID, x_order_token: OrderToken = None
) -> PaymentView:
    async with database.read() as connection:
        payment = may_see(await rows.find(connection, payment_id), x_order_token, staff)
        refunds = await refund_rows.of_payment(connection, payment_id)
    return PaymentView.of(payment, refunds, for_staff=staff is not None)


@router.post(
    "/{payment_id}/confirm",
    response_model=PaymentView,
    responses={**responses(404, 409, 422), 202: {"model": PaymentView, "description": "The provider has not said yet"}},
    summary="Confirm with the provider's return parameters",
)
async def confirm_payment(
    request: Request, response: Response, database: DatabaseDep, payment_id: UUID, body: ConfirmBody
) -> PaymentView:
    """The body is what the provider's window added to the return address, whichever provider it is. Order id and
    amount, where they are in it, are compared with our own rows before the provider is asked to take the money.

    200 once the outcome is known, 202 while it is not: ask for the payment again. Sending it twice takes money once.
    422 `payment.refused`: the try was declined and is over. 422 `payment.key_refused`: the provider does not take this
    key for this payment, which stays open; the customer's own key can still come. 409 `payment.busy`: another key is
    being tried, send this again in a moment.
    """
    confirming: Confirming = request.app.state.confirming
    payment = await confirming.confirm(payment_id, body.fields())
    if payment.status in (Status.OPEN, Status.CONFIRMING, Status.UNKNOWN):
        response.status_code = 202
    return await with_refunds(database, payment)


@router.post(
    "/{payment_id}/refund-account",
    status_code=204,
    responses=responses(401, 403, 404, 409, 422),
    summary="Name the account money goes back to",
)
async def give_refund_account(
    request: Request,
    staff: OptionalStaff,
    payment_id: UUID,
    body: RefundAccountBody,
    x_order_token: OrderToken = None,
) -> Response:
    """For a deposit, and for a refund that the provider refused. Kept sealed until the money is there, then erased. The
    newest account counts.
    """
    database: Database = request.app.state.database
    async with database.read() as connection:
        payment = may_see(await rows.find(connection, payment_id), x_order_token, staff)
        refunds = await refund_rows.of_payment(connection, payment_id)
    code = request.app.state.gateways.for_(payment.provider, payment.mall_id).bank_code(body.bank)
    if code is None and by_hand.is_any_owed(payment, refunds):
        code = body.bank  # read by whoever makes the transfer; not every provider knows banks
    if code is None:
        raise errors.BankUnknown("no such bank")
    async with database.transaction() as tx:
        command = GiveRefundAccount(payment_id, body.to_account(code))
        await refund_handlers.give_refund_account(command, tx, seal=request.app.state.seal)
        tx.then(request.app.state.wake_refunds)
    return Response(status_code=204)
