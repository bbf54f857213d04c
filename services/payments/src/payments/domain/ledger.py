"""Double entry. A posting above zero is a debit, below zero a credit; the postings of a journal sum to zero.

`provider_receivable:<provider>` is what the provider holds for us, `customer_payments` what orders have been paid,
`refunds_payable` what we have promised back. `provider_surplus:<provider>` is what it holds beyond any order,
`surplus_owed` what of that its customers have to get, and `bank_transfers` what we sent customers from our own bank.
Nothing is ever changed or deleted: a mistake is posted the other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from payments.domain.payment import Payment
from payments.domain.refund import Refund

if TYPE_CHECKING:
    from payments.domain.deposit import Transfer

CUSTOMER_PAYMENTS = "customer_payments"
REFUNDS_PAYABLE = "refunds_payable"
SURPLUS_OWED = "surplus_owed"
BANK_TRANSFERS = "bank_transfers"


def provider_receivable(provider: str) -> str:
    return f"provider_receivable:{provider}"


def provider_surplus(provider: str) -> str:
    return f"provider_surplus:{provider}"


@dataclass(frozen=True, slots=True)
class Posting:
    account: str
    amount: int


@dataclass(frozen=True, slots=True)
class Journal:
    """One movement of money. `ref` names it for ever: the same movement cannot be posted twice."""

    ref: str
    kind: str
    payment_id: UUID
    order_id: UUID
    currency: str
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        if len(self.postings) < 2 or sum(posting.amount for posting in self.postings) != 0:
            raise ValueError(f"{self.ref} is not balanced")


def received(payment: Payment) -> Journal:
    """The provider holds the customer's money."""
    return _move(
        payment, "received", f"received:{payment.id}:{payment.confirmations}",
        debit=provider_receivable(payment.provider), credit=CUSTOMER_PAYMENTS, amount=payment.amount,
    )  # fmt: skip


def deposit_reversed(payment: Payment) -> Journal:
    """The bank took the deposit back. Refunds promised from it are dropped before."""
    return _move(
        payment, "deposit_reversed", f"deposit_reversed:{payment.id}:{payment.confirmations}",
        debit=CUSTOMER_PAYMENTS, credit=provider_receivable(payment.provider), amount=payment.amount,
    )  # fmt: skip


def refund_owed(payment: Payment, refund: Refund) -> Journal:
    return _move(
        payment, "refund_owed", f"refund_owed:{refund.id}",
        debit=CUSTOMER_PAYMENTS, credit=REFUNDS_PAYABLE, amount=refund.amount,
    )  # fmt: skip


def refund_paid(payment: Payment, refund: Refund) -> Journal:
    return _move(
        payment, "refund_paid", f"refund_paid:{refund.id}",
        debit=REFUNDS_PAYABLE, credit=provider_receivable(payment.provider), amount=refund.amount,
    )  # fmt: skip


def refund_by_hand(payment: Payment, refund: Refund) -> Journal:
    """Sent from our own bank account, after its promise was dropped: what the provider holds of it, it owes us."""
    return _move(
        payment, "refund_by_hand", f"refund_by_hand:{refund.id}",
        debit=CUSTOMER_PAYMENTS, credit=BANK_TRANSFERS, amount=refund.amount,
    )  # fmt: skip


def refund_found(payment: Payment, refund: Refund) -> Journal:
    """Given back at the provider's console, after its promise was dropped."""
    return _move(
        payment, "refund_found", f"refund_found:{refund.id}",
        debit=CUSTOMER_PAYMENTS, credit=provider_receivable(payment.provider), amount=refund.amount,
    )  # fmt: skip


def refund_dropped(payment: Payment, refund: Refund) -> Journal:
    """The promise could not be kept: the money belongs to the order again."""
    return _move(
        payment, "refund_dropped", f"refund_dropped:{refund.id}",
        debit=REFUNDS_PAYABLE, credit=CUSTOMER_PAYMENTS, amount=refund.amount,
    )  # fmt: skip


def surplus_counted(payment: Payment, delta: int) -> Journal:
    """More or less lies in the account than was known, and no order claims it. Call before the payment is saved."""
    held, owed = provider_surplus(payment.provider), SURPLUS_OWED
    kind, debit, credit = ("surplus_received", held, owed) if delta > 0 else ("surplus_dropped", owed, held)
    ref = f"{kind}:{payment.id}:{payment.version}"
    return _move(payment, kind, ref, debit=debit, credit=credit, amount=abs(delta))


def surplus_returned(payment: Payment, transfer: Transfer) -> Journal:
    """Sent from our own bank account: what the provider holds of it, it still owes us."""
    return _move(
        payment, "surplus_returned", f"surplus_returned:{payment.id}:{transfer.reference}",
        debit=SURPLUS_OWED, credit=BANK_TRANSFERS, amount=transfer.amount,
    )  # fmt: skip


def _move(payment: Payment, kind: str, ref: str, *, debit: str, credit: str, amount: int) -> Journal:
    return Journal(
        ref=ref,
        kind=kind,
        payment_id=payment.id,
        order_id=payment.order_id,
        currency=payment.currency,
        postings=(Posting(debit, amount), Posting(credit, -amount)),
    )
