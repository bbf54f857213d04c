"""Cash receipts: what may be asked for, and what has to be done about one. Deposits and transfers count as cash."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from payments import errors
from payments.commands.answers import Receipt, Refused, Unknown
from payments.domain.payment import Payment
from payments.domain.refund import Refund, given_back
from payments.domain.status import HOLDING, LIVE, RefundStatus

CASH = frozenset({"virtual_account", "transfer"})
# Of one who did not ask: the number the tax office has for it (자진발급).
NOBODY = "0100001234"
_PHONE = re.compile(r"01[016789][0-9]{7,8}\Z", re.ASCII)
_CARD = re.compile(r"[0-9]{18}\Z", re.ASCII)  # memory: a cash receipt card of the tax office has 18 digits
_BUSINESS = re.compile(r"[0-9]{10}\Z", re.ASCII)
_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_BACKOFF_SECONDS = (5, 30, 120, 600, 3600)

Type = Literal["income_deduction", "expense_proof"]


class ReceiptStatus(StrEnum):
    WANTED = "wanted"
    ISSUED = "issued"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    NOT_OFFERED = "not_offered"  # the provider issues none; the mall has to do it another way


@dataclass(frozen=True, slots=True)
class CashReceipt:
    """`amount` is what it is issued for now, 0 while it is not. `attempt` counts refusals, `asks` how often the
    provider was asked for what is still open."""

    payment_id: UUID
    type: Type
    identifier: str | None = field(repr=False)
    masked: str
    automatic: bool
    status: ReceiptStatus
    wanted_at: datetime
    amount: int = 0
    attempt: int = 0
    asks: int = 0
    receipt_key: str | None = None
    number: str | None = None
    url: str | None = None
    failure_code: str | None = None
    next_at: datetime | None = None
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """`target` is what the receipt should be for: all that was paid and not given back, in its parts."""

    receipt: CashReceipt
    target: int
    tax_free: int = 0
    vat: int = 0

    @property
    def idempotency_key(self) -> str:
        name = f"receipt-{self.receipt.payment_id}-{self.receipt.attempt}"
        return f"{name}-{self.receipt.amount}-{self.target}" if self.receipt.amount else name


def identifier_of(kind: Type, text: str) -> str:
    """Raises `IdentifierInvalid`. Providers do not compare the type with the number, so we do."""
    digits = text.replace("-", "").replace(" ", "")
    if kind == "income_deduction" and (_PHONE.match(digits) or _CARD.match(digits)):
        return digits
    if kind == "expense_proof" and _BUSINESS.match(digits) and _checks(digits):
        return digits
    raise errors.IdentifierInvalid(
        "a phone number or the tax office's card" if kind == "income_deduction" else "a business number"
    )


def _checks(number: str) -> bool:
    digits = [int(digit) for digit in number]
    total = sum(digit * weight for digit, weight in zip(digits, _WEIGHTS, strict=False)) + digits[8] * 5 // 10
    return (10 - total % 10) % 10 == digits[9]


def wanted(payment: Payment, before: CashReceipt | None, kind: Type, identifier: str, now: datetime) -> CashReceipt:
    """Asked for by the customer; otherwise as long as the provider was not asked, or refused. The same again changes
    nothing. Raises `NoReceipt`, `ReceiptIssued`, `ReceiptUnderWay`."""
    if payment.method not in CASH or payment.status not in LIVE | HOLDING:
        raise errors.NoReceipt("only money paid in cash has a cash receipt", payment_status=payment.status)
    if before is not None and before.status in (ReceiptStatus.ISSUED, ReceiptStatus.CANCELLED):
        raise errors.ReceiptIssued("this payment has its cash receipt")
    if before is not None and before.status is ReceiptStatus.WANTED:
        if (before.type, before.identifier) == (kind, identifier):
            return before
        if before.asks:  # it may be issued, whatever we have heard
            raise errors.ReceiptUnderWay("the receipt asked for before is being issued")
    return CashReceipt(
        payment_id=payment.id,
        type=kind,
        identifier=identifier,
        masked=_masked(identifier),
        automatic=False,
        status=ReceiptStatus.WANTED,
        wanted_at=now,
        attempt=_next_attempt(before),
        next_at=now,
    )


def _next_attempt(before: CashReceipt | None) -> int:
    if before is None:
        return 0
    return before.attempt if before.status is ReceiptStatus.WANTED else before.attempt + 1


def unasked(payment: Payment, now: datetime) -> CashReceipt:
    return replace(wanted(payment, None, "income_deduction", NOBODY, now), automatic=True)


def _masked(identifier: str) -> str:
    return identifier[:3] + "*" * (len(identifier) - 6) + identifier[-3:]


def step(payment: Payment, receipt: CashReceipt, refunds: Sequence[Refund]) -> Step | None:
    """None: it is as it should be, or waits for money."""
    done = [refund for refund in refunds if refund.status is RefundStatus.DONE]
    target = payment.amount - given_back(done) if payment.status in HOLDING else 0
    tax_free = max(0, payment.tax_free_amount - sum(refund.tax_free_amount for refund in done))
    vat = max(0, payment.vat_amount - sum(refund.vat_amount for refund in done))
    to_issue = receipt.status is ReceiptStatus.WANTED and target > 0
    to_take_back = receipt.status is ReceiptStatus.ISSUED and target < receipt.amount
    return Step(receipt, target, min(tax_free, target), min(vat, target)) if to_issue or to_take_back else None


def answered(made: Step, answer: Receipt | Refused | Unknown | None, now: datetime) -> CashReceipt:
    """What becomes of the receipt. None: the provider has no such thing."""
    receipt = made.receipt
    if isinstance(answer, Unknown):
        wait = _BACKOFF_SECONDS[min(receipt.asks, len(_BACKOFF_SECONDS) - 1)]
        return replace(asking(receipt, None), next_at=now + timedelta(seconds=wait))
    if receipt.status is ReceiptStatus.WANTED:
        return _issued(receipt, answer, now)
    if isinstance(answer, Receipt):
        status = ReceiptStatus.ISSUED if made.target else ReceiptStatus.CANCELLED
        return replace(receipt, status=status, amount=made.target, failure_code=None, asks=0, next_at=now)
    # The receipt stands for more than was paid: a person has to see to it.
    return replace(receipt, failure_code=answer.code if answer else "not_offered", next_at=None)


def _issued(receipt: CashReceipt, answer: Receipt | Refused | None, now: datetime) -> CashReceipt:
    """For as much as the provider says: a repeat may show the amount of the request whose answer was lost."""
    over = replace(receipt, identifier=None, next_at=None)
    if isinstance(answer, Receipt):
        return replace(
            over, status=ReceiptStatus.ISSUED, amount=answer.amount, receipt_key=answer.key, number=answer.number,
            url=answer.url, issued_at=now, failure_code=None, asks=0, next_at=now,
        )  # fmt: skip
    if answer is None:
        return replace(over, status=ReceiptStatus.NOT_OFFERED)
    return replace(over, status=ReceiptStatus.REFUSED, failure_code=answer.code)


def asking(receipt: CashReceipt, until: datetime | None) -> CashReceipt:
    """The provider is asked now; should its answer be lost, again after `until`."""
    return replace(receipt, asks=receipt.asks + 1, next_at=until)


def at_rest(receipt: CashReceipt) -> CashReceipt:
    """Until money moves again."""
    return replace(receipt, next_at=None)
