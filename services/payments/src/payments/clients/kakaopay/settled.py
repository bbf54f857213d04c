"""A day's settlement list. No public description of KakaoPay's was found: its shape here is the sandbox's, and the true
one, a file of the partner's console or an API under contract, is to be put in this file."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from payments.clients.gateway import SettledRow

_KINDS: dict[str, Literal["payment", "cancel"]] = {"PAYMENT": "payment", "CANCEL": "cancel"}


def rows_of(body: Any) -> list[SettledRow]:
    """Raises ValueError for what is not such a list."""
    try:
        return [_row(row) for row in body["rows"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a settlement of KakaoPay: {error!r}") from error


def _row(row: Any) -> SettledRow:
    kind = _KINDS[row["type"]]
    return SettledRow(
        kind=kind,
        key=str(row["tid"]),
        order_ref=str(row["partner_order_id"]),
        amount=abs(_won(row["amount"])),
        fee=_won(row["fee"]),
        payout=_won(row["payout_amount"]),
        reference=str(row["aid"]) if kind == "cancel" else None,
        pays_out_on=date.fromisoformat(row["payout_date"]),
    )


def _won(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("not a whole number")
    return value
