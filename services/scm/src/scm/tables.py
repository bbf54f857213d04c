"""The tables of scm, as queries need them. Constraints and indexes stand in the migrations alone."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

metadata = MetaData()
_moment = DateTime(timezone=True)
_uuid = UUID(as_uuid=True)

centres = Table(
    "centres",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("updated_at", _moment, nullable=False),
)

routes = Table(
    "routes",
    metadata,
    Column("mall_id", Text, primary_key=True),
    Column("centre", Text, nullable=False),
    Column("updated_at", _moment, nullable=False),
)

shipments = Table(
    "shipments",
    metadata,
    Column("id", _uuid, primary_key=True),
    Column("order_id", _uuid, nullable=False),
    Column("order_number", Text, nullable=False),
    Column("mall_id", Text, nullable=False),
    # The exchange that its goods replace; null for the order's own goods.
    Column("claim_id", _uuid),
    Column("centre", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("reason", Text),
    Column("attention", Text),
    Column("requested_at", _moment, nullable=False),
    Column("updated_at", _moment, nullable=False),
    # When its goods were bought; null for requests of before pre-orders were known here.
    Column("placed_at", _moment),
    # No centre sees it before; `release_at` is the day of the pre-order in it, as it was told.
    Column("held_until", _moment),
    Column("release_at", _moment),
    # By SKU on the shelf: units that the centre does not have.
    Column("short", JSONB, nullable=False, server_default="{}"),
    # The same as the centre said it when it rejected: cancels take nothing off it.
    Column("said_short", JSONB, nullable=False, server_default="{}"),
)

goods = Table(
    "goods",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("part_skus", ARRAY(Text), nullable=False, server_default="{}"),
    Column("part_quantities", ARRAY(Integer), nullable=False, server_default="{}"),
    Column("release_at", _moment),
    Column("preorder_since", _moment),
    Column("told_at", _moment, nullable=False),
)

shipment_lines = Table(
    "shipment_lines",
    metadata,
    Column("shipment_id", _uuid, primary_key=True),
    Column("line_id", _uuid, primary_key=True),
    Column("place", SmallInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("product_name", Text, nullable=False),
    Column("variant_name", Text),
    Column("quantity", Integer, nullable=False),
    Column("cancelled", Integer, nullable=False, server_default="0"),
    Column("shipped", Integer, nullable=False, server_default="0"),
    # When it became another variant than was bought.
    Column("changed_at", _moment),
)

option_changes = Table(
    "option_changes",
    metadata,
    Column("change_id", _uuid, primary_key=True),
    Column("order_id", _uuid, nullable=False),
    Column("refused_because", Text),
    Column("decided_at", _moment, nullable=False),
    Column("short", JSONB, nullable=False, server_default="{}"),
)

parcels = Table(
    "parcels",
    metadata,
    Column("id", _uuid, primary_key=True),
    Column("shipment_id", _uuid, nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("waybill", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("shipped_at", _moment, nullable=False),
    Column("delivered_at", _moment),
    Column("told_by", Text),
)

parcel_lines = Table(
    "parcel_lines",
    metadata,
    Column("parcel_id", _uuid, primary_key=True),
    Column("line_id", _uuid, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
)

parcel_tracking = Table(
    "parcel_tracking",
    metadata,
    Column("parcel_id", _uuid, primary_key=True),
    # When to ask the tracking API next; null once there is nothing left to ask.
    Column("next_at", _moment),
    Column("misses", Integer, nullable=False, server_default="0"),
    # Time and code only: the carriers' texts name couriers and their phones.
    Column("events", JSONB, nullable=False, server_default="[]"),
    Column("checked_at", _moment),
)

cancels = Table(
    "cancels",
    metadata,
    Column("cancel_id", _uuid, primary_key=True),
    Column("order_id", _uuid, nullable=False),
    # The exchange whose replacements are to be stopped; null for the order's own goods.
    Column("claim_id", _uuid),
    Column("mall_id", Text, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    # The order is cancelled already and waits for no answer.
    Column("final", Boolean, nullable=False),
    Column("answer", Text),
    Column("requested_at", _moment, nullable=False),
    Column("decided_at", _moment),
    # Of the units taken off, those that the centre did not have.
    Column("short", JSONB, nullable=False, server_default="{}"),
)

releases = Table(
    "releases",
    metadata,
    Column("id", _uuid, primary_key=True),
    Column("shipment_id", _uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("order_no", Text, nullable=False),
    Column("ordered_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("slip_no", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", _moment, nullable=False),
    Column("error", Text),
    Column("created_at", _moment, nullable=False),
)

returns = Table(
    "returns",
    metadata,
    Column("claim_id", _uuid, primary_key=True),
    Column("order_id", _uuid, nullable=False),
    Column("order_number", Text, nullable=False),
    Column("mall_id", Text, nullable=False),
    Column("centre", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("carrier", Text),
    Column("waybill", Text),
    Column("attention", Text),
    Column("requested_at", _moment, nullable=False),
    Column("picked_up_at", _moment),
    Column("received_at", _moment),
    Column("updated_at", _moment, nullable=False),
)

return_lines = Table(
    "return_lines",
    metadata,
    Column("claim_id", _uuid, primary_key=True),
    Column("line_id", _uuid, primary_key=True),
    Column("place", SmallInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("product_name", Text, nullable=False),
    Column("variant_name", Text),
    Column("quantity", Integer, nullable=False),
    Column("resellable", Integer, nullable=False, server_default="0"),
    Column("damaged", Integer, nullable=False, server_default="0"),
    Column("missing", Integer, nullable=False, server_default="0"),
)

# The only table with personal data. `erased_at`: the address is gone, the token's hash stays.
shipment_contacts = Table(
    "shipment_contacts",
    metadata,
    Column("order_id", _uuid, primary_key=True),
    Column("mall_id", Text, nullable=False),
    Column("access_token_hash", LargeBinary),
    Column("recipient", Text),
    Column("phone", Text),
    Column("zonecode", Text),
    Column("road_address", Text),
    Column("jibun_address", Text),
    Column("detail", Text),
    Column("memo", Text),
    Column("recorded_at", _moment, nullable=False),
    Column("erased_at", _moment),
    Column("decided_at", _moment),
)

stock_counts = Table(
    "stock_counts",
    metadata,
    Column("id", _uuid, primary_key=True),
    Column("batch_id", _uuid, nullable=False),
    Column("centre", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("on_hand", Integer, nullable=False),
    Column("counted_at", _moment, nullable=False),
)
