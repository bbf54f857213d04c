"""What a callback is worth before the provider is asked. It never moves money: at most it makes us look."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from payments.domain.payment import Payment
from payments.domain.refund import BY_DEPOSIT
from payments.domain.status import Status

# A callback about a payment we do not have (yet) is judged again for so long.
_EARLY = timedelta(minutes=10)
AMOUNT, UNKNOWN_PAYMENT = "amount_mismatch", "unknown_payment"


class Said(Protocol):
    """What a callback says, as it came or as it was stored."""

    @property
    def provider(self) -> str: ...
    @property
    def order_ref(self) -> str: ...
    @property
    def key(self) -> str | None: ...
    @property
    def amount(self) -> int | None: ...
    @property
    def merchant(self) -> str | None: ...
    @property
    def secret_hash(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status`: received (look at the payment), refused, ignored.

    Received with a reason: we cannot tell yet. The provider is told no, and it is judged again.
    """

    status: str
    reason: str | None = None

    @property
    def accepted(self) -> bool:
        return self.status != "refused" and not (self.status == "received" and self.reason is not None)


def judge(payment: Payment | None, said: Said) -> Verdict:
    if payment is None:
        # A payment is ours before its provider hears of it; but we may be reading a database that lags behind.
        early = payment_id_of(said.order_ref) is not None
        return Verdict("received" if early else "refused", UNKNOWN_PAYMENT)
    wrong = _wrong(payment, said)
    if wrong == AMOUNT and payment.method == BY_DEPOSIT:
        # Customers do pay too little or too much into accounts. Only the provider knows: it is told no, and asked.
        return Verdict("received", wrong)
    if wrong is not None:
        return Verdict("refused", wrong)
    if said.key is not None and payment.key not in (None, said.key) and not payment.key_is_unproven:
        # The customer tried twice in one window; the other try is not this payment.
        return Verdict("ignored", "another_try")
    return Verdict("received")


def _wrong(payment: Payment, said: Said) -> str | None:
    if payment.provider != said.provider:
        return UNKNOWN_PAYMENT
    if said.merchant is not None and payment.merchant and said.merchant != payment.merchant:
        return "merchant_mismatch"
    if said.amount is not None and said.amount != payment.amount:
        return AMOUNT
    if said.secret_hash is not None and not secret_may_be_right(payment, said.secret_hash):
        return "wrong_secret"
    return None


def is_given_up(received_at: datetime, now: datetime) -> bool:
    """Whether a callback about no payment of ours has waited long enough for one."""
    return now >= received_at + _EARLY


def was_wrong(payment: Payment, said: Said, reason: str | None, *, was_odd: bool) -> str | None:
    """What is still wrong with it, now that the provider was asked.

    `was_odd`: its account once held another sum than the payment's. Notices name single deposits, or all that is taken
    back: then none of their sums has to be one we can see now.
    """
    if said.secret_hash is not None and not secret_may_be_right(payment, said.secret_hash):
        return "wrong_secret"
    if reason == AMOUNT and not was_odd and said.amount != payment.deposited:
        return AMOUNT
    return None


def payment_id_of(order_ref: str) -> UUID | None:
    try:
        return UUID(order_ref)
    except ValueError:
        return None


def secret_may_be_right(payment: Payment, secret_hash: bytes) -> bool:
    """A callback can overtake the answer that tells us the secret: then it is compared again once we know it."""
    if payment.secret_hash is None:
        return payment.status in (Status.CREATED, Status.CONFIRMING, Status.UNKNOWN)
    return hmac.compare_digest(payment.secret_hash, secret_hash)
