"""Toss's JSON in our words. Only what is named here is ever taken over: the card object is dropped unread."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from common.clock import SEOUL
from payments.clients.gateway import Agreed, Notice, ReceiptOrder
from payments.clients.toss.banks import BANKS
from payments.commands.answers import Account, Hint, Receipt, Refused, Return, Seen, Standing
from payments.domain.payment import Payment
from payments.errors import CallbackUnreadable, ReturnUnreadable

_STANDINGS = {
    "READY": Standing.NOT_STARTED,
    "IN_PROGRESS": Standing.NOT_STARTED,
    "WAITING_FOR_DEPOSIT": Standing.WAITING,
    "DONE": Standing.PAID,
    "PARTIAL_CANCELED": Standing.PARTLY_RETURNED,
    "CANCELED": Standing.RETURNED,
    "ABORTED": Standing.FAILED,
    "EXPIRED": Standing.EXPIRED,
}
# Refusals that say nothing final about the payment.
_HINTS = {
    "FORBIDDEN_CONSECUTIVE_REQUEST": Hint.LATER,
    "TOO_MANY_REQUESTS": Hint.LATER,
    "NOT_MATCHES_REFUNDABLE_AMOUNT": Hint.ASK,
    "ALREADY_CANCELED_PAYMENT": Hint.ASK,
    "ALREADY_REFUND_PAYMENT": Hint.ASK,
    "INVALID_REFUND_ACCOUNT_INFO": Hint.ACCOUNT,
    "INVALID_REFUND_ACCOUNT_NUMBER": Hint.ACCOUNT,
    "INVALID_BANK": Hint.ACCOUNT,
}
# Our own secret key is not accepted.
_UNREAD = frozenset({"UNAUTHORIZED_KEY", "INVALID_API_KEY", "INCORRECT_BASIC_AUTH_FORMAT"})
# The bank sleeps, or our key is wrong: money that is owed is sent later. A customer at the window is told no at once.
_OWED_STILL = _UNREAD | {"NOT_AVAILABLE_BANK"}
# The payment key is none, or of another order or amount, or its session is over. No card company was asked.
_NOT_ITS_KEY = frozenset(
    {
        "NOT_FOUND", "NOT_FOUND_PAYMENT", "NOT_FOUND_PAYMENT_SESSION", "FORBIDDEN_REQUEST", "INVALID_REQUEST",
        "INVALID_REQUIRED_PARAM", "INVALID_ORDER_ID", "UNAPPROVED_ORDER_ID", "DUPLICATED_ORDER_ID",
    }
)  # fmt: skip
# Told with a 4xx by some, and yet not an answer: what happened is not known.
UNDECIDED = frozenset(
    {
        "PROVIDER_ERROR", "FAILED_INTERNAL_SYSTEM_PROCESSING", "UNKNOWN_PAYMENT_ERROR", "IDEMPOTENT_REQUEST_PROCESSING",
    }
)  # fmt: skip
_KEPT_OF_PAYMENT = (
    "paymentKey", "orderId", "status", "method", "currency", "totalAmount", "balanceAmount", "lastTransactionKey",
    "requestedAt", "approvedAt",
)  # fmt: skip
_KEPT_OF_DEPOSIT = ("createdAt", "orderId", "status", "transactionKey")
_KEY = re.compile(r"^[!-~]{1,200}\Z")
_ORDER_REF = re.compile(r"^[A-Za-z0-9_-]{1,64}\Z")
_WON = re.compile(r"^[1-9][0-9]{0,23}\Z", re.ASCII)
_RECEIPT_TYPES = {"income_deduction": "소득공제", "expense_proof": "지출증빙"}
_TRANSMISSION = "tosspayments-webhook-transmission-id"


class NotToss(ValueError):
    """The answer is not what Toss sends. What happened is not known."""


def payment_of(body: Any, holder: str) -> Seen:
    """Raises `NotToss`."""
    try:
        failure = body.get("failure") or {}
        return Seen(
            order_ref=text(body["orderId"]),
            key=text(body["paymentKey"]),
            merchant=text(body.get("mId", "")),
            currency=text(body.get("currency", "KRW")),
            amount=whole(body["totalAmount"]),
            balance=whole(body["balanceAmount"]),
            standing=_STANDINGS[body["status"]],
            account=_account(body.get("virtualAccount"), holder),
            secret=body.get("secret"),
            receipt_url=(body.get("receipt") or {}).get("url"),
            failure_code=failure.get("code"),
            failure_reason=failure.get("message"),
            returns=tuple(_return(row) for row in body.get("cancels") or ()),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotToss(f"not a payment of Toss: {error!r}") from error


def return_of(fields: Mapping[str, str]) -> Agreed | Refused:
    """Raises `ReturnUnreadable`."""
    if "paymentKey" not in fields and "code" in fields:
        return Refused(fields["code"][:200], fields.get("message", "")[:300])
    key, order_ref, amount = (fields.get(name, "") for name in ("paymentKey", "orderId", "amount"))
    if not (_KEY.match(key) and _ORDER_REF.match(order_ref) and _WON.match(amount)):
        raise ReturnUnreadable("paymentKey, orderId and amount are wanted as the provider gave them")
    return Agreed(key, order_ref, int(amount))


def receipt_order(payment: Payment, order: ReceiptOrder) -> dict[str, Any]:
    body = {
        "amount": order.amount,
        "orderId": payment.order_ref,
        "orderName": payment.order_name[:100],
        "type": _RECEIPT_TYPES[order.type],
        "customerIdentityNumber": order.identifier,
    }
    return body | ({"taxFreeAmount": order.tax_free_amount} if order.tax_free_amount else {})  # memory: its name


def receipt_of(body: Any) -> Receipt:
    """Raises `NotToss`."""
    try:
        return Receipt(text(body["receiptKey"]), body.get("issueNumber"), body.get("receiptUrl"), whole(body["amount"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotToss(f"not a cash receipt of Toss: {error!r}") from error


def refusal_of(body: Any) -> Refused:
    """Raises `NotToss`."""
    if not isinstance(body, dict) or not isinstance(body.get("code"), str):
        raise NotToss("a refusal without a code")
    code = body["code"]
    return Refused(code, str(body.get("message", ""))[:300], _HINTS.get(code, Hint.FINAL))


def owed_still(refusal: Refused) -> Refused:
    """A refusal to give money back, with the hint that some codes mean only there."""
    return replace(refusal, hint=Hint.LATER) if refusal.code in _OWED_STILL else refusal


def not_tried(refusal: Refused) -> Refused:
    """A refusal to confirm, with the hint that some codes mean only there."""
    if refusal.code in _UNREAD:
        return replace(refusal, hint=Hint.UNREAD)
    return replace(refusal, hint=Hint.KEY) if refusal.code in _NOT_ITS_KEY else refusal


def due_date(moment: datetime) -> str:
    """Toss reads Korean time without an offset, to the second."""
    return moment.astimezone(SEOUL).replace(tzinfo=None).isoformat(timespec="seconds")


def notice_of(headers: Mapping[str, str], body: bytes) -> Notice:
    """Raises `CallbackUnreadable`."""
    try:
        document = orjson.loads(body)
    except ValueError as error:
        raise CallbackUnreadable("the callback is not JSON") from error
    if not isinstance(document, dict):
        raise CallbackUnreadable("the callback is not an object")
    dedup_key = (headers.get(_TRANSMISSION) or hashlib.sha256(body).hexdigest())[:200]
    try:
        if "eventType" in document:
            return _event(document, dedup_key)
        return _deposit(document, dedup_key)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CallbackUnreadable("the callback lacks what it must say") from error


def _event(document: dict[str, Any], dedup_key: str) -> Notice:
    kind = text(document["eventType"])[:60]
    if kind != "PAYMENT_STATUS_CHANGED":
        return Notice(dedup_key, kind, "", {"eventType": kind}, about_payment=False)
    data = document["data"]
    kept = _kept(data, _KEPT_OF_PAYMENT)
    return Notice(
        dedup_key,
        kind,
        text(data["orderId"])[:64],
        {"eventType": kind, **_kept(document, ("createdAt",)), "data": kept},
        key=text(data["paymentKey"]),
        amount=whole(data["totalAmount"]),
    )


def _deposit(document: dict[str, Any], dedup_key: str) -> Notice:
    kept = _kept(document, _KEPT_OF_DEPOSIT)
    text(document["status"])
    return Notice(dedup_key, "DEPOSIT_CALLBACK", text(document["orderId"])[:64], kept, secret=text(document["secret"]))


def _kept(document: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """What may be stored, cut to lengths no honest callback reaches."""
    found: dict[str, Any] = {}
    for name in names:
        value = document.get(name)
        if isinstance(value, str):
            found[name] = text(value)[:200]
        elif isinstance(value, int):
            found[name] = value
    return found


def _account(body: Any, holder: str) -> Account | None:
    if not body or not body.get("accountNumber") or not body.get("dueDate"):
        return None
    code = text(body["bankCode"])
    due = datetime.fromisoformat(body["dueDate"])
    return Account(
        bank_code=code,
        bank_name=BANKS.get(code, code),
        number=text(body["accountNumber"]),
        holder=holder,
        due_at=due if due.tzinfo else due.replace(tzinfo=SEOUL),
    )


def _return(row: Any) -> Return:
    return Return(
        reference=text(row["transactionKey"]),
        amount=whole(row["cancelAmount"]),
        note=str(row.get("cancelReason", "")),
        done=row.get("cancelStatus", "DONE") == "DONE",
    )


def text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError("not a text")
    return value


def whole(value: Any) -> int:
    """Won are whole. Some JSON writers add a `.0`; any other fraction is refused."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    if isinstance(value, float) and not value.is_integer():
        raise TypeError("not a whole number")
    return int(value)
