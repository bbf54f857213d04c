"""Orders and what happens to them, with honest defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import jwt

from common import ids
from contracts.claims import ClaimCompleted, ReplacementStopped, SettledLine, StoppedLine
from contracts.orders import CancelledLine, OrderCancelled, OrderCompleted, OrderOptionChanged, OrderPaid, OrderPlaced
from contracts.payments import PaymentRefunded
from contracts.shared import OrderLine

# Noon of a Sunday in Seoul.
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
STAFF_KEY = "a-key-for-staff-tokens-of-the-tests"
GRANOLA, MILK = ids.new_id(), ids.new_id()


def a_line(sku="GR-500", quantity=1, amount=12900, **changes) -> OrderLine:
    usual = {
        "line_id": ids.new_id(),
        "sku": sku,
        "product_id": GRANOLA,
        "product_name": "그래놀라",
        "variant_name": "500g",
        "category_ids": ("food", "granola"),
        "quantity": quantity,
        "unit_price": amount // quantity,
        "amount": amount,
    }
    return OrderLine(**usual | changes)


@dataclass(frozen=True)
class Purchase:
    """An order whose events can be asked for, in any order."""

    lines: tuple[OrderLine, ...]
    mall_id: str = "intake"
    channel: str = "pc"
    currency: str = "KRW"
    shipping: int = 3000
    placed_at: datetime = NOW
    id: UUID = field(default_factory=ids.new_id)
    payment_id: UUID = field(default_factory=ids.new_id)

    @property
    def _head(self) -> dict:
        return {
            "order_id": self.id,
            "order_number": "20261122-00000001",
            "mall_id": self.mall_id,
            "channel": self.channel,
            "currency": self.currency,
        }

    @property
    def goods(self) -> int:
        return sum(line.amount for line in self.lines)

    def placed(self, **changes) -> OrderPlaced:
        usual = {
            "lines": self.lines,
            "items_amount": self.goods,
            "discount_amount": 0,
            "shipping_amount": self.shipping,
            "total_amount": self.goods + self.shipping,
            "placed_at": self.placed_at,
            "payment_due_at": self.placed_at + timedelta(minutes=30),
        }
        return OrderPlaced(**self._head | usual | changes)

    def paid(self, at: datetime | None = None, **changes) -> OrderPaid:
        usual = {
            "payment_id": self.payment_id,
            "provider": "toss",
            "method": "card",
            "lines": self.lines,
            "shipping_amount": self.shipping,
            "discount_amount": 0,
            "total_amount": self.goods + self.shipping,
            "placed_at": self.placed_at,
            "paid_at": at or self.placed_at + timedelta(minutes=1),
        }
        return OrderPaid(**self._head | usual | changes)

    def cancelled(self, at: datetime, *units: tuple[OrderLine, int, int], **changes) -> OrderCancelled:
        """Units as (line, quantity, amount); none means the whole order with its shipping."""
        taken = units or tuple((line, line.quantity, line.amount) for line in self.lines)
        shipping = 0 if units else self.shipping
        lines = tuple(
            CancelledLine(
                line_id=line.line_id,
                sku=line.sku,
                product_id=line.product_id,
                category_ids=line.category_ids,
                quantity=quantity,
                amount=amount,
            )
            for line, quantity, amount in taken
        )
        usual = {
            "cancel_id": ids.new_id(),
            "whole": not units,
            "was_paid": True,
            "reason": "changed my mind",
            "lines": lines,
            "shipping_amount": shipping,
            "refund_amount": sum(line.amount for line in lines) + shipping,
            "placed_at": self.placed_at,
            "cancelled_at": at,
        }
        return OrderCancelled(**self._head | usual | changes)

    def returned(self, at: datetime, line: OrderLine, found: tuple[int, int, int], *, kind: str) -> ClaimCompleted:
        """Units resellable, damaged and missing; sending them back cost 3000."""
        resellable, damaged, missing = found
        settled = SettledLine(
            line_id=line.line_id,
            sku=line.sku,
            product_id=line.product_id,
            category_ids=line.category_ids,
            quantity=sum(found),
            resellable=resellable,
            damaged=damaged,
            missing=missing,
            amount=line.amount // line.quantity * (resellable + damaged) if kind == "return" else 0,
        )
        return ClaimCompleted(
            **self._head,
            claim_id=ids.new_id(),
            kind=kind,
            fault="customer",
            lines=(settled,),
            fee_amount=3000,
            refund_amount=0,
            sold_under=(self.id,),
            placed_at=self.placed_at,
            completed_at=at,
        )

    def stopped(self, at: datetime, line: OrderLine, sku: str, quantity: int, **changes) -> ReplacementStopped:
        """So many units of `sku` are not sent for what came of the line."""
        stopped = StoppedLine(
            line_id=line.line_id,
            sku=sku,
            bought_sku=line.sku,
            product_id=line.product_id,
            product_name=line.product_name,
            variant_name=line.variant_name,
            category_ids=line.category_ids,
            quantity=quantity,
            resellable=quantity,
            amount=line.amount // line.quantity * quantity,
        )
        usual = {
            "claim_id": ids.new_id(),
            "stop_id": ids.new_id(),
            "lines": (stopped,),
            "refund_amount": stopped.amount,
            "sold_under": (self._head["order_id"],),
            "placed_at": self.placed_at,
            "stopped_at": at,
        }
        return ReplacementStopped(**self._head | usual | changes)

    def changed(self, at: datetime, line: OrderLine, new_sku: str, quantity: int | None = None) -> OrderOptionChanged:
        """All of the line, or what is kept of it."""
        units = quantity or line.quantity
        return OrderOptionChanged(
            **self._head,
            change_id=ids.new_id(),
            line_id=line.line_id,
            product_id=line.product_id,
            product_name=line.product_name,
            category_ids=line.category_ids,
            sku=line.sku,
            variant_name=line.variant_name,
            new_sku=new_sku,
            new_variant_name="다른",
            quantity=units,
            amount=line.amount // line.quantity * units,
            changed_at=at,
        )

    def completed(self, at: datetime) -> OrderCompleted:
        return OrderCompleted(**self._head, completed_at=at)

    def refunded(self, amount: int, at: datetime) -> PaymentRefunded:
        return PaymentRefunded(
            payment_id=self.payment_id,
            order_id=self.id,
            order_number="20261122-00000001",
            mall_id=self.mall_id,
            currency=self.currency,
            amount=self.goods + self.shipping,
            provider="toss",
            method="card",
            refund_id=ids.new_id(),
            refund_amount=amount,
            refunded_amount=amount,
            remaining_amount=0,
            reason="cancelled",
            refunded_at=at,
        )


def a_purchase(*lines: OrderLine, **changes) -> Purchase:
    return Purchase(lines=lines or (a_line(),), **changes)


def seoul(text: str) -> datetime:
    """A moment on the clock in Seoul, as `2026-11-22 09:30`."""
    return datetime.fromisoformat(f"{text}:00+09:00")


def staff_headers(*roles: str) -> dict[str, str]:
    claims = {"sub": "kim", "typ": "staff", "roles": list(roles), "exp": datetime(2100, 1, 1, tzinfo=UTC)}
    return {"Authorization": f"Bearer {jwt.encode(claims, STAFF_KEY, algorithm='HS256')}"}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]
