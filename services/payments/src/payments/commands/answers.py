"""What a provider can answer, in our words. A timeout or a 5xx is `Unknown`: a value, never an exception or a guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """Where a payment stands at its provider."""

    NOT_STARTED = "not_started"  # shown to the customer at most; no money has moved
    WAITING = "waiting"  # an account was issued, nobody has paid into it
    PAID = "paid"
    PARTLY_RETURNED = "partly_returned"
    RETURNED = "returned"  # all of it, or it was called off before anybody paid
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Account:
    """The account to pay into. `due_at`: the last moment the bank takes the deposit."""

    bank_code: str
    bank_name: str
    number: str
    holder: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Return:
    """Money given back by the provider. `note` is the text we sent along; `done` whether it is final."""

    reference: str
    amount: int
    note: str
    done: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment as its provider shows it. `order_ref` is our name for it there, `key` the provider's own.

    `deposited` is what was paid into its account, where the provider tells; None where it takes the exact amount only.
    """

    order_ref: str
    key: str
    merchant: str
    currency: str
    amount: int
    balance: int
    standing: Standing
    account: Account | None = None
    secret: str | None = field(default=None, repr=False)
    receipt_url: str | None = None
    failure_code: str | None = None
    failure_reason: str | None = None
    returns: tuple[Return, ...] = ()
    deposited: int | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """The customer goes on at the provider's window. `key`: the provider's name of it, if it has one before the
    customer agrees (a tid, a payment id we chose); no return may then name another."""

    url: str
    key: str | None = None


class Hint(StrEnum):
    """What a refusal asks of us."""

    FINAL = "final"
    LATER = "later"  # the same request may pass in a moment; this one had no effect
    ASK = "ask"  # the provider knows something we do not: look before doing anything
    ACCOUNT = "account"  # the account to refund to is missing or wrong
    KEY = "key"  # the key named is not known there, or not as this payment's: nobody tried to take money with it
    UNREAD = "unread"  # our own credentials were refused: the request itself was not looked at


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider said no, and nothing happened there."""

    code: str
    reason: str
    hint: Hint = Hint.FINAL


@dataclass(frozen=True, slots=True)
class Missing:
    """The provider knows no such payment."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have happened."""

    why: str


Answer = Redirect | Seen | Refused | Missing | Unknown


@dataclass(frozen=True, slots=True)
class Receipt:
    """A cash receipt (현금영수증) as its provider issued it. `key` cancels it, `number` is the tax office's."""

    key: str
    number: str | None
    url: str | None
    amount: int


@dataclass(frozen=True, slots=True)
class RefundAccount:
    """Where a customer wants the money of a deposit back. Personal: sealed at rest, erased after use, never logged."""

    bank: str
    number: str = field(repr=False)
    holder: str = field(repr=False)
