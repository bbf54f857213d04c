"""What orders hears: events in, commands out."""

from __future__ import annotations

from common.db import Tx
from common.money import Money
from common.processing import Handlers
from contracts.payments import (
    DepositMismatch,
    DepositReversed,
    PaymentConfirmed,
    PaymentExpired,
    PaymentFailed,
    PaymentPending,
    PaymentRefunded,
    RefundAccountNeeded,
    RefundRefused,
    SurplusReturned,
)
from contracts.shipments import (
    ReplacementStopDecided,
    ReturnReceived,
    ReturnUpdated,
    ShipmentAddressDecided,
    ShipmentCancelDecided,
    ShipmentOptionDecided,
    ShipmentUpdated,
)
from contracts.stock import StockUnavailable
from orders import commands, handlers


async def on_payment_pending(event: PaymentPending, tx: Tx) -> None:
    command = commands.NotePaymentPending(event.order_id, event.payment_id, event.method, event.virtual_account.due_at)
    await handlers.note_payment_pending(command, tx)


async def on_payment_confirmed(event: PaymentConfirmed, tx: Tx) -> None:
    command = commands.PayOrder(
        order_id=event.order_id,
        payment_id=event.payment_id,
        amount=Money(event.amount, event.currency),
        provider=event.provider,
        method=event.method,
        confirmed_at=event.confirmed_at,
    )
    await handlers.pay_order(command, tx)


async def on_payment_failed(event: PaymentFailed, tx: Tx) -> None:
    command = commands.NotePaymentFailed(event.order_id, event.payment_id, event.method, event.code)
    await handlers.note_payment_failed(command, tx)


async def on_payment_expired(event: PaymentExpired, tx: Tx) -> None:
    await handlers.note_payment_expired(commands.NotePaymentExpired(event.order_id, event.payment_id), tx)


async def on_payment_refunded(event: PaymentRefunded, tx: Tx) -> None:
    command = commands.RecordRefund(
        order_id=event.order_id,
        payment_id=event.payment_id,
        refund_id=event.refund_id,
        refund_amount=event.refund_amount,
        refunded_amount=event.refunded_amount,
    )
    await handlers.record_refund(command, tx)


async def on_deposit_reversed(event: DepositReversed, tx: Tx) -> None:
    command = commands.NoteDepositReversed(event.order_id, event.payment_id, event.occurred_at)
    await handlers.note_deposit_reversed(command, tx)


async def on_refund_account_needed(event: RefundAccountNeeded, tx: Tx) -> None:
    command = commands.NoteRefundWaits(
        order_id=event.order_id,
        payment_id=event.payment_id,
        refund_id=event.refund_id,
        amount=event.refund_amount,
        account_was_wrong=event.account_was_wrong,
        at=event.occurred_at,
    )
    await handlers.note_refund_waits(command, tx)


async def on_refund_refused(event: RefundRefused, tx: Tx) -> None:
    command = commands.NoteRefundRefused(
        order_id=event.order_id,
        payment_id=event.payment_id,
        refund_id=event.refund_id,
        amount=event.refund_amount,
        code=event.code,
        at=event.occurred_at,
    )
    await handlers.note_refund_refused(command, tx)


async def on_deposit_mismatch(event: DepositMismatch, tx: Tx) -> None:
    command = commands.NoteDepositMismatch(
        order_id=event.order_id,
        payment_id=event.payment_id,
        wanted=event.amount,
        deposited=event.deposited_amount,
        surplus=event.surplus_amount,
        at=event.occurred_at,
    )
    await handlers.note_deposit_mismatch(command, tx)


async def on_surplus_returned(event: SurplusReturned, tx: Tx) -> None:
    command = commands.NoteSurplusReturned(
        event.order_id, event.payment_id, event.returned_amount, event.remaining_amount, event.returned_at
    )
    await handlers.note_surplus_returned(command, tx)


async def on_shipment_updated(event: ShipmentUpdated, tx: Tx) -> None:
    """A replacement's shipment belongs to the story too; its flags speak of the claim and not of the order."""
    command = commands.NoteShipment(
        order_id=event.order_id,
        shipment_id=event.shipment_id,
        status=event.status.value,
        order_shipped=event.order_shipped and event.claim_id is None,
        order_delivered=event.order_delivered and event.claim_id is None,
        occurred_at=event.occurred_at,
        carrier=event.carrier_name or event.carrier,
        waybill=event.waybill,
        lines=tuple(commands.Units(line.line_id, line.quantity) for line in event.lines),
        claim_id=event.claim_id,
    )
    await handlers.note_shipment(command, tx)


async def on_shipment_cancel_decided(event: ShipmentCancelDecided, tx: Tx) -> None:
    command = commands.SettleCancel(event.order_id, event.cancel_id, event.accepted, event.reason, _short(event))
    await handlers.settle_cancel(command, tx)


async def on_shipment_address_decided(event: ShipmentAddressDecided, tx: Tx) -> None:
    command = commands.SettleAddressChange(event.order_id, event.change_id, event.accepted, event.reason)
    await handlers.settle_address_change(command, tx)


async def on_shipment_option_decided(event: ShipmentOptionDecided, tx: Tx) -> None:
    command = commands.SettleOptionChange(event.order_id, event.change_id, event.accepted, event.reason, _short(event))
    await handlers.settle_option_change(command, tx)


def _short(
    event: ShipmentCancelDecided | ShipmentOptionDecided | ReplacementStopDecided,
) -> tuple[commands.ShelfUnits, ...]:
    return tuple(commands.ShelfUnits(units.sku, units.quantity) for units in event.short)


async def on_stock_unavailable(event: StockUnavailable, tx: Tx) -> None:
    skus = tuple(shortage.sku for shortage in event.shortages)
    command = commands.NoteStockUnavailable(event.order_id, skus)
    if not await handlers.note_replacement_unavailable(command, tx):
        await handlers.note_stock_unavailable(command, tx)


async def on_return_updated(event: ReturnUpdated, tx: Tx) -> None:
    if event.status == "picked_up":
        command = commands.NoteReturn(
            event.order_id, event.claim_id, event.occurred_at, event.carrier_name or event.carrier, event.waybill
        )
        await handlers.note_return(command, tx)


async def on_replacement_stop_decided(event: ReplacementStopDecided, tx: Tx) -> None:
    command = commands.SettleReplacementStop(
        order_id=event.order_id,
        claim_id=event.claim_id,
        stop_id=event.stop_id,
        accepted=event.accepted,
        reason=event.reason,
        lines=tuple(commands.Units(line.line_id, line.quantity) for line in event.lines),
        short=_short(event),
    )
    await handlers.settle_replacement_stop(command, tx)


async def on_return_received(event: ReturnReceived, tx: Tx) -> None:
    found = tuple(commands.Found(line.line_id, line.resellable, line.damaged, line.missing) for line in event.lines)
    await handlers.settle_claim(commands.SettleClaim(event.order_id, event.claim_id, found), tx)


def handlers_by_event() -> Handlers:
    return {
        PaymentPending: on_payment_pending,
        PaymentConfirmed: on_payment_confirmed,
        PaymentFailed: on_payment_failed,
        PaymentExpired: on_payment_expired,
        PaymentRefunded: on_payment_refunded,
        RefundAccountNeeded: on_refund_account_needed,
        RefundRefused: on_refund_refused,
        DepositMismatch: on_deposit_mismatch,
        SurplusReturned: on_surplus_returned,
        DepositReversed: on_deposit_reversed,
        ShipmentUpdated: on_shipment_updated,
        ShipmentCancelDecided: on_shipment_cancel_decided,
        ShipmentAddressDecided: on_shipment_address_decided,
        ShipmentOptionDecided: on_shipment_option_decided,
        StockUnavailable: on_stock_unavailable,
        ReturnUpdated: on_return_updated,
        ReturnReceived: on_return_received,
        ReplacementStopDecided: on_replacement_stop_decided,
    }
