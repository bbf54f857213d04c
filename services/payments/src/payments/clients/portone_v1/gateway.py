"""Calls to PortOne V1. Its window takes the money by itself: confirming is looking up and comparing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from common.clock import SEOUL
from payments import errors
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
from payments.clients.portone import banks
from payments.clients.portone_v1 import unproven, window, wire
from payments.clients.portone_v1.access import PortOneV1Access
from payments.clients.portone_v1.calls import NO, NOT_FOUND, Calls
from payments.commands.answers import Hint, Missing, Receipt, Redirect, Refused, Seen, Standing, Unknown
from payments.domain.patience import Waits
from payments.domain.payment import Payment

_PAGES_MOST = 1000


class PortOneV1Gateway:
    name = "portone_v1"
    currencies = frozenset({"KRW"})

    def __init__(self, http: httpx.AsyncClient, access: PortOneV1Access) -> None:
        self._access = access
        self._calls = Calls(http, access)

    @property
    def merchant(self) -> str:
        return self._access.imp_code

    @property
    def methods(self) -> frozenset[str]:
        return frozenset(self._access.channels) & frozenset(unproven.PAY_METHODS)

    @property
    def sources(self) -> tuple[str, ...]:
        return self._access.sources

    @property
    def waits(self) -> Waits:
        """As in V2, where a token is turned away, replaced, and everything tried once more."""
        look = self._access.look_up_seconds
        return Waits.seconds(
            paying=5 * look,
            giving_back=2 * self._access.timeout_seconds + 4 * look,
            lingers=unproven.WINDOW_LINGERS_SECONDS,
        )

    def bank_code(self, bank: str) -> str | None:
        return banks.code_of(bank)

    async def prepare(self, payment: Payment, terms: Terms) -> Redirect | Seen | Refused | Unknown:
        """Locks the amount. A second time V1 says no, and shows what it is locked to."""
        body = {"merchant_uid": payment.order_ref, "amount": payment.amount}
        answer = await self._calls.send("POST", "/payments/prepare", body=body, brisk=True)
        if isinstance(answer, Refused) and answer.code == NO:
            path = unproven.PREPARED.format(merchant_uid=quote(payment.order_ref, safe=""))
            locked = await self._calls.send("GET", path, brisk=True)
            if isinstance(locked, Unknown):
                return locked
            if isinstance(locked, dict) and locked.get("amount") == payment.amount:
                return Redirect(terms.window_url)
        return answer if isinstance(answer, Refused | Unknown) else Redirect(terms.window_url)

    def window(self, payment: Payment, terms: Terms) -> Page | None:
        return window.page(payment, terms, self._access)

    def read_return(self, payment: Payment, fields: Mapping[str, str]) -> Agreed | Refused:
        return window.read(fields)

    async def confirm(self, payment: Payment, grant: Mapping[str, str]) -> Seen | Refused | Unknown:
        match await self.get(payment):
            case Missing():
                return Refused(NOT_FOUND, "PortOne knows no such payment", Hint.KEY)
            case Seen(standing=Standing.NOT_STARTED):
                return Refused("portone_v1:not_paid", "nobody has paid at the window yet", Hint.KEY)
            case Seen(order_ref=order_ref) if order_ref != payment.order_ref:
                return Refused("portone_v1:other_payment", "what was paid at the window is another payment", Hint.KEY)
            case answer:
                return answer

    async def get(self, payment: Payment) -> Seen | Missing | Unknown:
        """By PortOne's name once we know it, else by ours."""
        if payment.key:
            path = f"/payments/{quote(payment.key, safe='')}"
        else:
            path = unproven.FIND.format(merchant_uid=quote(payment.order_ref, safe=""))
        answer = await self._calls.send("GET", path, brisk=True)
        if isinstance(answer, Refused):
            return Missing() if answer.code == NOT_FOUND else Unknown(f"look-up refused: {answer.code}")
        return answer if isinstance(answer, Unknown) else self._seen(payment, answer)

    def _seen(self, payment: Payment, answer: Any) -> Seen | Unknown:
        try:
            return wire.payment_of(answer, merchant=self.merchant, holder=self._access.holder, due_at=payment.due_at)
        except wire.NotPortOneV1 as error:
            return Unknown(str(error)[:200])

    async def cancel(self, payment: Payment, cancel: Cancel) -> Seen | Refused | Unknown:
        """V1 has no idempotency key: `checksum`, what can still be cancelled, is all that keeps a second one out."""
        if cancel.amount is None:
            path = unproven.CLOSE_ACCOUNT.format(imp_uid=quote(payment.key or "", safe=""))
            answer = await self._calls.send("DELETE", path)
        else:
            answer = await self._calls.send("POST", "/payments/cancel", body=self._cancel_body(payment, cancel))
        if isinstance(answer, Unknown):
            return answer
        if not isinstance(answer, Refused):
            return self._seen(payment, answer)
        if answer.hint in (Hint.UNREAD, Hint.LATER):
            return Refused(answer.code, answer.reason, Hint.LATER)
        return await self._why(payment, cancel, answer)

    async def _why(self, payment: Payment, cancel: Cancel, refusal: Refused) -> Seen | Refused | Unknown:
        """A refusal of V1 is a sentence. What it shows of the payment tells whether something happened after all."""
        shown = await self.get(payment)
        if not isinstance(shown, Seen):
            return Unknown(f"refused, and the payment is not seen: {refusal.reason}"[:200])
        ours = any(given.note == cancel.note and given.amount == cancel.amount for given in shown.returns)
        if ours or (cancel.amount is None and shown.standing is not Standing.WAITING):
            return shown
        if cancel.balance is not None and shown.balance != cancel.balance:
            return Refused(refusal.code, refusal.reason, Hint.ASK)
        return Refused(refusal.code, refusal.reason, Hint.FINAL if cancel.account is None else Hint.ACCOUNT)

    def _cancel_body(self, payment: Payment, cancel: Cancel) -> dict[str, Any]:
        body: dict[str, Any] = {
            "imp_uid": payment.key,
            "merchant_uid": payment.order_ref,
            "amount": cancel.amount,
            "reason": cancel.note,
        }
        if self._access.complex_tax:
            body["tax_free"] = cancel.tax_free_amount
            if cancel.vat_amount is not None:
                body["vat_amount"] = cancel.vat_amount
        if cancel.balance is not None:
            body["checksum"] = cancel.balance
        if cancel.account is not None:
            body |= {
                "refund_holder": cancel.account.holder,
                "refund_bank": self._access.refund_banks.get(cancel.account.bank, cancel.account.bank),
                "refund_account": cancel.account.number,
            }
        return body

    def parse_callback(self, kind: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        return wire.notice_of(headers, body)

    def callback_answer(self, *, accepted: bool) -> CallbackAnswer:
        return ACCEPTED if accepted else REFUSED

    async def settlements(self, day: date) -> Sequence[SettledRow] | Unknown:
        """PortOne's list of payments: amounts only. A fee and a payout only the PG behind it knows."""
        midnight = datetime.combine(day, time.min, SEOUL)
        since = int((midnight - timedelta(days=self._access.lookback_days)).timestamp())
        until = int((midnight + timedelta(days=self._access.lookback_days)).timestamp())
        rows: list[SettledRow] = []
        for page in range(1, _PAGES_MOST):
            query: dict[str, str | int] = {"page": page, "limit": unproven.PAGE_SIZE, "from": since, "to": until}
            answer = await self._calls.send("GET", unproven.LIST, query=query, brisk=True)
            if isinstance(answer, Refused | Unknown):
                return Unknown(answer.code) if isinstance(answer, Refused) else answer
            try:
                rows += wire.settled_of(answer["list"], day)
                if not answer.get("next"):
                    return rows
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                return Unknown(repr(error)[:200])
        return Unknown("the list does not end")

    async def issue_cash_receipt(self, payment: Payment, order: ReceiptOrder) -> Receipt | Refused | Unknown:
        raise errors.NotOffered("cash receipts of PortOne V1 are issued at the PG")

    async def cancel_cash_receipt(
        self, payment: Payment, key: str, amount: int, idempotency_key: str
    ) -> Receipt | Refused | Unknown:
        raise errors.NotOffered("cash receipts of PortOne V1 are cancelled at the PG")
