"""Said by cart."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from contracts import topics
from contracts.envelope import Event
from contracts.shared import MallId, SkuQuantity


class _Cart(Event):
    topic = topics.CARTS
    key_field = "cart_id"

    cart_id: UUID
    mall_id: MallId
    channel: str
    member_id: UUID | None = None
    lines: tuple[SkuQuantity, ...]
    occurred_at: datetime


class CartChanged(_Cart):
    """The lines of a cart changed; `lines` is what it holds now."""

    type: ClassVar[str] = "cart-changed"


class CartAbandoned(_Cart):
    """A cart with lines was left alone for the mall's abandonment period; said once until it is changed again.

    Who wants to remind somebody asks for the member of `member_id`: a guest's cart names nobody. `resting_since` is
    its last change, and with `cart_id` names this rest for ever.
    """

    type: ClassVar[str] = "cart-abandoned"

    resting_since: datetime | None = None
