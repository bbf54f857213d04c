"""Quotes, orders and requests with honest defaults."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from common import ids
from common.money import Money, vat_included
from orders import domain
from orders.commands import (
    ApproveClaim,
    CancelReason,
    ChangeOption,
    ClaimedUnits,
    ClaimKind,
    ClaimReason,
    ClaimTerms,
    CompleteOrder,
    Contact,
    ExpireOrder,
    Found,
    NoteShipment,
    PayOrder,
    RequestCancel,
    RequestClaim,
    SettleCancel,
    SettleClaim,
    SettleOptionChange,
    SettleReplacementStop,
    Units,
)
from orders.domain import Line, Order, Quote, QuoteLine, Status

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=30)
DAY = timedelta(days=1)
PAYMENT = UUID("01900000-0000-7000-8000-0000000000aa")
SHIPMENT = UUID("01900000-0000-7000-8000-0000000000bb")


def a_quote_line(
    sku: str = "GRANOLA-500", *, quantity: int = 1, unit_price: int = 12900, discount: int = 0, tax_free: bool = False
) -> QuoteLine:
    amount = unit_price * quantity - discount
    return QuoteLine(
        line_id=ids.new_id(),
        sku=sku,
        product_id=ids.derived_id("product", sku),
        product_name=f"상품 {sku}",
        variant_name=None,
        category_ids=("food", "breakfast"),
        quantity=quantity,
        unit_price=unit_price,
        discount_amount=discount,
        amount=amount,
        vat_amount=0 if tax_free else vat_included(amount),
        tax_free_amount=amount if tax_free else 0,
    )


def a_quote(*lines: QuoteLine, shipping: int = 3000, cart_id: UUID | None = None, **changes: Any) -> Quote:
    lines = lines or (a_quote_line(), a_quote_line("OAT-1000", quantity=3, unit_price=8000, discount=1000))
    items = sum(line.unit_price * line.quantity for line in lines)
    discount = sum(line.discount_amount for line in lines)
    quote = Quote(
        cart_id=cart_id or ids.new_id(),
        mall_id="intake",
        channel="pc",
        currency="KRW",
        lines=lines,
        items_amount=items,
        discount_amount=discount,
        shipping_amount=shipping,
        shipping_vat_amount=vat_included(shipping),
        total_amount=items - discount + shipping,
    )
    return replace(quote, **changes)


def a_contact() -> Contact:
    return Contact(
        orderer_name="김하늘",
        orderer_email="haneul@example.com",
        orderer_phone="01012345678",
        recipient="박바다",
        phone="01087654321",
        zonecode="06236",
        road_address="서울 강남구 테헤란로 1",
        jibun_address=None,
        detail="101동 1203호",
        memo="문 앞에 놓아 주세요",
    )


def a_body(cart_id: UUID, /, **changes: Any) -> dict[str, Any]:
    body = {
        "cart_id": str(cart_id),
        "orderer": {"name": "김하늘", "email": "haneul@example.com", "phone": "010-1234-5678"},
        "ship_to": {
            "recipient": "박바다",
            "phone": "+82 10-8765-4321",
            "zonecode": "06236",
            "road_address": "서울 강남구 테헤란로 1",
            "detail": "101동 1203호",
            "memo": "문 앞에 놓아 주세요",
        },
    }
    return body | changes


def pays(order: Order, *, payment_id: UUID = PAYMENT, amount: int | None = None, **changes: Any) -> PayOrder:
    money = Money(order.total_amount if amount is None else amount, "KRW")
    command = PayOrder(order.order_id, payment_id, money, "toss", "card", NOW + timedelta(minutes=5))
    return replace(command, **changes)


def ships(order: Order, status: str = "accepted", *, shipped: bool = False, delivered: bool = False) -> NoteShipment:
    at = NOW + timedelta(hours=5)
    return NoteShipment(order.order_id, SHIPMENT, status, shipped, delivered, at, "CJ대한통운", "123456789012")


def cancels(
    order: Order, *lines: tuple[UUID, int], cancel_id: UUID | None = None, reason: CancelReason = "customer_request"
) -> RequestCancel:
    units = tuple(Units(line_id, quantity) for line_id, quantity in lines)
    return RequestCancel(order.order_id, cancel_id or ids.new_id(), reason, "customer", lines=units)


def chooses(order: Order, line: Line | None = None, sku: str = "OTHER", **changes: Any) -> ChangeOption:
    line = line or order.lines[0]
    made = ChangeOption(order.order_id, ids.new_id(), line.line_id, "customer", sku, "다른", line.sku, line.kept)
    return replace(made, **changes)


def decides(
    order: Order, change_id: UUID, *, accepted: bool = True, reason: str = "centre_accepted"
) -> SettleOptionChange:
    return SettleOptionChange(order.order_id, change_id, accepted, None if accepted else reason)


def settles(order: Order, cancel_id: UUID, *, accepted: bool = True, reason: str | None = None) -> SettleCancel:
    return SettleCancel(order.order_id, cancel_id, accepted, reason)


def expires(order: Order) -> ExpireOrder:
    return ExpireOrder(order.order_id, timedelta(minutes=1), DAY)


def completes(order: Order) -> CompleteOrder:
    return CompleteOrder(order.order_id, 7 * DAY)


TERMS = ClaimTerms(
    return_fee_amount=3000,
    outbound_fee_amount=3000,
    free_shipping_from_amount=30000,
    change_of_mind_days=7,
    defect_days=90,
    defect_known_days=30,
)


def claims(
    order: Order,
    *lines: tuple[UUID, int],
    kind: ClaimKind = "return",
    reason: ClaimReason = "change_of_mind",
    claim_id: UUID | None = None,
    **changes: Any,
) -> RequestClaim:
    units = tuple(ClaimedUnits(*line) for line in lines or ((order.lines[0].line_id, 1),))
    made = RequestClaim(order.order_id, claim_id or ids.new_id(), kind, reason, "customer", units, TERMS)
    return replace(made, **changes)


def finds(order: Order, claim_id: UUID, *found: tuple[int, int, int]) -> SettleClaim:
    """Resellable, damaged, missing of each claimed line; left out, all of it can be sold again."""
    units = order.claim(claim_id).units
    found = found or tuple((each.quantity, 0, 0) for each in units)
    told = tuple(Found(each.line_id, *parts) for each, parts in zip(units, found, strict=True))
    return SettleClaim(order.order_id, claim_id, told)


def stops(
    order: Order, claim_id: UUID, *counts: int, accepted: bool = True, stop_id: UUID | None = None, **changes: Any
) -> SettleReplacementStop:
    """The centre's word on what was asked to be stopped. `counts`: of each line of the claim; left out, all of it."""
    claim = order.claim(claim_id)
    taken = counts or tuple(units.stopping for units in claim.units)
    lines = tuple(Units(units.line_id, count) for units, count in zip(claim.units, taken, strict=True) if count)
    stop_id = stop_id or (claim.stop.stop_id if claim.stop else ids.new_id())
    reason = None if accepted else "centre_accepted"
    made = SettleReplacementStop(order.order_id, claim_id, stop_id, accepted, reason, lines if accepted else ())
    return replace(made, **changes)


def an_order(status: Status = Status.PENDING_PAYMENT, quote: Quote | None = None) -> Order:
    """An order that came to its status the ordinary way."""
    placed = domain.place(ids.new_id(), "20261122-00000001", quote or a_quote(), due_at=NOW + WINDOW, now=NOW)
    order = placed.order
    if status is Status.PENDING_PAYMENT:
        return order
    if status is Status.CANCELLED:
        return domain.request_cancel(order, cancels(order), NOW).order
    order = domain.pay(order, pays(order)).order
    steps = {
        Status.PREPARING: ships(order),
        Status.SHIPPED: ships(order, "shipped", shipped=True),
        Status.DELIVERED: ships(order, "delivered", shipped=True, delivered=True),
    }
    for reached, news in steps.items():
        if order.status is status:
            return order
        order = domain.note_shipment(order, news).order
        assert order.status is reached
    if status is Status.COMPLETED:
        order = domain.complete(order, completes(order), NOW + 30 * DAY).order
    if status is Status.RETURNED:
        command = claims(order, *((line.line_id, line.quantity) for line in order.lines if not line.is_gift))
        order = domain.request_claim(order, command, NOW).order
        order = domain.approve_claim(order, ApproveClaim(order.order_id, command.claim_id, "staff:1"), NOW).order
        order = domain.settle_claim(order, finds(order, command.claim_id), NOW).order
    assert order.status is status
    return order
