"""What a product is, when it may be sold, and what others are told when it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from catalog.commands import ChangePrice
from catalog.errors import PictureLimit, PriceInvalid, ProductInvalid, SkuNotFound

MAX_CATEGORY_DEPTH = 5
MAX_PICTURES = 30


class Status(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    HIDDEN = "hidden"


class Tax(StrEnum):
    TAXABLE = "taxable"
    TAX_FREE = "tax_free"


@dataclass(frozen=True, slots=True)
class Mall:
    id: str
    name: str
    currency: str
    storefront_url: str | None = None
    support_email: str | None = None
    support_phone: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """`path` leads from the top category down to this one."""

    mall_id: str
    id: str
    name: str
    path: tuple[str, ...]
    position: int = 0


@dataclass(frozen=True, slots=True)
class Variant:
    """One sellable form of a product. Prices in minor units, VAT included."""

    id: UUID
    sku: str
    name: str | None
    price: int
    list_price: int | None = None
    tax: Tax = Tax.TAXABLE


@dataclass(frozen=True, slots=True)
class Picture:
    """`key` is where object storage has it."""

    id: UUID
    key: str
    alt: str


@dataclass(frozen=True, slots=True)
class Product:
    """`categories` leads from the top category down to the product's own; empty: it has none."""

    id: UUID
    mall_id: str
    slug: str
    name: str
    description: str
    currency: str
    variants: tuple[Variant, ...]
    categories: tuple[Category, ...] = ()
    pictures: tuple[Picture, ...] = ()
    status: Status = Status.DRAFT
    published_at: datetime | None = None

    @property
    def category_path(self) -> tuple[str, ...]:
        return self.categories[-1].path if self.categories else ()

    @property
    def lowest_price(self) -> int:
        return min(variant.price for variant in self.variants)


@dataclass(frozen=True, slots=True)
class WentOnSale:
    product: Product


@dataclass(frozen=True, slots=True)
class Changed:
    """A product that customers could see changed, or went off sale."""

    product: Product


@dataclass(frozen=True, slots=True)
class PriceMoved:
    product: Product
    sku: str
    old_price: int
    new_price: int


Event = WentOnSale | Changed | PriceMoved


@dataclass(frozen=True, slots=True)
class Decision:
    state: Product
    events: tuple[Event, ...] = ()


def draft(product: Product) -> Decision:
    """A new product. Nobody is told before it is published."""
    if not product.variants:
        raise ProductInvalid("a product has at least one variant")
    skus = [variant.sku for variant in product.variants]
    if len(set(skus)) != len(skus):
        raise ProductInvalid("every variant has a SKU of its own")
    for variant in product.variants:
        check_price(variant.price, variant.list_price)
    return Decision(product)


def check_price(price: int, list_price: int | None) -> None:
    """Raises `PriceInvalid`: a price is not negative, and a crossed-out price is not below it."""
    if price < 0:
        raise PriceInvalid("a price is not negative")
    if list_price is not None and list_price < price:
        raise PriceInvalid("the list price is not below the price")


def check_currency(currency: str, mall: str) -> None:
    """Raises `PriceInvalid` unless a price is in the mall's currency."""
    if currency != mall:
        raise PriceInvalid(f"this mall's prices are in {mall}")


def publish(product: Product, now: datetime) -> Decision:
    """Puts it on sale. `published_at` keeps the first time, so that a short absence does not make it new."""
    if product.status is Status.PUBLISHED:
        return Decision(product)
    on_sale = replace(product, status=Status.PUBLISHED, published_at=product.published_at or now)
    return Decision(on_sale, (WentOnSale(on_sale),))


def hide(product: Product) -> Decision:
    """Takes it off sale. Reservations and orders that have it are not touched."""
    if product.status is not Status.PUBLISHED:
        return Decision(product)
    hidden = replace(product, status=Status.HIDDEN)
    return Decision(hidden, (Changed(hidden),))


def change(product: Product, changes: Mapping[str, Any]) -> Decision:
    """Changes name, description or categories. Changes nobody can see are not told."""
    changed = replace(product, **changes)
    return Decision(changed, _told(product, changed))


def change_price(product: Product, command: ChangePrice) -> Decision:
    """Changes one variant's price. Orders placed and quotes frozen before keep theirs."""
    check_currency(command.currency, product.currency)
    check_price(command.price, command.list_price)
    old = next((variant for variant in product.variants if variant.sku == command.sku), None)
    if old is None:
        raise SkuNotFound(f"there is no {command.sku}")
    new = replace(old, price=command.price, list_price=command.list_price)
    changed = replace(product, variants=tuple(new if variant is old else variant for variant in product.variants))
    events = _told(product, changed)
    if events and new.price != old.price:
        events = (*events, PriceMoved(changed, old.sku, old.price, new.price))
    return Decision(changed, events)


def add_picture(product: Product, picture: Picture) -> Decision:
    """Adds a picture behind the others. The same picture again changes nothing."""
    if any(known.id == picture.id for known in product.pictures):
        return Decision(product)
    if len(product.pictures) >= MAX_PICTURES:
        raise PictureLimit(f"a product has at most {MAX_PICTURES} pictures")
    changed = replace(product, pictures=(*product.pictures, picture))
    return Decision(changed, _told(product, changed))


def _told(before: Product, after: Product) -> tuple[Event, ...]:
    seen = after.status is Status.PUBLISHED and before != after
    return (Changed(after),) if seen else ()
