"""Everything that can be asked of cart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class CreateCart:
    """`token_salt` is set when the token can be made again from the request's idempotency key."""

    cart_id: UUID
    mall_id: str
    channel: str
    token_hash: bytes
    token_salt: bytes | None = None


@dataclass(frozen=True)
class OpenMemberCart:
    """The member's one open cart of the mall is found, or made with these values."""

    cart_id: UUID
    mall_id: str
    channel: str
    member_id: UUID
    tier: str | None
    token_hash: bytes
    token_salt: bytes


@dataclass(frozen=True)
class Holder:
    """Who asks: whoever knows the token of the cart, or the member whose cart it is."""

    cart_id: UUID
    token_hash: bytes | None
    member_id: UUID | None = None
    tier: str | None = None


@dataclass(frozen=True)
class AddLine:
    """`line_id` is used if the cart has no line of this SKU yet."""

    line_id: UUID
    sku: str
    quantity: int


@dataclass(frozen=True)
class ChangeLine:
    line_id: UUID
    quantity: int


@dataclass(frozen=True)
class RemoveLine:
    line_id: UUID


@dataclass(frozen=True)
class AddCoupon:
    code: str


@dataclass(frozen=True)
class RemoveCoupon:
    code: str


@dataclass(frozen=True)
class FreezeCart:
    """Fix what the order will cost, and hold the cart for it. `without_gifts`: these SKUs cannot be given."""

    order_id: UUID
    zonecode: str | None = None
    without_gifts: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReleaseCart:
    """The order will not be placed: let another one have the cart at once."""

    cart_id: UUID
    order_id: UUID


@dataclass(frozen=True)
class CloseCart:
    """The order was placed."""

    order_id: UUID


@dataclass(frozen=True)
class GiveBack:
    """The whole order was cancelled: what it used of gifts and coupons is free again."""

    order_id: UUID


@dataclass(frozen=True)
class MakeCoupon:
    """One `code` for all, or so many generated ones (`count`), each good for one use."""

    coupon_id: UUID
    promotion_id: UUID
    mall_id: str
    label: str
    code: str | None
    count: int
    most: int | None
    per_member: int | None
    valid_from: datetime | None
    valid_to: datetime | None
    made_by: str


@dataclass(frozen=True)
class SetPurchaseLimit:
    """Units of the product in one order, and of one member in all of its orders; None: no limit."""

    product_id: UUID
    per_order: int | None
    per_member: int | None
    set_by: str


@dataclass(frozen=True)
class SetShippingRule:
    """Amounts in minor units. `valid_from` None means from now on."""

    mall_id: str
    label: str
    fee: int
    free_from: int | None
    currency: str
    valid_from: datetime | None
    valid_to: datetime | None
    set_by: str


@dataclass(frozen=True)
class SetSurcharges:
    """The whole table. `ranges`: first and last postcode, label, fee in minor units, where it is known from."""

    mall_id: str
    currency: str
    ranges: tuple[tuple[str, str, str, int, str | None], ...]
    set_by: str


@dataclass(frozen=True)
class GoneUnits:
    """`units` of an order line are not the customer's any more; `again` of them can be sold or given again."""

    line_id: UUID
    units: int
    again: int


@dataclass(frozen=True)
class GiveBackPart:
    """Units of an order were cancelled or came back. `fact_id` names it for ever. `last`: nothing of it is left."""

    order_id: UUID
    fact_id: UUID
    gone: tuple[GoneUnits, ...]
    last: bool = False


@dataclass(frozen=True)
class RecordMall:
    mall_id: str
    name: str
    currency: str
    changed_at: datetime


@dataclass(frozen=True)
class RecordedVariant:
    """`parts`: of a set, so many units of other SKUs each."""

    sku: str
    variant_id: UUID
    name: str | None
    price: int
    tax_free: bool
    parts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class RecordProduct:
    product_id: UUID
    mall_id: str
    name: str
    currency: str
    on_sale: bool
    category_ids: tuple[str, ...]
    image_url: str | None
    variants: tuple[RecordedVariant, ...]
    changed_at: datetime


@dataclass(frozen=True)
class RecordPrice:
    product_id: UUID
    sku: str
    price: int
    changed_at: datetime


@dataclass(frozen=True)
class RecordStock:
    sku: str
    available: int
    changed_at: datetime
