"""The claims of an order and their lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables
from orders.commands import ClaimTerms
from orders.domain import Amounts, Claim, ClaimStatus, ClaimUnits, Order, ReplacementStop

_CLAIM = tables.order_claims
_LINE = tables.order_claim_lines
_ORDER_LINE = tables.order_lines


@dataclass(frozen=True, slots=True)
class Search:
    """None means any. `before` is the last claim of the page above, newest first."""

    mall_id: str | None = None
    status: ClaimStatus | None = None
    before: UUID | None = None
    limit: int = 50


async def order_of(connection: AsyncConnection, claim_id: UUID) -> UUID | None:
    """The order of a claim; None where there is no such claim."""
    found: UUID | None = await connection.scalar(select(_CLAIM.c.order_id).where(_CLAIM.c.claim_id == claim_id))
    return found


async def search(connection: AsyncConnection, wanted: Search) -> list[tuple[UUID, UUID]]:
    """Claim and order, newest claim first: ids are UUIDv7, so the newest have the highest."""
    query = select(_CLAIM.c.claim_id, _CLAIM.c.order_id)
    if wanted.mall_id is not None:
        query = query.where(_CLAIM.c.mall_id == wanted.mall_id)
    if wanted.status is not None:
        query = query.where(_CLAIM.c.status == wanted.status.value)
    if wanted.before is not None:
        query = query.where(_CLAIM.c.claim_id < wanted.before)
    rows = await connection.execute(query.order_by(_CLAIM.c.claim_id.desc()).limit(wanted.limit))
    return [(row.claim_id, row.order_id) for row in rows]


async def load(connection: AsyncConnection, order_ids: Sequence[UUID]) -> dict[UUID, list[Claim]]:
    """The claims of each order, oldest first."""
    found: dict[UUID, list[Claim]] = {order_id: [] for order_id in order_ids}
    if not order_ids:
        return found
    rows = (
        await connection.execute(
            select(_CLAIM).where(_CLAIM.c.order_id.in_(order_ids)).order_by(_CLAIM.c.order_id, _CLAIM.c.position)
        )
    ).all()
    if not rows:
        return found
    units: dict[UUID, list[ClaimUnits]] = {row.claim_id: [] for row in rows}
    named = (
        _ORDER_LINE.c.sku,
        _ORDER_LINE.c.product_id,
        _ORDER_LINE.c.product_name,
        _ORDER_LINE.c.variant_name,
        _ORDER_LINE.c.category_ids,
    )
    wanted = (
        select(_LINE, *named)
        .join(
            _ORDER_LINE,
            (_ORDER_LINE.c.order_id == _LINE.c.order_id) & (_ORDER_LINE.c.line_id == _LINE.c.line_id),
        )
        .where(_LINE.c.claim_id.in_(units))
        .order_by(_LINE.c.claim_id, _LINE.c.position)
    )
    for row in await connection.execute(wanted):
        units[row.claim_id].append(_units(row))
    for row in rows:
        found[row.order_id].append(_claim(row, units[row.claim_id]))
    return found


async def save(connection: AsyncConnection, order: Order, before: Sequence[Claim]) -> None:
    """Claims are only ever added at the end or changed in place."""
    for place, claim in enumerate(order.claims):
        if place >= len(before):
            await _insert(connection, order, place, claim)
        elif before[place] != claim:
            await _update(connection, before[place], claim)


async def _insert(connection: AsyncConnection, order: Order, place: int, claim: Claim) -> None:
    fixed = {
        "claim_id": claim.claim_id,
        "order_id": order.order_id,
        "mall_id": order.mall_id,
        "position": place,
        "reason": claim.reason,
        "actor": claim.actor,
        "terms": asdict(claim.terms),
        "requested_at": claim.requested_at,
    }
    await connection.execute(insert(_CLAIM).values(fixed | _changing(claim)))
    lines = [
        {
            "claim_id": claim.claim_id,
            "order_id": order.order_id,
            "line_id": units.line_id,
            "position": number,
            "quantity": units.quantity,
            **_held(order, units),
            **_found(units),
        }
        for number, units in enumerate(claim.units)
    ]
    await connection.execute(insert(_LINE), lines)


async def _update(connection: AsyncConnection, before: Claim, claim: Claim) -> None:
    await connection.execute(update(_CLAIM).where(_CLAIM.c.claim_id == claim.claim_id).values(_changing(claim)))
    for was, units in zip(before.units, claim.units, strict=True):
        if was != units:
            await connection.execute(
                update(_LINE)
                .where(_LINE.c.claim_id == claim.claim_id, _LINE.c.line_id == units.line_id)
                .values(_found(units))
            )


def _changing(claim: Claim) -> dict[str, Any]:
    return {
        "kind": claim.kind,
        "fault": claim.fault,
        "status": claim.status.value,
        "return_fee_amount": claim.return_fee_amount,
        "outbound_fee_amount": claim.outbound_fee_amount,
        "shipping_amount": claim.shipping_amount,
        **_money(claim.worth),
        "refund_amount": claim.refund_amount,
        "refused_because": claim.refused_because,
        "approved_at": claim.approved_at,
        "picked_up_at": claim.picked_up_at,
        "settled_at": claim.settled_at,
        "stop_id": claim.stop.stop_id if claim.stop else None,
        "stop_status": claim.stop.status if claim.stop else None,
        "stop_refused_because": claim.stop.refused_because if claim.stop else None,
    }


def _found(units: ClaimUnits) -> dict[str, Any]:
    return {
        "replacement_sku": units.replacement_sku,
        "replacement_name": units.replacement_name,
        "resellable": units.resellable,
        "damaged": units.damaged,
        "missing": units.missing,
        "stopping": units.stopping,
        "stopped": units.stopped,
        **_money(units.worth),
    }


def _held(order: Order, units: ClaimUnits) -> dict[str, Any]:
    """What comes back where it is not what was bought: an exchange sent it."""
    if units.sku == order.line(units.line_id).sku:
        return {"held_sku": None, "held_name": None}
    return {"held_sku": units.sku, "held_name": units.variant_name}


def _money(worth: Amounts) -> dict[str, int]:
    return {"amount": worth.amount, "vat_amount": worth.vat, "tax_free_amount": worth.tax_free}


def _units(row: Row[Any]) -> ClaimUnits:
    return ClaimUnits(
        line_id=row.line_id,
        sku=row.held_sku or row.sku,
        product_id=row.product_id,
        product_name=row.product_name,
        variant_name=row.held_name if row.held_sku else row.variant_name,
        category_ids=tuple(row.category_ids),
        quantity=row.quantity,
        replacement_sku=row.replacement_sku,
        replacement_name=row.replacement_name,
        resellable=row.resellable,
        damaged=row.damaged,
        missing=row.missing,
        stopping=row.stopping,
        stopped=row.stopped,
        worth=Amounts(row.amount, row.vat_amount, row.tax_free_amount),
    )


def _claim(row: Row[Any], units: list[ClaimUnits]) -> Claim:
    return Claim(
        claim_id=row.claim_id,
        kind=row.kind,
        reason=row.reason,
        fault=row.fault,
        actor=row.actor,
        status=ClaimStatus(row.status),
        units=tuple(units),
        terms=ClaimTerms(**row.terms),
        requested_at=row.requested_at,
        approved_at=row.approved_at,
        picked_up_at=row.picked_up_at,
        settled_at=row.settled_at,
        refused_because=row.refused_because,
        return_fee_amount=row.return_fee_amount,
        outbound_fee_amount=row.outbound_fee_amount,
        shipping_amount=row.shipping_amount,
        worth=Amounts(row.amount, row.vat_amount, row.tax_free_amount),
        refund_amount=row.refund_amount,
        stop=ReplacementStop(row.stop_id, row.stop_status, row.stop_refused_because) if row.stop_id else None,
    )
