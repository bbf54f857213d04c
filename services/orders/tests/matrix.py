"""What every command does to an order in every status: the domain is tested against it, STATES.md is made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from services.orders.tests.builders import (
    DAY,
    NOW,
    PAYMENT,
    a_quote,
    an_order,
    cancels,
    chooses,
    claims,
    completes,
    expires,
    finds,
    pays,
    settles,
    ships,
    stops,
)

from common import ids
from orders import domain
from orders.commands import (
    ApproveClaim,
    ChangeAddress,
    ConfirmPurchase,
    NoteDepositMismatch,
    NoteDepositReversed,
    NotePaymentExpired,
    NotePaymentFailed,
    NotePaymentPending,
    NoteRefundRefused,
    NoteRefundWaits,
    NoteReplacementUnavailable,
    NoteReturn,
    NoteStockUnavailable,
    NoteSurplusReturned,
    RecordRefund,
    RejectClaim,
    ShipTo,
    StopReplacement,
    WithdrawClaim,
)
from orders.domain import CLAIM_TRANSITIONS, TRANSITIONS, ClaimStatus, Decision, Order, Status

LATER = NOW + 30 * DAY
OTHER = ids.derived_id("payment", "another")
CANCEL = ids.derived_id("cancel", "in the matrix")
CLAIM = ids.derived_id("claim", "in the matrix")
STOP = ids.derived_id("stop", "in the matrix")

Act = Callable[[Order], Decision]


def _settle(order: Order, *, accepted: bool) -> Decision:
    """Of a cancel that was asked for just before the order came to its status."""
    return domain.settle_cancel(order, settles(order, CANCEL, accepted=accepted), LATER)


def _stopped(order: Order, *, accepted: bool) -> Decision:
    """The centre's word on a stop that was asked for just before, where that was allowed."""
    if order.claim(CLAIM).status is ClaimStatus.COMPLETED:
        order = domain.stop_replacement(order, StopReplacement(order.order_id, CLAIM, STOP, "staff:1")).order
    return domain.settle_replacement_stop(order, stops(order, CLAIM, accepted=accepted, stop_id=STOP), NOW)


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
    "ConfirmPurchase": lambda order: domain.confirm_purchase(order, ConfirmPurchase(order.order_id, "customer"), LATER),
    "RequestClaim": lambda order: domain.request_claim(order, claims(order), NOW + DAY),
    "ChangeAddress": lambda order: domain.change_address(
        order, ChangeAddress(order.order_id, OTHER, "customer", ShipTo("", "", "06236", "", None, "", None)), NOW
    ),
    "ChangeOption": lambda order: domain.change_option(order, chooses(order), NOW),
    "SettleClaim, of all that is left": lambda order: domain.settle_claim(order, finds(order, CLAIM), LATER),
    "RecordRefund": lambda order: domain.record_refund(
        order, RecordRefund(order.order_id, PAYMENT, ids.derived_id("refund", "m"), 100, 100)
    ),
}

# A status: the order is that afterwards. A code: refused, nothing changes. In the order of `Status`.
EXPECTED: dict[str, tuple[str, ...]] = {
    "NotePaymentPending": tuple(Status),
    "NotePaymentFailed": tuple(Status),
    "NotePaymentExpired": ("cancelled", *list(Status)[1:]),
    "PayOrder": ("paid", *list(Status)[1:]),
    "PayOrder, wrong amount": tuple(Status),
    "ExpireOrder": ("cancelled", *["order.not_pending"] * 7),
    "RequestCancel, whole": (
        "cancelled", "paid", "preparing",
        "order.already_shipped", "order.already_delivered", "order.already_completed", "order.already_returned",
        "order.already_cancelled",
    ),
    "RequestCancel, one unit": (
        "order.partial_cancel_unpaid", "paid", "preparing",
        "order.already_shipped", "order.already_delivered", "order.already_completed", "order.already_returned",
        "order.already_cancelled",
    ),
    "SettleCancel, accepted": (
        "order.cancel_not_found", "cancelled", "cancelled",
        "order.transition_refused", "order.transition_refused", *["order.cancel_not_found"] * 3,
    ),
    "SettleCancel, refused": (
        "order.cancel_not_found", "paid", "preparing",
        "shipped", "delivered", *["order.cancel_not_found"] * 3,
    ),
    "NoteShipment, accepted": (
        "order.not_paid", "preparing", "preparing", "shipped", "delivered", "completed", "returned",
        "cancelled",
    ),
    "NoteShipment, shipped": (
        "order.not_paid", "shipped", "shipped", "shipped", "delivered", "completed", "returned", "cancelled",
    ),
    "NoteShipment, delivered": (
        "order.not_paid", "delivered", "delivered", "delivered", "delivered", "completed", "returned", "cancelled",
    ),
    "NoteShipment, rejected": (
        "order.not_paid", "paid", "preparing", "shipped", "delivered", "completed", "returned", "cancelled",
    ),
    "NoteDepositReversed": tuple(Status),
    "NoteRefundWaits": tuple(Status),
    "NoteRefundRefused": tuple(Status),
    "NoteDepositMismatch": tuple(Status),
    "NoteSurplusReturned": tuple(Status),
    "NoteStockUnavailable": ("cancelled", *list(Status)[1:]),
    "CompleteOrder": (
        *["order.not_delivered"] * 4, "completed", "order.not_delivered", "order.already_returned",
        "order.not_delivered",
    ),
    "ConfirmPurchase": (
        *["order.not_delivered"] * 4, "completed", "completed", "order.already_returned", "order.not_delivered",
    ),
    "RequestClaim": (
        *["claim.not_delivered"] * 4, "delivered", "completed", "order.already_returned", "claim.not_delivered",
    ),
    "ChangeAddress": (
        *["pending_payment", "paid", "preparing"],
        "order.already_shipped", "order.already_delivered", "order.already_completed", "order.already_returned",
        "order.already_cancelled",
    ),
    "ChangeOption": (
        *["order.not_paid", "paid", "preparing"],
        "order.already_shipped", "order.already_delivered", "order.already_completed", "order.already_returned",
        "order.already_cancelled",
    ),
    "SettleClaim, of all that is left": (*["claim.not_found"] * 4, "returned", "returned", *["claim.not_found"] * 2),
    "RecordRefund": tuple(Status),
}  # fmt: skip


CLAIM_COMMANDS: dict[str, Act] = {
    "ApproveClaim": lambda order: domain.approve_claim(
        order, ApproveClaim(order.order_id, CLAIM, "staff:1", fee_paid_by="bank_transfer"), NOW
    ),
    "ApproveClaim, the fee not paid": lambda order: domain.approve_claim(
        order, ApproveClaim(order.order_id, CLAIM, "staff:1"), NOW
    ),
    "RejectClaim": lambda order: domain.reject_claim(order, RejectClaim(order.order_id, CLAIM, "staff:1", "used"), NOW),
    "WithdrawClaim": lambda order: domain.withdraw_claim(order, WithdrawClaim(order.order_id, CLAIM, "customer"), NOW),
    "NoteReturn": lambda order: domain.note_return(order, NoteReturn(order.order_id, CLAIM, NOW)),
    "SettleClaim": lambda order: domain.settle_claim(order, finds(order, CLAIM), NOW),
    "SettleClaim, nothing came": lambda order: domain.settle_claim(order, finds(order, CLAIM, (0, 0, 1)), NOW),
    "NoteReplacementUnavailable": lambda order: domain.note_replacement_unavailable(
        order, NoteReplacementUnavailable(order.order_id, CLAIM, ("GRANOLA-500",)), NOW
    ),
    "StopReplacement": lambda order: domain.stop_replacement(
        order, StopReplacement(order.order_id, CLAIM, STOP, "staff:1")
    ),
    "SettleReplacementStop, accepted": lambda order: _stopped(order, accepted=True),
    "SettleReplacementStop, refused": lambda order: _stopped(order, accepted=False),
}
_CLAIM_OVER = ("claim.already_rejected", "claim.already_withdrawn", "claim.already_completed")
_NOT_BACK = ("claim.not_completed", "claim.not_completed", *_CLAIM_OVER[:2], "completed")

# In the order of `ClaimStatus`: requested, approved, rejected, withdrawn, completed.
CLAIM_EXPECTED: dict[str, tuple[str, ...]] = {
    "ApproveClaim": ("approved", "approved", *_CLAIM_OVER),
    "ApproveClaim, the fee not paid": ("claim.fee_due", "approved", *_CLAIM_OVER),
    "RejectClaim": ("rejected", "rejected", "rejected", *_CLAIM_OVER[1:]),
    "WithdrawClaim": ("withdrawn", "withdrawn", _CLAIM_OVER[0], "withdrawn", _CLAIM_OVER[2]),
    "NoteReturn": ("claim.not_approved", *list(ClaimStatus)[1:]),
    "SettleClaim": ("claim.not_approved", "completed", *list(ClaimStatus)[2:]),
    "SettleClaim, nothing came": ("claim.not_approved", "rejected", *list(ClaimStatus)[2:]),
    "NoteReplacementUnavailable": ("claim.not_approved", *list(ClaimStatus)[1:]),
    "StopReplacement": _NOT_BACK,
    "SettleReplacementStop, accepted": _NOT_BACK,
    "SettleReplacementStop, refused": _NOT_BACK,
}


def a_claim_in(status: ClaimStatus) -> Order:
    """A delivered order with one claim in the status, that came there the ordinary way."""
    order = an_order(Status.DELIVERED)
    order = domain.request_claim(order, claims(order, claim_id=CLAIM, kind="exchange"), NOW + DAY).order
    steps = {
        ClaimStatus.APPROVED: ["ApproveClaim"],
        ClaimStatus.REJECTED: ["RejectClaim"],
        ClaimStatus.WITHDRAWN: ["WithdrawClaim"],
        ClaimStatus.COMPLETED: ["ApproveClaim", "SettleClaim"],
    }
    for command in steps.get(status, ()):
        order = CLAIM_COMMANDS[command](order).order
    return order


def an_order_for(command: str, status: Status) -> Order:
    """An order in the status; where the command settles a cancel or a claim, one was asked for if that was allowed."""
    if command.startswith("SettleClaim") and status in {Status.DELIVERED, Status.COMPLETED}:
        order = an_order(status)
        command_of_all = claims(order, *((line.line_id, line.quantity) for line in order.lines), claim_id=CLAIM)
        order = domain.request_claim(order, command_of_all, NOW + DAY).order
        return domain.approve_claim(order, ApproveClaim(order.order_id, CLAIM, "staff:1"), NOW + DAY).order
    if not command.startswith("SettleCancel") or status in {
        Status.PENDING_PAYMENT,
        Status.COMPLETED,
        Status.RETURNED,
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
    return "\n".join(
        [
            "# The states of an order",
            "",
            "Made from `TRANSITIONS` (`orders/domain/status.py`), `CLAIM_TRANSITIONS` (`orders/domain/claim.py`) and",
            "what the domain's tests expect. Do not edit:",
            "`ORDERS_WRITE_STATES=1 pytest services/orders/tests/unit/test_states.py` writes it again.",
            "",
            *_diagram(Status, TRANSITIONS, Status.PENDING_PAYMENT),
            "",
            "What each command does in each status: **bold** moves the order there, a code refuses, a dot leaves the",
            "status as it is (the order's lines, cancels, claims, money or story may still change).",
            "",
            *_table(Status, EXPECTED),
            "",
            "## The states of a claim",
            "",
            "A return or an exchange of units that have arrived.",
            "",
            *_diagram(ClaimStatus, CLAIM_TRANSITIONS, ClaimStatus.REQUESTED),
            "",
            *_table(ClaimStatus, CLAIM_EXPECTED),
            "",
        ]
    )


def _diagram(states: type[StrEnum], transitions: Mapping[Any, frozenset[Any]], first: StrEnum) -> list[str]:
    steps = [f"    {before} --> {after}" for before in states for after in states if after in transitions[before]]
    ends = [f"    {status} --> [*]" for status in states if not transitions[status]]
    return ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}", *steps, *ends, "```"]


def _table(states: type[StrEnum], expected: dict[str, tuple[str, ...]]) -> list[str]:
    rows = []
    for command, row in expected.items():
        cells = [_cell(status, outcome) for status, outcome in zip(states, row, strict=True)]
        rows.append(" | ".join([f"| {command}", *cells]) + " |")
    return ["| command | " + " | ".join(states) + " |", "|---" * (len(states) + 1) + "|", *rows]


def _cell(status: StrEnum, outcome: str) -> str:
    if "." in outcome:
        return f"`{outcome}`"
    return "·" if outcome == status else f"**{outcome}**"
