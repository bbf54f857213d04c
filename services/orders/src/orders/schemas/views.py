"""Answers. Only `OrderDetailView` holds personal data: the others are remembered with their Idempotency-Key."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from common.wire import MoneyView, View
from orders.commands import ChargeFor, PaidBy
from orders.domain import Cancel, CancelStatus, Line, OptionStatus, Order, Promotion, Status, units_of
from orders.domain.parcels import Progress
from orders.repository.contacts import StoredContact
from orders.schemas.claims import ClaimView


class OptionChangeView(View):
    """Another option that was asked for. While it is `requested` the line is still what its `sku` says."""

    change_id: UUID
    sku: str = Field(examples=["GRANOLA-300"])
    variant_name: str | None = Field(examples=["300 g"])
    from_sku: str = Field(examples=["GRANOLA-500"])
    quantity: int = Field(examples=[2])
    status: OptionStatus
    refused_because: str | None = Field(examples=["centre_accepted"])
    requested_at: datetime
    settled_at: datetime | None

    @classmethod
    def last_of(cls, line: Line, order: Order) -> OptionChangeView | None:
        asked = [change for change in order.option_changes if change.line_id == line.line_id]
        if not asked:
            return None
        last = asked[-1]
        return cls(
            change_id=last.change_id,
            sku=last.new_sku,
            variant_name=last.new_variant_name,
            from_sku=last.sku,
            quantity=last.quantity,
            status=last.status,
            refused_because=last.refused_because,
            requested_at=last.requested_at,
            settled_at=last.settled_at,
        )


class LineView(View):
    """`amount` is owed for the whole line, VAT included. `cancelling_quantity` waits for the logistics centre,
    `claiming_quantity` for the end of a return or an exchange. A gift was given for the lines `gift_of`, or for all.
    """

    line_id: UUID
    sku: str = Field(examples=["GRANOLA-500"])
    product_id: UUID
    product_name: str = Field(examples=["유기농 그래놀라"])
    variant_name: str | None = Field(examples=["500 g"])
    quantity: int = Field(examples=[2])
    cancelled_quantity: int = Field(examples=[0])
    cancelling_quantity: int = Field(examples=[0])
    claiming_quantity: int = Field(examples=[0])
    returned_quantity: int = Field(examples=[0])
    shipped_quantity: int = Field(examples=[0])
    delivered_quantity: int = Field(examples=[0])
    kind: Literal["item", "gift"]
    gift_of: list[UUID]
    option_change: OptionChangeView | None = Field(default=None, description="the last one that was asked for")
    unit_price: MoneyView
    discount_amount: MoneyView
    amount: MoneyView

    @classmethod
    def of(cls, line: Line, order: Order) -> LineView:
        currency = order.currency
        return cls(
            line_id=line.line_id,
            sku=line.sku,
            product_id=line.product_id,
            product_name=line.product_name,
            variant_name=line.variant_name,
            quantity=line.quantity,
            cancelled_quantity=line.cancelled,
            cancelling_quantity=line.cancelling,
            claiming_quantity=line.claiming,
            returned_quantity=line.returned,
            shipped_quantity=units_of(order.parcels, line.line_id, delivered=False),
            delivered_quantity=units_of(order.parcels, line.line_id, delivered=True),
            kind="gift" if line.is_gift else "item",
            gift_of=list(line.gift_of),
            option_change=OptionChangeView.last_of(line, order),
            unit_price=MoneyView.of(line.unit_price, currency),
            discount_amount=MoneyView.of(line.discount_amount, currency),
            amount=MoneyView.of(line.amount, currency),
        )


class CancelLineView(View):
    line_id: UUID
    sku: str = Field(examples=["GRANOLA-500"])
    quantity: int = Field(examples=[2])
    amount: MoneyView


class CancelView(View):
    """`refund_amount` is what goes back, shipping in it; 0 until the cancel is accepted."""

    cancel_id: UUID
    status: CancelStatus
    reason: str = Field(examples=["다른 색으로 다시 주문할게요"])
    lines: list[CancelLineView]
    shipping_amount: MoneyView
    refund_amount: MoneyView
    refused_because: str | None = Field(examples=["already_shipped"])
    requested_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, cancel: Cancel, currency: str) -> CancelView:
        return cls(
            cancel_id=cancel.cancel_id,
            status=cancel.status,
            reason=cancel.reason,
            lines=[
                CancelLineView(
                    line_id=units.line_id,
                    sku=units.sku,
                    quantity=units.quantity,
                    amount=MoneyView.of(units.worth.amount, currency),
                )
                for units in cancel.units
            ],
            shipping_amount=MoneyView.of(cancel.shipping_amount, currency),
            refund_amount=MoneyView.of(cancel.refund_amount, currency),
            refused_because=cancel.refused_because,
            requested_at=cancel.requested_at,
            settled_at=cancel.settled_at,
        )


class PaymentView(View):
    """`deposit_reversed_at`: the bank took the deposit back."""

    payment_id: UUID
    provider: str = Field(examples=["toss"])
    method: str = Field(examples=["card"])
    amount: MoneyView
    paid_at: datetime
    deposit_reversed_at: datetime | None


class PromotionView(View):
    """What a promotion took off. The lines' discounts have it in them already."""

    promotion_id: str = Field(examples=["01980000-0000-7000-8000-000000000000"])
    label: str = Field(examples=["봄맞이 10%"])
    amount: MoneyView

    @classmethod
    def of(cls, promotion: Promotion, currency: str) -> PromotionView:
        return cls(
            promotion_id=promotion.promotion_id,
            label=promotion.label,
            amount=MoneyView.of(promotion.amount, currency),
        )


class AttentionView(View):
    """Something about the order's money that waits for somebody: `refund_account_needed` for its customer, to be named
    at payments; `deposit_short` for the rest of a deposit; `surplus_owed` and `refund_refused` for staff."""

    what: str = Field(examples=["refund_account_needed"])
    payment_id: UUID
    amount: MoneyView
    since: datetime


class ChargeView(View):
    """What was paid to the mall's own account apart from the order. `owed` must go back, `returned` did."""

    what: ChargeFor
    subject: UUID = Field(description="the claim or the address change it is for")
    amount: MoneyView
    paid_by: PaidBy
    status: Literal["kept", "owed", "returned"]
    since: datetime


class OrderView(View):
    id: UUID
    order_number: str = Field(examples=["20261122-00001234"])
    mall_id: str = Field(examples=["intake"])
    channel: str = Field(examples=["pc"])
    status: Status
    progress: Progress = Field(
        description="how far the parcels are; the status is `shipped` and `delivered` when all of them are"
    )
    lines: list[LineView]
    items_amount: MoneyView
    discount_amount: MoneyView
    shipping_amount: MoneyView
    total_amount: MoneyView
    refunded_amount: MoneyView
    payment: PaymentView | None
    cancels: list[CancelView]
    claims: list[ClaimView]
    promotions: list[PromotionView]
    surcharge_amount: MoneyView = Field(description="for a far address; in shipping_amount")
    shipping_discount_amount: MoneyView = Field(description="what sending would have cost more")
    payment_attention: list[AttentionView] = Field(default_factory=list)
    charges: list[ChargeView] = Field(default_factory=list)
    placed_at: datetime
    payment_due_at: datetime
    delivered_at: datetime | None
    completed_at: datetime | None
    returned_at: datetime | None = Field(default=None, description="when nothing that was bought was left of it")
    cancelled_at: datetime | None

    @classmethod
    def of(cls, order: Order, **more: object) -> Self:
        currency = order.currency
        fields = {
            "id": order.order_id,
            "order_number": order.number,
            "mall_id": order.mall_id,
            "channel": order.channel,
            "status": order.status,
            "progress": order.progress,
            "lines": [LineView.of(line, order) for line in order.lines],
            "items_amount": MoneyView.of(order.items_amount, currency),
            "discount_amount": MoneyView.of(order.discount_amount, currency),
            "shipping_amount": MoneyView.of(order.shipping_amount, currency),
            "total_amount": MoneyView.of(order.total_amount, currency),
            "refunded_amount": MoneyView.of(order.refunded_amount, currency),
            "payment": _payment(order),
            "cancels": [CancelView.of(cancel, currency) for cancel in order.cancels],
            "claims": [ClaimView.of(claim, currency) for claim in order.claims],
            "promotions": [PromotionView.of(promotion, currency) for promotion in order.promotions],
            "surcharge_amount": MoneyView.of(order.surcharge_amount, currency),
            "shipping_discount_amount": MoneyView.of(order.shipping_discount_amount, currency),
            "payment_attention": [
                AttentionView(
                    what=known.what,
                    payment_id=known.payment_id,
                    amount=MoneyView.of(known.amount, currency),
                    since=known.since,
                )
                for known in order.troubles
                if not known.over
            ],
            "charges": [
                ChargeView(
                    what=charge.what,
                    subject=charge.subject,
                    amount=MoneyView.of(charge.amount, currency),
                    paid_by=charge.paid_by,
                    status=charge.status,
                    since=charge.since,
                )
                for charge in order.charges
            ],
            "placed_at": order.placed_at,
            "payment_due_at": order.payment_due_at,
            "delivered_at": order.delivered_at,
            "completed_at": order.completed_at,
            "returned_at": order.returned_at,
            "cancelled_at": order.cancelled_at,
        }
        return cls.model_validate(fields | more)


class PlacedOrderView(OrderView):
    """`token` goes in the header X-Order-Token of every later request about this order."""

    token: str = Field(examples=["kx3VqZ0m9cT1uY7wLr5eBg"])


class PersonView(View):
    name: str = Field(examples=["김하늘"])
    email: str = Field(examples=["haneul@example.com"])
    phone: str = Field(examples=["010-1234-5678"])


class AddressView(View):
    recipient: str = Field(examples=["김하늘"])
    phone: str = Field(examples=["010-1234-5678"])
    zonecode: str = Field(examples=["06236"])
    road_address: str = Field(examples=["서울 강남구 테헤란로 1"])
    jibun_address: str | None = Field(examples=["서울 강남구 역삼동 1"])
    detail: str = Field(examples=["101동 1203호"])
    memo: str | None = Field(examples=["문 앞에 놓아 주세요"])


class AddressChangeView(View):
    """The centre is asked. The order's story tells what it answered."""

    change_id: UUID


class OrderDetailView(OrderView):
    """The order and whose it is. Both are null once the personal data was erased."""

    orderer: PersonView | None
    ship_to: AddressView | None
    address_changes_pending: int = Field(description="addresses that were asked for and not decided yet", examples=[0])
    cancel_notes: dict[str, str] = Field(
        description="what the customer wrote, by cancel_id",
        examples=[{"01980000-0000-7000-8000-000000000000": "다른 색으로 다시 주문할게요"}],
    )
    claim_notes: dict[str, dict[str, str]] = Field(
        description="by claim_id: what `customer` and `staff` wrote",
        examples=[{"01980000-0000-7000-8000-000000000000": {"customer": "생각보다 색이 어두워요"}}],
    )

    @classmethod
    def with_contact(cls, order: Order, stored: StoredContact | None) -> OrderDetailView:
        if stored is None:
            return cls.of(order, orderer=None, ship_to=None, address_changes_pending=0, cancel_notes={}, claim_notes={})
        contact = stored.contact
        orderer = PersonView(name=contact.orderer_name, email=contact.orderer_email, phone=contact.orderer_phone)
        ship_to = AddressView(
            recipient=contact.recipient,
            phone=contact.phone,
            zonecode=contact.zonecode,
            road_address=contact.road_address,
            jibun_address=contact.jibun_address,
            detail=contact.detail,
            memo=contact.memo,
        )
        return cls.of(
            order,
            orderer=orderer,
            ship_to=ship_to,
            address_changes_pending=len(stored.address_changes),
            cancel_notes=stored.cancel_notes,
            claim_notes=stored.claim_notes,
        )


def _payment(order: Order) -> PaymentView | None:
    paid = order.payment
    if paid is None:
        return None
    return PaymentView(
        payment_id=paid.payment_id,
        provider=paid.provider,
        method=paid.method,
        amount=MoneyView.of(paid.amount, order.currency),
        paid_at=paid.paid_at,
        deposit_reversed_at=paid.reversed_at,
    )
