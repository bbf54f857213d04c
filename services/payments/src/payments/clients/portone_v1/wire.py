"""V1's JSON in our words. Only what is named here is taken over: cards and buyers are dropped unread."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from common.clock import SEOUL
from payments.clients.gateway import Notice, SettledRow
from payments.clients.portone.banks import BANKS, code_of
from payments.clients.portone.wire import text, whole
from payments.commands.answers import Account, Return, Seen, Standing
from payments.errors import CallbackUnreadable

_STATUSES = {status: status for status in ("ready", "paid", "failed", "cancelled")}


class NotPortOneV1(ValueError):
    """The answer is not what PortOne sends. What happened is not known."""


def payment_of(body: Any, *, merchant: str, holder: str, due_at: datetime) -> Seen:
    """`merchant`: whose token it was asked with, as V1 does not name it. Raises `NotPortOneV1`."""
    try:
        amount, given = whole(body["amount"]), whole(body.get("cancel_amount") or 0)
        account = _account(body, holder, due_at)
        return Seen(
            order_ref=text(body["merchant_uid"]),
            key=text(body["imp_uid"]),
            merchant=merchant,
            currency=text(body.get("currency") or "KRW"),
            amount=amount,
            balance=amount - given,
            standing=_standing(text(body["status"]), given, account),
            account=account,
            receipt_url=body.get("receipt_url"),
            failure_code="failed" if body.get("fail_reason") else None,
            failure_reason=body.get("fail_reason"),
            returns=tuple(_return(row) for row in body.get("cancel_history") or ()),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotPortOneV1(f"not a payment of PortOne V1: {error!r}") from error


def _standing(status: str, given: int, account: Account | None) -> Standing:
    """`ready` is an account that waits or a window that is open; a part given back is still `paid`."""
    match status:
        case "ready":
            return Standing.NOT_STARTED if account is None else Standing.WAITING
        case "paid":
            return Standing.PARTLY_RETURNED if given else Standing.PAID
        case "failed":
            return Standing.FAILED
        case "cancelled":
            return Standing.RETURNED
        case _:
            raise ValueError(f"no status of V1: {status[:40]}")


def _account(body: Any, holder: str, due_at: datetime) -> Account | None:
    if not body.get("vbank_num"):
        return None
    code = code_of(body.get("vbank_code") or "") or code_of(body.get("vbank_name") or "")
    ends = body.get("vbank_date")
    return Account(
        bank_code=code or str(body.get("vbank_code") or ""),
        bank_name=BANKS[code][1] if code else str(body.get("vbank_name") or ""),
        number=text(body["vbank_num"]),
        holder=body.get("vbank_holder") or holder,
        due_at=datetime.fromtimestamp(whole(ends), UTC) if ends else due_at,
    )


def _return(row: Any) -> Return:
    reference = row.get("cancellation_id") or row["pg_tid"]
    return Return(text(reference), whole(row["amount"]), str(row.get("reason") or ""), done=True)


def settled_of(items: Any, day: date) -> list[SettledRow]:
    """What was taken and given back on a day, Korean time; the PG's fee is not known here and 0. Raises
    `NotPortOneV1`."""
    try:
        return [row for item in items for row in _settled(item, day)]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotPortOneV1(f"not a list of V1's payments: {error!r}") from error


def _settled(item: Any, day: date) -> list[SettledRow]:
    rows: list[SettledRow] = []
    key, order_ref = text(item["imp_uid"]), text(item["merchant_uid"])
    if _on(item.get("paid_at"), day):
        amount = whole(item["amount"])
        rows.append(SettledRow("payment", key, order_ref, amount, 0, amount))
    for row in item.get("cancel_history") or ():
        if _on(row["cancelled_at"], day):
            given = _return(row)
            rows.append(SettledRow("cancel", key, order_ref, given.amount, 0, -given.amount, reference=given.reference))
    return rows


def _on(seconds: Any, day: date) -> bool:
    """0 stands for never."""
    return bool(seconds) and datetime.fromtimestamp(whole(seconds), SEOUL).date() == day


def notice_of(headers: Mapping[str, str], body: bytes) -> Notice:
    """Unsigned: anybody can send it, so it only ever makes us look.

    It is known by what it says, and V1 may say the same of two refunds in part: the second must not count as a repeat,
    nor the true one for that of somebody who sent it before it was true. Raises `CallbackUnreadable`.
    """
    try:
        is_form = "form-urlencoded" in headers.get("content-type", "")
        document: Any = dict(parse_qsl(body.decode())) if is_form else orjson.loads(body)
        imp_uid, merchant_uid = text(document["imp_uid"])[:64], text(document["merchant_uid"])[:64]
        status = _STATUSES[document["status"]]
        kept = {"imp_uid": imp_uid, "merchant_uid": merchant_uid, "status": status}
        if document.get("cancellation_id"):
            kept["cancellation_id"] = text(document["cancellation_id"])[:100]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CallbackUnreadable("the webhook lacks what it must say") from error
    words = "\n".join(f"{name}={kept[name]}" for name in sorted(kept))
    dedup_key = hashlib.sha256(words.encode()).hexdigest()
    return Notice(dedup_key, status, merchant_uid, kept, key=imp_uid, may_recur=True)
