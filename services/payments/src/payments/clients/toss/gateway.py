"""Calls to Toss, after its public documents. What is Korean and what is peculiar to Toss stays in this package."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx

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
from payments.clients.toss import settled, wire
from payments.clients.toss.banks import code_of
from payments.commands.answers import Missing, Receipt, Redirect, Refused, Seen, Unknown
from payments.domain.patience import Waits
from payments.domain.payment import Payment

# The window opens on a card for easy pay too: the customer picks the wallet there.
_WINDOW_METHODS = {"card": "CARD", "easy_pay": "CARD", "transfer": "TRANSFER"}
_BY_ACCOUNT = "virtual_account"
_MAX_ORDER_NAME = 100
_Read = TypeVar("_Read")
_NOT_FOUND = frozenset({"NOT_FOUND_PAYMENT", "NOT_FOUND_PAYMENT_SESSION", "NOT_FOUND"})


@dataclass(frozen=True, slots=True)
class TossAccess:
    """`url` has no version in it. `window_url`: where the browser pays. `holder`: who is shown to own the account."""

    url: str
    secret_key: str = field(repr=False)
    client_key: str
    window_url: str
    merchant: str
    holder: str
    default_bank: str
    timeout_seconds: float


class TossGateway:
    name = "toss"
    methods = frozenset({*_WINDOW_METHODS, _BY_ACCOUNT})
    currencies = frozenset({"KRW"})
    sources: tuple[str, ...] = ()

    def __init__(self, http: httpx.AsyncClient, access: TossAccess) -> None:
        self._http = http
        self._access = access
        self._base = f"{access.url.rstrip('/')}/v1"
        # The colon after the key is part of the format: the password is empty.
        token = base64.b64encode(f"{access.secret_key}:".encode()).decode()
        self._authorization = f"Basic {token}"

    @property
    def merchant(self) -> str:
        return self._access.merchant

    @property
    def waits(self) -> Waits:
        """Two calls: what happened already is looked up, and a deposit before it is given back."""
        both = 2 * self._access.timeout_seconds
        return Waits.seconds(paying=both, giving_back=both)

    def bank_code(self, bank: str) -> str | None:
        return code_of(bank)

    async def prepare(self, payment: Payment, terms: Terms) -> Redirect | Seen | Refused | Unknown:
        if payment.method == _BY_ACCOUNT:
            return await self._issue(payment, terms)
        query = {
            "clientKey": self._access.client_key,
            "method": _WINDOW_METHODS[payment.method],
            "amount": payment.amount,
            "orderId": payment.order_ref,
            "orderName": payment.order_name[:_MAX_ORDER_NAME],
            "successUrl": terms.return_url,
            "failUrl": terms.fail_url,
        }
        if payment.tax_free_amount:
            query["taxFreeAmount"] = payment.tax_free_amount
        return Redirect(f"{self._access.window_url}?{urlencode(query)}")

    def window(self, payment: Payment, terms: Terms) -> Page | None:
        return None

    def read_return(self, payment: Payment, fields: Mapping[str, str]) -> Agreed | Refused:
        return wire.return_of(fields)

    async def _issue(self, payment: Payment, terms: Terms) -> Seen | Refused | Unknown:
        body: dict[str, Any] = {
            "amount": payment.amount,
            "orderId": payment.order_ref,
            "orderName": payment.order_name[:_MAX_ORDER_NAME],
            "customerName": terms.customer_name[:100] or self._access.holder,
            "bank": terms.bank or self._access.default_bank,
            "dueDate": wire.due_date(payment.due_at),
        }
        if payment.tax_free_amount:
            body["taxFreeAmount"] = payment.tax_free_amount
        answer = await self._post("/virtual-accounts", body, idempotency_key=f"issue-{payment.id}")
        if isinstance(answer, Refused) and answer.code == "DUPLICATED_ORDER_ID":
            return await self._as_it_is(payment)
        return answer

    async def confirm(self, payment: Payment, grant: Mapping[str, str]) -> Seen | Refused | Unknown:
        body = {"paymentKey": payment.key, "orderId": payment.order_ref, "amount": payment.amount}
        # Toss replays by key and URL without looking at the body, so the key names this try and no other. Before tries
        # were counted a payment had one.
        name = f"confirm-{payment.id}-{payment.tries}" if payment.tries else f"confirm-{payment.id}"
        answer = await self._post("/payments/confirm", body, idempotency_key=name)
        if isinstance(answer, Refused) and answer.code == "ALREADY_PROCESSED_PAYMENT":
            return await self._as_it_is(payment)
        return wire.not_tried(answer) if isinstance(answer, Refused) else answer

    async def _as_it_is(self, payment: Payment) -> Seen | Unknown:
        """For refusals that mean: this happened already."""
        answer = await self.get(payment)
        return Unknown("already processed, and yet not found") if isinstance(answer, Missing) else answer

    async def get(self, payment: Payment) -> Seen | Missing | Unknown:
        path = f"/payments/{quote(payment.key, safe='')}" if payment.key else f"/payments/orders/{payment.order_ref}"
        answer = await self._call("GET", path, self._seen)
        if isinstance(answer, Refused):
            return Missing() if answer.code in _NOT_FOUND else Unknown(f"look-up refused: {answer.code}")
        return answer

    async def cancel(self, payment: Payment, cancel: Cancel) -> Seen | Refused | Unknown:
        body: dict[str, Any] = {"cancelReason": cancel.note}
        if cancel.amount is not None:
            body["cancelAmount"] = cancel.amount
        if cancel.tax_free_amount:
            body["taxFreeAmount"] = cancel.tax_free_amount
        if cancel.balance is not None:
            body["refundableAmount"] = cancel.balance
        if cancel.account is not None:
            body["refundReceiveAccount"] = {
                "bank": cancel.account.bank,
                "accountNumber": cancel.account.number,
                "holderName": cancel.account.holder,
            }
        path = f"/payments/{quote(payment.key or '', safe='')}/cancel"
        answer = await self._post(path, body, idempotency_key=cancel.idempotency_key)
        return wire.owed_still(answer) if isinstance(answer, Refused) else answer

    def parse_callback(self, kind: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        return wire.notice_of(headers, body)

    def callback_answer(self, *, accepted: bool) -> CallbackAnswer:
        return ACCEPTED if accepted else REFUSED

    async def settlements(self, day: date) -> Sequence[SettledRow] | Unknown:
        rows: list[SettledRow] = []
        for page in range(1, settled.PAGES_MOST):
            path = f"/settlements?{urlencode(settled.query_of(day, page))}"
            found = await self._call("GET", path, settled.rows_of)
            if not isinstance(found, list):
                return Unknown(f"the list was refused: {found.code}") if isinstance(found, Refused) else found
            rows += found
            if len(found) < settled.PAGE_SIZE:
                return rows
        return Unknown("the list does not end")

    async def issue_cash_receipt(self, payment: Payment, order: ReceiptOrder) -> Receipt | Refused | Unknown:
        body = wire.receipt_order(payment, order)
        return await self._call(
            "POST", "/cash-receipts", wire.receipt_of, json=body, idempotency_key=order.idempotency_key
        )

    async def cancel_cash_receipt(
        self, payment: Payment, key: str, amount: int, idempotency_key: str
    ) -> Receipt | Refused | Unknown:
        path = f"/cash-receipts/{quote(key, safe='')}/cancel"
        return await self._call("POST", path, wire.receipt_of, json={"amount": amount}, idempotency_key=idempotency_key)

    async def _post(self, path: str, body: dict[str, Any], *, idempotency_key: str | None) -> Seen | Refused | Unknown:
        return await self._call("POST", path, self._seen, json=body, idempotency_key=idempotency_key)

    def _seen(self, body: Any) -> Seen:
        return wire.payment_of(body, self._access.holder)

    async def _call(
        self,
        method: str,
        path: str,
        read: Callable[[Any], _Read],
        *,
        json: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> _Read | Refused | Unknown:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        try:
            response = await self._http.request(
                method,
                self._base + path,
                json=json,
                headers={"Authorization": self._authorization, **headers},
                timeout=self._access.timeout_seconds,
            )
            return _answer(response, read)
        except httpx.HTTPError as error:
            return Unknown(type(error).__name__)
        except ValueError as error:
            return Unknown(str(error)[:200])


def _answer(response: httpx.Response, read: Callable[[Any], _Read]) -> _Read | Refused | Unknown:
    """A 5xx is never an answer, whatever its body says. Raises ValueError for what cannot be read."""
    if response.status_code >= 500:
        return Unknown(f"HTTP {response.status_code}")
    body = response.json()
    if response.status_code == httpx.codes.OK:
        return read(body)
    refusal = wire.refusal_of(body)
    if refusal.code in wire.UNDECIDED or response.status_code == httpx.codes.CONFLICT:
        return Unknown(refusal.code)
    return refusal
