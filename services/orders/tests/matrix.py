"""What every command does to an order in every status: the domain is tested against it, STATES.md is made from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from services.orders.tests.builders import (
    DAY,
    NOW,
    PAYMENT,
    a_quote,
    an_order,
    cancels,
    completes,
    expires,
    pays,
    settles,
    ships,
)

from common import ids
from orders import domain
from orders.commands import (
    NoteDepositMismatch,
    NoteDepositReversed,
    NotePaymentExpired,
    NotePaymentFailed,
    NotePaymentPending,
    NoteRefundRefused,
    NoteRefundWaits,
    NoteStockUnavailable,
    NoteSurplusReturned,
    RecordRefund,
)
from orders.domain import TRANSITIONS, Decision, Order, Status

LATER = NOW + 30 * DAY
OTHER = ids.derived_id("payment", "another")
CANCEL = ids.derived_id("cancel", "in the matrix")

Act = Callable[[Order], Decision]


def _settle(order: Order, *, accepted: bool) -> Decision:
    """Of a cancel that was asked for just before the order came to its status."""
    return domain.settle_cancel(order, settles(order, CANCEL, accepted=accepted), LATER)


def _one_unit(order: Order) -> Decision:
    return domain.request_cancel(order, cancels(order, (order.lines[1].line_id, 1)), NOW)


COMMANDS: dict[str, Act] = {
    "NotePaymentPending": lambda order: domain.note_payment_pending(
        order, NotePaymentPending(order.order_id, OTHER, "virtual_account", NOW + DAY)
    ),
    "NotePaymentFailed": lambda order: domain.note_payment_failed(
        order, NotePaymentFailed(order.order_id, OTHER, "card", "REJECT_CARD")
    ),
    "NotePaymentExpired": lambda order: domain.note_payment_expired(
        order, NotePaymentExpired(order.order_id, OTHER), LATER
    ),
    "PayOrder": lambda order: domain.pay(order, pays(order, payment_id=OTHER)),
    "PayOrder, wrong amount": lambda order: domain.pay(order, pays(order, payment_id=OTHER, amount=1)),
    "ExpireOrder": lambda order: domain.expire(order, expires(order), LATER),
    "RequestCancel, whole": lambda order: domain.request_cancel(order, cancels(order), NOW),
    "RequestCancel, one unit": _one_unit,
    "SettleCancel, accepted": lambda order: _settle(order, accepted=True),
    "SettleCancel, refused": lambda order: _settle(order, accepted=False),
    "NoteShipment, accepted": lambda order: domain.note_shipment(order, ships(order)),
    "NoteShipment, shipped": lambda order: domain.note_shipment(order, ships(order, "shipped", shipped=True)),
    "NoteShipment, delivered": lambda order: domain.note_shipment(
        order, ships(order, "delivered", shipped=True, delivered=True)
    ),
    "NoteShipment, rejected": lambda order: domain.note_shipment(order, ships(order, "rejected")),
    "NoteDepositReversed": lambda order: domain.note_deposit_reversed(
        order, NoteDepositReversed(order.order_id, PAYMENT, NOW + timedelta(hours=1)), LATER
    ),
    "NoteRefundWaits": lambda order: domain.note_refund_waits(
        order, NoteRefundWaits(order.order_id, PAYMENT, CANCEL, 100, account_was_wrong=False, at=NOW)
    ),
    "NoteRefundRefused": lambda order: domain.note_refund_refused(
        order, NoteRefundRefused(order.order_id, PAYMENT, CANCEL, 100, "too_old", NOW)
    ),
    "NoteDepositMismatch": lambda order: domain.note_deposit_mismatch(
        order, NoteDepositMismatch(order.order_id, PAYMENT, 1_000, 900, 0, NOW)
    ),
    "NoteSurplusReturned": lambda order: domain.note_surplus_returned(
        order, NoteSurplusReturned(order.order_id, PAYMENT, 100, 0, NOW)
    ),
    "NoteStockUnavailable": lambda order: domain.note_stock_unavailable(
        order, NoteStockUnavailable(order.order_id, ("OAT-1000",)), NOW
    ),
    "CompleteOrder": lambda order: domain.complete(order, completes(order), LATER),
    "RecordRefund": lambda order: domain.record_refund(
        order, RecordRefund(order.order_id, PAYMENT, ids.derived_id("refund", "m"), 100, 100)
    ),
}

# A status: the order is that afterwards. A code: refused, nothing changes. In the order of `Status`.
EXPECTED: dict[str, tuple[str, ...]] = {
    # pending_payment, paid, preparing, shipped, delivered, completed, cancelled
    "NotePaymentPending": tuple(Status),
    "NotePaymentFailed": tuple(Status),
    "NotePaymentExpired": ("cancelled", *list(Status)[1:]),
    "PayOrder": ("paid", *list(Status)[1:]),
    "PayOrder, wrong amount": tuple(Status),
    "ExpireOrder": ("cancelled", *["order.not_pending"] * 6),
    "RequestCancel, whole": (
        "cancelled", "paid", "preparing",
        "order.already_shipped", "order.already_delivered", "order.already_completed", "order.already_cancelled",
    ),
    "RequestCancel, one unit": (
        "order.partial_cancel_unpaid", "paid", "preparing",
        "order.already_shipped", "order.already_delivered", "order.already_completed", "order.already_cancelled",
    ),
    "SettleCancel, accepted": (
        "order.cancel_not_found", "cancelled", "cancelled",
        "order.transition_refused", "order.transition_refused", "order.cancel_not_found", "order.cancel_not_found",
    ),
    "SettleCancel, refused": (
        "order.cancel_not_found", "paid", "preparing",
        "shipped", "delivered", "order.cancel_not_found", "order.cancel_not_found",
    ),
    "NoteShipment, accepted": (
        "order.not_paid", "preparing", "preparing", "shipped", "delivered", "completed", "cancelled",
    ),
    "NoteShipment, shipped": (
        "order.not_paid", "shipped", "shipped", "shipped", "delivered", "completed", "cancelled",
    ),
    "NoteShipment, delivered": (
        "order.not_paid", "delivered", "delivered", "delivered", "delivered", "completed", "cancelled",
    ),
    "NoteShipment, rejected": (
        "order.not_paid", "paid", "preparing", "shipped", "delivered", "completed", "cancelled",
    ),
    "NoteDepositReversed": tuple(Status),
    "NoteRefundWaits": tuple(Status),
    "NoteRefundRefused": tuple(Status),
    "NoteDepositMismatch": tuple(Status),
    "NoteSurplusReturned": tuple(Status),
    "NoteStockUnavailable": ("cancelled", *list(Status)[1:]),
    "CompleteOrder": (*["order.not_delivered"] * 4, "completed", "order.not_delivered", "order.not_delivered"),
    "RecordRefund": tuple(Status),
}  # fmt: skip


def an_order_for(command: str, status: Status) -> Order:
    """An order in the status; where the command settles a cancel, one was asked for whenever that was allowed."""
    if not command.startswith("SettleCancel") or status in {
        Status.PENDING_PAYMENT,
        Status.COMPLETED,
        Status.CANCELLED,
    }:
        return an_order(status)
    order = an_order(Status.PAID, a_quote())
    order = domain.request_cancel(order, cancels(order, cancel_id=CANCEL), NOW).order
    news = {
        Status.PREPARING: ships(order),
        Status.SHIPPED: ships(order, "shipped", shipped=True),
        Status.DELIVERED: ships(order, "delivered", delivered=True),
    }
    return domain.note_shipment(order, news[status]).order if status in news else order


def states_page() -> str:
    """STATES.md."""
    steps = [f"    {before} --> {after}" for before in Status for after in Status if after in TRANSITIONS[before]]
    ends = [f"    {status} --> [*]" for status in Status if not TRANSITIONS[status]]
    header = "| command | " + " | ".join(Status) + " |"
    rows = []
    for command, row in EXPECTED.items():
        cells = [_cell(status, outcome) for status, outcome in zip(Status, row, strict=True)]
        rows.append(" | ".join([f"| {command}", *cells]) + " |")
    return "\n".join(
        [
            "# The states of an order",
            "",
            "Made from `TRANSITIONS` in `orders/domain/status.py` and what the domain's tests expect. Do not edit:",
            "`ORDERS_WRITE_STATES=1 pytest services/orders/tests/unit/test_states.py` writes it again.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            "    [*] --> pending_payment",
            *steps,
            *ends,
            "```",
            "",
            "What each command does in each status: **bold** moves the order there, a code refuses, a dot leaves the",
            "status as it is (the order's lines, cancels, money or story may still change).",
            "",
            header,
            "|---" * (len(Status) + 1) + "|",
            *rows,
            "",
        ]
    )


def _cell(status: Status, outcome: str) -> str:
    if "." in outcome:
        return f"`{outcome}`"
    return "·" if outcome == status else f"**{outcome}**"
