"""Malls, orders, contacts, messages and their deliveries."""

from alembic import op

from common.migrate import create_backbone

revision = "0001"
down_revision = None

_STATEMENTS = (
    """
    CREATE TABLE malls (
        mall_id text PRIMARY KEY,
        name text NOT NULL,
        storefront_url text,
        support_email text,
        support_phone text,
        changed_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE orders (
        order_id uuid PRIMARY KEY,
        order_number text NOT NULL,
        mall_id text NOT NULL,
        currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        lines jsonb NOT NULL,
        discount_amount bigint NOT NULL CHECK (discount_amount >= 0),
        shipping_amount bigint NOT NULL CHECK (shipping_amount >= 0),
        total_amount bigint NOT NULL CHECK (total_amount >= 0),
        placed_at timestamptz NOT NULL
    )
    """,
    # Personal data: here and in deliveries.recipient, nowhere else.
    """
    CREATE TABLE contacts (
        order_id uuid PRIMARY KEY,
        mall_id text NOT NULL,
        name text NOT NULL,
        email text,
        phone text NOT NULL,
        recorded_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX contacts_recorded ON contacts (recorded_at)",
    """
    CREATE TABLE messages (
        id uuid PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN (
            'order-placed', 'payment-pending', 'order-paid', 'order-shipped', 'order-cancelled', 'payment-refunded'
        )),
        fact_id uuid NOT NULL,
        order_id uuid NOT NULL,
        mall_id text NOT NULL,
        fact_at timestamptz NOT NULL,
        expires_at timestamptz,
        data jsonb NOT NULL,
        trace jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT messages_once UNIQUE (kind, fact_id)
    )
    """,
    "CREATE INDEX messages_order ON messages (order_id)",
    """
    CREATE TABLE deliveries (
        id uuid PRIMARY KEY,
        message_id uuid NOT NULL REFERENCES messages (id),
        order_id uuid NOT NULL,
        channel text NOT NULL CHECK (channel IN ('email', 'alimtalk', 'sms')),
        status text NOT NULL CHECK (status IN (
            'awaiting_contact', 'pending', 'sending', 'unknown', 'accepted', 'delivered', 'failed', 'skipped'
        )),
        recipient text,
        fact_at timestamptz NOT NULL,
        due_at timestamptz,
        give_up_at timestamptz,
        attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
        version integer NOT NULL DEFAULT 0 CHECK (version >= 0),
        sent_at timestamptz,
        provider_id text,
        delivered_as text,
        reason text,
        created_at timestamptz NOT NULL,
        ended_at timestamptz,
        CONSTRAINT deliveries_once UNIQUE (message_id, channel),
        CONSTRAINT deliveries_ended CHECK ((status IN ('delivered', 'failed', 'skipped')) = (ended_at IS NOT NULL)),
        CONSTRAINT deliveries_due CHECK ((ended_at IS NULL) = (due_at IS NOT NULL)),
        CONSTRAINT deliveries_explained CHECK (status NOT IN ('failed', 'skipped') OR reason IS NOT NULL),
        CONSTRAINT deliveries_addressed CHECK (
            status NOT IN ('sending', 'unknown', 'accepted') OR recipient IS NOT NULL
        )
    )
    """,
    # The sender's look: every open delivery has a moment at which somebody must care for it.
    "CREATE INDEX deliveries_open ON deliveries (channel, due_at) WHERE ended_at IS NULL",
    # An order's messages of one channel leave in the order of their facts.
    "CREATE INDEX deliveries_queue ON deliveries (order_id, channel, fact_at, id) WHERE ended_at IS NULL",
    "CREATE INDEX deliveries_waiting ON deliveries (channel, fact_at) WHERE status = 'awaiting_contact'",
    "CREATE INDEX deliveries_list ON deliveries (created_at DESC, id DESC)",
    "CREATE INDEX deliveries_order ON deliveries (order_id)",
    "CREATE UNIQUE INDEX deliveries_provider ON deliveries (provider_id) WHERE provider_id IS NOT NULL",
    # Rows change some five times in a few seconds: room for it on the page keeps the indexes out of it.
    "ALTER TABLE deliveries SET (fillfactor = 70)",
)


def upgrade() -> None:
    create_backbone(op.get_bind())
    for statement in _STATEMENTS:
        op.execute(statement)
