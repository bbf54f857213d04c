"""A whole provider in one file: its company, its adapter, its settings class. docs/providers.md follows it.

The company is small: JSON over HTTP, a key per shop, one payment per order of the shop, cards only. It gives its list
of a day, has no cash receipts, and calls back with a shared secret in a header.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import httpx
from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from payments import errors
from payments.clients.gateway import (
    ACCEPTED,
    REFUSED,
    Agreed,
    CallbackAnswer,
    Cancel,
    Notice,
    Page,
    PaymentGateway,
    ReceiptOrder,
    SettledRow,
    Terms,
)
from payments.clients.registry import EVERY_MALL, per_mall
from payments.commands.answers import Hint, Missing, Receipt, Redirect, Refused, Return, Seen, Standing, Unknown
from payments.domain.patience import Waits
from payments.domain.payment import Payment
from payments.settings.provider import ProviderSettings

URL = "https://toy.example"


@dataclass(frozen=True, slots=True)
class ToyAccess:
    url: str
    shop: str
    key: str = field(repr=False)
    timeout_seconds: float = 3


class ToyGateway:
    name = "toy"
    methods = frozenset({"card"})
    currencies = frozenset({"KRW"})
    sources: tuple[str, ...] = ()

    def __init__(self, http: httpx.AsyncClient, access: ToyAccess) -> None:
        self._http = http
        self._access = access

    @property
    def merchant(self) -> str:
        return self._access.shop

    @property
    def waits(self) -> Waits:
        return Waits.seconds(paying=self._access.timeout_seconds, giving_back=self._access.timeout_seconds)

    def bank_code(self, bank: str) -> str | None:
        return None

    async def prepare(self, payment: Payment, terms: Terms) -> Redirect | Seen | Refused | Unknown:
        opened = await self._call("open", order=payment.order_ref, amount=payment.amount, back=terms.return_url)
        return opened if isinstance(opened, Refused | Unknown) else Redirect(opened["window"])

    def window(self, payment: Payment, terms: Terms) -> Page | None:
        return None

    def read_return(self, payment: Payment, fields: Mapping[str, str]) -> Agreed | Refused:
        if "no" in fields:
            return Refused("gave_up", fields["no"][:100])
        if not fields.get("payment"):
            raise errors.ReturnUnreadable("the return names no payment")
        return Agreed(fields["payment"][:60])

    async def confirm(self, payment: Payment, grant: Mapping[str, str]) -> Seen | Refused | Unknown:
        taken = await self._call("take", payment=payment.key, order=payment.order_ref)
        return taken if isinstance(taken, Refused | Unknown) else self._seen(taken)

    async def get(self, payment: Payment) -> Seen | Missing | Unknown:
        shown = await self._call("show", order=payment.order_ref)
        if isinstance(shown, Refused):
            return Missing() if shown.code == "no_such" else Unknown(shown.code)
        return shown if isinstance(shown, Unknown) else self._seen(shown)

    async def cancel(self, payment: Payment, cancel: Cancel) -> Seen | Refused | Unknown:
        given = await self._call(
            "give_back", order=payment.order_ref, amount=cancel.amount, holds=cancel.balance, note=cancel.note
        )
        return given if isinstance(given, Refused | Unknown) else self._seen(given)

    def parse_callback(self, kind: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        if not hmac.compare_digest(headers.get("x-toy-key", "").encode(), self._access.key.encode()):
            raise errors.CallbackForged("not the shop's key")
        try:
            told = json.loads(body)
            said = {"id": str(told["id"]), "order": str(told["order"])}
        except (ValueError, KeyError, TypeError) as error:
            raise errors.CallbackUnreadable("not a callback of toy") from error
        return Notice(said["id"], "changed", said["order"], said, merchant=self.merchant)

    def callback_answer(self, *, accepted: bool) -> CallbackAnswer:
        return ACCEPTED if accepted else REFUSED

    async def settlements(self, day: date) -> Sequence[SettledRow] | Unknown:
        listed = await self._call("list", day=day.isoformat())
        if isinstance(listed, Refused | Unknown):
            return Unknown(listed.code) if isinstance(listed, Refused) else listed
        return [SettledRow(**row) for row in listed["rows"]]

    async def issue_cash_receipt(self, payment: Payment, order: ReceiptOrder) -> Receipt | Refused | Unknown:
        raise errors.NotOffered("toy has no cash receipts")

    async def cancel_cash_receipt(
        self, payment: Payment, key: str, amount: int, idempotency_key: str
    ) -> Receipt | Refused | Unknown:
        raise errors.NotOffered("toy has no cash receipts")

    async def _call(self, what: str, **said: Any) -> Any | Refused | Unknown:
        try:
            response = await self._http.post(
                f"{self._access.url}/{what}",
                json=said,
                headers={"Authorization": self._access.key},
                timeout=self._access.timeout_seconds,
            )
            if response.status_code >= 500:
                return Unknown(f"HTTP {response.status_code}")
            body = response.json()
            no = body.get("no")
        except (httpx.HTTPError, ValueError, AttributeError) as error:
            return Unknown(type(error).__name__)
        hints = {"not_yours": Hint.KEY, "holds_another": Hint.ASK}
        return Refused(no, "toy says no", hints.get(no, Hint.FINAL)) if no else body

    def _seen(self, body: Any) -> Seen | Unknown:
        try:
            given = tuple(Return(row["id"], row["amount"], row["note"], done=True) for row in body["returns"])
            left = body["amount"] - sum(back.amount for back in given)
            return Seen(
                body["order"], body["payment"], body["shop"], "KRW", body["amount"], left, Standing(body["standing"]),
                returns=given,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            return Unknown(repr(error))


class ToyAccount(BaseModel):
    shop: str = Field(min_length=1)
    key: SecretStr


class ToySettings(ProviderSettings):
    """Toy: `PAYMENTS_TOY_*`. Without a key it is offered only to the malls named."""

    model_config = SettingsConfigDict(env_prefix="PAYMENTS_TOY_", extra="ignore")

    url: str = URL
    shop: str = "shop"
    key: SecretStr = SecretStr("")
    malls: dict[str, ToyAccount] = Field(default_factory=dict)

    def merchants(self, http: httpx.AsyncClient) -> Mapping[str, PaymentGateway]:
        accounts = dict(self.malls)
        if self.key.get_secret_value():
            accounts = {EVERY_MALL: ToyAccount(shop=self.shop, key=self.key), **accounts}
        accesses = {
            mall: ToyAccess(self.url, account.shop, account.key.get_secret_value())
            for mall, account in accounts.items()
        }
        return per_mall(ToyGateway, http, accesses)


class ToyCompany:
    """The other side of the line. `lose`: names of calls whose answer gets lost, after their effect. All happens on one
    day."""

    day = "2026-11-22"

    def __init__(self) -> None:
        self.payments: dict[str, dict[str, Any]] = {}
        self.lose: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        what, said = request.url.path.removeprefix("/"), json.loads(request.content)
        answer = getattr(self, f"_{what}")(said, request.headers["authorization"])
        if what in self.lose:
            self.lose.remove(what)
            return httpx.Response(502)
        return httpx.Response(200, json=answer)

    def _open(self, said: dict[str, Any], key: str) -> dict[str, Any]:
        key_there = f"toy-{len(self.payments) + 1}"
        shown = {"order": said["order"], "payment": key_there, "shop": f"{key}-shop", "amount": said["amount"]}
        self.payments.setdefault(said["order"], shown | {"standing": "not_started", "returns": []})
        return {"window": f"{URL}/window?order={said['order']}"}

    def _show(self, said: dict[str, Any], key: str) -> dict[str, Any]:
        return self.payments.get(said["order"], {"no": "no_such"})

    def _take(self, said: dict[str, Any], key: str) -> dict[str, Any]:
        shown = self.payments[said["order"]]
        if shown["payment"] != said["payment"]:
            return {"no": "not_yours"}
        return shown if shown["returns"] else self._stands(shown, "paid")

    def _give_back(self, said: dict[str, Any], key: str) -> dict[str, Any]:
        shown = self.payments[said["order"]]
        if shown["amount"] - self._returned(shown) != said["holds"]:
            return {"no": "holds_another"}
        shown["returns"].append({"id": f"back-{len(shown['returns'])}", "amount": said["amount"], "note": said["note"]})
        return self._stands(shown, "returned" if self._returned(shown) == shown["amount"] else "partly_returned")

    def _list(self, said: dict[str, Any], key: str) -> dict[str, Any]:
        rows: list[dict[str, Any]] = []
        for shown in self.payments.values() if said["day"] == self.day else ():
            same, amount = {"key": shown["payment"], "order_ref": shown["order"]}, shown["amount"]
            if shown["standing"] != "not_started":
                rows.append(same | {"kind": "payment", "amount": amount, "fee": 100, "payout": amount - 100})
            for back in shown["returns"]:
                given = {"amount": back["amount"], "fee": 0, "payout": -back["amount"], "reference": back["id"]}
                rows.append(same | {"kind": "cancel"} | given)
        return {"rows": rows}

    def _returned(self, shown: dict[str, Any]) -> int:
        return sum(back["amount"] for back in shown["returns"])

    def _stands(self, shown: dict[str, Any], standing: str) -> dict[str, Any]:
        shown["standing"] = standing
        return shown
