"""Money that came, did not come, went back, or was taken back by the bank."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.ids import derived_id
from common.money import allocate
from orders import errors
from orders.commands import NoteDepositReversed, NotePaymentFailed, NotePaymentPending, PayOrder, RecordRefund
from orders.domain import attention, cancelling, facts
from orders.domain.amounts import Amounts
from orders.domain.decision import Decision
from orders.domain.order import Order, Payment, UnwantedPayment
from orders.domain.status import Status


def note_payment_pending(order: Order, command: NotePaymentPending) -> Decision:
    """The order waits as long as its account does. An order that is paid or over waits for nothing."""
    if order.awaited_payment_id == command.payment_id:  # redelivered
        return Decision(order)
    noted = facts.PaymentAwaited(command.payment_id, command.method, command.due_at, actor="payments")
    if order.status is not Status.PENDING_PAYMENT:
        return Decision(order, (noted,))
    due_at = max(order.payment_due_at, command.due_at)
    return Decision(replace(order, awaited_payment_id=command.payment_id, payment_due_at=due_at), (noted,))


def note_payment_failed(order: Order, command: NotePaymentFailed) -> Decision:
    """The customer may try another payment while the order waits. A deposit to a failed account is not waited for."""
    if order.status is Status.PENDING_PAYMENT and order.awaited_payment_id == command.payment_id:
        order = replace(order, awaited_payment_id=None)
    failed = facts.PaymentFailed(command.payment_id, command.method, command.code, actor="payments")
    return Decision(order, (failed,))


def pay(order: Order, command: PayOrder) -> Decision:
    """Ships nothing and notifies nobody: they listen to `order-paid`. Money that does not fit is sent back."""
    order = attention.over(order, command.payment_id, {"deposit_short"}, command.confirmed_at)
    if order.payment is not None and order.payment.payment_id == command.payment_id:
        return _paid_before(order, order.payment, command)
    if any(_is_of(known, command) for known in order.unwanted):  # redelivered
        return Decision(order)
    if order.status is not Status.PENDING_PAYMENT:
        return _send_back(order, command, "unwanted")
    if (command.amount.amount, command.amount.currency) != (order.total_amount, order.currency):
        return _send_back(order, command, "amount_mismatch")
    payment = Payment(command.payment_id, command.provider, command.method, command.amount.amount, command.confirmed_at)
    paid = order.to(Status.PAID, payment=payment)
    return Decision(paid, (facts.OrderPaid(payment, order.currency, actor="payments"),))


def note_deposit_reversed(order: Order, command: NoteDepositReversed, now: datetime) -> Decision:
    """Stops the goods if they are still ours. The money is gone already, so none of it goes back."""
    gone = {"refund_account_needed", "surplus_owed"}
    order = attention.over(order, command.payment_id, gone, command.occurred_at)
    payment = order.payment
    if payment is None or payment.payment_id != command.payment_id:
        reversal = facts.DepositReversed(command.payment_id, command.occurred_at, needs_staff=False, actor="payments")
        return Decision(replace(order, unwanted=tuple(_taken(known, command) for known in order.unwanted)), (reversal,))
    if command.occurred_at < payment.paid_at or payment.reversed_at is not None:  # told late, or told again
        return Decision(order)
    order = cancelling.withhold(replace(order, payment=replace(payment, reversed_at=command.occurred_at)))
    ours = order.status in {Status.PAID, Status.PREPARING}
    needs_staff = not ours and order.status not in {Status.CANCELLED, Status.RETURNED}
    told = facts.DepositReversed(command.payment_id, command.occurred_at, needs_staff, actor="payments")
    if not cancelling.must_stop(order):
        return Decision(order, (told,))
    cancel_id = derived_id("cancel", str(order.order_id), "deposit_reversed", command.occurred_at.isoformat())
    cancel = cancelling.rest_of(order, cancel_id, "deposit_reversed", "payments", now)
    asked = cancelling.ask_centre(order, cancel)
    return Decision(order, (told,)).then(asked.order, asked.facts)


def record_refund(order: Order, command: RecordRefund) -> Decision:
    """Keeps the running total of what went back, whatever order the news comes in."""
    order = attention.over(order, command.refund_id, {"refund_account_needed", "refund_refused"})
    of_this_order = order.payment is not None and order.payment.payment_id == command.payment_id
    noted = facts.RefundRecorded(
        command.refund_id, command.refund_amount, order.currency, of_this_order, actor="payments"
    )
    if order.payment is None or not of_this_order:
        return Decision(order, (noted,))
    if command.refunded_amount > order.payment.amount:
        raise errors.RefundExceedsPayment(f"{command.refunded_amount} went back of a payment of {order.payment.amount}")
    refunded = max(order.refunded_amount, command.refunded_amount)
    return Decision(replace(order, refunded_amount=refunded), (noted,))


def _paid_before(order: Order, payment: Payment, command: PayOrder) -> Decision:
    """Told again, unless the bank had taken the deposit back and it came anew."""
    if payment.reversed_at is None or command.confirmed_at <= payment.reversed_at:
        return Decision(order)
    order = replace(order, payment=replace(payment, paid_at=command.confirmed_at, reversed_at=None))
    restored = facts.DepositRestored(command.payment_id, actor="payments")
    released = cancelling.release_withheld(order, payment.reversed_at)
    return Decision(order, (restored,)).then(released.order, released.facts)


def _is_of(known: UnwantedPayment, command: PayOrder) -> bool:
    """Whether this is the confirmation that `known` came from, and not money that came anew after a reversal."""
    return known.payment_id == command.payment_id and (
        known.reversed_at is None or command.confirmed_at <= known.reversed_at
    )


def _taken(known: UnwantedPayment, command: NoteDepositReversed) -> UnwantedPayment:
    ours = known.payment_id == command.payment_id and known.confirmed_at <= command.occurred_at
    return replace(known, reversed_at=command.occurred_at) if ours and known.reversed_at is None else known


def _send_back(order: Order, command: PayOrder, reason: str) -> Decision:
    """The refund is named after the payment, and after how often its money came where the bank took it back."""
    times_before = sum(known.payment_id == command.payment_id for known in order.unwanted)
    again = [str(times_before)] if times_before else []
    refund_id = derived_id("refund", "unwanted", str(command.payment_id), *again)
    money = command.amount
    unwanted = UnwantedPayment(
        command.payment_id, refund_id, money.amount, money.currency, reason, command.confirmed_at
    )
    after = replace(order, unwanted=(*order.unwanted, unwanted))
    told = facts.RefundRequested(
        refund_id, command.payment_id, _parts(order, money.amount), money.currency, reason, command.confirmed_at
    )
    return Decision(after, (told,))


def _parts(order: Order, amount: int) -> Amounts:
    """The payment was opened with the order's tax parts: all of them for the right amount, else in proportion."""
    owed = order.worth
    vat, tax_free, _ = allocate(amount, [owed.vat, owed.tax_free, owed.amount - owed.vat - owed.tax_free])
    return Amounts(amount, vat, tax_free)
