"""Says how deliveries ended. No address, no text."""

from __future__ import annotations

from contracts.notifications import NotificationDelivered, NotificationFailed
from notify.domain.delivery import Delivery
from notify.domain.messages import Message


def delivered(message: Message, delivery: Delivery) -> NotificationDelivered:
    """`channel` is what the customer got: an Alimtalk that the provider turned into a text is an `sms`."""
    assert delivery.ended_at is not None
    return NotificationDelivered(
        delivery_id=delivery.id,
        mall_id=message.mall_id,
        order_id=message.order_id,
        template=message.kind,
        channel=delivery.delivered_as or delivery.channel,
        occurred_at=delivery.ended_at,
    )


def failed(message: Message, delivery: Delivery) -> NotificationFailed:
    """The message reached nobody; `delivery` is the last that ended."""
    assert delivery.ended_at is not None
    return NotificationFailed(
        delivery_id=delivery.id,
        mall_id=message.mall_id,
        order_id=message.order_id,
        template=message.kind,
        channel=delivery.channel,
        occurred_at=delivery.ended_at,
        reason=delivery.reason or "unknown",
    )
