"""Carts, goods and events with honest defaults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import jwt

from cart.domain.cart import Cart, Terms
from cart.domain.catalogue import Item
from cart.domain.pricing import Rules
from cart.domain.promotions import model
from cart.domain.promotions.model import Offer, Promotion, Purchase
from cart.domain.quote import Line
from cart.domain.shipping import ShippingRule
from common import ids
from contracts.claims import ClaimCompleted, ReplacementStopped, SettledLine, StoppedLine
from contracts.orders import CancelledLine, OrderCancelled, OrderPlaced
from contracts.products import MallChanged, ProductChanged, ProductPublished, TaxClass, Variant
from contracts.stock import StockChanged

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
STAFF_KEY = "a-key-for-staff-tokens-of-the-tests"
INTERNAL_KEY = "internal-key-of-the-tests"


def the_default_shipping(**changes) -> ShippingRule:
    return ShippingRule(**{"label": "배송비", "fee": 3000, "free_from": 50000, "currency": "KRW"} | changes)


def the_terms(**changes) -> Terms:
    usual = {
        "max_lines": 3,
        "max_quantity": 99,
        "hold": timedelta(seconds=60),
        "channels": frozenset({"pc", "mobile"}),
        "default_shipping": the_default_shipping(),
    }
    return Terms(**usual | changes)


def a_line(sku="GR-500", quantity=1) -> Line:
    return Line(ids.new_id(), sku, quantity)


def a_cart(*lines: Line, **changes) -> Cart:
    usual = {
        "id": ids.new_id(),
        "mall_id": "intake",
        "channel": "pc",
        "currency": "KRW",
        "created_at": NOW,
        "changed_at": NOW,
        "lines": tuple(lines),
    }
    return Cart(**usual | changes)


def an_item(sku="GR-500", unit_price=12900, **changes) -> Item:
    usual = {
        "sku": sku,
        "mall_id": "intake",
        "product_id": ids.new_id(),
        "product_name": "그래놀라",
        "variant_name": "500g",
        "category_ids": ("food", "granola"),
        "image_url": None,
        "unit_price": unit_price,
        "currency": "KRW",
        "tax_free": False,
        "on_sale": True,
    }
    return Item(**usual | changes)


def a_promotion(benefit=None, **changes) -> Promotion:
    usual = {
        "id": ids.new_id(),
        "mall_id": "intake",
        "label": "봄맞이",
        "currency": "KRW",
        "benefit": benefit or model.PercentOff(1000),
    }
    return Promotion(**usual | changes)


def an_offer(benefit=None, *, left=None, code=None, allowances=(), unusable=None, **changes) -> Offer:
    return Offer(a_promotion(benefit, **changes), left, code, allowances, unusable)


def a_purchase(**changes) -> Purchase:
    return Purchase(**{"cart_id": UUID(int=7), "channel": "pc"} | changes)


def the_rules(**changes) -> Rules:
    return Rules(**{"currency": "KRW", "default": the_default_shipping()} | changes)


def a_mall_changed(mall_id="intake", currency="KRW", occurred_at=NOW) -> MallChanged:
    return MallChanged(mall_id=mall_id, name="인테이크", currency=currency, occurred_at=occurred_at)


def a_variant(sku="GR-500", price=12900, *, tax=TaxClass.TAXABLE, name: str | None = "500g") -> Variant:
    return Variant(variant_id=ids.new_id(), sku=sku, name=name, price=price, tax=tax)


def _product(kind, *variants, product_id, **changes):
    usual = {
        "product_id": product_id or ids.new_id(),
        "mall_id": "intake",
        "slug": "granola",
        "name": "그래놀라",
        "currency": "KRW",
        "status": "published",
        "category_ids": ("food", "granola"),
        "image_url": "http://pictures.test/1.jpg",
        "variants": variants or (a_variant(),),
        "occurred_at": NOW,
    }
    return kind(**usual | changes)


def a_product_published(*variants: Variant, product_id: UUID | None = None, **changes) -> ProductPublished:
    return _product(ProductPublished, *variants, product_id=product_id, **changes)


def a_product_changed(*variants: Variant, product_id: UUID | None = None, **changes) -> ProductChanged:
    return _product(ProductChanged, *variants, product_id=product_id, **changes)


def a_stock_changed(sku="GR-500", available=0, occurred_at=NOW) -> StockChanged:
    return StockChanged(
        sku=sku,
        mall_id="intake",
        on_hand=max(available, 0),
        reserved=0,
        available=available,
        reason="sold_out",
        occurred_at=occurred_at,
    )


def an_order_placed(order_id: UUID) -> OrderPlaced:
    return OrderPlaced(
        order_id=order_id,
        order_number="20261122-00000001",
        mall_id="intake",
        channel="pc",
        currency="KRW",
        lines=(),
        items_amount=12900,
        discount_amount=0,
        shipping_amount=3000,
        total_amount=15900,
        placed_at=NOW,
        payment_due_at=NOW + timedelta(minutes=30),
    )


def an_order_cancelled(order_id: UUID, *units: tuple[str, int], whole=True, cancel_id=None) -> OrderCancelled:
    """`units` of lines: the line's id and how many."""
    lines = tuple(
        CancelledLine(line_id=line_id, sku="X", product_id=ids.new_id(), quantity=quantity, amount=0)
        for line_id, quantity in units
    )
    return OrderCancelled(
        order_id=order_id,
        order_number="20261122-00000001",
        mall_id="intake",
        channel="pc",
        currency="KRW",
        cancel_id=cancel_id or ids.new_id(),
        whole=whole,
        was_paid=False,
        reason="customer",
        lines=lines,
        refund_amount=0,
        placed_at=NOW,
        cancelled_at=NOW,
    )


def a_claim_completed(
    order_id: UUID, *found: tuple[str, int, int], kind="return", whole=False, claim_id=None
) -> ClaimCompleted:
    """`found` of lines: the line's id, how many came whole and how many damaged."""
    lines = tuple(
        SettledLine(
            line_id=line_id,
            sku="X",
            product_id=ids.new_id(),
            quantity=good + bad or 1,
            resellable=good,
            damaged=bad,
            missing=0,
            amount=0,
        )
        for line_id, good, bad in found
    )
    return ClaimCompleted(
        order_id=order_id,
        order_number="20261122-00000001",
        mall_id="intake",
        channel="pc",
        currency="KRW",
        claim_id=claim_id or ids.new_id(),
        kind=kind,
        fault="seller",
        lines=lines,
        whole=whole,
        sold_under=(order_id,),
        placed_at=NOW,
        completed_at=NOW,
    )


def a_replacement_stopped(
    order_id: UUID, *units: tuple[str, int, int], whole=False, stop_id=None
) -> ReplacementStopped:
    """`units` of lines: the line's id, how many are not sent, and how many that came for them were whole."""
    lines = tuple(
        StoppedLine(
            line_id=line_id,
            sku="Y",
            bought_sku="X",
            product_id=ids.new_id(),
            quantity=quantity,
            resellable=good,
            amount=0,
        )
        for line_id, quantity, good in units
    )
    return ReplacementStopped(
        order_id=order_id,
        order_number="20261122-00000001",
        mall_id="intake",
        channel="pc",
        currency="KRW",
        claim_id=ids.new_id(),
        stop_id=stop_id or ids.new_id(),
        lines=lines,
        whole=whole,
        sold_under=(order_id,),
        placed_at=NOW,
        stopped_at=NOW,
    )


def staff_headers(*roles: str) -> dict[str, str]:
    claims = {"sub": "kim", "typ": "staff", "roles": list(roles), "exp": datetime(2100, 1, 1, tzinfo=UTC)}
    return {"Authorization": f"Bearer {jwt.encode(claims, STAFF_KEY, algorithm='HS256')}"}


def member_headers(member_id: object, **claims: object) -> dict[str, str]:
    usual = {"sub": str(member_id), "typ": "member", "aud": "member", "exp": datetime(2100, 1, 1, tzinfo=UTC)}
    return {"Authorization": f"Bearer {jwt.encode(usual | claims, STAFF_KEY, algorithm='HS256')}"}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]
