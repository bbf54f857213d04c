"""Calls to PortOne V2. Its window takes the money by itself: confirming is looking up and comparing."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from common.clock import SEOUL
from payments.clients.gateway import (
    ACCEPTED,
    REFUSED,
    Agreed,
    CallbackAnswer,
    Cancel,
    Notice,
    Page,
    ReceiptOrder,
    SettledRow,
    Terms,
)
from payments.clients.portone import banks, signing, unproven, window, wire
from payments.clients.portone.access import PortOneAccess
from payments.clients.portone.calls import Calls
from payments.commands.answers import Hint, Missing, Receipt, Redirect, Refused, Seen, Standing, Unknown
from payments.domain.patience import Waits
from payments.domain.payment import Payment

_PAGES_MOST = 1000
_NOT_FOUND = "PAYMENT_NOT_FOUND"


class PortOneGateway:
    name = "portone"
    currencies = frozenset({"KRW"})

    def __init__(self, http: httpx.AsyncClient, access: PortOneAccess) -> None:
        """Raises ValueError for webhook secrets that are none, now rather than at the first webhook."""
        for secret in access.webhook_secrets:
            signing.key_of(secret)
        self._access = access
        self._calls = Calls(http, access)

    @property
    def merchant(self) -> str:
        return self._access.store_id

    @property
    def methods(self) -> frozenset[str]:
        return frozenset(self._access.channels) & frozenset(unproven.PAY_METHODS)

    @property
    def sources(self) -> tuple[str, ...]:
        return self._access.sources

    @property
    def waits(self) -> Waits:
        """Nothing but a cancel needs PortOne's minute: paying is locking the amount, and looking."""
        look = self._access.look_up_seconds
        return Waits.seconds(
            paying=2 * look,
            giving_back=self._access.timeout_seconds + 2 * look,
            lingers=unproven.WINDOW_LINGERS_SECONDS,
        )

    def bank_code(self, bank: str) -> str | None:
        return banks.code_of(bank)

    async def prepare(self, payment: Payment, terms: Terms) -> Redirect | Seen | Refused | Unknown:
        redirect = Redirect(terms.window_url, key=payment.order_ref)
        if not self._access.pre_register:
            return redirect
        body: dict[str, Any] = {
            "storeId": self._access.store_id,
            "totalAmount": payment.amount,
            "currency": payment.currency,
        }
        if self._access.complex_tax:
            body["taxFreeAmount"] = payment.tax_free_amount
        answer = await self._calls.send("POST", self._path(unproven.PRE_REGISTER, payment), body=body, brisk=True)
        if isinstance(answer, Refused) and answer.code == "ALREADY_PAID":
            return await self._as_it_is(payment)
        return answer if isinstance(answer, Refused | Unknown) else redirect

    def window(self, payment: Payment, terms: Terms) -> Page | None:
        return window.page(payment, terms, self._access)

    def read_return(self, payment: Payment, fields: Mapping[str, str]) -> Agreed | Refused:
        return window.read(fields)

    async def confirm(self, payment: Payment, grant: Mapping[str, str]) -> Seen | Refused | Unknown:
        """The money was taken at the window or it was not. Until it is, the customer may still be there."""
        match await self.get(payment):
            case Missing():
                return Refused(_NOT_FOUND, "nobody has paid at the window yet", Hint.KEY)
            case Seen(standing=Standing.NOT_STARTED):
                return Refused("PAYMENT_NOT_PAID", "nobody has paid at the window yet", Hint.KEY)
            case answer:
                return answer

    async def get(self, payment: Payment) -> Seen | Missing | Unknown:
        answer = await self._calls.send("GET", self._path("/payments/{payment_id}", payment), brisk=True)
        if isinstance(answer, Refused):
            return Missing() if answer.code == _NOT_FOUND else Unknown(f"look-up refused: {answer.code}")
        if isinstance(answer, Unknown):
            return answer
        if isinstance(answer, dict) and answer.get("status") == unproven.PENDING:
            return Unknown("the PG has not decided")
        try:
            return wire.payment_of(answer, holder=self._access.holder, due_at=payment.due_at)
        except wire.NotPortOne as error:
            return Unknown(str(error)[:200])

    async def _as_it_is(self, payment: Payment) -> Seen | Unknown:
        answer = await self.get(payment)
        return Unknown("it happened already, and is not found") if isinstance(answer, Missing) else answer

    async def cancel(self, payment: Payment, cancel: Cancel) -> Seen | Refused | Unknown:
        """The answer shows only the cancellation, so the payment is looked up after it."""
        if cancel.amount is None:
            return await self._close(payment)
        answer = await self._calls.send(
            "POST",
            self._path("/payments/{payment_id}/cancel", payment),
            body=self._cancel_body(cancel),
            idempotency_key=cancel.idempotency_key,
        )
        if isinstance(answer, Unknown):
            return answer
        if isinstance(answer, Refused):
            return _owed_still(answer, by_account=cancel.account is not None)
        try:
            done = answer["cancellation"]["status"]
        except (KeyError, TypeError):
            return Unknown("a cancel answered without its cancellation")
        if done == "FAILED":
            hint = Hint.FINAL if cancel.account is None else Hint.ACCOUNT
            return Refused("CANCELLATION_FAILED", "the PG could not give the money back", hint)
        return await self._as_it_is(payment)

    def _cancel_body(self, cancel: Cancel) -> dict[str, Any]:
        body: dict[str, Any] = {"storeId": self._access.store_id, "reason": cancel.note, "amount": cancel.amount}
        if self._access.complex_tax:
            body["taxFreeAmount"] = cancel.tax_free_amount
            if cancel.vat_amount is not None:
                body["vatAmount"] = cancel.vat_amount
        if cancel.balance is not None:
            body["currentCancellableAmount"] = cancel.balance
        if cancel.account is not None:
            body["refundAccount"] = {
                "bank": banks.v2_name(cancel.account.bank),
                "number": cancel.account.number,
                "holderName": cancel.account.holder,
            }
        return body

    async def _close(self, payment: Payment) -> Seen | Refused | Unknown:
        """Nobody paid into the account: there is nothing to cancel, only an account to close."""
        body = {"storeId": self._access.store_id}
        answer = await self._calls.send("POST", self._path(unproven.CLOSE_ACCOUNT, payment), body=body)
        if isinstance(answer, Unknown) or (isinstance(answer, Refused) and answer.hint is Hint.UNREAD):
            return answer
        return await self._as_it_is(payment)

    def parse_callback(self, kind: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        webhook_id = signing.verify(wire.headers_of(headers), body, self._access.webhook_secrets, now)
        return wire.notice_of(webhook_id, body)

    def callback_answer(self, *, accepted: bool) -> CallbackAnswer:
        return ACCEPTED if accepted else REFUSED

    async def settlements(self, day: date) -> Sequence[SettledRow] | Unknown:
        """PortOne's list of payments: amounts only. A fee and a payout only the PG behind it knows."""
        since = datetime.combine(day, time.min, SEOUL) - timedelta(days=self._access.lookback_days)
        wanted = {"storeId": self._access.store_id, "timestampType": unproven.LISTED_BY, "from": since.isoformat()}
        rows: list[SettledRow] = []
        for number in range(_PAGES_MOST):
            asked = {"page": {"number": number, "size": unproven.PAGE_SIZE}, "filter": wanted}
            query = {"requestBody": jsonlib.dumps(asked)}
            answer = await self._calls.send("GET", "/payments", query=query, brisk=True)
            if isinstance(answer, Refused | Unknown):
                return Unknown(answer.code) if isinstance(answer, Refused) else answer
            try:
                rows += wire.settled_of(answer["items"], day)
                if (number + 1) * unproven.PAGE_SIZE >= wire.whole(answer["page"]["totalCount"]):
                    return rows
            except (KeyError, TypeError, ValueError) as error:
                return Unknown(repr(error)[:200])
        return Unknown("the list does not end")

    async def issue_cash_receipt(self, payment: Payment, order: ReceiptOrder) -> Receipt | Refused | Unknown:
        body = {
            "storeId": self._access.store_id,
            "paymentId": payment.order_ref,
            "channelKey": self._access.channels.get(payment.method, ""),
            "type": unproven.RECEIPT_TYPES[order.type],
            "orderName": payment.order_name[: unproven.ORDER_NAME_MOST],
            "currency": payment.currency,
            "amount": {"total": order.amount, "taxFree": order.tax_free_amount, "vat": order.vat_amount},
            "customer": {"identityNumber": order.identifier},
        }
        answer = await self._calls.send(
            "POST", unproven.CASH_RECEIPTS, body=body, idempotency_key=order.idempotency_key
        )
        if isinstance(answer, Refused | Unknown):
            return answer
        try:
            issued = answer["cashReceipt"]
            return Receipt(payment.order_ref, issued.get("issueNumber"), issued.get("url"), order.amount)
        except (KeyError, TypeError, AttributeError):
            return Unknown("a receipt answered without it")

    async def cancel_cash_receipt(
        self, payment: Payment, key: str, amount: int, idempotency_key: str
    ) -> Receipt | Refused | Unknown:
        """Whole or not at all: V2 takes nothing off a receipt."""
        issued = await self._calls.send("GET", self._path(unproven.CASH_RECEIPT, payment), brisk=True)
        if isinstance(issued, Refused | Unknown):
            return issued
        if not isinstance(issued, dict) or issued.get("totalAmount") != amount:
            return Refused("PART_NOT_OFFERED", "PortOne cancels a cash receipt only whole")
        path = self._path(unproven.CANCEL_CASH_RECEIPT, payment)
        answer = await self._calls.send("POST", path, body={}, idempotency_key=idempotency_key)
        if isinstance(answer, Refused | Unknown):
            return answer
        return Receipt(key, issued.get("issueNumber"), issued.get("url"), amount)

    @staticmethod
    def _path(template: str, payment: Payment) -> str:
        return template.format(payment_id=quote(payment.order_ref, safe=""))


def _owed_still(refusal: Refused, *, by_account: bool) -> Refused:
    """A refusal to give money back: with our own key wrong it is sent later; a request that is wrong because of the
    account in it wants another account. (inferred: V2 has no type of its own for a wrong account)"""
    if refusal.hint is Hint.UNREAD:
        return Refused(refusal.code, refusal.reason, Hint.LATER)
    if refusal.code == "INVALID_REQUEST" and by_account:
        return Refused(refusal.code, refusal.reason, Hint.ACCOUNT)
    return refusal
