"""The port to payment providers. A provider is one file or package beside this one, one settings class, one field.

Every call returns a value: what the provider showed, its refusal, or `Unknown` for a timeout, a broken connection or a
5xx. Nothing here raises for trouble on the way. Only what comes in from outside may be refused by raising:
`ReturnUnreadable`, `CallbackUnreadable`, `CallbackForged`; and `NotOffered` where a provider has no such thing.
docs/providers.md tells how to add one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from payments import errors
from payments.commands.answers import Missing, Receipt, Redirect, RefundAccount, Refused, Seen, Unknown
from payments.domain.patience import Waits
from payments.domain.payment import Payment

_MOST = 2**63 - 1
Device = Literal["pc", "mobile"]
ReceiptType = Literal["income_deduction", "expense_proof"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What opening needs besides the payment. `customer_name` goes to the provider only.

    `return_url`: the browser comes back here, by GET or POST. `window_url` serves what `window` gives.
    `notice_url`: where this provider may call back about payments of this mall.
    """

    customer_name: str = field(repr=False)
    bank: str | None
    return_url: str
    fail_url: str
    window_url: str
    notice_url: str
    device: Device = "pc"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of ours that leads to the provider: its form or its script. Everything in it is escaped."""

    html: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the browser brought back. `key`: the provider's name of this try; None if it has one only once it has taken
    the money. `order_ref` and `amount` are compared with our rows when given.

    `grant` is what `confirm` needs: stored sealed with the try, erased when it ends.
    """

    key: str | None
    order_ref: str | None = None
    amount: int | None = None
    grant: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Cancel:
    """Give `amount` back; None calls off an account nobody has paid into.

    `balance` is what the provider must still hold for this to be carried out: the guard against paying twice.
    `tax_free_amount` and `vat_amount` are the parts of `amount`; without a `vat_amount` the provider reckons it.
    """

    note: str
    amount: int | None = None
    tax_free_amount: int = 0
    balance: int | None = None
    idempotency_key: str | None = None
    account: RefundAccount | None = None
    vat_amount: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A callback, read. `document` is what may be kept of it in the open: no card, no name, no secret.

    `key`, `amount` and `merchant` are compared with our rows when given. `about_payment=False`: kept and left alone.
    `may_recur`: the provider gives callbacks no names, so the same words may be about something new. They are a repeat
    only as long as nobody has begun to act on those that came before.
    """

    dedup_key: str
    kind: str
    order_ref: str
    document: dict[str, Any]
    key: str | None = None
    amount: int | None = None
    secret: str | None = field(default=None, repr=False)
    about_payment: bool = True
    merchant: str | None = None
    may_recur: bool = False

    def __post_init__(self) -> None:
        """Raises `CallbackUnreadable`: no provider takes such a sum, and our books have no room for it."""
        if self.amount is not None and not 0 <= self.amount <= _MOST:
            raise errors.CallbackUnreadable("the callback names a sum that cannot be")


@dataclass(frozen=True, slots=True)
class SettledRow:
    """One line of the provider's own account of a day.

    `amount` is above zero in both kinds. `fee` is what the provider keeps, VAT included, below zero when it gives a fee
    back. `payout` is what it adds to what it pays us for this line: `amount - fee` of a payment, `-amount - fee` of a
    cancel. `reference` is the provider's name of a cancel, as in `Return.reference`.
    """

    kind: Literal["payment", "cancel"]
    key: str
    order_ref: str | None
    amount: int
    fee: int
    payout: int
    reference: str | None = None
    currency: str = "KRW"
    pays_out_on: date | None = None


@dataclass(frozen=True, slots=True)
class ReceiptOrder:
    """A cash receipt to issue. `identifier`, a phone, tax office card or business number, is personal."""

    type: ReceiptType
    identifier: str = field(repr=False)
    amount: int
    tax_free_amount: int
    vat_amount: int
    idempotency_key: str


CallbackAnswer = tuple[int, str, bytes]
ACCEPTED: CallbackAnswer = (200, "application/json", b'{"status":"ok"}')
REFUSED: CallbackAnswer = (
    403,
    "application/problem+json",
    (
        b'{"type":"urn:shop:problem:callback.refused","title":"Forbidden","status":403,"code":"callback.refused",'
        b'"detail":"nothing in it is believed"}'
    ),
)


class PaymentGateway(Protocol):
    """A provider, as one merchant of it sees it."""

    @property
    def name(self) -> str: ...

    @property
    def merchant(self) -> str:
        """Who we are to the provider; empty when answers are not to be compared with it."""

    @property
    def methods(self) -> frozenset[str]: ...

    @property
    def currencies(self) -> frozenset[str]: ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Networks (CIDR) callbacks must come from; empty: any."""

    @property
    def waits(self) -> Waits:
        """How long its own timeouts let it take at most: from its settings, and nobody else's."""

    def bank_code(self, bank: str) -> str | None:
        """The provider's code of a bank given by code or name."""

    async def prepare(self, payment: Payment, terms: Terms) -> Redirect | Seen | Refused | Unknown:
        """Opens the payment; again for one already opened shows the same."""

    def window(self, payment: Payment, terms: Terms) -> Page | None:
        """The page behind `terms.window_url`; None if the provider's window has an address of its own."""

    def read_return(self, payment: Payment, fields: Mapping[str, str]) -> Agreed | Refused:
        """What the browser brought back. Raises `ReturnUnreadable`.

        Refused: the customer gave up, or the provider says no. Anybody can open that address, so it is looked up.
        """

    async def confirm(self, payment: Payment, grant: Mapping[str, str]) -> Seen | Refused | Unknown:
        """Takes the money; again for one already taken shows the same.

        A refusal of the key or the grant named, rather than of the try to take money with it, has the hint KEY. Where
        the provider has a net cancel, it is used before Unknown or Refused is said.
        """

    async def get(self, payment: Payment) -> Seen | Missing | Unknown: ...

    async def cancel(self, payment: Payment, cancel: Cancel) -> Seen | Refused | Unknown: ...

    def parse_callback(self, kind: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Raises `CallbackUnreadable`; `CallbackForged` for a bad signature or one too old.

        `kind` is the last part of the callback's path after the provider, "" without one. It may be a mall's id.
        """

    def callback_answer(self, *, accepted: bool) -> CallbackAnswer:
        """Status, media type and body."""

    async def settlements(self, day: date) -> Sequence[SettledRow] | Unknown:
        """The provider's own list of what it took and gave back on a day (Korean time). Raises `NotOffered`."""

    async def issue_cash_receipt(self, payment: Payment, order: ReceiptOrder) -> Receipt | Refused | Unknown:
        """Once per idempotency key. Raises `NotOffered`."""

    async def cancel_cash_receipt(
        self, payment: Payment, key: str, amount: int, idempotency_key: str
    ) -> Receipt | Refused | Unknown:
        """Takes `amount` off a receipt. Raises `NotOffered`."""
