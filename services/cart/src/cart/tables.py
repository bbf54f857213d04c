"""The tables as the queries see them. Constraints live in the migrations; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData()
_id = UUID(as_uuid=True)
_moment = DateTime(timezone=True)

carts = Table(
    "carts",
    metadata,
    Column("id", _id, primary_key=True),
    Column("mall_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("token_salt", LargeBinary),
    Column("line_count", Integer, nullable=False),
    Column("frozen_order_id", _id),
    Column("frozen_at", _moment),
    Column("ordered_order_id", _id),
    Column("ordered_at", _moment),
    Column("created_at", _moment, nullable=False),
    Column("changed_at", _moment, nullable=False),
    Column("abandoned_at", _moment),
)

cart_lines = Table(
    "cart_lines",
    metadata,
    Column("id", _id, primary_key=True),
    Column("cart_id", _id, ForeignKey("carts.id", ondelete="CASCADE"), nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
)

frozen_quotes = Table(
    "frozen_quotes",
    metadata,
    Column("order_id", _id, primary_key=True),
    Column("cart_id", _id, ForeignKey("carts.id", ondelete="CASCADE"), nullable=False),
    Column("currency", Text, nullable=False),
    Column("items_amount", BigInteger, nullable=False),
    Column("discount_amount", BigInteger, nullable=False),
    Column("shipping_amount", BigInteger, nullable=False),
    Column("total_amount", BigInteger, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("adjustments", JSONB, nullable=False),
    Column("frozen_at", _moment, nullable=False),
)

shipping_rules = Table(
    "shipping_rules",
    metadata,
    Column("id", _id, primary_key=True),
    Column("mall_id", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("free_from", BigInteger),
    Column("currency", Text, nullable=False),
    Column("valid_from", _moment, nullable=False),
    Column("valid_to", _moment),
    Column("set_by", Text, nullable=False),
    Column("set_at", _moment, nullable=False),
)

malls = Table(
    "catalogue_malls",
    metadata,
    Column("mall_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("changed_at", _moment, nullable=False),
)

products = Table(
    "catalogue_products",
    metadata,
    Column("product_id", _id, primary_key=True),
    Column("mall_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("on_sale", Boolean, nullable=False),
    Column("category_ids", ARRAY(Text), nullable=False),
    Column("image_url", Text),
    Column("changed_at", _moment, nullable=False),
)

variants = Table(
    "catalogue_variants",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("product_id", _id, nullable=False),
    Column("variant_id", _id, nullable=False),
    Column("name", Text),
    Column("price", BigInteger, nullable=False),
    Column("tax", Text, nullable=False),
    Column("on_sale", Boolean, nullable=False),
    Column("changed_at", _moment, nullable=False),
)

stock = Table(
    "catalogue_stock",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("available", BigInteger, nullable=False),
    Column("changed_at", _moment, nullable=False),
)
