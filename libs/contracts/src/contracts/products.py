"""Said by catalog about products. Each carries the whole product, so a listener's copy needs no history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import StrictInt

from contracts import topics
from contracts.envelope import Event, Payload
from contracts.shared import Currency, MallId, Sku


class MallChanged(Event):
    """A mall was opened or its facts changed. Contact data of the business, not of a person."""

    type: ClassVar[str] = "mall-changed"
    topic = topics.PRODUCTS
    key_field = "mall_id"

    mall_id: MallId
    name: str
    currency: Currency
    storefront_url: str | None = None
    support_email: str | None = None
    support_phone: str | None = None
    occurred_at: datetime


class TaxClass(StrEnum):
    TAXABLE = "taxable"
    TAX_FREE = "tax_free"


class Option(Payload):
    """What a variant is chosen by: `{"name": "맛", "value": "초코"}`."""

    name: str
    value: str


class Part(Payload):
    """So many units of another SKU are in one unit of a set."""

    sku: Sku
    quantity: StrictInt


class Variant(Payload):
    """One sellable form of a product. `price` is in minor units of the product's currency, VAT included.

    `price` is what a customer pays now; `regular_price` what it costs without a sale. A sale's beginning and end are
    told when they happen. `parts`: it is a set, stock is counted by part. `preorder_release_at`: sold, sent only then.
    """

    variant_id: UUID
    sku: Sku
    name: str | None = None
    price: StrictInt
    list_price: StrictInt | None = None
    tax: TaxClass = TaxClass.TAXABLE
    regular_price: StrictInt | None = None
    sale_ends_at: datetime | None = None
    preorder_release_at: datetime | None = None
    options: tuple[Option, ...] = ()
    parts: tuple[Part, ...] = ()


class _Product(Event):
    topic = topics.PRODUCTS
    key_field = "product_id"

    product_id: UUID
    mall_id: MallId
    slug: str
    name: str
    currency: Currency
    status: str
    category_ids: tuple[str, ...] = ()
    image_url: str | None = None
    variants: tuple[Variant, ...]
    tags: tuple[str, ...] = ()
    occurred_at: datetime


class ProductPublished(_Product):
    """A product went on sale."""

    type: ClassVar[str] = "product-published"


class ProductChanged(_Product):
    """A published product changed, or went off sale (`status` is then `hidden`)."""

    type: ClassVar[str] = "product-changed"


class PriceChanged(Event):
    """The price of one SKU changed. Always said beside a `product-changed` of the same product."""

    type: ClassVar[str] = "price-changed"
    topic = topics.PRODUCTS
    key_field = "product_id"

    product_id: UUID
    mall_id: MallId
    sku: Sku
    currency: Currency
    old_price: StrictInt
    new_price: StrictInt
    occurred_at: datetime
