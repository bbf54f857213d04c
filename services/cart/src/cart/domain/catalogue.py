"""What cart knows of the goods: the copy of the catalogue that prices are taken from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class PurchaseLimit:
    """Units of the whole product, all its SKUs together; None: as many as there are. `id` names what is counted."""

    id: UUID
    per_order: int | None
    per_member: int | None


@dataclass(frozen=True)
class Inside:
    """So many units of a product are in one unit of a set."""

    product_id: UUID
    quantity: int
    limit: PurchaseLimit | None = None


@dataclass(frozen=True)
class Item:
    """One SKU. `unit_price` in minor units, VAT included. `inside` is not empty: a set.

    `sold_out` is a hint from the last stock event. It stops no order: the reservation decides, and this copy is late.
    """

    sku: str
    mall_id: str
    product_id: UUID
    product_name: str
    variant_name: str | None
    category_ids: tuple[str, ...]
    image_url: str | None
    unit_price: int
    currency: str
    tax_free: bool
    on_sale: bool
    sold_out: bool = False
    limit: PurchaseLimit | None = None
    inside: tuple[Inside, ...] = ()

    @property
    def counted(self) -> tuple[Inside, ...]:
        """Units by product that one of it counts as: one of its own, and of a set those inside.

        What is inside of its own product counts in place of the set.
        """
        own = Inside(self.product_id, 1, self.limit)
        return self.inside if any(each.product_id == self.product_id for each in self.inside) else (own, *self.inside)


Catalogue = Mapping[str, Item]
