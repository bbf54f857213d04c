"""Honest defaults for what scm hears and holds."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from common import ids
from contracts.claims import (
    ClaimApproved,
    ClaimCompleted,
    ClaimLine,
    ClaimWithdrawn,
    ReplacementLine,
    ReplacementStopRequested,
    SettledLine,
)
from contracts.orders import (
    Address,
    CancelledLine,
    OrderCancelled,
    OrderCancelRequested,
    OrderContactRecorded,
    OrderOptionChangeRequested,
    OrderPaid,
    Person,
)
from contracts.products import Part, ProductChanged, Variant
from contracts.shared import OrderLine
from scm.domain.parcel import Packed, Parcel, ParcelStatus
from scm.domain.shipment import Line, Shipment, Stage, Status

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
TOKEN = "a-guest-token"
CJ = "680412345673"
CJ_OTHER = "680412345684"
LOTTE = "240310000011"
A_SKU, B_SKU = "GRANOLA-500", "YOGURT-4"


def a_line(sku: str = A_SKU, quantity: int = 2, line_id: UUID | None = None) -> OrderLine:
    return OrderLine(
        line_id=line_id or ids.new_id(), sku=sku, product_id=ids.new_id(), product_name="그래놀라", quantity=quantity,
        unit_price=5000, amount=5000 * quantity,
    )  # fmt: skip


def an_order_paid(
    order_id: UUID | None = None, lines: tuple[OrderLine, ...] = (), mall_id: str = "intake", placed_at: datetime = NOW
) -> OrderPaid:
    lines = lines or (a_line(), a_line(B_SKU, 1))
    return OrderPaid(
        order_id=order_id or ids.new_id(), order_number="20261120-00000001", mall_id=mall_id, channel="pc",
        currency="KRW", payment_id=ids.new_id(), provider="toss", method="card", lines=lines, shipping_amount=0,
        discount_amount=0, total_amount=sum(line.amount for line in lines), placed_at=placed_at, paid_at=NOW,
    )  # fmt: skip


def a_contact(order_id: UUID, **changes: Any) -> OrderContactRecorded:
    to: dict[str, Any] = {
        "recipient": "김민지", "phone": "010-1234-5678", "zonecode": "06236", "road_address": "서울 강남구 테헤란로 1",
        "detail": "101호",
    }  # fmt: skip
    return OrderContactRecorded(
        order_id=order_id, order_number="20261120-00000001", mall_id="intake",
        orderer=Person(name="김민지", email="minji@example.com", phone="010-1234-5678"),
        ship_to=Address(**(to | changes)), access_token_hash=sha256(TOKEN.encode()).hexdigest(), recorded_at=NOW,
    )  # fmt: skip


def a_product(
    sku: str, *parts: tuple[str, int], release_at: datetime | None = None, at: datetime = NOW
) -> ProductChanged:
    """What catalog tells of a SKU: with `parts` a set, with `release_at` a pre-order."""
    variant = Variant(
        variant_id=ids.new_id(), sku=sku, price=5000, preorder_release_at=release_at,
        parts=tuple(Part(sku=part, quantity=quantity) for part, quantity in parts),
    )  # fmt: skip
    return ProductChanged(
        product_id=ids.new_id(), mall_id="intake", slug=sku.lower(), name=sku, currency="KRW", status="published",
        variants=(variant,), occurred_at=at,
    )  # fmt: skip


def units(*lines: tuple[OrderLine, int]) -> tuple[CancelledLine, ...]:
    return tuple(
        CancelledLine(
            line_id=line.line_id, sku=line.sku, product_id=line.product_id, quantity=quantity, amount=5000 * quantity
        )
        for line, quantity in lines
    )


def a_cancel_request(
    order: OrderPaid, *lines: tuple[OrderLine, int], reason: str = "changed_mind", cancel_id: UUID | None = None
) -> OrderCancelRequested:
    """Without lines: the whole order."""
    return OrderCancelRequested(
        order_id=order.order_id, order_number=order.order_number, mall_id=order.mall_id, channel="pc", currency="KRW",
        cancel_id=cancel_id or ids.new_id(), whole=not lines, reason=reason, requested_at=NOW,
        lines=units(*(lines or tuple((line, line.quantity) for line in order.lines))),
    )  # fmt: skip


def a_cancelled_order(
    order: OrderPaid, *lines: tuple[OrderLine, int], was_paid: bool = True, cancel_id: UUID | None = None
) -> OrderCancelled:
    return OrderCancelled(
        order_id=order.order_id, order_number=order.order_number, mall_id=order.mall_id, channel="pc", currency="KRW",
        cancel_id=cancel_id or ids.new_id(), whole=not lines, was_paid=was_paid, reason="stock_unavailable",
        lines=units(*(lines or tuple((line, line.quantity) for line in order.lines))), refund_amount=1,
        placed_at=NOW, cancelled_at=NOW,
    )  # fmt: skip


def _claim(order: OrderPaid, claim_id: UUID, kind: str) -> dict[str, Any]:
    return {
        "order_id": order.order_id, "order_number": order.order_number, "mall_id": order.mall_id, "channel": "pc",
        "currency": "KRW", "claim_id": claim_id, "kind": kind, "fault": "seller",
    }  # fmt: skip


def _claimed(line: OrderLine) -> dict[str, Any]:
    return {
        "line_id": line.line_id, "sku": line.sku, "product_id": line.product_id, "product_name": line.product_name,
        "quantity": line.quantity,
    }  # fmt: skip


def an_option_wish(
    order: OrderPaid, new_sku: str = "GRANOLA-300", *, change_id: UUID | None = None, **changes: Any
) -> OrderOptionChangeRequested:
    """For all units of the order's first line."""
    line = order.lines[0]
    wish: dict[str, Any] = {
        "order_id": order.order_id, "order_number": order.order_number, "mall_id": order.mall_id, "channel": "pc",
        "currency": "KRW", "change_id": change_id or ids.new_id(), "line_id": line.line_id,
        "product_id": line.product_id, "product_name": line.product_name, "sku": line.sku, "new_sku": new_sku,
        "new_variant_name": "300 g", "quantity": line.quantity, "requested_at": NOW,
    }  # fmt: skip
    return OrderOptionChangeRequested(**(wish | changes))


def a_claim_approved(order: OrderPaid, claim_id: UUID, kind: str = "return") -> ClaimApproved:
    """For all units of the order's first line, as the others."""
    lines = (ClaimLine(**_claimed(order.lines[0])),)
    return ClaimApproved(**_claim(order, claim_id, kind), lines=lines, approved_at=NOW)


def a_claim_withdrawn(order: OrderPaid, claim_id: UUID) -> ClaimWithdrawn:
    lines = (ClaimLine(**_claimed(order.lines[0])),)
    return ClaimWithdrawn(**_claim(order, claim_id, "return"), lines=lines, was_approved=True, withdrawn_at=NOW)


def a_claim_completed(
    order: OrderPaid, claim_id: UUID, kind: str, *, replacement_sku: str | None, resellable: int, missing: int = 0,
    name: str | None = None,
) -> ClaimCompleted:  # fmt: skip
    """`name`: the replacement's."""
    line = SettledLine(
        **_claimed(order.lines[0]), replacement_sku=replacement_sku, replacement_variant_name=name,
        resellable=resellable, damaged=0, missing=missing, amount=0,
    )  # fmt: skip
    return ClaimCompleted(
        **_claim(order, claim_id, kind), lines=(line,), sold_under=(order.order_id,), placed_at=NOW, completed_at=NOW
    )


def an_exchange(order: OrderPaid, claim_id: UUID, sku: str = "A-RED") -> ClaimCompleted:
    """Of all lines of the order, all units came, and go out again as `sku`."""
    lines = tuple(
        SettledLine(**_claimed(line), replacement_sku=sku, resellable=line.quantity, damaged=0, missing=0, amount=0)
        for line in order.lines
    )
    return ClaimCompleted(
        **_claim(order, claim_id, "exchange"), lines=lines, sold_under=(order.order_id,), placed_at=NOW,
        completed_at=NOW,
    )  # fmt: skip


def a_stop_request(
    order: OrderPaid, claim_id: UUID, sku: str = "A-RED", stop_id: UUID | None = None
) -> ReplacementStopRequested:
    """For all units of `an_exchange`."""
    lines = tuple(ReplacementLine(line_id=line.line_id, sku=sku, quantity=line.quantity) for line in order.lines)
    return ReplacementStopRequested(
        order_id=order.order_id, order_number=order.order_number, mall_id=order.mall_id, channel="pc", currency="KRW",
        claim_id=claim_id, stop_id=stop_id or ids.new_id(), lines=lines, requested_at=NOW,
    )  # fmt: skip


def a_shipment(status: Status = Status.REQUESTED) -> Shipment:
    """Two lines, of two units and of one, brought to `status` the plain way."""
    first, second = Line(ids.new_id(), A_SKU, "그래놀라", None, 2), Line(ids.new_id(), B_SKU, "요거트", None, 1)
    shipment = Shipment(
        id=ids.new_id(), order_id=ids.new_id(), order_number="20261120-00000001", mall_id="intake", centre="icheon",
        lines=(first, second), requested_at=NOW,
    )  # fmt: skip
    if status in (Status.ACCEPTED, Status.REJECTED):
        return shipment.to(stage=Stage(status.value))
    if status is Status.CANCELLED:
        return shipment.to(lines=tuple(_with(line, cancelled=line.quantity) for line in shipment.lines))
    if status is Status.PARTLY_SHIPPED:
        parcel = Parcel(ids.new_id(), "cj", CJ, (Packed(first.line_id, first.sku, 2),), NOW)
        lines = (_with(first, shipped=2), second)
        return shipment.to(stage=Stage.ACCEPTED, lines=lines, parcels=(parcel,))
    if status in (Status.SHIPPED, Status.IN_TRANSIT, Status.DELIVERED):
        parcel = Parcel(
            shipment.id, "cj", CJ, shipment.open_units, NOW, ParcelStatus(status.value),
            NOW if status is Status.DELIVERED else None,
        )  # fmt: skip
        lines = tuple(_with(line, shipped=line.quantity) for line in shipment.lines)
        return shipment.to(stage=Stage.ACCEPTED, lines=lines, parcels=(parcel,))
    return shipment


def _with(line: Line, *, cancelled: int = 0, shipped: int = 0) -> Line:
    return Line(line.line_id, line.sku, line.product_name, line.variant_name, line.quantity, cancelled, shipped)
