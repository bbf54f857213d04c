"""What a callback is worth before the provider is asked. It never moves money: at most it makes us look."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from payments.commands import TakeCallback
from payments.domain.payment import Payment
from payments.domain.status import Status


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status`: received (look at the payment), refused, ignored."""

    status: str
    reason: str | None = None


def judge(payment: Payment | None, command: TakeCallback) -> Verdict:
    if payment is None or payment.provider != command.provider:
        return Verdict("refused", "unknown_payment")
    if command.amount is not None and command.amount != payment.amount:
        return Verdict("refused", "amount_mismatch")
    if command.secret_hash is not None and not secret_may_be_right(payment, command.secret_hash):
        return Verdict("refused", "wrong_secret")
    if command.key is not None and payment.key not in (None, command.key) and not payment.key_is_unproven:
        # The customer tried twice in one window; the other try is not this payment.
        return Verdict("ignored", "another_try")
    return Verdict("received")


def secret_may_be_right(payment: Payment, secret_hash: bytes) -> bool:
    """A callback can overtake the answer that tells us the secret: then it is compared again once we know it."""
    if payment.secret_hash is None:
        return payment.status in (Status.CREATED, Status.CONFIRMING, Status.UNKNOWN)
    return hmac.compare_digest(payment.secret_hash, secret_hash)
