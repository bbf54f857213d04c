"""Money in integer minor units. KRW has none, so an amount in KRW is whole won."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

VAT_DIVISOR = 11  # Korean consumer prices include 10 % VAT: the tax is one eleventh of them


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of an ISO 4217 currency. Different currencies never mix."""

    amount: int
    currency: str

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.amount * times, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.amount <= other.amount


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Splits `total` over `weights` by largest remainder: the parts always sum to `total`.

    Equal remainders go to the earlier part. All weights zero: everything goes to the first part. `total` may be
    negative; weights may not.
    """
    if not weights:
        raise ValueError("nothing to allocate over")
    if any(weight < 0 for weight in weights):
        raise ValueError("weights are not negative")
    whole = sum(weights)
    if whole == 0:
        return [total, *[0] * (len(weights) - 1)]
    sign = -1 if total < 0 else 1
    parts = [divmod(abs(total) * weight, whole) for weight in weights]
    left = abs(total) - sum(quotient for quotient, _ in parts)
    by_remainder = sorted(range(len(parts)), key=lambda index: (-parts[index][1], index))
    extra = set(by_remainder[:left])
    return [sign * (quotient + (index in extra)) for index, (quotient, _) in enumerate(parts)]


def vat_included(amount: int) -> int:
    """The VAT inside a taxable amount: amount - round(amount / 1.1), as the Korean providers compute it."""
    supply = (amount * 10 * 2 + VAT_DIVISOR) // (VAT_DIVISOR * 2)
    return amount - supply
