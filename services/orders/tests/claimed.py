"""Orders whose goods came and are claimed: the short ways there that tests of claims share."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.orders.tests.builders import DAY, NOW, an_order, finds, ships

from common import ids
from orders import domain
from orders.commands import ApproveClaim, RequestClaim, Units
from orders.domain import Amounts, Decision, Order, Quote, Status


def delivered(quote: Quote | None = None) -> Order:
    return an_order(Status.DELIVERED, quote)


def approved(order: Order, command: RequestClaim, **told: str) -> Order:
    order = domain.request_claim(order, command, NOW + DAY).order
    told = {"fee_paid_by": "bank_transfer"} | told
    return domain.approve_claim(order, ApproveClaim(order.order_id, command.claim_id, "staff:1", **told), NOW).order


def settled(order: Order, command: RequestClaim, *found: tuple[int, int, int], **told: str) -> Decision:
    order = approved(order, command, **told)
    return domain.settle_claim(order, finds(order, command.claim_id, *found), NOW + 3 * DAY)


def replaced(order: Order, claim_id: UUID, *, at: datetime = NOW + 5 * DAY) -> Order:
    """What was sent for the exchange has come."""
    lines = tuple(Units(units.line_id, units.came) for units in order.claim(claim_id).units)
    came = replace(
        ships(order, "delivered"), shipment_id=ids.derived_id("shipment", str(claim_id)), claim_id=claim_id,
        lines=lines, occurred_at=at,
    )  # fmt: skip
    return domain.note_shipment(order, came).order


def refunds(decision: Decision) -> list[Amounts]:
    return [fact.worth for fact in decision.facts if fact.name == "order-refund-requested"]
