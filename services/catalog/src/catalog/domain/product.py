"""What a product is, when it may be sold, and what others are told when it changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from catalog.commands import ChangePrice, OpenPreorder, SetSale
from catalog.domain import offers
from catalog.domain.media import Rendition
from catalog.domain.offers import Preorder, Sale
from catalog.domain.sets import check_parts
from catalog.errors import PictureLimit, PicturesDiffer, PriceInvalid, ProductInvalid, SkuNotFound, VariantLimit

MAX_CATEGORY_DEPTH = 5
MAX_PICTURES = 30
MAX_VARIANTS = 100
# Beside the slugs of products stand other things under the same path.
RESERVED_SLUGS = frozenset({"facets", "imports", "exports"})


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
    media_url: str | None = None


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
    """One sellable form of a product. Prices in minor units, VAT included.

    `parts` makes it a set: so many units of other SKUs each. `options`: what it is chosen by, such as size and colour.
    """

    id: UUID
    sku: str
    name: str | None
    regular_price: int
    list_price: int | None = None
    tax: Tax = Tax.TAXABLE
    sale: Sale | None = None
    preorder: Preorder | None = None
    options: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def price(self) -> int:
        """What a customer pays now."""
        return self.sale.price if self.sale is not None and self.sale.running else self.regular_price

    @property
    def crossed_out(self) -> int | None:
        """The higher price shown beside it: the list price, or during a sale the price without it."""
        running = self.sale is not None and self.sale.running
        return self.list_price if self.list_price is not None or not running else self.regular_price


@dataclass(frozen=True, slots=True)
class Picture:
    """`key` is where object storage has the upload, `renditions` are what browsers are given once they are made.

    `problem`: why there never will be any. Shoppers do not see such a picture: it is broken, or far too large for them.
    """

    id: UUID
    key: str
    alt: str
    width: int | None = None
    height: int | None = None
    renditions: tuple[Rendition, ...] = ()
    problem: str | None = None

    @property
    def shown_key(self) -> str:
        """For who takes one size only: the upload, which may tell where it was taken, only until others are there."""
        webp = [each for each in self.renditions if each.format == "webp"]
        return max(webp, key=lambda each: each.width).key if webp else self.key


@dataclass(frozen=True, slots=True)
class Product:
    """`categories` leads from the top category down to the product's own; empty: it has none.

    `rank` is the shopkeeper's order of products, the smallest first. `media_url`: where its mall serves pictures.
    """

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
    tags: tuple[str, ...] = ()
    rank: int = 0
    media_url: str | None = None

    @property
    def category_path(self) -> tuple[str, ...]:
        return self.categories[-1].path if self.categories else ()

    @property
    def shown_pictures(self) -> tuple[Picture, ...]:
        """What shoppers see."""
        return tuple(picture for picture in self.pictures if picture.problem is None)

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
    if product.slug in RESERVED_SLUGS:
        raise ProductInvalid(f"{product.slug} is an address of another kind")
    if not product.variants:
        raise ProductInvalid("a product has at least one variant")
    _check_variants(product)
    _check_names(product.variants)
    return Decision(product)


def _check_names(variants: Iterable[Variant]) -> None:
    """Raises `ProductInvalid` for two that a customer cannot tell apart."""
    nameless = [variant.sku for variant in variants if not variant.name and not variant.options]
    if len(nameless) > 1:
        raise ProductInvalid("of several variants each has a name or options", skus=nameless[1:])


def _check_variants(product: Product) -> None:
    skus = [variant.sku for variant in product.variants]
    if len(set(skus)) != len(skus):
        raise ProductInvalid("every variant has a SKU of its own")
    choices = [variant.options for variant in product.variants]
    if len({tuple(name for name, _ in options) for options in choices}) > 1:
        raise ProductInvalid("all variants have the same options, in the same order")
    if any(choices) and len(set(choices)) != len(choices):
        raise ProductInvalid("no two variants have the same options")
    for variant in product.variants:
        check_price(variant.regular_price, variant.list_price)
        check_parts(variant.sku, variant.parts)


def add_variant(product: Product, variant: Variant) -> Decision:
    """Adds a variant behind the others."""
    if len(product.variants) >= MAX_VARIANTS:
        raise VariantLimit(f"a product has at most {MAX_VARIANTS} variants")
    changed = replace(product, variants=(*product.variants, variant))
    _check_variants(changed)
    if not variant.name:
        _check_names(changed.variants)
    return Decision(changed, _told(product, changed))


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
    """Changes name, description, categories, tags or rank. Changes nobody can see are not told."""
    changed = replace(product, **changes)
    return Decision(changed, _told(product, changed))


def change_price(product: Product, command: ChangePrice) -> Decision:
    """Changes one variant's price. Orders placed and quotes frozen before keep theirs. A sale that runs goes on."""
    check_currency(command.currency, product.currency)
    check_price(command.price, command.list_price)
    old = variant_of(product, command.sku)
    if old.sale is not None and old.sale.price >= command.price:
        raise PriceInvalid("the price is not above the sale price: take the sale off first")
    return _exchanged(product, replace(old, regular_price=command.price, list_price=command.list_price))


def change_variant(product: Product, sku: str, changes: Mapping[str, Any]) -> Decision:
    """Changes a variant's name or tax. Orders placed and quotes frozen before keep theirs."""
    return _exchanged(product, replace(variant_of(product, sku), **changes))


def set_sale(product: Product, command: SetSale, now: datetime) -> Decision:
    """Gives a variant a sale, in place of one it has. It starts at once if its time has come."""
    check_currency(command.currency, product.currency)
    old = variant_of(product, command.sku)
    return _exchanged(product, replace(old, sale=offers.sale_of(command, old.regular_price, now)))


def end_sale(product: Product, sku: str) -> Decision:
    """Takes a variant's sale off, whether it runs or not."""
    return _exchanged(product, replace(variant_of(product, sku), sale=None))


def open_preorder(product: Product, command: OpenPreorder, now: datetime) -> Decision:
    old = variant_of(product, command.sku)
    if old.parts:
        raise ProductInvalid("a set is sold before its parts come out by pre-orders of the parts")
    return _exchanged(product, replace(old, preorder=offers.preorder_of(command, now)))


def close_preorder(product: Product, sku: str) -> Decision:
    return _exchanged(product, replace(variant_of(product, sku), preorder=None))


def turn_offers(product: Product, now: datetime) -> Decision:
    """Starts and ends sales and ends pre-orders whose moment has come. Nothing to turn: nothing changes."""
    changed = replace(product, variants=tuple(_turned(variant, now) for variant in product.variants))
    return Decision(changed, (*_told(product, changed), *_prices_moved(product, changed)))


def _turned(variant: Variant, now: datetime) -> Variant:
    over = variant.preorder is not None and variant.preorder.release_at <= now
    return replace(variant, sale=offers.turn(variant.sale, now), preorder=None if over else variant.preorder)


def variant_of(product: Product, sku: str) -> Variant:
    """Raises `SkuNotFound`."""
    found = next((variant for variant in product.variants if variant.sku == sku), None)
    if found is None:
        raise SkuNotFound(f"there is no {sku}")
    return found


def _exchanged(product: Product, new: Variant) -> Decision:
    variants = tuple(new if variant.sku == new.sku else variant for variant in product.variants)
    changed = replace(product, variants=variants)
    return Decision(changed, (*_told(product, changed), *_prices_moved(product, changed)))


def _prices_moved(before: Product, after: Product) -> tuple[Event, ...]:
    if after.status is not Status.PUBLISHED:
        return ()
    pairs = zip(before.variants, after.variants, strict=True)
    return tuple(PriceMoved(after, new.sku, old.price, new.price) for old, new in pairs if old.price != new.price)


def add_picture(product: Product, picture: Picture) -> Decision:
    """Adds a picture behind the others. The same picture again changes nothing."""
    if any(known.id == picture.id for known in product.pictures):
        return Decision(product)
    if len(product.pictures) >= MAX_PICTURES:
        raise PictureLimit(f"a product has at most {MAX_PICTURES} pictures")
    changed = replace(product, pictures=(*product.pictures, picture))
    return Decision(changed, _told(product, changed))


def remove_picture(product: Product, picture_id: UUID) -> Decision:
    """The others close up. One that is not there changes nothing."""
    changed = replace(product, pictures=tuple(each for each in product.pictures if each.id != picture_id))
    return Decision(changed, _told(product, changed))


def arrange_pictures(product: Product, order: Sequence[UUID]) -> Decision:
    """In this order, the first being the product's face. Raises `PicturesDiffer` unless it names each of them once."""
    by_id = {picture.id: picture for picture in product.pictures}
    if len(order) != len(by_id) or set(order) != set(by_id):
        raise PicturesDiffer(
            "name each picture of the product once", picture_ids=[str(picture.id) for picture in product.pictures]
        )
    changed = replace(product, pictures=tuple(by_id[picture_id] for picture_id in order))
    return Decision(changed, _told(product, changed))


def show_renditions(
    product: Product, picture_id: UUID, size: tuple[int, int], renditions: tuple[Rendition, ...]
) -> Decision:
    """A picture was rendered. One that the product does not have any more changes nothing."""
    pictures = tuple(
        replace(picture, width=size[0], height=size[1], renditions=renditions) if picture.id == picture_id else picture
        for picture in product.pictures
    )
    changed = replace(product, pictures=pictures)
    return Decision(changed, _told(product, changed))


def give_up_picture(product: Product, picture_id: UUID, problem: str) -> Decision:
    """A picture cannot be rendered. It stays with the product, for staff to see why, and shoppers see it no more."""
    pictures = tuple(
        replace(picture, problem=problem) if picture.id == picture_id else picture for picture in product.pictures
    )
    changed = replace(product, pictures=pictures)
    return Decision(changed, _told(product, changed))


def _told(before: Product, after: Product) -> tuple[Event, ...]:
    seen = after.status is Status.PUBLISHED and before != after
    return (Changed(after),) if seen else ()
