"""Calls to KakaoPay's single payment API.

It calls nobody back and knows no idempotency key. A tid exists before the customer agrees, is approved once, and is all
a payment can be looked up by: whatever was refused or got lost is decided by what `order` shows of the tid.

`card` is not offered: KakaoPay has no window to type a card into. Its CARD is a card kept in the wallet, so to the
customer, and in the fees, it is the same easy pay as KakaoPay money.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import httpx

from common.clock import Clock
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
from payments.clients.kakaopay import settled, wire
from payments.clients.kakaopay.unproven import METHOD_REFUSED, NO_SUCH_TID, SESSION_OVER, UNREAD
from payments.commands.answers import Hint, Missing, Receipt, Redirect, Refused, Seen, Standing, Unknown
from payments.domain.patience import Waits
from payments.domain.payment import Payment

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class KakaoPayAccess:
    """`url` has no path. `scheme` is the word before the key. `look_up_seconds` is for `order`, which may follow a lost
    call. `session_seconds`: nothing untouched for so long is ever approved.

    `settlement_path`: empty where no settlement list is read.
    """

    url: str
    secret_key: str = field(repr=False)
    cid: str
    scheme: str = "SECRET_KEY"
    cid_secret: str = field(default="", repr=False)
    timeout_seconds: float = 15
    look_up_seconds: float = 8
    session_seconds: float = 1800
    settlement_path: str = ""


class KakaoPayGateway:
    name = "kakaopay"
    methods = frozenset({"easy_pay"})
    currencies = frozenset({"KRW"})
    sources: tuple[str, ...] = ()

    def __init__(self, http: httpx.AsyncClient, access: KakaoPayAccess, clock: Clock | None = None) -> None:
        self._http = http
        self._access = access
        self._clock = clock or Clock()
        self._base = access.url.rstrip("/")
        self._who = {"cid": access.cid} | ({"cid_secret": access.cid_secret} if access.cid_secret else {})

    @property
    def merchant(self) -> str:
        return self._access.cid

    @property
    def waits(self) -> Waits:
        """A call, and the look-up after one that was refused or lost."""
        both = self._access.timeout_seconds + self._access.look_up_seconds
        return Waits.seconds(paying=both, giving_back=both)

    def bank_code(self, bank: str) -> str | None:
        return None

    async def prepare(self, payment: Payment, terms: Terms) -> Redirect | Refused | Unknown:
        """Again is another tid. The first one, of which no customer has the address, comes to nothing."""
        return await self._call("ready", wire.ready_body(payment, terms), lambda body: wire.opened_of(body, terms))

    def window(self, payment: Payment, terms: Terms) -> Page | None:
        return None

    def read_return(self, payment: Payment, fields: Mapping[str, str]) -> Agreed | Refused:
        return wire.agreed_of(payment, fields)

    async def confirm(self, payment: Payment, grant: Mapping[str, str]) -> Seen | Refused | Unknown:
        body = wire.approve_body(payment, grant)
        answer = await self._call("approve", body, lambda found: wire.approved_of(found, self._access.cid))
        if not isinstance(answer, Refused) or answer.code in UNREAD:
            return answer
        return self._judged(answer, await self.get(payment))

    def _judged(self, refusal: Refused, shown: Seen | Missing | Unknown) -> Seen | Refused | Unknown:
        """A refused approval is what `order` shows, whatever its code: approved before, over, or not tried at all."""
        match shown:
            case Unknown():
                return Unknown(f"refused ({refusal.code}), and not looked up: {shown.why}")
            case Missing():
                return replace(refusal, hint=Hint.KEY)
            case Seen(standing=Standing.NOT_STARTED | Standing.EXPIRED):
                if refusal.code == SESSION_OVER:
                    return replace(refusal, hint=Hint.FINAL)
                return wire.not_tried(refusal) or Unknown(f"refused ({refusal.code}), and not over")
            case Seen(standing=Standing.FAILED) if refusal.code in METHOD_REFUSED:
                return replace(refusal, hint=Hint.FINAL)  # it says why, which `order` does not
            case _:
                return shown

    async def get(self, payment: Payment) -> Seen | Missing | Unknown:
        """Without a tid nobody can have paid: its address never left KakaoPay."""
        if payment.key is None:
            return Missing()
        answer = await self._look_up(payment, lambda body: wire.payment_of(body, self._access.cid))
        if isinstance(answer, Refused):
            return Missing() if answer.code == NO_SUCH_TID else Unknown(f"look-up refused: {answer.code}")
        if isinstance(answer, Seen) and answer.standing is Standing.NOT_STARTED and self._is_dead(payment):
            return replace(answer, standing=Standing.EXPIRED)
        return answer

    def _is_dead(self, payment: Payment) -> bool:
        """KakaoPay does not say that a session is over, and has no way to end one."""
        return payment.created_at + timedelta(seconds=self._access.session_seconds) <= self._clock.now()

    async def cancel(self, payment: Payment, cancel: Cancel) -> Seen | Refused | Unknown:
        if cancel.amount is None:
            return Refused("nothing_to_call_off", "KakaoPay has no accounts that wait for a deposit")
        body = wire.cancel_body(payment, cancel, cancel.amount)
        answer = await self._call("cancel", body, lambda found: wire.cancelled_of(found, self._access.cid, cancel))
        if isinstance(answer, Seen):
            return answer
        if isinstance(answer, Refused) and answer.hint in (Hint.UNREAD, Hint.LATER):
            return replace(answer, hint=Hint.LATER)  # money that is owed is sent later
        return await self._found_out(payment, cancel, answer)

    async def _found_out(self, payment: Payment, cancel: Cancel, answer: Refused | Unknown) -> Seen | Refused | Unknown:
        """A cancel that got lost or was refused may have been carried out, now or at an earlier sending."""

        def read(body: Any) -> tuple[Seen, Seen | None]:
            seen = wire.payment_of(body, self._access.cid)
            return seen, wire.landed(seen, cancel, by_amount=not wire.shows_payloads(body))

        found = await self._look_up(payment, read)
        if not isinstance(found, tuple):
            return answer if isinstance(answer, Unknown) else Unknown(f"refused ({answer.code}), and not looked up")
        seen, with_ours = found
        if with_ours is not None:
            return with_ours
        if isinstance(answer, Refused) and cancel.balance is not None and seen.balance != cancel.balance:
            return replace(answer, hint=Hint.ASK)
        return answer

    def parse_callback(self, kind: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        raise errors.CallbackUnreadable("KakaoPay calls nobody back")

    def callback_answer(self, *, accepted: bool) -> CallbackAnswer:
        return ACCEPTED if accepted else REFUSED

    async def settlements(self, day: date) -> Sequence[SettledRow] | Unknown:
        if not self._access.settlement_path:
            raise errors.NotOffered("no settlement list of KakaoPay is set up")
        query = {**self._who, "date": day.isoformat()}
        found = await self._send("GET", self._access.settlement_path, settled.rows_of, params=query)
        return Unknown(f"refused: {found.code}") if isinstance(found, Refused) else found

    async def issue_cash_receipt(self, payment: Payment, order: ReceiptOrder) -> Receipt | Refused | Unknown:
        raise errors.NotOffered("KakaoPay issues cash receipts for its money by itself")

    async def cancel_cash_receipt(
        self, payment: Payment, key: str, amount: int, idempotency_key: str
    ) -> Receipt | Refused | Unknown:
        raise errors.NotOffered("KakaoPay issues cash receipts for its money by itself")

    async def _look_up(self, payment: Payment, read: Callable[[Any], _Read]) -> _Read | Refused | Unknown:
        return await self._call("order", {"tid": payment.key}, read, seconds=self._access.look_up_seconds)

    async def _call(
        self, verb: str, body: dict[str, Any], read: Callable[[Any], _Read], *, seconds: float | None = None
    ) -> _Read | Refused | Unknown:
        path = f"/online/v1/payment/{verb}"
        return await self._send("POST", path, read, json={**self._who, **body}, seconds=seconds)

    async def _send(
        self, method: str, path: str, read: Callable[[Any], _Read], *, seconds: float | None = None, **content: Any
    ) -> _Read | Refused | Unknown:
        """A 5xx is never an answer, and HTTP 200 is not success."""
        try:
            response = await self._http.request(
                method,
                self._base + path,
                headers={"Authorization": f"{self._access.scheme} {self._access.secret_key}"},
                timeout=seconds or self._access.timeout_seconds,
                **content,
            )
            if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                return Unknown(f"HTTP {response.status_code}")
            body = response.json()
            if response.status_code == httpx.codes.OK and not wire.is_refusal(body):
                return read(body)
            refusal = wire.refusal_of(body)
            busy = response.status_code == httpx.codes.TOO_MANY_REQUESTS
            return replace(refusal, hint=Hint.LATER) if busy else refusal
        except httpx.HTTPError as error:
            return Unknown(type(error).__name__)
        except ValueError as error:
            return Unknown(str(error)[:200])
