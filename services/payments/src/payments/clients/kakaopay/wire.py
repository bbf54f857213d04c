"""KakaoPay's JSON in our words, and ours in its. Only what is named here is taken over: card_info is dropped unread."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from payments.clients.gateway import Agreed, Cancel, Terms
from payments.clients.kakaopay.unproven import (
    BUSY,
    ENDINGS,
    METHOD_REFUSED,
    MOST,
    STANDINGS,
    UNDECIDED,
    UNDECIDED_METHODS,
    UNREAD,
)
from payments.commands.answers import Hint, Redirect, Refused, Return, Seen, Standing
from payments.domain.payment import Payment
from payments.errors import ReturnUnreadable

_TOKEN = re.compile(r"[\x21-\x7e]{1,200}")
_CODE = re.compile(r"[A-Z_]{1,40}")
_TID = re.compile(r"[\x21-\x7e]{1,100}")
_WINDOW = re.compile(r"https?://[\x21-\x7e]{1,2000}")
# Our note, and how much: rows of an order have been seen without an amount.
_PAYLOAD = re.compile(r"(?P<note>.+) KRW(?P<amount>[1-9][0-9]{0,14})")


class NotKakaoPay(ValueError):
    """The answer is not what KakaoPay sends. What happened is not known."""


def partners(payment: Payment) -> dict[str, str]:
    """The same at every call about a payment. The customer is named by the order: no personal data."""
    return {"partner_order_id": payment.order_ref, "partner_user_id": str(payment.order_id)}


def ready_body(payment: Payment, terms: Terms) -> dict[str, Any]:
    body = {
        **partners(payment),
        "item_name": payment.order_name[: MOST["item_name"]] or payment.order_number,
        "quantity": 1,
        "total_amount": payment.amount,
        "tax_free_amount": payment.tax_free_amount,
        "approval_url": terms.return_url,
        "cancel_url": f"{terms.fail_url}?code=QUIT_PAYMENT",
        "fail_url": f"{terms.fail_url}?code=FAIL_PAYMENT",
    }
    # Left out, KakaoPay writes down an eleventh of what is taxed, rounded: not always the sum of our lines' VAT.
    return body | {"vat_amount": payment.vat_amount} if payment.vat_amount else body


def opened_of(body: Any, terms: Terms) -> Redirect:
    """Raises `NotKakaoPay`."""
    try:
        name = "next_redirect_mobile_url" if terms.device == "mobile" else "next_redirect_pc_url"
        tid, url = _text(body["tid"]), _text(body[name])
    except (KeyError, TypeError) as error:
        raise NotKakaoPay(f"not an opened payment: {error!r}") from error
    if not (_TID.fullmatch(tid) and _WINDOW.fullmatch(url)):
        raise NotKakaoPay("not an opened payment: no tid, or no address to go to")
    return Redirect(url, key=tid)


def agreed_of(payment: Payment, fields: Mapping[str, str]) -> Agreed | Refused:
    """Raises `ReturnUnreadable`. The tid is never taken from a browser: it is the one we opened."""
    tid, token = payment.prepared_key or payment.key, fields.get("pg_token")
    if token is None and _CODE.fullmatch(fields.get("code", "")):
        return Refused(fields["code"], ENDINGS.get(fields["code"], "the customer came back without paying"))
    if token is None or not _TOKEN.fullmatch(token):
        raise ReturnUnreadable("pg_token is wanted as KakaoPay gave it")
    if tid is None:
        raise ReturnUnreadable("this payment was not opened at KakaoPay")
    return Agreed(tid, grant={"pg_token": token})


def approve_body(payment: Payment, grant: Mapping[str, str]) -> dict[str, Any]:
    return {
        "tid": payment.key,
        **partners(payment),
        "pg_token": grant.get("pg_token", ""),
        "total_amount": payment.amount,
        # Shown again by `order`: where it is not, no payload is, and refunds are told by their amounts.
        "payload": payment.order_ref,
    }


def cancel_body(payment: Payment, cancel: Cancel, amount: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "tid": payment.key,
        "cancel_amount": amount,
        "cancel_tax_free_amount": cancel.tax_free_amount,
        "payload": f"{cancel.note} KRW{amount}"[: MOST["payload"]],
    }
    # A payment opened without our VAT was given KakaoPay's, of which our parts are not the parts.
    if cancel.vat_amount is not None and payment.vat_amount:
        body["cancel_vat_amount"] = cancel.vat_amount
    if cancel.balance is not None:
        body["cancel_available_amount"] = cancel.balance
    return body


def payment_of(body: Any, cid: str) -> Seen:
    """An answer to `order`. `cid` is what we asked under, for an answer that names none. Raises `NotKakaoPay`."""
    try:
        status = _text(body["status"])
        return _seen(body, cid, STANDINGS[status], _returns(body), status)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotKakaoPay(f"not a payment of KakaoPay: {error!r}") from error


def approved_of(body: Any, cid: str) -> Seen:
    """An answer to `approve`: there is no status in it, only a time of approval. Raises `NotKakaoPay`."""
    try:
        _text(body["aid"])
        _text(body["approved_at"])
        return _seen(body, cid, Standing.PAID, (), "")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotKakaoPay(f"not an approval of KakaoPay: {error!r}") from error


def cancelled_of(body: Any, cid: str, cancel: Cancel) -> Seen:
    """An answer to `cancel`. Raises `NotKakaoPay`."""
    try:
        status = _text(body["status"])
        note = _note(body["payload"])[0] if body.get("payload") else cancel.note
        given = Return(_text(body["aid"]), _whole(body["approved_cancel_amount"]["total"]), note, done=True)
        return _seen(body, cid, STANDINGS[status], (given,), status)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise NotKakaoPay(f"not a cancel of KakaoPay: {error!r}") from error


def _seen(body: Any, cid: str, standing: Standing, returns: tuple[Return, ...], status: str) -> Seen:
    total = _whole(body["amount"]["total"])
    returned = _whole((body.get("canceled_amount") or {}).get("total", 0))
    left = (body.get("cancel_available_amount") or {}).get("total", total - returned)
    return Seen(
        order_ref=_text(body["partner_order_id"]),
        key=_text(body["tid"]),
        merchant=_text(body.get("cid") or cid),
        currency="KRW",
        amount=total,
        balance=_whole(left),
        standing=standing,
        failure_code=status if standing is Standing.FAILED else None,
        failure_reason=ENDINGS.get(status),
        returns=returns,
    )


def _returns(body: Any) -> tuple[Return, ...]:
    """An amount that is left out stands in our payload; one left out of both is what the others leave of the sum."""
    found: list[tuple[str, int | None, str]] = []
    for row in body.get("payment_action_details") or ():
        if row["payment_action_type"] == "CANCEL":
            note, said = _note(row.get("payload") or "")
            found.append((_text(row["aid"]), _whole(row["amount"]) if "amount" in row else said, note))
    total = _whole((body.get("canceled_amount") or {}).get("total", 0))
    rest = total - sum(amount for _, amount, _ in found if amount is not None)
    blanks = sum(1 for _, amount, _ in found if amount is None)
    if blanks > 1 or (blanks == 1 and rest <= 0):
        found = [row for row in found if row[1] is not None]  # they cannot be told apart: the balance still counts them
    return tuple(Return(aid, rest if amount is None else amount, note, done=True) for aid, amount, note in found)


def landed(seen: Seen, cancel: Cancel, *, by_amount: bool) -> Seen | None:
    """What `order` shows, if the cancel is in it: by our payload, or by amounts where no payloads are shown.

    `by_amount` counts only where exactly this cancel is missing from what was held before it.
    """
    if any(given.note == cancel.note and given.amount == cancel.amount for given in seen.returns):
        return seen
    if not by_amount or cancel.amount is None or cancel.balance is None:
        return None
    if seen.balance != cancel.balance - cancel.amount or not seen.returns:
        return None
    last = seen.returns[-1]
    if last.note or last.amount != cancel.amount:
        return None
    return replace(seen, returns=(*seen.returns[:-1], replace(last, note=cancel.note)))


def shows_payloads(body: Any) -> bool:
    """Whether this answer to `order` gives back what we sent along. The approval's own payload tells."""
    try:
        rows = body.get("payment_action_details") or ()
        return any(row.get("payload") for row in rows if row["payment_action_type"] == "PAYMENT")
    except (KeyError, TypeError, AttributeError):
        return False


def is_refusal(body: Any) -> bool:
    """Also under HTTP 200. No answer that carries a payment has a code."""
    return isinstance(body, dict) and ("error_code" in body or ("code" in body and "tid" not in body))


def refusal_of(body: Any) -> Refused:
    """All spellings that have been seen. Raises `NotKakaoPay`."""
    if not isinstance(body, dict):
        raise NotKakaoPay("a refusal that is no object")
    code = body.get("error_code", body.get("code"))
    if isinstance(code, bool) or not isinstance(code, int | str) or not str(code):
        raise NotKakaoPay("a refusal without a code")
    said = next((body[name] for name in ("error_message", "msg", "message") if body.get(name)), "")
    extras = body.get("extras")
    extras = extras if isinstance(extras, dict) else {}
    method, why = (str(extras.get(f"method_result_{name}") or "") for name in ("code", "message"))
    reason = f"{why or said} ({method})" if method else str(why or said)
    return Refused(str(code)[:40], reason.replace("\x00", "")[:300], _hint(str(code), method))


def _hint(code: str, method: str) -> Hint:
    if code in UNREAD:
        return Hint.UNREAD
    if code in BUSY or method in UNDECIDED_METHODS:
        return Hint.LATER
    return Hint.ASK if code in UNDECIDED else Hint.FINAL


def not_tried(refusal: Refused) -> Refused | None:
    """A refused approval of a payment `order` shows untouched: the token was not taken. None: it may still go on."""
    if refusal.hint is not Hint.FINAL or refusal.code in METHOD_REFUSED:
        return None
    return replace(refusal, hint=Hint.KEY)


def _note(payload: Any) -> tuple[str, int | None]:
    found = _PAYLOAD.fullmatch(_text(payload))
    return (payload, None) if found is None else (found["note"], int(found["amount"]))


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError("not a text")
    return value


def _whole(value: Any) -> int:
    """Won are whole. Some JSON writers add a `.0`; any other fraction is refused."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < 0:
        raise TypeError("not a whole number")
    return int(value)
