"""Requests to INIAPI: refunds and inquiries, v1 (a form) and v2 (JSON, hashed byte for byte)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from common.clock import SEOUL
from payments.clients.gateway import Cancel
from payments.clients.inicis import signing
from payments.clients.inicis.access import InicisAccess
from payments.clients.inicis.unproven import REFUND_METHODS, UNPAID_ACCOUNT
from payments.commands.answers import RefundAccount
from payments.domain.payment import Payment

FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """`url` and the bytes to post, as `media`."""

    url: str
    body: bytes = field(repr=False)
    media: str


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """`price` and `left` (what remains after it) only of a refund in part."""

    tid: str
    paymethod: str
    note: str
    price: int | None = None
    left: int | None = None
    vat: int | None = None
    tax_free: int | None = None
    account: RefundAccount | None = None

    @property
    def in_part(self) -> bool:
        return self.price is not None


def form(url: str, fields: dict[str, str]) -> Request:
    """Percent-encoded, so that the `+` of base64 arrives as one."""
    return Request(url, urlencode(fields).encode(), FORM)


def order_of(payment: Payment, cancel: Cancel, tid: str, balance: int | None) -> RefundOrder:
    paymethod = REFUND_METHODS[payment.method] if cancel.amount is not None else UNPAID_ACCOUNT
    if cancel.amount is None or cancel.amount == payment.amount:
        return RefundOrder(tid, paymethod, cancel.note, account=cancel.account)
    # memory: the rest of a payment given back in part before is a refund in part too, after which nothing remains.
    return RefundOrder(
        tid,
        paymethod,
        cancel.note,
        price=cancel.amount,
        left=(balance or 0) - cancel.amount,
        vat=cancel.vat_amount,
        tax_free=cancel.tax_free_amount,
        account=cancel.account,
    )


def refund(access: InicisAccess, order: RefundOrder, now: datetime) -> Request:
    return _refund_v1(access, order, now) if access.refund_version == "v1" else _refund_v2(access, order, now)


def inquiry_v2(access: InicisAccess, *, tid: str | None, oid: str, now: datetime) -> Request:
    """By the provider's name if there is one, else by ours: never by both."""
    return v2(access, "inquiry", "/v2/pg/inquiry", {"tid": tid} if tid else {"oid": oid}, now)


def inquiry_v1(access: InicisAccess, *, tid: str | None, oid: str, now: datetime) -> Request:
    stamp = timestamp(now)
    parts = ("Extra", "Inquiry", stamp, access.client_ip, access.merchant)
    fields = dict(zip(("type", "paymethod", "timestamp", "clientIp", "mid"), parts, strict=True))
    if tid:
        fields["originalTid"] = tid
    fields |= {"oid": oid, "hashData": signing.hash_v1(access.api_key, *parts)}
    return form(f"{access.api_url.rstrip('/')}/api/v1/extra", fields)


def v2(access: InicisAccess, kind: str, path: str, data: dict[str, str], now: datetime) -> Request:
    body = signing.body_v2(
        access.api_key, mid=access.merchant, kind=kind, timestamp=timestamp(now), client_ip=access.client_ip, data=data
    )
    return Request(f"{access.api_url.rstrip('/')}{path}", body, JSON)


def timestamp(now: datetime) -> str:
    """Korean time without an offset, to the second."""
    return now.astimezone(SEOUL).strftime("%Y%m%d%H%M%S")


def _refund_v1(access: InicisAccess, order: RefundOrder, now: datetime) -> Request:
    parts = {
        "type": "PartialRefund" if order.in_part else "Refund",
        "paymethod": order.paymethod,
        "timestamp": timestamp(now),
        "clientIp": access.client_ip,
        "mid": access.merchant,
        "tid": order.tid,
    }
    hashed = list(parts.values())
    fields = parts | {"msg": order.note}
    if order.in_part:
        sums = {"price": str(order.price), "confirmPrice": str(order.left)}
        hashed += sums.values()
        fields |= sums | {"currency": "WON"} | _taxes(access, order, "taxFree")
    if order.account is not None:
        account = _account(access, order.account)
        # The account enters the hash as it is sent: encrypted.
        hashed.append(account["refundAcctNum"])
        fields |= account
    fields["hashData"] = signing.hash_v1(access.api_key, *hashed)
    return form(f"{access.api_url.rstrip('/')}/api/v1/refund", fields)


def _refund_v2(access: InicisAccess, order: RefundOrder, now: datetime) -> Request:
    data = {"tid": order.tid, "msg": order.note}
    if order.in_part:
        data |= {"price": str(order.price), "confirmPrice": str(order.left), "currency": "WON"}
        data |= _taxes(access, order, "taxfree")
    if order.account is not None:
        data |= _account(access, order.account)
    kind = "partialRefund" if order.in_part else "refund"
    return v2(access, kind, f"/v2/pg/{kind}", data, now)


def _account(access: InicisAccess, account: RefundAccount) -> dict[str, str]:
    return {
        "refundAcctNum": signing.sealed(access.api_key, access.api_iv, account.number),
        "refundBankCode": account.bank,
        "refundAcctName": account.holder,
    }


def _taxes(access: InicisAccess, order: RefundOrder, tax_free: str) -> dict[str, str]:
    """Only with a contract for it: without one they may change the sum."""
    if not access.tax_contract:
        return {}
    return {"tax": str(order.vat or 0), tax_free: str(order.tax_free or 0)}
