"""What the cart promised: lines and amounts frozen for one order."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from orders import errors


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a promotion took off, in words for the customer."""

    promotion_id: str
    label: str
    amount: int


@dataclass(frozen=True, slots=True)
class QuoteLine:
    line_id: UUID
    sku: str
    product_id: UUID
    product_name: str
    variant_name: str | None
    category_ids: tuple[str, ...]
    quantity: int
    unit_price: int
    discount_amount: int
    amount: int
    vat_amount: int
    tax_free_amount: int
    kind: str = "item"
    gift_of: tuple[UUID, ...] = ()

    def holds(self) -> bool:
        """Whether the line's own numbers make sense."""
        whole_numbers = min(self.unit_price, self.discount_amount, self.amount, self.vat_amount, self.tax_free_amount)
        return (
            self.quantity >= 1
            and whole_numbers >= 0
            and self.amount == self.unit_price * self.quantity - self.discount_amount
            and self.vat_amount + self.tax_free_amount <= self.amount
        )


@dataclass(frozen=True, slots=True)
class Quote:
    """`shipping_vat_amount` is the VAT inside `shipping_amount`, `surcharge_amount` its part for a far address.

    `shipping_discount_amount` is what sending would have cost more without promotions. `free_shipping_from`: as in
    `Order`.
    """

    cart_id: UUID
    mall_id: str
    channel: str
    currency: str
    lines: tuple[QuoteLine, ...]
    items_amount: int
    discount_amount: int
    shipping_amount: int
    shipping_vat_amount: int
    total_amount: int
    promotions: tuple[Promotion, ...] = ()
    coupon_uses: tuple[UUID, ...] = ()
    surcharge_amount: int = 0
    shipping_discount_amount: int = 0
    free_shipping_from: int | None = None

    def check(self) -> None:
        """Raises `QuoteInconsistent` unless the parts make the total to the last minor unit, `NothingToPay` at zero."""
        if not self.lines or not all(line.holds() for line in self.lines):
            raise errors.QuoteInconsistent("a line of the cart's quote does not add up")
        if len({line.line_id for line in self.lines}) != len(self.lines):
            raise errors.QuoteInconsistent("a line of the cart's quote comes twice")
        if any(line.kind != "item" and line.amount for line in self.lines):
            raise errors.QuoteInconsistent("a gift of the cart's quote costs something")
        parts = (self.shipping_vat_amount, self.surcharge_amount)
        if not all(0 <= part <= self.shipping_amount for part in parts) or self.shipping_discount_amount < 0:
            raise errors.QuoteInconsistent("the shipping fee of the cart's quote does not add up")
        if sum(line.amount for line in self.lines) + self.shipping_amount != self.total_amount:
            raise errors.QuoteInconsistent("the lines and the shipping fee of the cart's quote do not make its total")
        if self.total_amount == 0:
            raise errors.NothingToPay(
                "the cart costs nothing after its discounts, and there is no payment of nothing: take a coupon off, or"
                " add something"
            )

    def gifts_short(self, available: dict[str, int]) -> frozenset[str]:
        """SKUs of the gifts to leave out where of these SKUs only so many units are there; empty: an item is short too,
        so leaving gifts out does not help.
        """
        items: dict[str, int] = {}
        for line in self.lines:
            if line.kind == "item":
                items[line.sku] = items.get(line.sku, 0) + line.quantity
        gifts = {line.sku for line in self.lines if line.kind != "item"}
        helps = all(sku in gifts and items.get(sku, 0) <= units for sku, units in available.items())
        return frozenset(available) if helps else frozenset()

    def units_by_sku(self) -> dict[str, int]:
        """Units wanted of each SKU. Two lines of one SKU are one claim on its stock."""
        wanted: dict[str, int] = {}
        for line in self.lines:
            wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
        return dict(sorted(wanted.items()))
