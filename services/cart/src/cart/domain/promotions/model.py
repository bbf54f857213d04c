"""A promotion as data. Amounts in minor units of the mall's currency, rates in hundredths of a percent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cart.domain.catalogue import Item

WHOLE = 10_000


class Stacking(StrEnum):
    EXCLUSIVE = "exclusive"
    COMBINABLE = "combinable"


class Status(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Scope:
    """Which goods are meant. Nothing named: all of them. Else one of the lists is enough; `except_skus` never."""

    skus: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    except_skus: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        return not (self.skus or self.products or self.categories)

    def covers(self, item: Item) -> bool:
        if item.sku in self.except_skus:
            return False
        named = item.sku in self.skus or str(item.product_id) in self.products
        return self.everything or named or not set(self.categories).isdisjoint(item.category_ids)


@dataclass(frozen=True)
class PercentOff:
    """`basis_points` 1000 is 10 %. Never more than `at_most`."""

    basis_points: int
    at_most: int | None = None


@dataclass(frozen=True)
class AmountOff:
    """Off the covered goods together, or (`each`) off every unit of them."""

    amount: int
    each: bool = False


@dataclass(frozen=True)
class Step:
    """From so many units on: a rate, an amount off every unit, or both."""

    from_quantity: int
    basis_points: int = 0
    unit_amount: int = 0


@dataclass(frozen=True)
class QuantitySteps:
    """The highest step reached counts for all units. `together`: the covered lines are counted as one."""

    steps: tuple[Step, ...]
    together: bool = True


@dataclass(frozen=True)
class FreeShipping:
    """Takes off the fee, and the surcharge for far places if it says so."""

    surcharge_too: bool = False


@dataclass(frozen=True)
class Gift:
    """`every` n: the gift again for each n covered units, `at_most` so many units for one order."""

    sku: str
    quantity: int = 1
    every: int | None = None
    at_most: int | None = None


Benefit = PercentOff | AmountOff | QuantitySteps | FreeShipping | Gift
KINDS: dict[str, type[Benefit]] = {
    "percent_off": PercentOff,
    "amount_off": AmountOff,
    "quantity_steps": QuantitySteps,
    "free_shipping": FreeShipping,
    "gift": Gift,
}


def kind_of(benefit: Benefit) -> str:
    return next(kind for kind, made in KINDS.items() if isinstance(benefit, made))


@dataclass(frozen=True)
class Promotion:
    """Empty `channels` and `tiers` mean any. A tier, a member's discount and some coupons need a member."""

    id: UUID
    mall_id: str
    label: str
    currency: str
    benefit: Benefit
    status: Status = Status.ACTIVE
    priority: int = 0
    stacking: Stacking = Stacking.COMBINABLE
    scope: Scope = Scope()
    min_amount: int = 0
    min_quantity: int = 0
    channels: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    members_only: bool = False
    needs_coupon: bool = False
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    gift_stock: int | None = None
    version: int = 1


@dataclass(frozen=True)
class Offer:
    """A promotion as it stands before one cart.

    `left` is how many gifts there still are (None: no limit). With a coupon: `code`, the `allowances` a use is taken
    from, and `unusable`, why the code cannot be used whatever is in the cart.
    """

    promotion: Promotion
    left: int | None = None
    code: str | None = None
    allowances: tuple[UUID, ...] = ()
    unusable: str | None = None


@dataclass(frozen=True)
class Purchase:
    """Who buys, and where. `tier` None: no member, or one without a tier."""

    cart_id: UUID
    channel: str
    member_id: str | None = None
    tier: str | None = None
