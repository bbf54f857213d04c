"""The tables as the queries see them. Constraints live in the migrations; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    MetaData,
    Sequence,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData()
_id = UUID(as_uuid=True)
_moment = DateTime(timezone=True)

generations = Sequence("generations", metadata=metadata)

order_facts = Table(
    "order_facts",
    metadata,
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("fact_id", _id, primary_key=True),
    Column("order_id", _id, nullable=False),
    Column("mall_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("goods_amount", BigInteger, nullable=False),
    Column("shipping_amount", BigInteger, nullable=False),
    Column("total_amount", BigInteger, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("was_paid", Boolean, nullable=False),
    Column("at", _moment, nullable=False),
    Column("recorded_at", _moment, nullable=False, server_default=func.now()),
)

line_facts = Table(
    "line_facts",
    metadata,
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("fact_id", _id, primary_key=True),
    Column("line_id", _id, primary_key=True),
    Column("order_id", _id, nullable=False),
    Column("mall_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("product_id", _id, nullable=False),
    Column("product_name", Text),
    Column("variant_name", Text),
    Column("category_ids", ARRAY(Text), nullable=False),
    Column("category_id", Text),
    Column("quantity", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("at", _moment, nullable=False),
    Column("recorded_at", _moment, nullable=False, server_default=func.now()),
)

refund_facts = Table(
    "refund_facts",
    metadata,
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("refund_id", _id, primary_key=True),
    Column("payment_id", _id, nullable=False),
    Column("order_id", _id, nullable=False),
    Column("mall_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("at", _moment, nullable=False),
    Column("recorded_at", _moment, nullable=False, server_default=func.now()),
)

live_generation = Table(
    "live_generation",
    metadata,
    Column("one_row", Boolean, primary_key=True),
    Column("generation", BigInteger, nullable=False),
)

rebuilds = Table(
    "rebuilds",
    metadata,
    Column("id", _id, primary_key=True),
    Column("status", Text, nullable=False),
    Column("swap", Boolean, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", _moment, nullable=False),
    Column("started_at", _moment),
    Column("heartbeat_at", _moment),
    Column("finished_at", _moment),
    Column("attempt", Integer, nullable=False),
    Column("generation", BigInteger),
    Column("records", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("repeated", BigInteger, nullable=False),
    Column("unusable", BigInteger, nullable=False),
    Column("compared", BigInteger),
    Column("missing", BigInteger),
    Column("extra", BigInteger),
    Column("different", BigInteger),
    Column("differences", JSONB),
    Column("swapped", Boolean, nullable=False),
    Column("error", Text),
)

daily_reports = Table(
    "daily_reports",
    metadata,
    Column("mall_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("currency", Text, nullable=False),
    Column("orders", BigInteger, nullable=False),
    Column("paid_amount", BigInteger, nullable=False),
    Column("cancelled_amount", BigInteger, nullable=False),
    Column("published_at", _moment, nullable=False),
)

report_runs = Table(
    "report_runs",
    metadata,
    Column("day", Date, primary_key=True),
    Column("finished_at", _moment, nullable=False),
)
