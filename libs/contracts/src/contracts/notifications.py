"""Said by notify. Carries no address and no text: only which message, about what, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from contracts import topics
from contracts.envelope import Event
from contracts.shared import MallId


class _Notification(Event):
    topic = topics.NOTIFICATIONS
    key_field = "delivery_id"

    delivery_id: UUID
    mall_id: MallId
    order_id: UUID | None = None
    template: str
    channel: str
    occurred_at: datetime


class NotificationDelivered(_Notification):
    """A message was handed over (`email`: accepted by the mail server; `alimtalk`, `sms`: reported delivered)."""

    type: ClassVar[str] = "notification-delivered"


class NotificationFailed(_Notification):
    """A message could not be delivered on any channel; `reason` says why."""

    type: ClassVar[str] = "notification-failed"

    reason: str
