from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StrictInt

from catalog.commands import ApplyCount, HoldStock, Quantities, ReceiveStock
from catalog.domain.reservation import Reservation, Status
from catalog.domain.stock import Level, Reason
from catalog.schemas.fields import Sku
from common.wire import Body, MallId, Quantity, View, plain_text

MAX_UNITS = 10_000_000


class ReservedLine(Body):
    sku: Sku
    quantity: Quantity


class HoldBody(Body):
    """Two lines of one SKU count together."""

    mall_id: MallId
    lines: Annotated[list[ReservedLine], Field(min_length=1, max_length=200)]
    expires_in_seconds: Annotated[StrictInt, Field(ge=1, le=86_400)] = Field(default=1800, examples=[1800])

    def to_command(self, order_id: UUID, now: datetime) -> HoldStock:
        expires_at = now + timedelta(seconds=self.expires_in_seconds)
        return HoldStock(order_id, self.mall_id, _merged(self.lines), expires_at)


class ReservationLineView(View):
    """`returned` of the units were cancelled."""

    sku: Sku
    quantity: int = Field(examples=[2])
    returned: int = Field(examples=[0])


class ReservationView(View):
    order_id: UUID
    status: Status
    expires_at: datetime | None = Field(description="null: without limit, or over")
    lines: list[ReservationLineView]

    @classmethod
    def of(cls, reservation: Reservation) -> Self:
        return cls(
            order_id=reservation.order_id,
            status=reservation.status,
            expires_at=reservation.expires_at,
            lines=[
                ReservationLineView(sku=sku, quantity=line.quantity, returned=line.returned)
                for sku, line in sorted(reservation.lines.items())
            ],
        )

    @classmethod
    def of_nothing(cls, order_id: UUID) -> Self:
        return cls(order_id=order_id, status=Status.RELEASED, expires_at=None, lines=[])


class ReceivedItem(Body):
    sku: Sku
    quantity: Annotated[StrictInt, Field(ge=1, le=MAX_UNITS)] = Field(examples=[100])


class ReceiptBody(Body):
    """Goods that arrived. `reference` names the delivery: it counts once."""

    mall_id: MallId | None = None
    items: Annotated[list[ReceivedItem], Field(min_length=1, max_length=1000)]
    reference: Annotated[str, plain_text(100)] = Field(examples=["delivery-20261122"])

    def to_command(self, receipt_id: UUID) -> ReceiveStock:
        return ReceiveStock(receipt_id, self.reference, self.mall_id, _merged(self.items))


class StockView(View):
    """`available` = `on_hand` - `reserved` + `preorder`, and 0 where a closed pre-order promised more than has come in.

    `sold` units have left `on_hand`; cancelled ones came back. `preorder`: so many may be promised beyond those on
    hand. Of a set: how many can be put together of its parts.
    """

    sku: Sku
    mall_id: MallId
    on_hand: int = Field(examples=[120])
    reserved: int = Field(examples=[3])
    available: int = Field(examples=[117])
    sold: int = Field(examples=[42])
    preorder: int = Field(examples=[0])

    @classmethod
    def of(cls, level: Level) -> Self:
        return cls(
            sku=level.sku,
            mall_id=level.mall_id,
            on_hand=level.on_hand,
            reserved=level.reserved,
            available=level.available,
            sold=level.sold,
            preorder=level.preorder,
        )


class MovementView(View):
    """One change of a SKU's counters. `reference` names the order, receipt or count it came from."""

    delta_on_hand: int = Field(examples=[100])
    delta_reserved: int = Field(examples=[0])
    reason: Reason
    reference: str = Field(examples=["delivery-20261122"])
    at: datetime

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls(**{name: row[name] for name in cls.model_fields})


class ReceiptView(View):
    reference: str = Field(examples=["delivery-20261122"])
    items: list[StockView]


class CountView(View):
    """A physical count beside what the books said at that moment. It has changed nothing yet."""

    count_id: UUID
    sku: Sku
    centre: str = Field(examples=["icheon"])
    counted: int = Field(examples=[118])
    counted_at: datetime
    on_hand_then: int = Field(examples=[120])
    difference: int = Field(examples=[-2])
    status: Literal["open", "applied"]

    @classmethod
    def of(cls, row: Any) -> Self:
        return cls(
            **{name: row[name] for name in cls.model_fields if name != "difference"},
            difference=row["counted"] - row["on_hand_then"],
        )


class ApplyBody(Body):
    """`sold_not_shipped`: how many of the counted units were sold and had not left yet when they were counted."""

    sku: Sku
    sold_not_shipped: Annotated[StrictInt, Field(ge=0, le=MAX_UNITS)] = Field(examples=[2])

    def to_command(self, count_id: UUID, staff: str) -> ApplyCount:
        return ApplyCount(count_id, self.sku, self.sold_not_shipped, staff)


class AppliedView(View):
    difference: int = Field(examples=[-2])
    stock: StockView


class AuditView(View):
    """`wrong` lists SKUs whose counters disagree with their movements or with the reservations. It is empty."""

    on_hand: int = Field(examples=[120])
    reserved: int = Field(examples=[3])
    sold: int = Field(examples=[42])
    reservations: dict[Status, int] = Field(examples=[{"confirmed": 3, "sold": 42}])
    wrong: list[Sku]


def _merged(lines: list[ReservedLine] | list[ReceivedItem]) -> Quantities:
    units: Counter[str] = Counter()
    for line in lines:
        units[line.sku] += line.quantity
    return dict(units)
