"""The tables as the code sees them. The migrations make them, with all their checks; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData()

_moment = DateTime(timezone=True)
_id = UUID(as_uuid=True)
_on_sale = text("status = 'published'")

malls = Table(
    "malls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("storefront_url", Text),
    Column("support_email", Text),
    Column("support_phone", Text),
    Column("created_at", _moment, nullable=False),
    Column("updated_at", _moment, nullable=False),
    Column("media_url", Text),
)

categories = Table(
    "categories",
    metadata,
    Column("mall_id", Text, ForeignKey("malls.id"), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("parent_id", Text),
    Column("path", ARRAY(Text), nullable=False),
    Column("position", Integer, nullable=False, server_default="0"),
    ForeignKeyConstraint(["mall_id", "parent_id"], ["categories.mall_id", "categories.id"]),
)

products = Table(
    "products",
    metadata,
    Column("id", _id, primary_key=True),
    Column("mall_id", Text, ForeignKey("malls.id"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("category_id", Text),
    Column("category_path", ARRAY(Text), nullable=False),
    Column("status", Text, nullable=False),
    Column("published_at", _moment),
    Column("lowest_price_amount", BigInteger, nullable=False),
    Column("search_text", Text, nullable=False),
    Column("grams", ARRAY(Text), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", _moment, nullable=False),
    Column("updated_at", _moment, nullable=False),
    Column("tags", ARRAY(Text), nullable=False, server_default="{}"),
    Column("rank", Integer, nullable=False, server_default="0"),
    Column("prepared", SmallInteger, nullable=False, server_default="0"),
    Column("sold_out", Boolean, nullable=False, server_default="true"),
    Column("learned", Boolean, nullable=False, server_default="false"),
    UniqueConstraint("mall_id", "slug"),
    ForeignKeyConstraint(["mall_id", "category_id"], ["categories.mall_id", "categories.id"]),
    Index("products_newest", "mall_id", "published_at", "id", postgresql_where=_on_sale),
    Index("products_cheapest", "mall_id", "lowest_price_amount", "id", postgresql_where=_on_sale),
    Index("products_by_name", "mall_id", "name", "id", postgresql_where=_on_sale),
    Index("products_slug", "slug"),
    Index("products_grams", "grams", postgresql_using="gin", postgresql_where=_on_sale),
    Index("products_categories", "category_path", postgresql_using="gin", postgresql_where=_on_sale),
    Index("products_tags", "tags", postgresql_using="gin", postgresql_where=_on_sale),
    Index("products_recommended", "mall_id", "rank", "id", postgresql_where=_on_sale),
    Index("products_prepared", "prepared", "id"),
    Index("products_unlearned", "id", postgresql_where=text("status = 'published' AND NOT learned")),
    Index(
        "products_facets",
        "mall_id",
        postgresql_include=["category_path", "tags", "lowest_price_amount", "sold_out"],
        postgresql_where=_on_sale,
    ),
)

variants = Table(
    "variants",
    metadata,
    Column("id", _id, primary_key=True),
    Column("sku", Text, nullable=False, unique=True),
    Column("product_id", _id, ForeignKey("products.id"), nullable=False),
    Column("mall_id", Text, ForeignKey("malls.id"), nullable=False),
    Column("name", Text),
    Column("price_amount", BigInteger, nullable=False),
    Column("list_price_amount", BigInteger),
    Column("currency", Text, nullable=False),
    Column("tax", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("regular_price_amount", BigInteger),
    Column("options", JSONB, nullable=False, server_default="[]"),
    Column("is_set", Boolean, nullable=False, server_default="false"),
    Column("sale_price_amount", BigInteger),
    Column("sale_starts_at", _moment),
    Column("sale_ends_at", _moment),
    Column("sale_running", Boolean, nullable=False, server_default="false"),
    Column("preorder_release_at", _moment),
    Column("preorder_limit", BigInteger),
    Column("turns_at", _moment),
    UniqueConstraint("product_id", "position"),
    Index("variants_turns", "turns_at", postgresql_where=text("turns_at IS NOT NULL")),
)

price_history = Table(
    "price_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("sku", Text, nullable=False),
    Column("price_amount", BigInteger, nullable=False),
    Column("list_price_amount", BigInteger),
    Column("currency", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("staff", Text),
    Column("at", _moment, nullable=False),
    Index("price_history_sku", "sku", "id"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", _id, primary_key=True),
    Column("product_id", _id, ForeignKey("products.id"), nullable=False),
    Column("object_key", Text, nullable=False, unique=True),
    Column("file_name", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", _moment, nullable=False),
    Index("uploads_created", "created_at"),
)

pictures = Table(
    "pictures",
    metadata,
    Column("id", _id, ForeignKey("uploads.id"), primary_key=True),
    Column("product_id", _id, ForeignKey("products.id"), nullable=False),
    Column("object_key", Text, nullable=False, unique=True),
    Column("alt", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("renditions", JSONB, nullable=False, server_default="[]"),
    Column("rendered_at", _moment),
    Column("render_after", _moment, nullable=False, server_default=text("now()")),
    Column("render_tries", Integer, nullable=False, server_default="0"),
    Column("render_problem", Text),
    UniqueConstraint("product_id", "position"),
    Index(
        "pictures_unrendered",
        "render_after",
        postgresql_where=text("rendered_at IS NULL AND render_problem IS NULL"),
    ),
)

Index(
    "pictures_renditions",
    pictures.c.renditions,
    postgresql_using="gin",
    postgresql_ops={"renditions": "jsonb_path_ops"},
)

dropped_renditions = Table(
    "dropped_renditions",
    metadata,
    Column("key", Text, primary_key=True),
    Column("dropped_at", _moment, nullable=False),
    Column("removing", Boolean, nullable=False, server_default="false"),
)

stock = Table(
    "stock",
    metadata,
    Column("sku", Text, ForeignKey("variants.sku"), primary_key=True),
    Column("mall_id", Text, ForeignKey("malls.id"), nullable=False),
    Column("on_hand", BigInteger, nullable=False, server_default="0"),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("sold", BigInteger, nullable=False, server_default="0"),
    Column("preorder_limit", BigInteger, nullable=False, server_default="0"),
    Column("preorder_open", Boolean, nullable=False, server_default="false"),
)

sets = Table(
    "sets",
    metadata,
    Column("sku", Text, ForeignKey("variants.sku"), primary_key=True),
    Column("mall_id", Text, ForeignKey("malls.id"), nullable=False),
    Column("told_on_hand", BigInteger),
    Column("told_available", BigInteger),
)

set_components = Table(
    "set_components",
    metadata,
    Column("set_sku", Text, ForeignKey("sets.sku"), primary_key=True),
    Column("sku", Text, ForeignKey("stock.sku"), primary_key=True),
    Column("mall_id", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Index("set_components_sku", "sku"),
)


def _movements(name: str, *indexes: Index) -> Table:
    return Table(
        name,
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("sku", Text, nullable=False),
        Column("delta_on_hand", BigInteger, nullable=False),
        Column("delta_reserved", BigInteger, nullable=False),
        Column("reason", Text, nullable=False),
        Column("reference", Text, nullable=False),
        Column("at", _moment, nullable=False),
        *indexes,
    )


stock_movements = _movements(
    "stock_movements",
    Index("stock_movements_sku", "sku", "at"),
    Index("stock_movements_reference", "reference"),
)
pending_movements = _movements("pending_movements", Index("pending_movements_sku", "sku"))

search_words = Table(
    "search_words",
    metadata,
    Column("mall_id", Text, primary_key=True),
    Column("word", Text, primary_key=True),
    Column("jamo", Text, nullable=False),
    Column("length", SmallInteger, nullable=False),
    Column("pairs", ARRAY(Text), nullable=False),
    Index("search_words_pairs", "pairs", postgresql_using="gin"),
)

stock_flips = Table(
    "stock_flips",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("sku", Text, nullable=False),
)

reservations = Table(
    "reservations",
    metadata,
    Column("order_id", _id, primary_key=True),
    Column("mall_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("expires_at", _moment),
    Column("over", Boolean, nullable=False, server_default="false"),
    Column("cancel_ids", ARRAY(_id), nullable=False, server_default="{}"),
    Column("created_at", _moment, nullable=False),
    Column("changed_at", _moment, nullable=False),
    Index("reservations_expiry", "expires_at", postgresql_where=text("status = 'held'")),
)

reservation_lines = Table(
    "reservation_lines",
    metadata,
    Column("order_id", _id, ForeignKey("reservations.order_id", ondelete="CASCADE"), primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False, server_default="0"),
)

transfers = Table(
    "transfers",
    metadata,
    Column("id", _id, primary_key=True),
    Column("mall_id", Text, ForeignKey("malls.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("apply", Boolean, nullable=False, server_default="false"),
    Column("object_key", Text, nullable=False, unique=True),
    Column("bytes", BigInteger, nullable=False),
    Column("row_count", Integer, nullable=False, server_default="0"),
    Column("product_count", Integer, nullable=False, server_default="0"),
    Column("problems", JSONB, nullable=False, server_default="[]"),
    Column("staff", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("created_at", _moment, nullable=False),
    Column("changed_at", _moment, nullable=False),
    Index("transfers_waiting", "changed_at", postgresql_where=text("status IN ('queued', 'running')")),
    Index("transfers_lasting", "changed_at", postgresql_where=text("status <> 'gone'")),
)

stock_receipts = Table(
    "stock_receipts",
    metadata,
    Column("id", _id, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("items", JSONB, nullable=False),
    Column("received_at", _moment, nullable=False),
)

stock_counts = Table(
    "stock_counts",
    metadata,
    Column("count_id", _id, primary_key=True),
    Column("sku", Text, ForeignKey("stock.sku"), primary_key=True),
    Column("centre", Text, nullable=False),
    Column("counted", BigInteger, nullable=False),
    Column("counted_at", _moment, nullable=False),
    Column("on_hand_then", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("sold_not_shipped", BigInteger),
    Column("applied_difference", BigInteger),
    Column("applied_by", Text),
    Column("applied_at", _moment),
    Index("stock_counts_open", "counted_at", "count_id", "sku", postgresql_where=text("status = 'open'")),
    Index("stock_counts_applied", "sku", "counted_at", postgresql_where=text("status = 'applied'")),
)
