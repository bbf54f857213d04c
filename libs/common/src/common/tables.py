"""The backbone's tables. Every service has its own copy in its own schema."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB, UUID

SHARDS = 16

_moment = DateTime(timezone=True)


def backbone(metadata: MetaData) -> None:
    """Adds the backbone's tables to a service's metadata."""
    _sending(metadata)
    _receiving(metadata)
    _dead_letters(metadata)
    _doors(metadata)


def _sending(metadata: MetaData) -> None:
    """The columns of `outbox` suit Debezium's outbox router too."""
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True, cache=1), nullable=False),
        Column("shard", SmallInteger, nullable=False),
        Column("event_id", UUID(as_uuid=True), nullable=False),
        Column("topic", Text, nullable=False),
        Column("aggregateid", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("type", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("occurred_at", _moment, nullable=False, server_default=func.now()),
        PrimaryKeyConstraint("shard", "id"),
    )
    Table(
        "event_sequences",
        metadata,
        Column("aggregateid", Text, primary_key=True),
        Column("last_seq", BigInteger, nullable=False),
    )
    Table(
        "relay_leases",
        metadata,
        Column("shard", SmallInteger, primary_key=True),
        Column("owner", UUID(as_uuid=True)),
        Column("epoch", BigInteger, nullable=False, server_default="0"),
        Column("expires_at", _moment, nullable=False, server_default=func.now()),
    )
    Table(
        "relay_members",
        metadata,
        Column("owner", UUID(as_uuid=True), primary_key=True),
        Column("seen_at", _moment, nullable=False),
    )


def _receiving(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        # Event ids are UUIDv7, so ranges of the id are ranges of event time: a late duplicate meets its first copy.
        Column("event_id", UUID(as_uuid=True), primary_key=True),
        postgresql_partition_by="RANGE (event_id)",
    )
    parked = Table(
        "parked_events",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("event_id", UUID(as_uuid=True), nullable=False),
        Column("type", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("parked_at", _moment, nullable=False, server_default=func.now()),
    )
    Index("parked_events_key", parked.c.topic, parked.c.key, parked.c.id)
    Table(
        "parked_keys",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("attempts", Integer, nullable=False),
        Column("next_at", _moment, nullable=False),
        Column("reason", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("since", _moment, nullable=False, server_default=func.now()),
    )


def _dead_letters(metadata: MetaData) -> None:
    Table(
        "dead_letters",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", UUID(as_uuid=True), nullable=False, unique=True),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("reason", Text, nullable=False),
        Column("error", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("status", Text, nullable=False, server_default="open"),
        Column("dead_at", _moment, nullable=False, server_default=func.now()),
        Column("settled_at", _moment),
        Column("settled_by", Text),
    )


def _doors(metadata: MetaData) -> None:
    Table(
        "idempotency_keys",
        metadata,
        Column("scope", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("resource_id", UUID(as_uuid=True), nullable=False),
        Column("locked_until", _moment, nullable=False),
        Column("status", SmallInteger),
        Column("response", LargeBinary),
        Column("created_at", _moment, nullable=False, server_default=func.now()),
        Index("idempotency_keys_created", "created_at"),
    )
    Table(
        "job_leases",
        metadata,
        Column("job", Text, primary_key=True),
        Column("owner", UUID(as_uuid=True), nullable=False),
        Column("expires_at", _moment, nullable=False),
    )
