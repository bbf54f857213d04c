"""Calls to KG Inicis. The window is its own; what it agreed is approved from here, and net-cancelled from here when the
approval's answer is lost or is not about this payment."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import httpx

from common import log
from common.clock import Clock
from payments import errors
from payments.clients.gateway import Agreed, CallbackAnswer, Cancel, Notice, Page, ReceiptOrder, SettledRow, Terms
from payments.clients.inicis import iniapi, notices, signing, window, wire
from payments.clients.inicis.access import InicisAccess
from payments.clients.inicis.iniapi import RefundOrder, Request
from payments.clients.inicis.unproven import REFUND_METHODS, bank_code
from payments.clients.inicis.wire import NotInicis
from payments.commands.answers import Hint, Missing, Receipt, Redirect, Refused, Return, Seen, Standing, Unknown
from payments.domain.patience import Waits
from payments.domain.payment import Payment

_MOST_BYTES = 256 * 1024

_log = log.get(__name__)


class InicisGateway:
    name = "inicis"
    methods = frozenset(REFUND_METHODS)
    currencies = frozenset({"KRW"})

    def __init__(self, http: httpx.AsyncClient, access: InicisAccess, clock: Clock | None = None) -> None:
        self._http = http
        self._access = access
        self._clock = clock or Clock()

    @property
    def merchant(self) -> str:
        return self._access.merchant

    @property
    def sources(self) -> tuple[str, ...]:
        return self._access.sources

    @property
    def waits(self) -> Waits:
        """An approval and a look-up of two calls, or its net cancel; a refund with such a look-up before and after."""
        one = self._access.timeout_seconds
        return Waits.seconds(paying=3 * one, giving_back=5 * one)

    def bank_code(self, bank: str) -> str | None:
        return bank_code(bank)

    async def prepare(self, payment: Payment, terms: Terms) -> Redirect | Seen | Refused | Unknown:
        """Every method goes through the window; Inicis hears of the payment from the browser."""
        return Redirect(terms.window_url)

    def window(self, payment: Payment, terms: Terms) -> Page | None:
        return window.page(payment, terms, self._access, self._clock.now())

    def read_return(self, payment: Payment, fields: Mapping[str, str]) -> Agreed | Refused:
        return window.read(fields, self._access)

    async def confirm(self, payment: Payment, grant: Mapping[str, str]) -> Seen | Refused | Unknown:
        try:
            approve_at, net_cancel_at = window.addresses(grant, self._access)
        except errors.ReturnUnreadable as unreadable:
            return Refused("wrong_host", str(unreadable), Hint.KEY)
        form = self._approval(grant)
        try:
            body = await self._post(iniapi.form(approve_at, form))
            if body.get("resultCode") != window.AGREED:
                return await self._not_approved(payment, body)
            wrong = self._wrong(body, payment, form["timestamp"])
            if wrong is None:
                return wire.approved(body, payment, self._access.holder)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            # Nothing was sent, so there is nothing to cancel.
            return Unknown(type(error).__name__)
        except (httpx.HTTPError, ValueError) as error:
            _log.warning("an approval of Inicis was lost", payment_id=str(payment.id), error=type(error).__name__)
            wrong = Refused("answer_lost", "the provider's answer was lost, so the approval was called off")
        return await self._net_cancel(net_cancel_at, form, wrong)

    def _approval(self, grant: Mapping[str, str]) -> dict[str, str]:
        stamp, token = window.milliseconds(self._clock.now()), grant["authToken"]
        signed = {"authToken": token, "timestamp": stamp}
        form = {
            "mid": self._access.merchant,
            **signed,
            "signature": signing.signature(signed),
            "charset": "UTF-8",
            "format": "JSON",
        }
        if self._access.verification:
            form["verification"] = signing.signature({**signed, "signKey": self._access.sign_key})
        return form

    def _wrong(self, body: Mapping[str, Any], payment: Payment, stamp: str) -> Refused | None:
        """What makes an approval not this payment's. One of another order or amount was never this try's to take."""
        found = {name: str(body.get(name, "")) for name in ("mid", "MOID", "TotPrice")}
        # Some answers leave the merchant out; the signature then says whose they are.
        mid = found["mid"] or self._access.merchant
        expected = signing.answer_signature(mid=mid, tstamp=stamp, order_id=found["MOID"], total=found["TotPrice"])
        if not signing.same(expected, body.get("authSignature")):
            return Refused("forged_approval", "the approval is not signed as Inicis signs")
        if mid != self._access.merchant:
            return Refused("another_merchant", "the approval is another merchant's", Hint.KEY)
        if found["MOID"] != payment.order_ref:
            return Refused("another_order", "the approval is another order's", Hint.KEY)
        if found["TotPrice"] != str(payment.amount):
            return Refused("another_amount", "the approval is of another amount", Hint.KEY)
        return None

    async def _not_approved(self, payment: Payment, body: Mapping[str, Any]) -> Seen | Refused | Unknown:
        """inferred: a refusal with a tid comes from whoever was asked to pay; one without was about the token itself,
        which is used up, too old, or somebody's invention."""
        refused = Refused(str(body.get("resultCode"))[:40], str(body.get("resultMsg", ""))[:300])
        if body.get("tid"):
            return refused
        taken = await self.get(payment)
        if isinstance(taken, Missing):
            return Refused(refused.code, refused.reason, Hint.KEY)
        return taken

    async def _net_cancel(self, url: str, form: dict[str, str], why: Refused) -> Refused | Unknown:
        """Undoes an approval nobody can rely on: the same fields once more, to the other address."""
        try:
            body = await self._post(iniapi.form(url, form))
        except (httpx.HTTPError, ValueError) as error:
            return Unknown(f"{why.code}, and the net cancel got no answer: {type(error).__name__}")
        if body.get("resultCode") == window.AGREED:
            return why
        return Unknown(f"{why.code}, and the net cancel was refused: {str(body.get('resultCode'))[:40]}")

    async def get(self, payment: Payment) -> Seen | Missing | Unknown:
        try:
            request = iniapi.inquiry_v2(self._access, tid=payment.key, oid=payment.order_ref, now=self._clock.now())
            answer = wire.inquired_v2(await self._post(request), payment, self._access.holder)
            if isinstance(answer, Unknown) and wire.is_missing_v1(await self._ask_v1(payment)):
                # How v2 says that there is no such payment is not known; v1's word for it is.
                return Missing()
        except httpx.HTTPError as error:
            return Unknown(type(error).__name__)
        except ValueError as error:
            return Unknown(str(error)[:200])
        return answer

    async def _ask_v1(self, payment: Payment) -> Mapping[str, Any]:
        return await self._post(
            iniapi.inquiry_v1(self._access, tid=payment.key, oid=payment.order_ref, now=self._clock.now())
        )

    async def cancel(self, payment: Payment, cancel: Cancel) -> Seen | Refused | Unknown:
        """Inicis has no idempotency key: what must remain after a refund in part is the guard against a second one."""
        balance, tid = cancel.balance, payment.key
        if tid is None or (balance is None and cancel.amount is not None):
            seen = await self.get(payment)
            if not isinstance(seen, Seen):
                return Unknown("the payment to refund was not found")
            tid, balance = seen.key, seen.balance if balance is None else balance
        order = iniapi.order_of(payment, cancel, tid, balance)
        try:
            body = await self._post(iniapi.refund(self._access, order, self._clock.now()))
        except (httpx.HTTPError, ValueError) as error:
            return await self._landed(payment, cancel, order, Unknown(type(error).__name__))
        if body.get("resultCode") != "00":
            return wire.refund_refused(body)
        if order.in_part and str(body.get("prtcPrice", order.price)) != str(order.price):
            return Unknown("the refund was of another amount")
        return self._refunded(payment, cancel, order, wire.refund_reference(body, tid))

    async def _landed(self, payment: Payment, cancel: Cancel, order: RefundOrder, lost: Unknown) -> Seen | Unknown:
        """The answer to a refund is lost. Only one runs at a time, so what is left tells whether it arrived."""
        seen = await self.get(payment)
        if not isinstance(seen, Seen) or seen.balance != (order.left or 0):
            return lost
        reference = next((given.reference for given in reversed(seen.returns)), f"{order.tid}:")
        return self._refunded(payment, cancel, order, reference)

    def _refunded(self, payment: Payment, cancel: Cancel, order: RefundOrder, reference: str) -> Seen:
        left = order.left or 0
        returned = (Return(reference, cancel.amount, cancel.note, done=True),) if cancel.amount is not None else ()
        return Seen(
            order_ref=payment.order_ref,
            key=order.tid,
            merchant=self._access.merchant,
            currency="KRW",
            amount=payment.amount,
            balance=left,
            standing=Standing.PARTLY_RETURNED if left else Standing.RETURNED,
            returns=returned,
        )

    def parse_callback(self, kind: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        return notices.read(headers, body, self._access.merchant)

    def callback_answer(self, *, accepted: bool) -> CallbackAnswer:
        """Anything but these two letters is sent again."""
        return 200, "text/plain", b"OK" if accepted else b"FAIL"

    async def settlements(self, day: date) -> Sequence[SettledRow] | Unknown:
        if not self._access.settlement_path:
            raise errors.NotOffered("no list of settlements is known for this account")
        data = {"date": wire.compact(day)}
        request = iniapi.v2(self._access, "settlement", self._access.settlement_path, data, self._clock.now())
        try:
            body = await self._post(request)
            if body.get("resultCode") != "00":
                return Unknown(f"the list was refused: {str(body.get('resultCode'))[:40]}")
            return wire.settled_rows(body)
        except httpx.HTTPError as error:
            return Unknown(type(error).__name__)
        except ValueError as error:
            return Unknown(str(error)[:200])

    async def issue_cash_receipt(self, payment: Payment, order: ReceiptOrder) -> Receipt | Refused | Unknown:
        raise errors.NotOffered("Inicis issues cash receipts in its window only")

    async def cancel_cash_receipt(
        self, payment: Payment, key: str, amount: int, idempotency_key: str
    ) -> Receipt | Refused | Unknown:
        raise errors.NotOffered("Inicis takes cash receipts back with the refund")

    async def _post(self, request: Request) -> Mapping[str, Any]:
        """Raises `httpx.HTTPError`, and ValueError for what is not an answer: a 5xx, or no JSON object."""
        response = await self._http.post(
            request.url,
            content=request.body,
            headers={"content-type": request.media},
            timeout=self._access.timeout_seconds,
            follow_redirects=False,
        )
        if response.status_code != httpx.codes.OK or len(response.content) > _MOST_BYTES:
            raise NotInicis(f"HTTP {response.status_code}")
        body = json.loads(response.content)
        if not isinstance(body, dict):
            raise NotInicis("not an object")
        return body
