"""Events and records with honest defaults."""

from uuid import UUID

from common import ids
from common.clock import Clock
from contracts.carts import CartChanged
from contracts.shared import SkuQuantity


def a_cart_changed(cart_id: UUID | None = None, *, channel: str = "pc", quantity: int = 1) -> CartChanged:
    return CartChanged(
        cart_id=cart_id or ids.new_id(),
        mall_id="intake",
        channel=channel,
        lines=(SkuQuantity(sku="GRANOLA-500", quantity=quantity),),
        occurred_at=Clock().now(),
    )
