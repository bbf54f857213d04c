"""Centres, routes, shipments, parcels, tracking, cancels, releases to a polled centre, contacts, stock counts."""

from alembic import op

from common.migrate import create_backbone

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE centres (
        code text PRIMARY KEY CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
        name text NOT NULL,
        mode text NOT NULL CHECK (mode IN ('pull', 'poll')),
        active boolean NOT NULL DEFAULT true,
        updated_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE routes (
        mall_id text PRIMARY KEY,
        centre text NOT NULL REFERENCES centres (code),
        updated_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE shipments (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL CONSTRAINT shipments_one_per_order UNIQUE,
        order_number text NOT NULL,
        mall_id text NOT NULL,
        centre text NOT NULL REFERENCES centres (code),
        stage text NOT NULL CHECK (stage IN ('requested', 'accepted', 'rejected')),
        status text NOT NULL CHECK (status IN (
            'requested', 'accepted', 'rejected', 'partly_shipped', 'shipped', 'in_transit', 'delivered', 'cancelled'
        )),
        revision integer NOT NULL DEFAULT 1 CHECK (revision >= 1),
        reason text,
        attention text,
        requested_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX shipments_of_centre ON shipments (centre, status, id)",
    "CREATE INDEX shipments_attention ON shipments (id) WHERE attention IS NOT NULL",
    """
    CREATE TABLE shipment_lines (
        shipment_id uuid NOT NULL REFERENCES shipments (id),
        line_id uuid NOT NULL,
        place smallint NOT NULL,
        sku text NOT NULL,
        product_name text NOT NULL,
        variant_name text,
        quantity integer NOT NULL CHECK (quantity > 0),
        cancelled integer NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
        shipped integer NOT NULL DEFAULT 0 CHECK (shipped >= 0),
        PRIMARY KEY (shipment_id, line_id),
        CONSTRAINT shipment_lines_within_quantity CHECK (cancelled + shipped <= quantity)
    )
    """,
    """
    CREATE TABLE parcels (
        id uuid PRIMARY KEY,
        shipment_id uuid NOT NULL REFERENCES shipments (id),
        place smallint NOT NULL,
        carrier text NOT NULL,
        waybill text NOT NULL CHECK (waybill ~ '^[0-9A-Z]+$'),
        status text NOT NULL CHECK (status IN ('shipped', 'in_transit', 'delivered')),
        shipped_at timestamptz NOT NULL,
        delivered_at timestamptz,
        CONSTRAINT parcels_once_per_shipment UNIQUE (shipment_id, carrier, waybill),
        CONSTRAINT parcels_delivered CHECK ((status = 'delivered') = (delivered_at IS NOT NULL))
    )
    """,
    "CREATE INDEX parcels_waybill ON parcels (carrier, waybill)",
    """
    CREATE TABLE parcel_lines (
        parcel_id uuid NOT NULL REFERENCES parcels (id),
        line_id uuid NOT NULL,
        sku text NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        PRIMARY KEY (parcel_id, line_id)
    )
    """,
    """
    CREATE TABLE parcel_tracking (
        parcel_id uuid PRIMARY KEY REFERENCES parcels (id),
        next_at timestamptz,
        misses integer NOT NULL DEFAULT 0 CHECK (misses >= 0),
        events jsonb NOT NULL DEFAULT '[]',
        checked_at timestamptz
    )
    """,
    "CREATE INDEX parcel_tracking_due ON parcel_tracking (next_at) WHERE next_at IS NOT NULL",
    """
    CREATE TABLE cancels (
        cancel_id uuid PRIMARY KEY,
        order_id uuid NOT NULL,
        mall_id text NOT NULL,
        whole boolean NOT NULL,
        lines jsonb NOT NULL,
        reason text NOT NULL,
        state text NOT NULL CHECK (state IN ('pending', 'accepted', 'refused')),
        final boolean NOT NULL,
        answer text,
        requested_at timestamptz NOT NULL,
        decided_at timestamptz,
        CONSTRAINT cancels_decided CHECK ((state = 'pending') = (decided_at IS NULL))
    )
    """,
    "CREATE INDEX cancels_of_order ON cancels (order_id, cancel_id)",
    "CREATE INDEX cancels_pending ON cancels (order_id) WHERE state = 'pending'",
    """
    CREATE TABLE releases (
        id uuid PRIMARY KEY,
        shipment_id uuid NOT NULL REFERENCES shipments (id),
        number integer NOT NULL CHECK (number >= 1),
        order_no text NOT NULL CONSTRAINT releases_order_no UNIQUE,
        ordered_on date NOT NULL,
        state text NOT NULL CHECK (state IN ('sending', 'released', 'shipped', 'stopped', 'refused')),
        slip_no text,
        attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        next_at timestamptz NOT NULL,
        error text,
        created_at timestamptz NOT NULL,
        CONSTRAINT releases_number UNIQUE (shipment_id, number),
        CONSTRAINT releases_slip CHECK (state <> 'released' OR slip_no IS NOT NULL)
    )
    """,
    "CREATE UNIQUE INDEX releases_one_open ON releases (shipment_id) WHERE state IN ('sending', 'released')",
    "CREATE INDEX releases_open ON releases (state, next_at) WHERE state IN ('sending', 'released')",
    """
    CREATE TABLE shipment_contacts (
        order_id uuid PRIMARY KEY,
        mall_id text NOT NULL,
        access_token_hash bytea CHECK (octet_length(access_token_hash) = 32),
        recipient text,
        phone text,
        zonecode text,
        road_address text,
        jibun_address text,
        detail text,
        memo text,
        recorded_at timestamptz NOT NULL,
        erased_at timestamptz,
        CONSTRAINT shipment_contacts_erased CHECK (
            CASE WHEN erased_at IS NULL
                THEN num_nulls(recipient, phone, zonecode, road_address, detail) = 0
                ELSE num_nonnulls(recipient, phone, zonecode, road_address, jibun_address, detail, memo) = 0
            END
        )
    )
    """,
    "CREATE INDEX shipment_contacts_kept ON shipment_contacts (recorded_at) WHERE erased_at IS NULL",
    """
    CREATE TABLE stock_counts (
        id uuid PRIMARY KEY,
        batch_id uuid NOT NULL,
        centre text NOT NULL REFERENCES centres (code),
        sku text NOT NULL,
        on_hand integer NOT NULL CHECK (on_hand >= 0),
        counted_at timestamptz NOT NULL,
        CONSTRAINT stock_counts_once UNIQUE (batch_id, sku)
    )
    """,
    "CREATE INDEX stock_counts_of_sku ON stock_counts (centre, sku, counted_at)",
)


def upgrade() -> None:
    create_backbone(op.get_bind())
    for statement in STATEMENTS:
        op.execute(statement)
