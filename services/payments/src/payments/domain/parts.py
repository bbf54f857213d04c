"""What a refund consists of: tax-free, VAT, the rest. All refunds of a payment together are exactly its own parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from common.money import VAT_DIVISOR, allocate
from payments.commands import RequestRefund
from payments.domain.payment import Payment
from payments.domain.status import PENDING, RefundStatus

if TYPE_CHECKING:
    from payments.domain.refund import Refund


@dataclass(frozen=True, slots=True)
class Parts:
    """`supply` is what is taxed, without its tax."""

    supply: int
    vat: int
    tax_free: int

    @property
    def taxed(self) -> int:
        return self.supply + self.vat


def parts_of(payment: Payment, refunds: Iterable[Refund], command: RequestRefund) -> Parts:
    """As the asker reckoned them from the lines, as far as they are still there; without word of them, shared out by
    largest remainder over what is left. Whatever the roads there, the refund that empties the payment takes the rest.

    More than is left is refused elsewhere; its parts are of no account.
    """
    left = _left(payment, refunds)
    amount = min(command.amount, left.taxed + left.tax_free)
    if not command.tax_free_amount and not command.vat_amount and amount >= VAT_DIVISOR:
        supply, vat, tax_free = allocate(amount, (left.supply, left.vat, left.tax_free))
        return Parts(supply, vat, tax_free)
    tax_free = _between(amount - left.taxed, command.tax_free_amount, min(amount, left.tax_free))
    taxed = amount - tax_free
    vat = _between(taxed - left.supply, command.vat_amount, min(taxed, left.vat))
    return Parts(taxed - vat, vat, tax_free)


def _left(payment: Payment, refunds: Iterable[Refund]) -> Parts:
    taken = [each for each in refunds if each.status is RefundStatus.DONE or each.status in PENDING]
    whole = max(0, payment.amount - sum(each.amount for each in taken))
    # Refunds of before the parts were kept may have been reckoned otherwise: no part is more than what is left of all.
    tax_free = _between(0, payment.tax_free_amount - sum(each.tax_free_amount for each in taken), whole)
    vat = _between(0, payment.vat_amount - sum(each.vat_amount for each in taken), whole - tax_free)
    return Parts(whole - vat - tax_free, vat, tax_free)


def _between(least: int, wanted: int, most: int) -> int:
    return max(least, min(wanted, most))
