"""Everything that can be asked of catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

Quantities = Mapping[str, int]
"""Units by SKU. Two lines of one SKU are one entry with their sum."""


# Malls, categories, products


@dataclass(frozen=True, slots=True)
class OpenMall:
    mall_id: str
    name: str
    currency: str
    storefront_url: str | None = None
    support_email: str | None = None
    support_phone: str | None = None
    media_url: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeMall:
    mall_id: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AddCategory:
    mall_id: str
    category_id: str
    name: str
    parent_id: str | None
    position: int


@dataclass(frozen=True, slots=True)
class NewVariant:
    variant_id: UUID
    sku: str
    name: str | None
    price: int
    list_price: int | None
    tax: str
    options: tuple[tuple[str, str], ...] = ()
    parts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class AddProduct:
    product_id: UUID
    mall_id: str
    slug: str
    name: str
    description: str
    category_id: str | None
    currency: str
    variants: tuple[NewVariant, ...]
    tags: tuple[str, ...] = ()
    rank: int = 0
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class AddVariant:
    product_id: UUID
    currency: str
    variant: NewVariant
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeProduct:
    product_id: UUID
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PublishProduct:
    product_id: UUID


@dataclass(frozen=True, slots=True)
class HideProduct:
    product_id: UUID


@dataclass(frozen=True, slots=True)
class ChangePrice:
    """`list_price` None takes the crossed-out price away."""

    sku: str
    price: int
    list_price: int | None
    currency: str
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeVariant:
    """`changes`: its name, its tax, or both."""

    sku: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SetSale:
    """A lower price for a time. `starts_at` None: from now on; `ends_at` None: until it is taken off."""

    sku: str
    price: int
    currency: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class EndSale:
    sku: str
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class OpenPreorder:
    """Up to `limit` units may be promised beyond those on hand, until they come out at `release_at`."""

    sku: str
    release_at: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class ClosePreorder:
    sku: str


@dataclass(frozen=True, slots=True)
class TurnOffers:
    """Starts and ends whatever of a product has its moment."""

    product_id: UUID


# Pictures


@dataclass(frozen=True, slots=True)
class AnnounceUpload:
    upload_id: UUID
    product_id: UUID
    file_name: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class AttachPicture:
    product_id: UUID
    upload_id: UUID
    alt: str


@dataclass(frozen=True, slots=True)
class RemovePicture:
    product_id: UUID
    picture_id: UUID


@dataclass(frozen=True, slots=True)
class ArrangePictures:
    """`order`: all pictures of the product."""

    product_id: UUID
    order: tuple[UUID, ...]


# Stock


@dataclass(frozen=True, slots=True)
class ReceiveStock:
    receipt_id: UUID
    reference: str
    mall_id: str | None
    items: Quantities


@dataclass(frozen=True, slots=True)
class RecordCount:
    count_id: UUID
    centre: str
    sku: str
    counted: int
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class ApplyCount:
    """`sold_not_shipped`: how many of the counted units had an owner already when they were counted."""

    count_id: UUID
    sku: str
    sold_not_shipped: int
    staff: str


# Reservations, named by their order


@dataclass(frozen=True, slots=True)
class HoldStock:
    order_id: UUID
    mall_id: str
    lines: Quantities
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    order_id: UUID


@dataclass(frozen=True, slots=True)
class ExpireHold:
    order_id: UUID


@dataclass(frozen=True, slots=True)
class ConfirmReservation:
    order_id: UUID
    mall_id: str
    lines: Quantities


@dataclass(frozen=True, slots=True)
class SellReservation:
    order_id: UUID
    mall_id: str
    lines: Quantities


@dataclass(frozen=True, slots=True)
class CancelUnits:
    """Units of an order will not be delivered. `whole`: nothing of the order is left.

    `short`: units on the shelf, of a set its parts, that the centre does not have.
    """

    order_id: UUID
    mall_id: str
    cancel_id: UUID
    whole: bool
    lines: Quantities
    short: Quantities = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeOption:
    """`quantity` sold units of `sku` become units of `new_sku`, which are held under `change_id`.

    `short`: of the old ones, as in `CancelUnits`.
    """

    order_id: UUID
    mall_id: str
    change_id: UUID
    sku: str
    new_sku: str
    quantity: int
    short: Quantities = field(default_factory=dict)
