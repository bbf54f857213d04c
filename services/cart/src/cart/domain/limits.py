"""How much of a product may be bought at once, and by one member. Units inside a set are bought too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from cart.domain.catalogue import Item, PurchaseLimit
from cart.domain.quote import Quote, QuoteLine, Use
from cart.errors import PurchaseLimited


def uses(lines: Sequence[QuoteLine]) -> tuple[Use, ...]:
    """What an order takes of what its member may have. Gifts count for nothing: nobody bought them."""
    limits = _limits(lines)
    return tuple(
        Use(limit.id, units, None)
        for product_id, units in _units(lines).items()
        if (limit := limits[product_id]) is not None and limit.per_member is not None
    )


def check(quote: Quote, before: Mapping[UUID, int] | None = None) -> None:
    """Raises `PurchaseLimited` for too much of a product; with `before`, only where there is more of it than then."""
    limits = _limits(quote.lines)
    for product_id, units in _units(quote.lines).items():
        limit = limits[product_id]
        grown = before is None or units > before.get(product_id, 0)
        if grown and limit is not None and limit.per_order is not None and units > limit.per_order:
            raise too_many(product_id, limit.per_order, "per_order")


def too_many(product_id: UUID | None, most: int | None, reason: str) -> PurchaseLimited:
    """`reason`: per_order, already_used (the member has had them) or members_only (a guest cannot be counted)."""
    return PurchaseLimited(
        "there is a limit to how much of this may be bought", product_id=product_id, max_quantity=most, reason=reason
    )


def _limits(lines: Sequence[QuoteLine]) -> dict[UUID, PurchaseLimit | None]:
    items = (line.item for line in lines if line.item is not None and line.kind == "item")
    return {each.product_id: each.limit for item in items for each in item.counted}


def _units(lines: Sequence[QuoteLine]) -> dict[UUID, int]:
    return _sum((line.item, line.quantity) for line in lines if line.item and line.kind == "item" and line.available)


def units_of(quantities: Mapping[str, int], items: Mapping[str, Item]) -> dict[UUID, int]:
    """Units per product of a cart as it was, for `check`."""
    return _sum((items[sku], quantity) for sku, quantity in quantities.items() if sku in items)


def _sum(bought: Iterable[tuple[Item, int]]) -> dict[UUID, int]:
    units: Counter[UUID] = Counter()
    for item, quantity in bought:
        for each in item.counted:
            units[each.product_id] += each.quantity * quantity
    return dict(units)
