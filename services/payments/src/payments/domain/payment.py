"""One try to pay an order, from the customer's choice of a method to money held. What the provider says is judged in
`observation`; money going back in `refund`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from payments import errors
from payments.commands import ConfirmPayment, OpenPayment
from payments.commands.answers import Account, Redirect
from payments.domain.status import HOLDING, LIVE, Status, check_move

if TYPE_CHECKING:
    from payments.domain.facts import Fact
    from payments.domain.ledger import Journal
    from payments.domain.refund import Refund


# The money came, and what did not go back is still there.
HELD = HOLDING | {Status.REFUNDED}


@dataclass(frozen=True, slots=True)
class Payment:
    """`key` is the provider's name for it. `closing`: nobody wants it any more, but the provider must be asked first.

    `attention` names what a person has to look at. `version` counts the saves, `confirmations` how often money came,
    `tries` how often somebody named a key to confirm with. `prepared_key` is the key the provider named before the
    customer agreed. `grant_hash` names the return that was or is being tried. `surplus` is what was paid into its
    account and belongs to no order, `surplus_returned` how much of that was sent back. `window_until`: of a provider
    whose window takes the money by itself, until when it may, though we gave the payment up.
    """

    id: UUID
    order_id: UUID
    order_number: str
    mall_id: str
    currency: str
    amount: int
    tax_free_amount: int
    provider: str
    merchant: str
    method: str
    order_name: str
    owner_hash: bytes = field(repr=False)
    due_at: datetime
    created_at: datetime
    vat_amount: int = 0
    return_url: str | None = None
    status: Status = Status.CREATED
    version: int = 0
    key: str | None = None
    prepared_key: str | None = None
    grant_hash: bytes | None = field(default=None, repr=False)
    redirect_url: str | None = None
    account: Account | None = None
    secret_hash: bytes | None = field(default=None, repr=False)
    closing: bool = False
    closed_reason: str | None = None
    failure_code: str | None = None
    failure_reason: str | None = None
    receipt_url: str | None = None
    attention: str | None = None
    confirmations: int = 0
    tries: int = 0
    confirmed_at: datetime | None = None
    surplus: int = 0
    surplus_returned: int = 0
    window_until: datetime | None = None

    @property
    def returnable(self) -> int:
        """What of the surplus the customer has to get back. None while the account waits for the rest."""
        return 0 if self.status in LIVE else self.surplus - self.surplus_returned

    @property
    def deposited(self) -> int:
        """All that lies in the account, as far as we know."""
        return self.surplus + (self.amount if self.status in HELD else 0)

    @property
    def order_ref(self) -> str:
        """What the provider calls our order: one per try, so a try is never mistaken for another."""
        return str(self.id)

    @property
    def key_is_unproven(self) -> bool:
        """Somebody named the key, and the provider has not said yet whether it belongs here."""
        return self.status in (Status.CONFIRMING, Status.UNKNOWN)

    def to(self, status: Status, **changes: Any) -> Payment:
        """Raises `IllegalMove` for a move the table does not have."""
        check_move(self.status, status)
        return replace(self, status=status, **changes)


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows. `settled=False`: nothing could be concluded, ask again later."""

    payment: Payment
    facts: tuple[Fact, ...] = ()
    journals: tuple[Journal, ...] = ()
    refunds: tuple[Refund, ...] = ()
    settled: bool = True


def new(command: OpenPayment, now: datetime) -> Payment:
    return Payment(
        id=command.payment_id,
        order_id=command.order_id,
        order_number=command.order_number,
        mall_id=command.mall_id,
        currency=command.currency,
        amount=command.amount,
        tax_free_amount=command.tax_free_amount,
        vat_amount=command.vat_amount,
        provider=command.provider,
        merchant=command.merchant,
        method=command.method,
        order_name=command.order_name,
        owner_hash=command.owner_hash,
        due_at=command.due_at,
        created_at=now,
        return_url=command.return_url,
    )


def make_room(others: Sequence[Payment]) -> list[Payment]:
    """What becomes of the order's other payments when a new try starts. Raises when one of them may be paying it.

    An open window is given up: no confirmation is taken for it any more, and see `_given_up`.
    """
    closed = []
    for other in others:
        if other.confirmed_at is not None and other.status not in (Status.REFUNDED, Status.REVERSED):
            raise errors.AlreadyPaid("this order is paid", payment_id=str(other.id))
        if other.status is Status.OPEN:
            closed.append(_given_up(other, "replaced"))
        elif other.status in LIVE:
            raise errors.AlreadyOpen(
                "another payment of this order is under way", payment_id=str(other.id), payment_status=other.status
            )
    return closed


def opened(payment: Payment, redirect: Redirect) -> Decision:
    """The provider's window is ready. Of a payment that went on or was closed meanwhile nothing changes."""
    if payment.status is not Status.CREATED:
        return Decision(payment)
    if payment.closing:
        return Decision(payment.to(Status.CANCELLED, closing=False))
    return Decision(payment.to(Status.OPEN, redirect_url=redirect.url, key=redirect.key, prepared_key=redirect.key))


def confirm(payment: Payment, command: ConfirmPayment, *, order_is_paid: bool) -> Decision:
    """Lets the provider be asked to take the money. A repeat of a confirmation already under way changes nothing."""
    if command.order_ref not in (None, payment.order_ref):
        raise errors.OrderMismatch("the provider's order id is not this payment's")
    if command.amount not in (None, payment.amount):
        raise errors.AmountMismatch("this is not the amount of the payment")
    if payment.prepared_key is not None and command.key != payment.prepared_key:
        raise errors.KeyRefused("this is not the payment the provider opened")
    if payment.status is Status.OPEN:
        if order_is_paid:
            raise errors.AlreadyPaid("this order is paid by another payment")
        return Decision(
            payment.to(Status.CONFIRMING, key=command.key, grant_hash=command.grant_hash, tries=payment.tries + 1)
        )
    same_try = _is_same_try(payment, command)
    if payment.key_is_unproven and not same_try:
        raise errors.ConfirmBusy("another confirmation of this payment is under way: try again in a moment")
    if not same_try or payment.status in (Status.CANCELLED, Status.EXPIRED, Status.FAILED):
        raise errors.NotOpen(
            "this payment cannot be confirmed any more",
            payment_status=payment.status,
            reason=payment.closed_reason or payment.failure_code,
        )
    return Decision(payment)


def _is_same_try(payment: Payment, command: ConfirmPayment) -> bool:
    """By the grant where there is one: of some providers every try has the same key, or none before it took money."""
    if payment.grant_hash is not None or command.grant_hash is not None:
        return payment.grant_hash == command.grant_hash
    return payment.key == command.key


def released(payment: Payment) -> Decision:
    """The key named is not this payment's: it is let go, and the customer's own can still come. Nobody else is told."""
    if payment.closing:
        let_go = replace(payment, key=payment.prepared_key, grant_hash=None)
        return Decision(_given_up(let_go, payment.closed_reason or "let_go"))
    return Decision(payment.to(Status.OPEN, key=payment.prepared_key, grant_hash=None))


def _given_up(payment: Payment, reason: str) -> Payment:
    """A window that takes the money by itself may have, or may yet: the provider is asked until it no longer can."""
    return payment.to(Status.CANCELLED, closed_reason=reason, closing=payment.window_until is not None)


def close(payment: Payment, reason: str) -> Decision:
    """Nobody wants this payment any more. What the provider may still turn into money is closed there first."""
    if payment.status is Status.OPEN:
        return Decision(_given_up(payment, reason))
    if (payment.status in LIVE or payment.status is Status.REVERSED) and not payment.closing:
        return Decision(replace(payment, closing=True, closed_reason=reason))
    return Decision(payment)


def ask_at(payment: Payment, now: datetime, *, patience: timedelta) -> datetime | None:
    """When the provider should be asked by itself. `patience`: how long a request of ours may take at most."""
    match payment.status:
        case Status.CREATED | Status.CONFIRMING:
            return now + patience
        case Status.UNKNOWN:
            return now + timedelta(seconds=2)
        case Status.OPEN:
            return payment.due_at
        case Status.WAITING if not payment.closing:
            return payment.due_at
        case _:
            return now if payment.closing else None
