"""The tables as the queries see them. The constraints on their content stand in the migrations."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from common.tables import backbone

metadata = MetaData()
backbone(metadata)

_id = UUID(as_uuid=True)
_moment = DateTime(timezone=True)

orders = Table(
    "orders",
    metadata,
    Column("order_id", _id, primary_key=True),
    Column("number", Text, nullable=False),
    Column("mall_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("cart_id", _id, nullable=False),
    Column("access_token_hash", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("items_amount", BigInteger, nullable=False),
    Column("discount_amount", BigInteger, nullable=False),
    Column("shipping_amount", BigInteger, nullable=False),
    Column("shipping_vat_amount", BigInteger, nullable=False),
    Column("total_amount", BigInteger, nullable=False),
    Column("placed_at", _moment, nullable=False),
    Column("payment_due_at", _moment, nullable=False),
    Column("awaited_payment_id", _id),
    Column("payment_id", _id),
    Column("payment_provider", Text),
    Column("payment_method", Text),
    Column("paid_amount", BigInteger, nullable=False, server_default="0"),
    Column("paid_at", _moment),
    Column("deposit_reversed_at", _moment),
    Column("refunded_amount", BigInteger, nullable=False, server_default="0"),
    Column("stock_missing", Boolean, nullable=False, server_default="false"),
    Column("promotions", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("coupon_uses", ARRAY(_id), nullable=False, server_default=text("'{}'::uuid[]")),
    Column("surcharge_amount", BigInteger, nullable=False, server_default="0"),
    Column("shipping_discount_amount", BigInteger, nullable=False, server_default="0"),
    Column("free_shipping_from_amount", BigInteger),
    Column("delivered_at", _moment),
    Column("completed_at", _moment),
    Column("returned_at", _moment),
    Column("cancelled_at", _moment),
    Column("troubles", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("charges", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("option_changes", SmallInteger, nullable=False, server_default="0"),
    UniqueConstraint("number", name="orders_number_unique"),
)
Index("orders_one_per_cart", orders.c.cart_id, unique=True, postgresql_where=text("status <> 'cancelled'"))
Index("orders_payment_unique", orders.c.payment_id, unique=True)
Index("orders_mall", orders.c.mall_id, orders.c.order_id.desc())
Index("orders_mall_status", orders.c.mall_id, orders.c.status, orders.c.order_id.desc())
Index("orders_status_newest", orders.c.status, orders.c.order_id.desc())
Index("orders_channel_newest", orders.c.channel, orders.c.order_id.desc())
Index("orders_placed_at", orders.c.placed_at)
Index("orders_unpaid", orders.c.payment_due_at, postgresql_where=text("status = 'pending_payment'"))
Index("orders_arrived", orders.c.delivered_at, postgresql_where=text("status = 'delivered'"))

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", _id, ForeignKey("orders.order_id"), primary_key=True),
    Column("line_id", _id, primary_key=True),
    Column("position", SmallInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("product_id", _id, nullable=False),
    Column("product_name", Text, nullable=False),
    Column("variant_name", Text),
    Column("category_ids", ARRAY(Text), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", BigInteger, nullable=False),
    Column("discount_amount", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("vat_amount", BigInteger, nullable=False),
    Column("tax_free_amount", BigInteger, nullable=False),
    Column("cancelled_quantity", Integer, nullable=False, server_default="0"),
    Column("cancelling_quantity", Integer, nullable=False, server_default="0"),
    Column("claiming_quantity", Integer, nullable=False, server_default="0"),
    Column("returned_quantity", Integer, nullable=False, server_default="0"),
    Column("kind", Text, nullable=False, server_default="item"),
    Column("gift_of", ARRAY(_id), nullable=False, server_default=text("'{}'::uuid[]")),
)

order_cancels = Table(
    "order_cancels",
    metadata,
    Column("cancel_id", _id, primary_key=True),
    Column("order_id", _id, ForeignKey("orders.order_id"), nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("shipping_amount", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("vat_amount", BigInteger, nullable=False),
    Column("tax_free_amount", BigInteger, nullable=False),
    Column("refund_amount", BigInteger, nullable=False),
    Column("refused_because", Text),
    Column("requested_at", _moment, nullable=False),
    Column("settled_at", _moment),
    UniqueConstraint("order_id", "position", name="order_cancels_place_unique"),
)

order_cancel_lines = Table(
    "order_cancel_lines",
    metadata,
    Column("cancel_id", _id, ForeignKey("order_cancels.cancel_id"), primary_key=True),
    Column("order_id", _id, nullable=False),
    Column("line_id", _id, primary_key=True),
    Column("position", SmallInteger, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("vat_amount", BigInteger, nullable=False),
    Column("tax_free_amount", BigInteger, nullable=False),
    Column("sku", Text),
    ForeignKeyConstraint(["order_id", "line_id"], ["order_lines.order_id", "order_lines.line_id"]),
)

order_option_changes = Table(
    "order_option_changes",
    metadata,
    Column("change_id", _id, primary_key=True),
    Column("order_id", _id, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("line_id", _id, nullable=False),
    Column("sku", Text, nullable=False),
    Column("variant_name", Text),
    Column("new_sku", Text, nullable=False),
    Column("new_variant_name", Text),
    Column("quantity", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("refused_because", Text),
    Column("requested_at", _moment, nullable=False),
    Column("settled_at", _moment),
    UniqueConstraint("order_id", "position", name="order_option_changes_place_unique"),
    ForeignKeyConstraint(["order_id", "line_id"], ["order_lines.order_id", "order_lines.line_id"]),
)
Index(
    "order_option_changes_open",
    order_option_changes.c.order_id,
    order_option_changes.c.line_id,
    unique=True,
    postgresql_where=text("status = 'requested'"),
)

order_claims = Table(
    "order_claims",
    metadata,
    Column("claim_id", _id, primary_key=True),
    Column("order_id", _id, ForeignKey("orders.order_id"), nullable=False),
    Column("mall_id", Text, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("terms", JSONB, nullable=False),
    Column("return_fee_amount", BigInteger, nullable=False),
    Column("outbound_fee_amount", BigInteger, nullable=False),
    Column("shipping_amount", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("vat_amount", BigInteger, nullable=False),
    Column("tax_free_amount", BigInteger, nullable=False),
    Column("refund_amount", BigInteger, nullable=False),
    Column("refused_because", Text),
    Column("requested_at", _moment, nullable=False),
    Column("approved_at", _moment),
    Column("picked_up_at", _moment),
    Column("settled_at", _moment),
    # Whether the centre keeps what a completed exchange was to send; null: nobody asked.
    Column("stop_id", _id),
    Column("stop_status", Text),
    Column("stop_refused_because", Text),
    UniqueConstraint("order_id", "position", name="order_claims_place_unique"),
)
Index("order_claims_newest", order_claims.c.status, order_claims.c.claim_id.desc())
Index("order_claims_mall", order_claims.c.mall_id, order_claims.c.status, order_claims.c.claim_id.desc())
Index("order_claims_mall_newest", order_claims.c.mall_id, order_claims.c.claim_id.desc())

order_claim_lines = Table(
    "order_claim_lines",
    metadata,
    Column("claim_id", _id, ForeignKey("order_claims.claim_id"), primary_key=True),
    Column("order_id", _id, nullable=False),
    Column("line_id", _id, primary_key=True),
    Column("position", SmallInteger, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("held_sku", Text),
    Column("held_name", Text),
    Column("replacement_sku", Text),
    Column("replacement_name", Text),
    Column("resellable", Integer, nullable=False, server_default="0"),
    Column("damaged", Integer, nullable=False, server_default="0"),
    Column("missing", Integer, nullable=False, server_default="0"),
    Column("stopping", Integer, nullable=False, server_default="0"),
    Column("stopped", Integer, nullable=False, server_default="0"),
    Column("amount", BigInteger, nullable=False),
    Column("vat_amount", BigInteger, nullable=False),
    Column("tax_free_amount", BigInteger, nullable=False),
    ForeignKeyConstraint(["order_id", "line_id"], ["order_lines.order_id", "order_lines.line_id"]),
)

claim_terms = Table(
    "claim_terms",
    metadata,
    Column("mall_id", Text, primary_key=True),
    Column("return_fee_amount", BigInteger, nullable=False),
    Column("outbound_fee_amount", BigInteger, nullable=False),
    Column("free_shipping_from_amount", BigInteger, nullable=False),
    Column("change_of_mind_days", Integer, nullable=False),
    Column("defect_days", Integer, nullable=False),
    Column("defect_known_days", Integer, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", _moment, nullable=False),
)

order_unwanted_payments = Table(
    "order_unwanted_payments",
    metadata,
    Column("refund_id", _id, primary_key=True),
    Column("order_id", _id, ForeignKey("orders.order_id"), nullable=False),
    Column("payment_id", _id, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("confirmed_at", _moment, nullable=False),
    Column("deposit_reversed_at", _moment),
)
Index(
    "order_unwanted_payments_once",
    order_unwanted_payments.c.payment_id,
    unique=True,
    postgresql_where=text("deposit_reversed_at IS NULL"),
)
Index("order_unwanted_payments_order", order_unwanted_payments.c.order_id)

order_contacts = Table(
    "order_contacts",
    metadata,
    Column("order_id", _id, ForeignKey("orders.order_id"), primary_key=True),
    Column("orderer_name", Text, nullable=False),
    Column("orderer_email", Text, nullable=False),
    Column("orderer_phone", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("zonecode", Text, nullable=False),
    Column("road_address", Text, nullable=False),
    Column("jibun_address", Text),
    Column("detail", Text, nullable=False),
    Column("memo", Text),
    Column("cancel_notes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("claim_notes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("address_changes", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("recorded_at", _moment, nullable=False),
)

order_history = Table(
    "order_history",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("order_id", _id, ForeignKey("orders.order_id"), nullable=False),
    Column("at", _moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("story", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("once", Text),
    UniqueConstraint("order_id", "once", name="order_history_once_unique"),
)
Index("order_history_order", order_history.c.order_id, order_history.c.id)

order_parcels = Table(
    "order_parcels",
    metadata,
    Column("order_id", _id, ForeignKey("orders.order_id"), primary_key=True),
    Column("shipment_id", _id, primary_key=True),
    Column("position", SmallInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("claim_id", _id),
    Column("delivered_at", _moment),
)

order_notes = Table(
    "order_notes",
    metadata,
    Column("note_id", _id, primary_key=True),
    Column("order_id", _id, ForeignKey("orders.order_id"), nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", _moment, nullable=False),
)
Index("order_notes_order", order_notes.c.order_id, order_notes.c.note_id)

order_look_ups = Table(
    "order_look_ups",
    metadata,
    Column("name_hash", LargeBinary, primary_key=True),
    Column("since", _moment, nullable=False),
    Column("tries", Integer, nullable=False),
)
Index("order_look_ups_since", order_look_ups.c.since)

order_days = Table(
    "order_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("base", BigInteger, nullable=False),
)

order_numbers = Sequence("order_numbers", metadata=metadata)
