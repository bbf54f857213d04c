"""The tables of notify. Personal data: `contacts`, and `deliveries.recipient`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB, UUID

from common.tables import backbone

metadata = MetaData()
backbone(metadata)

_id = UUID(as_uuid=True)
_moment = DateTime(timezone=True)

malls = Table(
    "malls",
    metadata,
    Column("mall_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("storefront_url", Text),
    Column("support_email", Text),
    Column("support_phone", Text),
    Column("changed_at", _moment, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("order_id", _id, primary_key=True),
    Column("order_number", Text, nullable=False),
    Column("mall_id", Text, nullable=False),
    Column("currency", Text, CheckConstraint("currency ~ '^[A-Z]{3}$'"), nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("discount_amount", BigInteger, CheckConstraint("discount_amount >= 0"), nullable=False),
    Column("shipping_amount", BigInteger, CheckConstraint("shipping_amount >= 0"), nullable=False),
    Column("total_amount", BigInteger, CheckConstraint("total_amount >= 0"), nullable=False),
    Column("placed_at", _moment, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("order_id", _id, primary_key=True),
    Column("mall_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("phone", Text, nullable=False),
    Column("recorded_at", _moment, nullable=False),
    Index("contacts_recorded", "recorded_at"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", _id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("fact_id", _id, nullable=False),
    Column("order_id", _id, nullable=False),
    Column("mall_id", Text, nullable=False),
    Column("fact_at", _moment, nullable=False),
    Column("expires_at", _moment),
    Column("data", JSONB, nullable=False),
    Column("trace", JSONB, nullable=False),
    Column("created_at", _moment, nullable=False),
    UniqueConstraint("kind", "fact_id", name="messages_once"),
    Index("messages_order", "order_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _id, primary_key=True),
    Column("message_id", _id, ForeignKey("messages.id"), nullable=False),
    Column("order_id", _id, nullable=False),
    Column("channel", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("recipient", Text),
    Column("fact_at", _moment, nullable=False),
    Column("due_at", _moment),
    Column("give_up_at", _moment),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("sent_at", _moment),
    Column("provider_id", Text),
    Column("delivered_as", Text),
    Column("reason", Text),
    Column("created_at", _moment, nullable=False),
    Column("ended_at", _moment),
    UniqueConstraint("message_id", "channel", name="deliveries_once"),
)
_open = deliveries.c.ended_at.is_(None)
Index("deliveries_open", deliveries.c.channel, deliveries.c.due_at, postgresql_where=_open)
Index(
    "deliveries_queue",
    deliveries.c.order_id,
    deliveries.c.channel,
    deliveries.c.fact_at,
    deliveries.c.id,
    postgresql_where=_open,
)
Index(
    "deliveries_waiting",
    deliveries.c.channel,
    deliveries.c.fact_at,
    postgresql_where=deliveries.c.status == "awaiting_contact",
)
Index("deliveries_list", deliveries.c.created_at.desc(), deliveries.c.id.desc())
Index("deliveries_order", deliveries.c.order_id)
Index(
    "deliveries_provider",
    deliveries.c.provider_id,
    unique=True,
    postgresql_where=text("provider_id IS NOT NULL"),
)
