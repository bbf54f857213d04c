"""What a cart costs, as a value: lines, the reasons for every won, and what came of each promotion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from cart.domain.catalogue import Item
from common.money import vat_included

FEE, FREE, PROMOTED, SURCHARGE, SURCHARGE_FREE = (
    "shipping.fee", "shipping.free", "shipping.promotion", "shipping.surcharge", "shipping.surcharge_free",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """So many of one SKU in a cart."""

    id: UUID
    sku: str
    quantity: int


@dataclass(frozen=True)
class LinePromotion:
    """What one promotion takes off one line."""

    promotion_id: UUID
    label: str
    amount: int


@dataclass(frozen=True)
class QuoteLine:
    """`amount` = unit price x quantity - discount, VAT included. A line that cannot be ordered costs nothing.

    `kind` `gift`: given for nothing; `gift_of` are the lines it is given for, none when it is given for the amount.
    """

    line_id: UUID
    sku: str
    quantity: int
    item: Item | None
    available: bool
    unit_price: int = 0
    discount_amount: int = 0
    kind: str = "item"
    gift_of: tuple[UUID, ...] = ()
    promotions: tuple[LinePromotion, ...] = ()

    @property
    def gross_amount(self) -> int:
        return self.unit_price * self.quantity if self.available else 0

    @property
    def amount(self) -> int:
        return self.gross_amount - self.discount_amount

    @property
    def tax_free_amount(self) -> int:
        return self.amount if self.item is not None and self.item.tax_free else 0

    @property
    def vat_amount(self) -> int:
        return vat_included(self.amount - self.tax_free_amount)


@dataclass(frozen=True)
class Adjustment:
    """One reason why the total differs from the goods' prices. Negative takes off. `threshold`: what the goods had to
    come to for it, where that was the reason.
    """

    kind: str
    code: str
    # Of a promotion of delivery: for this order far places are free as well, whichever it goes to in the end.
    far_too: bool = field(default=False, kw_only=True)
    label: str
    amount: int
    promotion_id: UUID | None = None
    threshold: int | None = None


@dataclass(frozen=True)
class Entry:
    """One row of the explanation: all of them together are the total."""

    kind: str
    code: str
    label: str
    amount: int
    line_id: UUID | None = None
    promotion_id: UUID | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a promotion that was asked for: `reason` says why it did not apply, None when it did.

    `code` is the coupon's, `amount` what it took off.
    """

    promotion_id: UUID | None
    label: str
    code: str | None
    reason: str | None
    amount: int = 0


@dataclass(frozen=True)
class Use:
    """So many units of an allowance that the order takes."""

    allowance_id: UUID
    units: int
    promotion_id: UUID | None
    code: str | None = None


@dataclass(frozen=True)
class Quote:
    """Goods before discounts, discounts, shipping, and what they come to. Minor units of `currency`."""

    currency: str
    lines: tuple[QuoteLine, ...]
    adjustments: tuple[Adjustment, ...]
    outcomes: tuple[Outcome, ...] = ()
    uses: tuple[Use, ...] = ()

    @property
    def items_amount(self) -> int:
        return sum(line.gross_amount for line in self.lines)

    @property
    def discount_amount(self) -> int:
        return sum(line.discount_amount for line in self.lines)

    @property
    def shipping_amount(self) -> int:
        return sum(adjustment.amount for adjustment in self.adjustments if adjustment.kind == "shipping")

    @property
    def surcharge_amount(self) -> int:
        """For far places: a part of `shipping_amount`."""
        return sum(each.amount for each in self.adjustments if each.code in (SURCHARGE, SURCHARGE_FREE))

    @property
    def shipping_discount_amount(self) -> int:
        """What was spared of fee and surcharge."""
        return -sum(each.amount for each in self.adjustments if each.kind == "shipping" and each.amount < 0)

    @property
    def free_shipping_from(self) -> int | None:
        """What the goods had to come to for the fee to be waived; 0: nothing was waived because enough was bought.
        None: a quote of before this was noted.
        """
        return next((each.threshold for each in self.adjustments if each.code == FREE), 0)

    @property
    def total_amount(self) -> int:
        return self.items_amount - self.discount_amount + self.shipping_amount

    @property
    def vat_amount(self) -> int:
        """The VAT of every line and of shipping, which is always taxed."""
        return sum(line.vat_amount for line in self.lines) + vat_included(self.shipping_amount)

    @property
    def tax_free_amount(self) -> int:
        return sum(line.tax_free_amount for line in self.lines)

    @property
    def far_places_free(self) -> bool:
        return any(each.far_too for each in self.adjustments)

    @property
    def coupons(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.code is not None)

    @property
    def explanation(self) -> tuple[Entry, ...]:
        """Every won: the sum of the amounts is the total."""
        return tuple(self._entries())

    def _entries(self) -> Iterator[Entry]:
        for line in self.lines:
            label = line.item.product_name if line.item is not None else line.sku
            given = line.promotions[0].promotion_id if line.kind == "gift" and line.promotions else None
            yield Entry(
                "gift" if line.kind == "gift" else "goods", line.sku, label, line.gross_amount, line.line_id, given
            )
            for off in line.promotions:
                if off.amount:
                    yield Entry("discount", "promotion", off.label, -off.amount, line.line_id, off.promotion_id)
        for each in self.adjustments:
            if each.kind == "shipping":
                yield Entry("shipping", each.code, each.label, each.amount, None, each.promotion_id)
