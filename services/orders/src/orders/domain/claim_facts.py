"""What happened to a claim on an order. See `facts`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from orders.commands import ShelfUnits
from orders.domain.claim import Claim
from orders.domain.facts import Fact, not_there


@dataclass(frozen=True, slots=True)
class ClaimRequested(Fact):
    name: ClassVar[str] = "claim-requested"
    claim: Claim

    @property
    def story(self) -> str:
        return f"{_what(self.claim)} was asked for ({self.claim.reason}); {self.claim.fault} bears the shipping"


@dataclass(frozen=True, slots=True)
class ClaimApproved(Fact):
    name: ClassVar[str] = "claim-approved"
    claim: Claim

    @property
    def story(self) -> str:
        return f"{_what(self.claim)} was approved, {self.claim.fault} bears the shipping; the goods are fetched"


@dataclass(frozen=True, slots=True)
class ClaimRejected(Fact):
    name: ClassVar[str] = "claim-rejected"
    claim: Claim

    @property
    def story(self) -> str:
        return f"{_what(self.claim)} was rejected: {self.claim.refused_because}"


@dataclass(frozen=True, slots=True)
class ClaimWithdrawn(Fact):
    name: ClassVar[str] = "claim-withdrawn"
    claim: Claim

    @property
    def story(self) -> str:
        return f"{_what(self.claim)} was withdrawn"


@dataclass(frozen=True, slots=True)
class ReturnPickedUp(Fact):
    name: ClassVar[str] = "return-picked-up"
    claim_id: UUID
    carrier: str | None
    waybill: str | None

    @property
    def story(self) -> str:
        by = f" with {self.carrier} {self.waybill or ''}".rstrip() if self.carrier else ""
        return f"the goods of the claim are on their way back{by}"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.claim_id}"


@dataclass(frozen=True, slots=True)
class ReturnUnexpected(Fact):
    """Goods of a claim that is over: a person must look, and make a claim of it or send them back."""

    name: ClassVar[str] = "return-unexpected"
    claim_id: UUID
    status: str

    @property
    def story(self) -> str:
        return f"goods came back although their claim was {self.status}: staff must act"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.claim_id}"


@dataclass(frozen=True, slots=True)
class ReplacementMissing(Fact):
    name: ClassVar[str] = "claim-replacement-missing"
    claim_id: UUID
    skus: tuple[str, ...]
    too_late: bool

    @property
    def story(self) -> str:
        then = (
            "but the exchange is completed: staff may have it paid back instead"
            if self.too_late
            else "the money goes back instead"
        )
        return f"{', '.join(self.skus)} cannot be sent in exchange: sold out; {then}"

    @property
    def once(self) -> str:
        return f"{self.name}:{self.claim_id}"


@dataclass(frozen=True, slots=True)
class ClaimCompleted(Fact):
    """`sold_under`: the reservations its units were sold under, the order's first. `whole`: the order is returned."""

    name: ClassVar[str] = "claim-completed"
    claim: Claim
    currency: str
    sold_under: tuple[UUID, ...]
    whole: bool

    @property
    def story(self) -> str:
        claim = self.claim
        found = ", ".join(
            f"{units.sku}: {units.resellable} whole, {units.damaged} damaged, {units.missing} missing"
            for units in claim.units
        )
        if claim.kind == "exchange":
            return f"exchanged ({found}); the replacements are sent"
        fee = f" after {claim.fee_amount} for shipping" if claim.fee_amount else ""
        money = f"{claim.refund_amount} {self.currency} go back{fee}" if claim.refund_amount else "no money goes back"
        rest = "; nothing that was bought is left" if self.whole else ""
        return f"returned ({found}); {money}{rest}"


@dataclass(frozen=True, slots=True)
class _StopFact(Fact):
    claim: Claim
    stop_id: UUID

    @property
    def once(self) -> str:
        return f"{self.name}:{self.stop_id}"


@dataclass(frozen=True, slots=True)
class ReplacementStopRequested(_StopFact):
    name: ClassVar[str] = "replacement-stop-requested"

    @property
    def story(self) -> str:
        units = ", ".join(f"{each.stopping} × {each.instead}" for each in self.claim.units if each.stopping)
        return f"{units} of the exchange are to be paid back instead; the centre is asked whether they can be stopped"


@dataclass(frozen=True, slots=True)
class ReplacementStopRefused(_StopFact):
    name: ClassVar[str] = "replacement-stop-refused"

    @property
    def story(self) -> str:
        why = self.claim.stop.refused_because if self.claim.stop else None
        return f"what the exchange sends was not stopped: {why or 'no reason given'}"


@dataclass(frozen=True, slots=True)
class ReplacementStopped(_StopFact):
    """`whole`: nothing that was bought is left of the order. `sold_under`: as of a claim that is completed."""

    name: ClassVar[str] = "replacement-stopped"
    currency: str
    stopped_at: datetime
    whole: bool
    sold_under: tuple[UUID, ...]
    short: tuple[ShelfUnits, ...] = ()

    @property
    def story(self) -> str:
        units = ", ".join(f"{each.stopped} × {each.instead}" for each in self.claim.units if each.stopped)
        refund = self.claim.refund_amount
        money = f"{refund} {self.currency} go back" if refund else "no money goes back"
        rest = "; nothing that was bought is left" if self.whole else ""
        return f"{units} are not sent in exchange; {money}{not_there(self.short)}{rest}"


def _what(claim: Claim) -> str:
    units = ", ".join(f"{units.quantity} × {units.sku}" for units in claim.units)
    return f"the {claim.kind} of {units}"
