"""What a cart costs: one pure function. Promotions plug in as `Discount`s, decided before and spread here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from cart.domain.catalogue import Catalogue, Item
from cart.errors import ShippingRuleMissing
from common.money import allocate, vat_included


@dataclass(frozen=True)
class Line:
    """So many of one SKU in a cart."""

    id: UUID
    sku: str
    quantity: int


@dataclass(frozen=True)
class ShippingRule:
    """Shipping costs `fee`, and nothing from `free_from` on. `free_from` None: never free. Minor units."""

    label: str
    fee: int
    free_from: int | None
    currency: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        started = self.valid_from is None or self.valid_from <= now
        return started and (self.valid_to is None or now < self.valid_to)


@dataclass(frozen=True)
class Discount:
    """Money off the lines of `skus` (None: of every line). Never takes off more than they cost."""

    code: str
    label: str
    amount: int
    skus: frozenset[str] | None = None


@dataclass(frozen=True)
class Rules:
    """What prices depend on besides the catalogue. `default` applies where no rule of the mall is in force."""

    currency: str
    shipping: tuple[ShippingRule, ...] = ()
    default: ShippingRule | None = None
    discounts: tuple[Discount, ...] = ()


@dataclass(frozen=True)
class QuoteLine:
    """`amount` = unit price x quantity - discount, VAT included. A line that cannot be ordered costs nothing."""

    line_id: UUID
    sku: str
    quantity: int
    item: Item | None
    available: bool
    unit_price: int = 0
    discount_amount: int = 0

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
    """One reason why the total differs from the goods' prices. Negative takes off."""

    kind: str
    code: str
    label: str
    amount: int


@dataclass(frozen=True)
class Quote:
    """Goods before discounts, discounts, shipping, and what they come to. Minor units of `currency`."""

    currency: str
    lines: tuple[QuoteLine, ...]
    adjustments: tuple[Adjustment, ...]

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
    def total_amount(self) -> int:
        return self.items_amount - self.discount_amount + self.shipping_amount

    @property
    def vat_amount(self) -> int:
        """The VAT of every line and of shipping, which is always taxed."""
        return sum(line.vat_amount for line in self.lines) + vat_included(self.shipping_amount)

    @property
    def tax_free_amount(self) -> int:
        return sum(line.tax_free_amount for line in self.lines)


def price(lines: Sequence[Line], catalogue: Catalogue, rules: Rules, now: datetime) -> Quote:
    """The whole quote. Raises `ShippingRuleMissing` when something is to be sent and nothing says what that costs."""
    quoted = [_quote_line(line, catalogue, rules.currency) for line in lines]
    reductions = []
    for discount in rules.discounts:
        shares = _shares(discount, quoted)
        quoted = [replace(line, discount_amount=line.discount_amount + shares.get(line.line_id, 0)) for line in quoted]
        reductions.append(Adjustment("discount", discount.code, discount.label, -sum(shares.values())))
    shipping = _shipping(quoted, rules, now)
    return Quote(rules.currency, tuple(quoted), (*reductions, *shipping))


def _quote_line(line: Line, catalogue: Catalogue, currency: str) -> QuoteLine:
    item = catalogue.get(line.sku)
    available = item is not None and item.on_sale and item.currency == currency
    return QuoteLine(line.id, line.sku, line.quantity, item, available, item.unit_price if item is not None else 0)


def _shares(discount: Discount, lines: Sequence[QuoteLine]) -> Mapping[UUID, int]:
    """What each line gets of a discount: by what it still costs, largest remainder first, so the sum is exact."""
    meant = [line for line in lines if line.available and (discount.skus is None or line.sku in discount.skus)]
    if not meant:
        return {}
    taken = min(discount.amount, sum(line.amount for line in meant))
    parts = allocate(taken, [line.amount for line in meant])
    return {line.line_id: part for line, part in zip(meant, parts, strict=True)}


def shipping_rule(rules: Rules, now: datetime) -> ShippingRule | None:
    """The rule in force: of several, the one that began last."""
    ruling = [rule for rule in rules.shipping if rule.in_force(now)]
    if ruling:
        return max(ruling, key=lambda rule: rule.valid_from.timestamp() if rule.valid_from else float("-inf"))
    default = rules.default
    return default if default is not None and default.currency == rules.currency else None


def _shipping(lines: Sequence[QuoteLine], rules: Rules, now: datetime) -> tuple[Adjustment, ...]:
    """The fee, and a free delivery as its counterpart, so that the customer sees what was spared."""
    if not any(line.available for line in lines):
        return ()
    rule = shipping_rule(rules, now)
    if rule is None or rule.currency != rules.currency:
        raise ShippingRuleMissing(f"no shipping rule in {rules.currency} is in force")
    fee = Adjustment("shipping", "shipping.fee", rule.label, rule.fee)
    goods = sum(line.amount for line in lines)
    if rule.free_from is None or goods < rule.free_from or rule.fee == 0:
        return (fee,)
    return fee, Adjustment("shipping", "shipping.free", rule.label, -rule.fee)
