"""Returns and exchanges on the wire."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictInt

from common.wire import NFC, Body, MallId, MoneyView, Quantity, Sku, View, plain_text
from orders.commands import (
    ClaimedUnits,
    ClaimKind,
    ClaimReason,
    ClaimRefusal,
    ClaimTerms,
    Fault,
    PaidBy,
    RequestClaim,
)
from orders.domain import Claim, ClaimStatus, ClaimUnits, Order, ReplacementStop, exchange_fee

_Fee = Annotated[StrictInt, Field(ge=0, le=1_000_000)]


class ClaimLineBody(Body):
    line_id: UUID
    quantity: Quantity
    replacement_sku: Sku | None = Field(
        default=None,
        description="exchange: another variant of the same product, that costs today no more than was paid for the unit"
        " or than it costs today itself; nothing is paid back for a cheaper one; left out: the same again",
    )
    sku: Sku | None = Field(
        default=None, description="the variant that comes back; needed where exchanges left several of the line"
    )


class ClaimBody(Body):
    """Change of mind: `change_of_mind`, `wrong_choice`. All other reasons are the seller's fault."""

    kind: ClaimKind = Field(examples=["return"])
    reason: ClaimReason = Field(examples=["change_of_mind"])
    lines: Annotated[list[ClaimLineBody], Field(min_length=1, max_length=200)]
    note: Annotated[str, plain_text(500), NFC] | None = Field(default=None, examples=["생각보다 색이 어두워요"])
    noticed_on: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))] | None = Field(
        default=None, description="the day the fault was seen; counts 30 days"
    )
    goodwill: bool = Field(default=False, description="staff: let it in after its time")

    def to_command(self, order_id: UUID, claim_id: UUID, actor: str, terms: ClaimTerms) -> RequestClaim:
        return RequestClaim(
            order_id=order_id,
            claim_id=claim_id,
            kind=self.kind,
            reason=self.reason,
            actor=actor,
            lines=tuple(
                ClaimedUnits(line.line_id, line.quantity, line.replacement_sku, line.sku) for line in self.lines
            ),
            terms=terms,
            note=self.note,
            noticed_on=self.noticed_on,
            goodwill=self.goodwill,
        )


class ApproveBody(Body):
    fault: Fault | None = Field(default=None, description="who bears the shipping; left out: as the reason says")
    fee_paid_by: PaidBy | None = Field(
        default=None, description="how the fee of an exchange was settled; needed where the customer bears it"
    )


class RejectBody(Body):
    reason: ClaimRefusal = Field(examples=["used"])
    note: Annotated[str, plain_text(500), NFC] | None = Field(
        default=None, description="for the customer", examples=["사용 흔적이 있어 반품이 어렵습니다"]
    )


class TermsBody(Body):
    """Fees in whole minor units. Days count from the day of delivery in Seoul; the law's least is kept."""

    return_fee_amount: _Fee = Field(examples=[3000])
    outbound_fee_amount: _Fee = Field(examples=[3000])
    free_shipping_from_amount: Annotated[StrictInt, Field(ge=0, le=1_000_000_000, examples=[30000])]
    change_of_mind_days: Annotated[StrictInt, Field(ge=7, le=365, examples=[7])]
    defect_days: Annotated[StrictInt, Field(ge=90, le=3650, examples=[90])]
    defect_known_days: Annotated[StrictInt, Field(ge=30, le=3650, examples=[30])]

    def to_terms(self) -> ClaimTerms:
        return ClaimTerms(**self.model_dump())


class TermsView(View):
    """The way back costs `return_fee_amount` on a change of mind, an exchange twice that. `outbound_fee_amount` is
    added where sending was free and what is kept would have been less than `free_shipping_from_amount`: of a claim,
    what the cart asked for when it was ordered, and 0 where sending was not free for that."""

    return_fee_amount: int = Field(examples=[3000])
    outbound_fee_amount: int = Field(examples=[3000])
    free_shipping_from_amount: int = Field(examples=[30000])
    change_of_mind_days: int = Field(examples=[7])
    defect_days: int = Field(examples=[90])
    defect_known_days: int = Field(examples=[30])

    @classmethod
    def of(cls, terms: ClaimTerms) -> TermsView:
        return cls(**asdict(terms))


class ClaimLineView(View):
    """What the centre found is 0 until the goods came. `stopped` units of an exchange are paid back, not sent. `amount`
    is the price of what came, or of what was stopped.
    """

    line_id: UUID
    sku: str = Field(examples=["GRANOLA-500"])
    quantity: int = Field(examples=[2])
    replacement_sku: str | None = Field(examples=["GRANOLA-300"])
    replacement_variant_name: str | None = Field(examples=["300 g"])
    resellable: int = Field(examples=[1])
    damaged: int = Field(examples=[0])
    missing: int = Field(examples=[0])
    stopped: int = Field(examples=[0])
    amount: MoneyView

    @classmethod
    def of(cls, units: ClaimUnits, currency: str) -> ClaimLineView:
        return cls(
            line_id=units.line_id,
            sku=units.sku,
            quantity=units.quantity,
            replacement_sku=units.replacement_sku,
            replacement_variant_name=units.replacement_name,
            resellable=units.resellable,
            damaged=units.damaged,
            missing=units.missing,
            stopped=units.stopped,
            amount=MoneyView.of(units.worth.amount, currency),
        )


class ReplacementStopView(View):
    """Whether the centre keeps what an exchange was to send. `refused_because`: a code, such as `already_shipped`."""

    stop_id: UUID
    status: Literal["requested", "accepted", "refused"] = Field(examples=["accepted"])
    refused_because: str | None = Field(examples=[None])

    @classmethod
    def of(cls, stop: ReplacementStop) -> ReplacementStopView:
        return cls(stop_id=stop.stop_id, status=stop.status, refused_because=stop.refused_because)


class ClaimView(View):
    """`refund_amount` is the lines' amounts and `shipping_amount` less `fee_amount`; 0 until a return is completed. The
    fee of an exchange was paid apart, so what is paid back for its stopped units is not less for it.

    `shipping_amount` comes with the last unit, at the seller's fault: the order's fee, and one for the way there that
    an earlier claim was charged. An exchange whose replacement is sold out becomes a return. `fee_due` is what an
    exchange costs: to be paid to the mall's account before it is approved, 0 from then on.
    """

    claim_id: UUID
    kind: ClaimKind
    reason: ClaimReason
    fault: Fault
    status: ClaimStatus
    lines: list[ClaimLineView]
    terms: TermsView
    shipping_amount: MoneyView
    fee_amount: MoneyView
    fee_due: MoneyView
    refund_amount: MoneyView
    refused_because: ClaimRefusal | Literal["goods_missing"] | None
    replacement_stop: ReplacementStopView | None
    requested_at: datetime
    approved_at: datetime | None
    picked_up_at: datetime | None
    settled_at: datetime | None

    @classmethod
    def of(cls, claim: Claim, currency: str) -> ClaimView:
        return cls.model_validate(_fields(claim, currency))


class ClaimsView(View):
    items: list[ClaimView]


class ClaimOfOrderView(ClaimView):
    order_id: UUID
    order_number: str = Field(examples=["20261122-00001234"])
    mall_id: MallId

    @classmethod
    def of_order(cls, order: Order, claim_id: UUID) -> ClaimOfOrderView:
        about = {"order_id": order.order_id, "order_number": order.number, "mall_id": order.mall_id}
        return cls.model_validate(_fields(order.claim(claim_id), order.currency) | about)


def _fields(claim: Claim, currency: str) -> dict[str, object]:
    return {
        "claim_id": claim.claim_id,
        "kind": claim.kind,
        "reason": claim.reason,
        "fault": claim.fault,
        "status": claim.status,
        "lines": [ClaimLineView.of(units, currency) for units in claim.units],
        "terms": TermsView.of(claim.terms),
        "shipping_amount": MoneyView.of(claim.shipping_amount, currency),
        "fee_amount": MoneyView.of(claim.fee_amount, currency),
        "fee_due": MoneyView.of(exchange_fee(claim) if claim.status is ClaimStatus.REQUESTED else 0, currency),
        "refund_amount": MoneyView.of(claim.refund_amount, currency),
        "refused_because": claim.refused_because,
        "replacement_stop": ReplacementStopView.of(claim.stop) if claim.stop else None,
        "requested_at": claim.requested_at,
        "approved_at": claim.approved_at,
        "picked_up_at": claim.picked_up_at,
        "settled_at": claim.settled_at,
    }
