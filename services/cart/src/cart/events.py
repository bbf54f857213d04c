"""Cart's facts in the words of the contracts."""

from __future__ import annotations

from cart.domain.cart import CartAbandoned, CartChanged
from contracts import carts
from contracts.envelope import Event
from contracts.shared import SkuQuantity


def to_contract(event: CartChanged | CartAbandoned) -> Event:
    said = carts.CartChanged if isinstance(event, CartChanged) else carts.CartAbandoned
    return said(
        cart_id=event.cart.id,
        mall_id=event.cart.mall_id,
        channel=event.cart.channel,
        lines=tuple(SkuQuantity(sku=line.sku, quantity=line.quantity) for line in event.cart.lines),
        occurred_at=event.at,
    )
