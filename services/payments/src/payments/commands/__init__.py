"""Everything that can be asked of payments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from payments.commands.answers import Answer, RefundAccount


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """Start paying an order. `payment_id` is the same at every try of one request."""

    payment_id: UUID
    order_id: UUID
    order_number: str
    mall_id: str
    currency: str
    amount: int
    tax_free_amount: int
    vat_amount: int
    provider: str
    merchant: str
    method: str
    order_name: str
    owner_hash: bytes
    return_url: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ConfirmPayment:
    """What the provider's return carries. Compared with our rows, where it names it, before the provider is asked.

    `grant` is what the provider wants to see again; `grant_hash` tells one try from another, None for an empty grant.
    """

    payment_id: UUID
    key: str | None
    order_ref: str | None
    amount: int | None
    grant: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def grant_hash(self) -> bytes | None:
        if not self.grant:
            return None
        return hashlib.sha256(json.dumps(dict(self.grant), sort_keys=True).encode()).digest()


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """What the provider said. Counts only if the payment is still at `version`, the one that was asked about."""

    payment_id: UUID
    version: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class CloseOrder:
    """The order wants no money any more: whatever of its payments is still open is closed."""

    order_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class RequestRefund:
    """`paid_at`: when the money that is meant came; None where the asker does not say."""

    refund_id: UUID
    payment_id: UUID
    order_id: UUID
    amount: int
    tax_free_amount: int
    reason: str
    vat_amount: int = 0
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BeginRefund:
    """Work on a refund that is due: send it, or ask what became of it."""

    refund_id: UUID


@dataclass(frozen=True, slots=True)
class RecordRefund:
    """What the provider said to a refund. `asked`: it was only looked up, not sent.

    `account_given_at`: when the account that was sent along was named.
    """

    refund_id: UUID
    attempt: int
    answer: Answer
    asked: bool
    account_given_at: datetime | None


@dataclass(frozen=True, slots=True)
class GiveRefundAccount:
    payment_id: UUID
    account: RefundAccount


@dataclass(frozen=True, slots=True)
class ReturnSurplus:
    """Staff sent so much of what nobody's order claims back to the customer, from the mall's own bank account."""

    payment_id: UUID
    amount: int
    reference: str
    transferred_on: date
    by: str


@dataclass(frozen=True, slots=True)
class PayRefundByHand:
    """Staff sent a refund that the provider refused from the mall's own bank account. `amount` is all of it."""

    payment_id: UUID
    refund_id: UUID
    amount: int
    reference: str
    transferred_on: date
    by: str


@dataclass(frozen=True, slots=True)
class FindRefund:
    """Staff gave a refund back at the provider's console. `reference` is what the provider calls that return."""

    payment_id: UUID
    refund_id: UUID
    reference: str
    by: str


@dataclass(frozen=True, slots=True)
class TakeCallback:
    """A provider's callback as it arrived. A hint: the provider is asked before we act.

    `document` is what of it may be read by people, `body` all of it, kept sealed. `source` is the address it came from.
    `may_recur`: the same words later may be about something new.
    """

    provider: str
    dedup_key: str
    kind: str
    order_ref: str
    key: str | None
    amount: int | None
    secret_hash: bytes | None
    body_digest: bytes
    document: dict[str, Any] = field(repr=False)
    merchant: str | None = None
    source: str = ""
    body: bytes = field(default=b"", repr=False)
    may_recur: bool = False
