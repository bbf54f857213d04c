"""What staff ask and read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from common.clock import SEOUL
from common.wire import Body, MoneyView, View
from stats.domain import figures
from stats.domain.periods import Span
from stats.handlers import Heard, Question


class FiguresView(View):
    """Goods after discounts, VAT included, without shipping.

    `orders`, `quantity`, `gross_amount`: what was paid for in the period. `cancelled_*`: what was cancelled after
    payment in the period, whenever it had been sold. Per SKU, a line that became another option leaves the figures of
    the one and joins those of the other when it changed, so they may be negative in a period. `net_amount` = gross -
    cancelled, and may be negative.
    `refunded_amount`: money sent back in the period, shipping included; told with dimension `mall` only.
    """

    orders: int = Field(examples=[1])
    quantity: int = Field(examples=[2])
    gross_amount: MoneyView
    cancelled_quantity: int = Field(examples=[0])
    cancelled_amount: MoneyView
    net_quantity: int = Field(examples=[2])
    net_amount: MoneyView
    refunded_amount: MoneyView | None

    @classmethod
    def values(cls, found: figures.Figures, currency: str) -> dict[str, Any]:
        return {
            "orders": found.orders,
            "quantity": found.quantity,
            "gross_amount": MoneyView.of(found.gross_amount, currency),
            "cancelled_quantity": found.cancelled_quantity,
            "cancelled_amount": MoneyView.of(found.cancelled_amount, currency),
            "net_quantity": found.net_quantity,
            "net_amount": MoneyView.of(found.net_amount, currency),
            "refunded_amount": (
                None if found.refunded_amount is None else MoneyView.of(found.refunded_amount, currency)
            ),
        }


class SalesItem(FiguresView):
    """`period` is its start, in Seoul. `key` null: products of no category."""

    period: datetime = Field(examples=["2026-11-22T00:00:00+09:00"])
    key: str | None = Field(examples=["GRANOLA-500"])
    label: str | None = Field(examples=["유기농 그래놀라 500 g"])


class SpanView(View):
    """From `start` up to, not including, `end`."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, span: Span) -> SpanView:
        return cls(start=span.start.astimezone(SEOUL), end=span.end.astimezone(SEOUL))


class SalesView(View):
    """Periods without any movement are left out. `totals` counts an order once, however many rows it is in."""

    mall: str | None = Field(examples=["intake"])
    by: str = Field(examples=["day"])
    dimension: str = Field(examples=["sku"])
    currency: str = Field(examples=["KRW"])
    span: SpanView
    items: list[SalesItem]
    totals: FiguresView

    @classmethod
    def of(cls, question: Question, by: str, dimension: str, sales: figures.Sales) -> SalesView:
        currency = question.currency
        return cls(
            mall=question.mall_id,
            by=by,
            dimension=dimension,
            currency=currency,
            span=SpanView.of(question.span),
            items=[
                SalesItem(
                    period=row.period.astimezone(SEOUL),
                    key=row.key,
                    label=row.label,
                    **FiguresView.values(row.figures, currency),
                )
                for row in sales.rows
            ],
            totals=FiguresView(**FiguresView.values(sales.totals, currency)),
        )


class OrdersView(View):
    """What happened in the span: orders placed, paid, cancelled whole, completed. Amounts include shipping.

    `conversion`: of the orders placed in the span, the share paid since; null when none was placed.
    """

    mall: str | None = Field(examples=["intake"])
    currency: str = Field(examples=["KRW"])
    span: SpanView
    placed: int = Field(examples=[45])
    paid: int = Field(examples=[42])
    cancelled: int = Field(examples=[3])
    cancelled_after_payment: int = Field(examples=[1])
    completed: int = Field(examples=[40])
    paid_of_placed: int = Field(examples=[42])
    conversion: float | None = Field(examples=[0.8333])
    placed_amount: MoneyView
    paid_amount: MoneyView
    cancelled_amount: MoneyView = Field(description="cancelled after payment, in part or whole")
    refunds: int = Field(examples=[1])
    refunded_amount: MoneyView

    @classmethod
    def of(cls, question: Question, found: figures.OrderSummary) -> OrdersView:
        def money(amount: int) -> MoneyView:
            return MoneyView.of(amount, question.currency)

        return cls(
            mall=question.mall_id,
            currency=question.currency,
            span=SpanView.of(question.span),
            placed=found.placed,
            paid=found.paid,
            cancelled=found.cancelled,
            cancelled_after_payment=found.cancelled_after_payment,
            completed=found.completed,
            paid_of_placed=found.paid_of_placed,
            conversion=found.conversion,
            placed_amount=money(found.placed_amount),
            paid_amount=money(found.paid_amount),
            cancelled_amount=money(found.cancelled_amount),
            refunds=found.refunds,
            refunded_amount=money(found.refunded_amount),
        )


class HeardTypeView(View):
    type: str = Field(examples=["order-paid"])
    handled: int = Field(examples=[1024])
    last_at: datetime | None


class HeardView(View):
    """Facts by type of event; a repeated event counts once. `parked` and `dead_letters` are not in the figures yet."""

    items: list[HeardTypeView]
    parked: int = Field(examples=[0])
    dead_letters: int = Field(examples=[0])

    @classmethod
    def of(cls, heard: Heard) -> HeardView:
        items = [HeardTypeView(type=each.type, handled=each.handled, last_at=each.last_at) for each in heard.types]
        return cls(items=items, parked=heard.parked, dead_letters=heard.dead_letters)


class RebuildBody(Body):
    swap: bool = Field(default=False, strict=True, description="use the rebuilt figures from then on")


class DifferenceView(View):
    what: Literal["missing", "extra", "different"]
    table: str = Field(examples=["order_facts"])
    live: dict[str, Any] | None = Field(examples=[{"quantity": 2}])
    rebuilt: dict[str, Any] | None = Field(examples=[{"quantity": 3}])


class RebuildView(View):
    """`equal` null until it is done. `repeated`: events of a fact told before. `differences`: the first hundred."""

    id: UUID
    status: Literal["queued", "running", "done", "failed"]
    swap: bool
    swapped: bool
    equal: bool | None
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    records: int = Field(examples=[512])
    events: int = Field(examples=[512])
    repeated: int = Field(examples=[0])
    unusable: int = Field(examples=[0])
    compared: int | None = Field(examples=[42])
    missing: int | None = Field(examples=[0])
    extra: int | None = Field(examples=[0])
    different: int | None = Field(examples=[0])
    differences: list[DifferenceView]
    error: str | None = Field(examples=["the topic was silent for 30 s"])

    @classmethod
    def of(cls, rebuild: figures.Rebuild) -> RebuildView:
        found = rebuild.comparison
        return cls.model_validate(
            {
                **{name: getattr(rebuild, name) for name in _SAME},
                "equal": found and found.equal,
                **{name: found and getattr(found, name) for name in ("compared", "missing", "extra", "different")},
                "differences": [vars(difference) for difference in found.differences] if found is not None else [],
            }
        )


_SAME = (
    "id", "status", "swap", "swapped", "requested_at", "started_at", "finished_at", "records", "events", "repeated",
    "unusable", "error",
)  # fmt: skip
