"""V2's JSON in our words. Only what is named here is taken over: cards and customers are dropped unread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson

from common.clock import SEOUL
from payments.clients.gateway import Notice, SettledRow
from payments.clients.portone import banks
from payments.clients.portone.unproven import HINTS, STANDINGS
from payments.commands.answers import Account, Hint, Refused, Return, Seen
from payments.errors import CallbackUnreadable

_KNOWN_TYPES = frozenset(
    {
        "Ready", "Paid", "VirtualAccountIssued", "PartialCancelled", "Cancelled", "Failed", "PayPending",
        "CancelPending", "DisputeCreated", "DisputeResolved",
    }
)  # fmt: skip
_BY_ACCOUNT = "PaymentMethodVirtualAccount"


class NotPortOne(ValueError):
    """The answer is not what PortOne sends. What happened is not known."""


def payment_of(body: Any, *, holder: str, due_at: datetime) -> Seen:
    """`due_at`: when an account ends whose end is not told. Raises `NotPortOne`."""
    try:
        amount, failure = body["amount"], body.get("failure") or {}
        total = whole(amount["total"])
        return Seen(
            order_ref=text(body["id"]),
            key=text(body["id"]),
            merchant=text(body["storeId"]),
            currency=text(body["currency"]),
            amount=total,
            balance=total - whole(amount.get("cancelled", 0)),
            standing=STANDINGS[body["status"]],
            account=_account(body.get("method"), holder, due_at),
            receipt_url=body.get("receiptUrl"),
            failure_code=failure.get("pgCode"),
            failure_reason=failure.get("reason"),
            returns=tuple(_return(row) for row in body.get("cancellations") or () if row["status"] != "FAILED"),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotPortOne(f"not a payment of PortOne: {error!r}") from error


def refusal_of(body: Any) -> Refused:
    """Raises `NotPortOne`."""
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        raise NotPortOne("a refusal without a type")
    return Refused(body["type"][:100], str(body.get("message", ""))[:300], HINTS.get(body["type"], Hint.FINAL))


def _account(method: Any, holder: str, due_at: datetime) -> Account | None:
    if not method or method.get("type") != _BY_ACCOUNT or not method.get("accountNumber"):
        return None
    code, name = banks.shown(method.get("bank"))
    ends = method.get("expiredAt")
    return Account(
        bank_code=code,
        bank_name=name,
        number=text(method["accountNumber"]),
        holder=method.get("remitteeName") or holder,
        due_at=moment(ends) if ends else due_at,
    )


def _return(row: Any) -> Return:
    return Return(
        reference=text(row["id"]),
        amount=whole(row["totalAmount"]),
        note=str(row.get("reason", "")),
        done=row["status"] == "SUCCEEDED",
    )


def settled_of(items: Any, day: date) -> list[SettledRow]:
    """What was taken and given back on a day, Korean time. PortOne knows neither the PG's fee nor its payout: the fee
    is 0 here. Raises `NotPortOne`."""
    try:
        return [row for item in items for row in _settled(item, day)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotPortOne(f"not a list of PortOne's payments: {error!r}") from error


def _settled(item: Any, day: date) -> list[SettledRow]:
    rows: list[SettledRow] = []
    name, currency = text(item["id"]), text(item["currency"])
    if _on(item.get("paidAt"), day):
        total = whole(item["amount"]["total"])
        rows.append(SettledRow("payment", name, name, total, 0, total, currency=currency))
    for given in item.get("cancellations") or ():
        if given["status"] == "SUCCEEDED" and _on(given.get("cancelledAt"), day):
            amount = whole(given["totalAmount"])
            rows.append(
                SettledRow("cancel", name, name, amount, 0, -amount, reference=text(given["id"]), currency=currency)
            )
    return rows


def _on(told: str | None, day: date) -> bool:
    return told is not None and moment(told).astimezone(SEOUL).date() == day


def notice_of(webhook_id: str, body: bytes) -> Notice:
    """A webhook whose signature was right. Unknown types and fields are left alone. Raises `CallbackUnreadable`."""
    try:
        document = orjson.loads(body)
        kind = text(document["type"])[:60]
        dedup_key = webhook_id if len(webhook_id) <= 200 else hashlib.sha256(webhook_id.encode()).hexdigest()
        prefix, _, what = kind.partition(".")
        if prefix != "Transaction" or what not in _KNOWN_TYPES:
            return Notice(dedup_key, kind, "", {"type": kind}, about_payment=False)
        data = document["data"]
        payment_id = text(data["paymentId"])[:64]
        kept = {name: text(data[name])[:200] for name in ("storeId", "transactionId", "cancellationId") if name in data}
        return Notice(
            dedup_key,
            kind,
            payment_id,
            {"type": kind, "timestamp": str(document.get("timestamp", ""))[:40], "paymentId": payment_id, **kept},
            key=payment_id,
            merchant=text(data["storeId"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CallbackUnreadable("the webhook lacks what it must say") from error


def idempotency_key(name: str) -> str:
    """16 to 256 ASCII characters inside double quotes."""
    fits = 16 <= len(name) <= 256 and name.isascii() and name.isprintable() and '"' not in name and "\\" not in name
    return f'"{name if fits else hashlib.sha256(name.encode()).hexdigest()}"'


def moment(value: Any) -> datetime:
    found = datetime.fromisoformat(text(value))
    return found if found.tzinfo else found.replace(tzinfo=SEOUL)


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


def headers_of(found: Mapping[str, str]) -> dict[str, str]:
    """By lower-case name, whatever kind of mapping they came in."""
    return {name.lower(): value for name, value in found.items()}
