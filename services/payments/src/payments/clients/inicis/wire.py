"""Answers of Inicis in our words. Only what is named here is ever taken over: cards and buyers are dropped unread."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from common.clock import SEOUL
from payments.clients.gateway import SettledRow
from payments.clients.inicis.unproven import BANKS, DEPOSITS_V2, REFUND_HINTS, REFUND_UNREAD, STANDINGS_V2
from payments.commands.answers import Account, Hint, Refused, Return, Seen, Standing, Unknown
from payments.domain.payment import Payment

_NO_SUCH = "9"
_TID_MAX = 60


class NotInicis(ValueError):
    """The answer is not what Inicis sends. What happened is not known."""


def approved(body: Mapping[str, Any], payment: Payment, holder: str) -> Seen:
    """An approval's answer, its result and signature seen to already. Raises `NotInicis`."""
    try:
        by_deposit = body.get("payMethod") == "VBank" or bool(body.get("VACT_Num"))
        return Seen(
            order_ref=_text(body["MOID"]),
            key=_tid(body["tid"]),
            merchant=_text(body["mid"]),
            currency="KRW",
            amount=whole(body["TotPrice"]),
            balance=whole(body["TotPrice"]),
            standing=Standing.WAITING if by_deposit else Standing.PAID,
            account=_issued(body, payment, holder) if by_deposit else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotInicis(f"not an approval of Inicis: {error!r}") from error


def inquired_v2(body: Mapping[str, Any], payment: Payment, holder: str) -> Seen | Unknown:
    """Raises `NotInicis`."""
    if body.get("resultCode") != "SUCCESS":
        return Unknown(f"look-up refused: {str(body.get('resultCode'))[:40]}")
    try:
        amount = whole(body["price"])
        account = body.get("vacctInfo") or {}
        standing = STANDINGS_V2[body["transactionStatus"]]
        if account and standing is Standing.PAID:
            standing = DEPOSITS_V2[account["depositStatus"]]
        return Seen(
            order_ref=_text(body["oid"]),
            key=_tid(body["tid"]),
            merchant=_text(body["mid"]),
            currency="KRW",
            amount=amount,
            balance=_left(body, amount, standing),
            standing=standing,
            account=_shown(account, payment, holder) if standing is Standing.WAITING else None,
            returns=_returns(body, amount) if standing is not Standing.WAITING else (),
            deposited=_deposited(account, standing),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotInicis(f"not an inquiry of Inicis: {error!r}") from error


def is_missing_v1(body: Mapping[str, Any]) -> bool:
    """All that v1 is asked for. It names neither what is left after a refund in part nor what was deposited, so nothing
    may be paid or paid back on its word.
    """
    return body.get("resultCode") == "00" and str(body.get("status")) == _NO_SUCH


def refund_refused(body: Mapping[str, Any]) -> Refused:
    code = str(body.get("detailResultCode") or body.get("resultCode"))[:40]
    hint = Hint.LATER if code in REFUND_UNREAD else REFUND_HINTS.get(code, Hint.FINAL)
    return Refused(code, str(body.get("resultMsg", ""))[:300], hint)


def refund_reference(body: Mapping[str, Any], tid: str) -> str:
    """The provider's name of a refund: of one in part a tid of its own, of one in full the time it was made."""
    for name in ("tid", "prtcTid"):
        other = body.get(name)
        if isinstance(other, str) and other and other != tid:
            return _tid(other)
    return f"{tid}:{body.get('cancelDate') or ''}{body.get('cancelTime') or ''}"


def settled_rows(body: Mapping[str, Any]) -> list[SettledRow]:
    """memory: the whole list. Raises `NotInicis`."""
    try:
        return [_settled(row) for row in body["settlementList"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotInicis(f"not a settlement list of Inicis: {error!r}") from error


_MOST_DIGITS = 30  # more is no sum, and costs to read


def whole(value: Any) -> int:
    """Won, as text mostly. Anything but digits is refused, never rounded."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) > _MOST_DIGITS:
        raise TypeError("not a whole number")
    return int(value)


def _settled(row: Mapping[str, Any]) -> SettledRow:
    amount, fee = whole(row["price"]), whole(row["fee"])
    day = datetime.strptime(row["settleDate"], "%Y%m%d").replace(tzinfo=SEOUL).date()
    common: dict[str, Any] = {
        "key": _tid(row["tid"]), "order_ref": _text(row["oid"]), "amount": amount, "pays_out_on": day,
    }  # fmt: skip
    if row["kind"] == "CANCEL":
        return SettledRow("cancel", fee=-fee, payout=fee - amount, reference=_tid(row["cancelTid"]), **common)
    return SettledRow("payment", fee=fee, payout=amount - fee, **common)


def _left(body: Mapping[str, Any], amount: int, standing: Standing) -> int:
    if standing is Standing.RETURNED:
        return 0
    if standing is Standing.PARTLY_RETURNED:
        return whole(body["availablePartCancelPrice"])
    return amount


def _deposited(account: Mapping[str, Any], standing: Standing) -> int | None:
    """memory: depositAmount is what came in. With an account per payment the bank takes the exact sum only.

    Paid, and nothing came in: then the field does not tell.
    """
    if standing is not Standing.PAID or not account.get("depositAmount"):
        return None
    return whole(account["depositAmount"]) or None


def _returns(body: Mapping[str, Any], amount: int) -> tuple[Return, ...]:
    """Inicis shows no reason with them, so the note is empty."""
    parts = tuple(
        Return(_tid(row["tid"]), whole(row["requestPrice"]), "", done=True)
        for row in body.get("partCancelTransInfo") or ()
    )
    if body["transactionStatus"] == "CANCEL" and not parts:
        return (Return(refund_reference({**body, "tid": None}, _tid(body["tid"])), amount, "", done=True),)
    return parts


def _issued(body: Mapping[str, Any], payment: Payment, holder: str) -> Account:
    due = _moment(body.get("VACT_Date"), body.get("VACT_Time")) or payment.due_at
    return _account(body["VACT_BankCode"], body["VACT_Num"], body.get("VACT_Name") or holder, due)


def _shown(info: Mapping[str, Any], payment: Payment, holder: str) -> Account:
    due = payment.account.due_at if payment.account else _moment(info.get("validDate"), info.get("validTime"))
    return _account(info["bankCode"], info["accountNumber"], info.get("accountName") or holder, due or payment.due_at)


def _account(code: Any, number: Any, holder: Any, due_at: datetime) -> Account:
    code = _text(code)
    return Account(code, BANKS.get(code, code), _text(number), _text(holder)[:60], due_at)


def _moment(day: Any, time: Any) -> datetime | None:
    """`YYYYMMDD` and, if there is one, `hhmmss`; without it the end of the day. memory: both, of an account."""
    if not isinstance(day, str) or len(day) != 8:
        return None
    clock = time if isinstance(time, str) and len(time) == 6 else "235959"
    return datetime.strptime(day + clock, "%Y%m%d%H%M%S").replace(tzinfo=SEOUL)


def compact(day: date) -> str:
    return f"{day:%Y%m%d}"


def _tid(value: Any) -> str:
    text = _text(value)
    if not text or len(text) > _TID_MAX:
        raise TypeError("not a tid")
    return text


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError("not a text")
    return value
