"""Goods that come back, and the shipments of their replacements."""

from alembic import op

revision = "0002"
down_revision = "0001"

_RETURNS = """
CREATE TABLE returns (
    claim_id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    order_number text NOT NULL,
    mall_id text NOT NULL,
    centre text NOT NULL,
    status text NOT NULL CONSTRAINT returns_status CHECK (status IN ('requested', 'picked_up', 'received', 'closed')),
    carrier text,
    waybill text,
    attention text,
    requested_at timestamptz NOT NULL,
    picked_up_at timestamptz,
    received_at timestamptz,
    updated_at timestamptz NOT NULL,
    CONSTRAINT returns_waybill CHECK ((carrier IS NULL) = (waybill IS NULL)),
    CONSTRAINT returns_received_at CHECK ((status = 'received') = (received_at IS NOT NULL))
)
"""

_RETURN_LINES = """
CREATE TABLE return_lines (
    claim_id uuid NOT NULL REFERENCES returns,
    line_id uuid NOT NULL,
    place smallint NOT NULL,
    sku text NOT NULL,
    product_name text NOT NULL,
    variant_name text,
    quantity integer NOT NULL CONSTRAINT return_lines_quantity CHECK (quantity >= 1),
    resellable integer NOT NULL DEFAULT 0 CONSTRAINT return_lines_resellable CHECK (resellable >= 0),
    damaged integer NOT NULL DEFAULT 0 CONSTRAINT return_lines_damaged CHECK (damaged >= 0),
    missing integer NOT NULL DEFAULT 0 CONSTRAINT return_lines_missing CHECK (missing >= 0),
    PRIMARY KEY (claim_id, line_id),
    CONSTRAINT return_lines_found CHECK (resellable + damaged + missing IN (0, quantity))
)
"""

_STATEMENTS = (
    "ALTER TABLE shipments ADD COLUMN claim_id uuid",
    "ALTER TABLE shipments DROP CONSTRAINT shipments_one_per_order",
    "CREATE UNIQUE INDEX shipments_one_per_order ON shipments (order_id) WHERE claim_id IS NULL",
    "CREATE UNIQUE INDEX shipments_one_per_claim ON shipments (claim_id) WHERE claim_id IS NOT NULL",
    "CREATE INDEX shipments_of_order ON shipments (order_id)",
    # What staff looks up and lists.
    "CREATE INDEX shipments_order_number ON shipments (order_number)",
    "CREATE INDEX shipments_mall ON shipments (mall_id, id)",
    "CREATE INDEX shipments_status ON shipments (status, id)",
    "CREATE INDEX releases_stopped ON releases (created_at) WHERE state = 'stopped'",
    _RETURNS,
    "CREATE INDEX returns_of_centre ON returns (centre, status, claim_id)",
    "CREATE INDEX returns_status ON returns (status, claim_id)",
    "CREATE INDEX returns_of_order ON returns (order_id)",
    _RETURN_LINES,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
