"""What happened, for those who listen. `events` turns these into contracts."""

from __future__ import annotations

from dataclasses import dataclass

from payments.domain.payment import Payment
from payments.domain.refund import Refund


@dataclass(frozen=True, slots=True)
class AccountIssued:
    payment: Payment


@dataclass(frozen=True, slots=True)
class MoneyReceived:
    payment: Payment


@dataclass(frozen=True, slots=True)
class Failed:
    payment: Payment


@dataclass(frozen=True, slots=True)
class Expired:
    payment: Payment


@dataclass(frozen=True, slots=True)
class DepositTakenBack:
    payment: Payment


@dataclass(frozen=True, slots=True)
class Refunded:
    """`refunded` is all that has gone back so far, this refund included."""

    payment: Payment
    refund: Refund
    refunded: int


@dataclass(frozen=True, slots=True)
class AccountNeeded:
    """`again`: the account named before was wrong."""

    payment: Payment
    refund: Refund
    again: bool


@dataclass(frozen=True, slots=True)
class RefundTurnedDown:
    """`still_owed`: the customer has to get it by another way."""

    payment: Payment
    refund: Refund
    still_owed: bool


@dataclass(frozen=True, slots=True)
class DepositDiffers:
    payment: Payment


@dataclass(frozen=True, slots=True)
class SurplusSentBack:
    payment: Payment
    amount: int


OfDeposit = DepositTakenBack | DepositDiffers | SurplusSentBack
OfPayment = AccountIssued | MoneyReceived | Failed | Expired | OfDeposit
OfRefund = Refunded | AccountNeeded | RefundTurnedDown
Fact = OfPayment | OfRefund
