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
    Column("coupon_codes", ARRAY(Text), nullable=False),
    Column("member_id", _id),
    Column("member_tier", Text),
    Column("merged_into", _id),
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
    Column("outcomes", JSONB, nullable=False),
    Column("uses", JSONB, nullable=False),
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

promotions = Table(
    "promotions",
    metadata,
    Column("id", _id, primary_key=True),
    Column("mall_id", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("needs_coupon", Boolean, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("stacking", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rule", JSONB, nullable=False),
    Column("valid_from", _moment, nullable=False),
    Column("valid_to", _moment),
    Column("version", Integer, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", _moment, nullable=False),
)

allowances = Table(
    "allowances",
    metadata,
    Column("id", _id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("most", BigInteger),
    Column("per_member", Integer),
    Column("taken", BigInteger, nullable=False),
)

allowance_uses = Table(
    "allowance_uses",
    metadata,
    Column("order_id", _id, primary_key=True),
    Column("allowance_id", _id, ForeignKey("allowances.id"), primary_key=True),
    Column("cart_id", _id, nullable=False),
    Column("member_id", _id),
    Column("units", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("held_at", _moment, nullable=False),
    Column("changed_at", _moment, nullable=False),
    Column("returned_units", BigInteger, nullable=False, server_default="0"),
)

allowance_returns = Table(
    "allowance_returns",
    metadata,
    Column("fact_id", _id, primary_key=True),
    Column("allowance_id", _id, ForeignKey("allowances.id"), primary_key=True),
    Column("order_id", _id, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("at", _moment, nullable=False),
)

coupons = Table(
    "coupons",
    metadata,
    Column("id", _id, ForeignKey("allowances.id"), primary_key=True),
    Column("promotion_id", _id, ForeignKey("promotions.id"), nullable=False),
    Column("mall_id", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("valid_from", _moment),
    Column("valid_to", _moment),
    Column("made_by", Text, nullable=False),
    Column("made_at", _moment, nullable=False),
)

coupon_codes = Table(
    "coupon_codes",
    metadata,
    Column("mall_id", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("coupon_id", _id, ForeignKey("coupons.id"), nullable=False),
    Column("allowance_id", _id, ForeignKey("allowances.id"), nullable=False),
)

surcharge_tables = Table(
    "surcharge_tables",
    metadata,
    Column("mall_id", Text, primary_key=True),
    Column("currency", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    Column("set_at", _moment, nullable=False),
)

surcharge_ranges = Table(
    "surcharge_ranges",
    metadata,
    Column("mall_id", Text, ForeignKey("surcharge_tables.mall_id", ondelete="CASCADE"), primary_key=True),
    Column("first_zonecode", Text, primary_key=True),
    Column("last_zonecode", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("source", Text),
)

purchase_limits = Table(
    "purchase_limits",
    metadata,
    Column("product_id", _id, primary_key=True),
    Column("mall_id", Text, nullable=False),
    Column("allowance_id", _id, ForeignKey("allowances.id"), nullable=False),
    Column("max_per_order", Integer),
    Column("max_per_member", Integer),
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
    Column("parts", JSONB, nullable=False, server_default="[]"),
)

stock = Table(
    "catalogue_stock",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("available", BigInteger, nullable=False),
    Column("changed_at", _moment, nullable=False),
)
