"""The port to payment providers. A provider is one package beside this file, one settings class, one line in main.

Every call returns a value: what the provider showed, its refusal, or `Unknown` for a timeout, a broken connection or a
5xx. Nothing here raises for trouble on the way. Only `parse_callback` may refuse, with `CallbackUnreadable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from payments.commands.answers import Missing, Redirect, RefundAccount, Refused, Seen, Unknown
from payments.domain.payment import Payment


@dataclass(frozen=True, slots=True)
class Terms:
    """What opening needs besides the payment. `customer_name` goes to the provider only."""

    customer_name: str = field(repr=False)
    bank: str | None
    success_url: str
    fail_url: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give `amount` back; None calls off an account nobody has paid into.

    `balance` is what the provider must still hold for this to be carried out: the guard against paying twice.
    """

    note: str
    amount: int | None = None
    tax_free_amount: int = 0
    balance: int | None = None
    idempotency_key: str | None = None
    account: RefundAccount | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A callback, read. `document` is what may be kept of it: no card, no name, no secret."""

    dedup_key: str
    kind: str
    order_ref: str
    document: dict[str, Any]
    key: str | None = None
    amount: int | None = None
    secret: str | None = field(default=None, repr=False)
    about_payment: bool = True


class PaymentGateway(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def merchant(self) -> str:
        """Who we are to the provider; empty when answers are not to be compared with it."""

    @property
    def methods(self) -> frozenset[str]: ...

    @property
    def currencies(self) -> frozenset[str]: ...

    def bank_code(self, bank: str) -> str | None:
        """The provider's code of a bank given by code or name."""

    async def prepare(self, payment: Payment, terms: Terms) -> Redirect | Seen | Refused | Unknown:
        """Opens the payment; again for one already opened shows the same."""

    async def confirm(self, payment: Payment) -> Seen | Refused | Unknown:
        """Takes the money; again for one already taken shows the same.

        A refusal of the key named, rather than of the try to take money with it, has the hint KEY.
        """

    async def get(self, payment: Payment) -> Seen | Missing | Unknown: ...

    async def cancel(self, payment: Payment, cancel: Cancel) -> Seen | Refused | Unknown: ...

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Raises `CallbackUnreadable`."""


Gateways = Mapping[str, PaymentGateway]
