"""Request bodies. What a Korean phone number or postcode looks like is known here and nowhere further in."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from common.money import Money
from common.wire import NFC, Body, MoneyView, Quantity, Sku, plain_text
from orders.commands import CancelReason, Contact, PaidBy, PlaceOrder, RequestCancel, ShipTo, Units

_PHONE_NOISE = re.compile(r"[\s().\-]")
# 02-123-4567 to 010-1234-5678, and the eight digits of a company's number (1588-1234).
_KOREAN_PHONE = re.compile(r"^(0\d{8,10}|1\d{7})$")
_FOREIGN_PHONE = re.compile(r"^\+[1-9]\d{6,14}$")
_EMAIL = r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f.]+$"


def normal_phone(written: str) -> str:
    """Digits alone for a Korean number, `+` and digits for any other. Raises ValueError for what cannot be dialled."""
    phone = _PHONE_NOISE.sub("", written)
    if phone.startswith("+82"):
        phone = "0" + phone[3:].removeprefix("0")
    if not (_KOREAN_PHONE.match(phone) or _FOREIGN_PHONE.match(phone)) or not phone.isascii():
        raise ValueError("not a phone number: Korean digits, or + and the country code")
    return phone


Phone = Annotated[str, StringConstraints(max_length=30), AfterValidator(normal_phone)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=_EMAIL), NFC]


class OrdererBody(Body):
    name: Annotated[str, plain_text(50), NFC] = Field(examples=["김하늘"])
    email: Email = Field(examples=["haneul@example.com"])
    phone: Phone = Field(examples=["010-1234-5678"])


class ShipToBody(Body):
    recipient: Annotated[str, plain_text(50), NFC] = Field(examples=["김하늘"])
    phone: Phone = Field(examples=["010-1234-5678"])
    zonecode: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")] = Field(examples=["06236"])
    road_address: Annotated[str, plain_text(200), NFC] = Field(examples=["서울 강남구 테헤란로 1"])
    jibun_address: Annotated[str, plain_text(200), NFC] | None = Field(default=None, examples=["서울 강남구 역삼동 1"])
    detail: Annotated[str, plain_text(200), NFC] = Field(examples=["101동 1203호"])
    memo: Annotated[str, plain_text(200), NFC] | None = Field(default=None, examples=["문 앞에 놓아 주세요"])

    def to_ship_to(self) -> ShipTo:
        return ShipTo(**self.model_dump(include=set(ShipTo.__dataclass_fields__)))


class MoveBody(ShipToBody):
    surcharge_paid_by: PaidBy | None = Field(
        default=None, description="staff: how what a farther place costs more was settled"
    )


class OrderBody(Body):
    """`expected_total`: what the customer was shown. If the cart costs something else by now, nothing is ordered."""

    cart_id: UUID
    orderer: OrdererBody
    ship_to: ShipToBody
    expected_total: MoneyView | None = None

    def to_command(self, order_id: UUID, cart_token: str) -> PlaceOrder:
        to = self.ship_to
        contact = Contact(
            orderer_name=self.orderer.name,
            orderer_email=self.orderer.email,
            orderer_phone=self.orderer.phone,
            recipient=to.recipient,
            phone=to.phone,
            zonecode=to.zonecode,
            road_address=to.road_address,
            jibun_address=to.jibun_address,
            detail=to.detail,
            memo=to.memo,
        )
        expected: Money | None = Money(**self.expected_total.model_dump()) if self.expected_total else None
        return PlaceOrder(order_id, self.cart_id, cart_token, contact, expected)


class OptionBody(Body):
    """`sku`: another variant of the line's product."""

    sku: Sku = Field(examples=["GRANOLA-300"])


class CancelLineBody(Body):
    line_id: UUID
    quantity: Quantity


class CancelBody(Body):
    """Without `lines` everything still open is cancelled."""

    reason: Annotated[str, plain_text(200), NFC] = Field(examples=["다른 색으로 다시 주문할게요"])
    lines: Annotated[list[CancelLineBody], Field(min_length=1, max_length=200)] | None = None

    def to_command(self, order_id: UUID, cancel_id: UUID, reason: CancelReason, actor: str) -> RequestCancel:
        lines = tuple(Units(line.line_id, line.quantity) for line in self.lines or ())
        return RequestCancel(order_id, cancel_id, reason, actor, note=self.reason, lines=lines)
