"""What goes over HTTP: the list for staff, and the reports of the text provider."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from common.wire import View
from notify.clients import solapi_codes
from notify.clients.solapi import our_id
from notify.commands import TakeReport
from notify.domain import texts
from notify.errors import CursorInvalid
from notify.repository.deliveries import Listed

DeliveryStatus = Literal[
    "awaiting_contact", "pending", "sending", "unknown", "accepted", "delivered", "failed", "skipped"
]  # fmt: skip


class NotificationView(View):
    """One message on one channel. The recipient is masked."""

    id: UUID
    order_id: UUID
    template: str = Field(description="which message", examples=["order-paid"])
    channel: str = Field(description="email, alimtalk or sms", examples=["alimtalk"])
    status: DeliveryStatus = Field(examples=["delivered"])
    recipient: str | None = Field(
        description="masked; null until known, and after it was erased", examples=["010****5678"]
    )
    delivered_as: str | None = Field(
        description="what the customer got: an Alimtalk may have become a text", examples=["alimtalk"]
    )
    attempts: int = Field(description="times somebody worked at it: tries and questions", examples=[1])
    reason: str | None = Field(description="why it failed, or waits for another try", examples=["solapi_3040"])
    created_at: datetime
    sent_at: datetime | None = Field(description="first handed over")
    due_at: datetime | None = Field(description="next look at it; null when it has ended")
    ended_at: datetime | None

    @classmethod
    def of(cls, listed: Listed) -> NotificationView:
        delivery = listed.delivery
        return cls(
            id=delivery.id,
            order_id=delivery.order_id,
            template=listed.kind,
            channel=delivery.channel.value,
            status=delivery.status.value,
            recipient=texts.masked(delivery.recipient),
            delivered_as=delivery.delivered_as,
            attempts=delivery.attempts,
            reason=delivery.reason,
            created_at=listed.created_at,
            sent_at=delivery.sent_at,
            due_at=delivery.due_at,
            ended_at=delivery.ended_at,
        )


class Report(BaseModel):
    """One item of a delivery report. Fields we do not use are let through; an event wrapper is taken off."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)

    message_id: Annotated[str, Field(alias="messageId", min_length=1, max_length=100)]
    status_code: Annotated[str, Field(alias="statusCode", pattern=r"^\d{4}$", examples=["4000"])]
    type: str | None = Field(default=None, examples=["ATA"])
    to: str | None = Field(default=None, examples=["01012345678"])
    custom_fields: dict[str, Any] | None = Field(default=None, alias="customFields")

    @model_validator(mode="before")
    @classmethod
    def _unwrapped(cls, given: Any) -> Any:
        inner = given.get("data") if isinstance(given, dict) else None
        return inner if isinstance(inner, dict) else given

    @classmethod
    def read(cls, item: dict[str, Any]) -> Report | None:
        """None when the item is not a report as we know them."""
        try:
            return cls.model_validate(item)
        except ValidationError:
            return None

    def to_command(self, *, trusted: bool) -> TakeReport | None:
        """None: it is about no message of ours."""
        delivery_id = our_id({"customFields": self.custom_fields})
        if delivery_id is None:
            return None
        return TakeReport(
            delivery_id=delivery_id,
            provider_id=self.message_id,
            to=self.to,
            outcome=solapi_codes.of_message(self.status_code, self.message_id, self.type),
            trusted=trusted,
        )


class ReportsTaken(View):
    """How many items were about messages of ours. The others are of no interest and need not come again."""

    received: int = Field(examples=[2])
    taken: int = Field(examples=[12])


def cursor_of(listed: Listed) -> str:
    return base64.urlsafe_b64encode(f"{listed.created_at.isoformat()} {listed.delivery.id}".encode()).decode()


def read_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Raises `CursorInvalid`."""
    if cursor is None:
        return None
    try:
        written, _, delivery_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        moment = datetime.fromisoformat(written)
        before = moment.astimezone(UTC), UUID(delivery_id)
    except (ValueError, OverflowError, binascii.Error) as error:
        raise CursorInvalid("the cursor is not one of ours") from error
    if moment.tzinfo is None:
        raise CursorInvalid("the cursor is not one of ours")
    return before
