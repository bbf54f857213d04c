"""How long a request of ours is left alone before its provider is asked what became of it.

Each provider has its own: one that must be given a minute to cancel does not make the others wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from payments.domain.payment import Payment


@dataclass(frozen=True, slots=True)
class Waits:
    """The longest an adapter may be at one of our requests, the timeouts of all its calls together.

    `paying`: to open or to confirm. `giving_back`: to refund, with the look-ups before and after it.
    `lingers`: of a provider whose window takes the money by itself, how long after it was opened it still may.
    """

    paying: timedelta = timedelta(0)
    giving_back: timedelta = timedelta(0)
    lingers: timedelta | None = None

    @classmethod
    def seconds(cls, *, paying: float, giving_back: float, lingers: float | None = None) -> Waits:
        after = None if lingers is None else timedelta(seconds=lingers)
        return cls(timedelta(seconds=paying), timedelta(seconds=giving_back), after)

    def longer(self, other: Waits) -> Waits:
        lingers = max((each for each in (self.lingers, other.lingers) if each is not None), default=None)
        return Waits(max(self.paying, other.paying), max(self.giving_back, other.giving_back), lingers)


@dataclass(frozen=True, slots=True)
class Patience:
    """`margin`: between a provider's last answer and our record of it. `waits` by provider."""

    margin: timedelta
    waits: Mapping[str, Waits] = field(default_factory=dict)

    def paying(self, payment: Payment) -> timedelta:
        """From then on a confirmation without a record was cut off."""
        return self.margin + self.waits.get(payment.provider, Waits()).paying

    def giving_back(self, payment: Payment) -> timedelta:
        return self.margin + self.waits.get(payment.provider, Waits()).giving_back

    def window_until(self, payment: Payment) -> datetime | None:
        """Until when the payment's window, given up or not, may take money; None where it takes none by itself."""
        lingers = self.waits.get(payment.provider, Waits()).lingers
        return None if lingers is None else payment.created_at + lingers
