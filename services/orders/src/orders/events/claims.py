"""What other services are told of returns and exchanges."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from contracts.claims import (
    ClaimApproved,
    ClaimCompleted,
    ClaimLine,
    ClaimRejected,
    ClaimRequested,
    ClaimWithdrawn,
    ReplacementLine,
    ReplacementStopped,
    ReplacementStopRequested,
    SettledLine,
    StoppedLine,
)
from contracts.envelope import Event
from orders.domain import Claim, ClaimUnits, Fact, Order, claim_facts
from orders.events.orders import about, by_shelf


def event_of(order: Order, fact: Fact, now: datetime) -> Event | None:
    """None for what only belongs to the story."""
    event: Event | None = None
    match fact:
        case claim_facts.ClaimRequested(claim=claim):
            event = ClaimRequested(**_about(order, claim), reason=claim.reason, requested_at=claim.requested_at)
        case claim_facts.ClaimApproved(claim=claim):
            event = ClaimApproved(**_about(order, claim), approved_at=claim.approved_at or now)
        case claim_facts.ClaimRejected(claim=claim):
            event = ClaimRejected(
                **_about(order, claim),
                reason=claim.refused_because or "other",
                was_approved=claim.was_approved,
                rejected_at=claim.settled_at or now,
            )
        case claim_facts.ClaimWithdrawn(claim=claim):
            event = ClaimWithdrawn(
                **_about(order, claim), was_approved=claim.was_approved, withdrawn_at=claim.settled_at or now
            )
        case claim_facts.ClaimCompleted():
            event = _completed(order, fact, now)
        case claim_facts.ReplacementStopRequested():
            event = _stop_requested(order, fact, now)
        case claim_facts.ReplacementStopped():
            event = _stopped(order, fact)
        case _:
            pass
    return event


def _completed(order: Order, fact: claim_facts.ClaimCompleted, now: datetime) -> Event:
    claim = fact.claim
    lines = tuple(
        SettledLine(
            **_line(units),
            resellable=units.resellable,
            damaged=units.damaged,
            missing=units.missing,
            amount=units.worth.amount,
            bought_sku=order.line(units.line_id).sku,
        )
        for units in claim.units
    )
    return ClaimCompleted(
        **_about(order, claim) | {"lines": lines},
        shipping_amount=claim.shipping_amount,
        fee_amount=claim.fee_amount,
        refund_amount=claim.refund_amount,
        sold_under=fact.sold_under,
        whole=fact.whole,
        placed_at=order.placed_at,
        completed_at=claim.settled_at or now,
    )


def _stop_requested(order: Order, fact: claim_facts.ReplacementStopRequested, now: datetime) -> Event:
    lines = tuple(
        ReplacementLine(line_id=units.line_id, sku=units.instead, quantity=units.stopping)
        for units in fact.claim.units
        if units.stopping
    )
    return ReplacementStopRequested(
        **about(order), claim_id=fact.claim.claim_id, stop_id=fact.stop_id, lines=lines, requested_at=now
    )


def _stopped(order: Order, fact: claim_facts.ReplacementStopped) -> Event:
    lines = tuple(
        StoppedLine(
            line_id=units.line_id,
            sku=units.instead,
            bought_sku=order.line(units.line_id).sku,
            product_id=units.product_id,
            product_name=units.product_name,
            variant_name=units.instead_name,
            category_ids=units.category_ids,
            quantity=units.stopped,
            resellable=min(units.stopped, units.resellable),
            amount=units.worth.amount,
        )
        for units in fact.claim.units
        if units.stopped
    )
    return ReplacementStopped(
        **about(order),
        claim_id=fact.claim.claim_id,
        stop_id=fact.stop_id,
        lines=lines,
        short=by_shelf(fact.short),
        shipping_amount=fact.claim.shipping_amount,
        refund_amount=fact.claim.refund_amount,
        whole=fact.whole,
        sold_under=fact.sold_under,
        placed_at=order.placed_at,
        stopped_at=fact.stopped_at,
    )


def _about(order: Order, claim: Claim) -> dict[str, Any]:
    return {
        **about(order),
        "claim_id": claim.claim_id,
        "kind": claim.kind,
        "fault": claim.fault,
        "lines": tuple(ClaimLine(**_line(units)) for units in claim.units),
    }


def _line(units: ClaimUnits) -> dict[str, Any]:
    return {
        "line_id": units.line_id,
        "sku": units.sku,
        "product_id": units.product_id,
        "product_name": units.product_name,
        "variant_name": units.variant_name,
        "category_ids": units.category_ids,
        "quantity": units.quantity,
        "replacement_sku": units.replacement_sku,
        "replacement_variant_name": units.replacement_name,
    }
