"""The only translator from what happened in the domain to what is said on Kafka."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from catalog.domain import product as products
from catalog.domain.reservation import FellShort
from catalog.domain.stock import LevelChanged
from contracts.envelope import Event
from contracts.products import (
    MallChanged,
    Option,
    Part,
    PriceChanged,
    ProductChanged,
    ProductPublished,
    TaxClass,
    Variant,
)  # fmt: skip
from contracts.stock import Shortage, StockChanged, StockUnavailable


def mall_changed(mall: products.Mall, now: datetime) -> Event:
    return MallChanged(
        mall_id=mall.id,
        name=mall.name,
        currency=mall.currency,
        storefront_url=mall.storefront_url,
        support_email=mall.support_email,
        support_phone=mall.support_phone,
        occurred_at=now,
    )


def of_products(happened: Iterable[products.Event], now: datetime, media_url: str) -> list[Event]:
    """`media_url`: the public address under which pictures lie."""
    return [_of_product(event, now, media_url) for event in happened]


def _of_product(event: products.Event, now: datetime, media_url: str) -> Event:
    match event:
        case products.WentOnSale(product):
            return ProductPublished(**_snapshot(product, now, media_url))
        case products.Changed(product):
            return ProductChanged(**_snapshot(product, now, media_url))
        case products.PriceMoved(product, sku, old, new):
            return PriceChanged(
                product_id=product.id,
                mall_id=product.mall_id,
                sku=sku,
                currency=product.currency,
                old_price=old,
                new_price=new,
                occurred_at=now,
            )


def _snapshot(product: products.Product, now: datetime, media_url: str) -> dict[str, Any]:
    pictures = product.shown_pictures
    return {
        "product_id": product.id,
        "mall_id": product.mall_id,
        "slug": product.slug,
        "name": product.name,
        "currency": product.currency,
        "status": product.status.value,
        "category_ids": product.category_path,
        "image_url": f"{product.media_url or media_url}/{pictures[0].shown_key}" if pictures else None,
        "variants": tuple(
            Variant(
                variant_id=variant.id,
                sku=variant.sku,
                name=variant.name,
                price=variant.price,
                list_price=variant.crossed_out,
                tax=TaxClass(variant.tax),
                regular_price=variant.regular_price,
                sale_ends_at=variant.sale.ends_at if variant.sale is not None and variant.sale.running else None,
                preorder_release_at=variant.preorder.release_at if variant.preorder is not None else None,
                options=tuple(Option(name=name, value=value) for name, value in variant.options),
                parts=tuple(Part(sku=sku, quantity=quantity) for sku, quantity in variant.parts),
            )
            for variant in product.variants
        ),
        "tags": product.tags,
        "occurred_at": now,
    }


def stock_changed(happened: Iterable[LevelChanged], now: datetime) -> list[Event]:
    return [
        StockChanged(
            sku=event.level.sku,
            mall_id=event.level.mall_id,
            on_hand=event.level.on_hand,
            reserved=event.level.reserved,
            available=event.level.available,
            preorder=event.level.preorder,
            reason=event.reason,
            reference=event.reference,
            occurred_at=now,
        )
        for event in happened
    ]


def stock_unavailable(happened: Iterable[FellShort], now: datetime) -> list[Event]:
    return [
        StockUnavailable(
            order_id=event.reservation.order_id,
            mall_id=event.reservation.mall_id,
            shortages=tuple(
                Shortage(sku=short.sku, wanted=short.wanted, available=short.available) for short in event.shortages
            ),
            occurred_at=now,
        )
        for event in happened
    ]
