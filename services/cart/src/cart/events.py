"""Cart's facts in the words of the contracts."""

from __future__ import annotations

from cart.domain.cart import CartAbandoned, CartChanged
from contracts import carts
from contracts.envelope import Event
from contracts.shared import SkuQuantity


def to_contract(event: CartChanged | CartAbandoned) -> Event:
    fields = {
        "cart_id": event.cart.id,
        "mall_id": event.cart.mall_id,
        "channel": event.cart.channel,
        "member_id": event.cart.member_id,
        "lines": tuple(SkuQuantity(sku=line.sku, quantity=line.quantity) for line in event.cart.lines),
        "occurred_at": event.at,
    }
    if isinstance(event, CartChanged):
        return carts.CartChanged.model_validate(fields)
    return carts.CartAbandoned.model_validate(fields | {"resting_since": event.cart.changed_at})
