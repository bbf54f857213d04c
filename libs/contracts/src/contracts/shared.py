"""Values that several events carry."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints

from contracts.envelope import Payload

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
MallId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Money(Payload):
    """An amount in minor units of `currency` (won for KRW, which has no decimals). May be negative in figures."""

    amount: StrictInt
    currency: Currency


class SkuQuantity(Payload):
    """So many units of one SKU."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1)]


class OrderLine(Payload):
    """A line of an order, priced for good when the order was placed.

    `amount` is what the customer owes for the whole line after discounts, VAT included; `vat_amount` the VAT inside
    it, `tax_free_amount` the part that bears none. `category_ids` lead from the top category down to the product's own.
    """

    line_id: UUID
    sku: Sku
    product_id: UUID
    product_name: str
    variant_name: str | None = None
    category_ids: tuple[str, ...] = ()
    quantity: Annotated[int, Field(ge=1)]
    unit_price: StrictInt
    discount_amount: StrictInt = 0
    amount: StrictInt
    vat_amount: StrictInt = 0
    tax_free_amount: StrictInt = 0
