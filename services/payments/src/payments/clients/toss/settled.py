"""Toss's list of settlements: a row per sale and per cancel, by the Korean day it counts for."""

from __future__ import annotations

from datetime import date
from typing import Any

from payments.clients.gateway import SettledRow
from payments.clients.toss.wire import NotToss, text, whole

# 5000 at most; pages count from 1.
PAGE_SIZE = 1000
PAGES_MOST = 1000


def query_of(day: date, page: int) -> dict[str, str]:
    asked = day.isoformat()
    return {
        "startDate": asked,
        "endDate": asked,
        "dateType": "soldDate",
        "page": str(page),
        "size": str(PAGE_SIZE),
    }


def rows_of(body: Any) -> list[SettledRow]:
    """Raises `NotToss`."""
    if not isinstance(body, list):
        raise NotToss("not a list of settlements")
    try:
        return [_row(row) for row in body]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotToss(f"not a settlement of Toss: {error!r}") from error


def _row(row: Any) -> SettledRow:
    """What was given back has amounts below zero, its fee too."""
    amount = whole(row["amount"])
    is_cancel = amount < 0
    return SettledRow(
        kind="cancel" if is_cancel else "payment",
        key=text(row["paymentKey"]),
        order_ref=text(row["orderId"]),
        amount=abs(amount),
        fee=_fee(row),
        payout=whole(row["payOutAmount"]),
        reference=text(row["transactionKey"]) if is_cancel else None,
        currency=text(row.get("currency", "KRW")),
        pays_out_on=date.fromisoformat(row["paidOutDate"]),
    )


def _fee(row: Any) -> int:
    """Public code shows the sum in `fee`, or only its parts."""
    if "fee" in row:
        return whole(row["fee"])
    return sum(whole(part["fee"]) for part in row["fees"])
