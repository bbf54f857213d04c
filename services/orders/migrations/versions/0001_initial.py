"""Orders, their lines, cancels, money sent back, contacts and story."""

from alembic import op

from common.migrate import create_backbone

revision = "0001"
down_revision = None

_ORDERS = """
CREATE TABLE orders (
    order_id uuid PRIMARY KEY,
    number text NOT NULL CONSTRAINT orders_number_unique UNIQUE,
    mall_id text NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL CONSTRAINT orders_currency CHECK (currency ~ '^[A-Z]{3}$'),
    cart_id uuid NOT NULL,
    access_token_hash bytea NOT NULL,
    status text NOT NULL CONSTRAINT orders_status CHECK (status IN
        ('pending_payment', 'paid', 'preparing', 'shipped', 'delivered', 'completed', 'cancelled')),
    items_amount bigint NOT NULL CONSTRAINT orders_items_amount CHECK (items_amount >= 0),
    discount_amount bigint NOT NULL CONSTRAINT orders_discount_amount CHECK (discount_amount >= 0),
    shipping_amount bigint NOT NULL CONSTRAINT orders_shipping_amount CHECK (shipping_amount >= 0),
    shipping_vat_amount bigint NOT NULL
        CONSTRAINT orders_shipping_vat_amount CHECK (shipping_vat_amount BETWEEN 0 AND shipping_amount),
    total_amount bigint NOT NULL CONSTRAINT orders_total_amount CHECK (total_amount > 0),
    placed_at timestamptz NOT NULL,
    payment_due_at timestamptz NOT NULL,
    awaited_payment_id uuid,
    payment_id uuid,
    payment_provider text,
    payment_method text,
    paid_amount bigint NOT NULL DEFAULT 0,
    paid_at timestamptz,
    deposit_reversed_at timestamptz,
    refunded_amount bigint NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    completed_at timestamptz,
    cancelled_at timestamptz,
    CONSTRAINT orders_paid_exactly CHECK (
        (payment_id IS NULL AND paid_amount = 0 AND paid_at IS NULL AND deposit_reversed_at IS NULL)
        OR (payment_id IS NOT NULL AND paid_amount = total_amount AND paid_at IS NOT NULL
            AND payment_provider IS NOT NULL AND payment_method IS NOT NULL)),
    CONSTRAINT orders_refunded_amount CHECK (refunded_amount BETWEEN 0 AND paid_amount),
    CONSTRAINT orders_status_has_payment CHECK (
        status = 'cancelled' OR (status = 'pending_payment') = (payment_id IS NULL)),
    CONSTRAINT orders_cancelled_at CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL)),
    CONSTRAINT orders_completed_at CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CONSTRAINT orders_delivered_at CHECK (status NOT IN ('delivered', 'completed') OR delivered_at IS NOT NULL)
)
"""

_LINES = """
CREATE TABLE order_lines (
    order_id uuid NOT NULL REFERENCES orders,
    line_id uuid NOT NULL,
    position smallint NOT NULL,
    sku text NOT NULL,
    product_id uuid NOT NULL,
    product_name text NOT NULL,
    variant_name text,
    category_ids text[] NOT NULL,
    quantity integer NOT NULL CONSTRAINT order_lines_quantity CHECK (quantity >= 1),
    unit_price bigint NOT NULL CONSTRAINT order_lines_unit_price CHECK (unit_price >= 0),
    discount_amount bigint NOT NULL CONSTRAINT order_lines_discount_amount CHECK (discount_amount >= 0),
    amount bigint NOT NULL
        CONSTRAINT order_lines_amount CHECK (amount >= 0 AND amount = unit_price * quantity - discount_amount),
    vat_amount bigint NOT NULL CONSTRAINT order_lines_vat_amount CHECK (vat_amount >= 0),
    tax_free_amount bigint NOT NULL CONSTRAINT order_lines_tax_free_amount CHECK (tax_free_amount >= 0),
    cancelled_quantity integer NOT NULL DEFAULT 0
        CONSTRAINT order_lines_cancelled_quantity CHECK (cancelled_quantity >= 0),
    cancelling_quantity integer NOT NULL DEFAULT 0
        CONSTRAINT order_lines_cancelling_quantity CHECK (cancelling_quantity >= 0),
    PRIMARY KEY (order_id, line_id),
    CONSTRAINT order_lines_tax_parts CHECK (vat_amount + tax_free_amount <= amount),
    CONSTRAINT order_lines_units CHECK (cancelled_quantity + cancelling_quantity <= quantity)
)
"""

_CANCELS = """
CREATE TABLE order_cancels (
    cancel_id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    position smallint NOT NULL,
    reason text NOT NULL CONSTRAINT order_cancels_reason CHECK (reason IN
        ('customer_request', 'staff_request', 'payment_expired', 'deposit_reversed', 'stock_unavailable')),
    actor text NOT NULL,
    status text NOT NULL CONSTRAINT order_cancels_status CHECK (status IN ('requested', 'accepted', 'refused')),
    shipping_amount bigint NOT NULL CONSTRAINT order_cancels_shipping_amount CHECK (shipping_amount >= 0),
    amount bigint NOT NULL CONSTRAINT order_cancels_amount CHECK (amount >= shipping_amount),
    vat_amount bigint NOT NULL CONSTRAINT order_cancels_vat_amount CHECK (vat_amount BETWEEN 0 AND amount),
    tax_free_amount bigint NOT NULL
        CONSTRAINT order_cancels_tax_free_amount CHECK (tax_free_amount BETWEEN 0 AND amount),
    refund_amount bigint NOT NULL CONSTRAINT order_cancels_refund_amount CHECK (refund_amount IN (0, amount)),
    refused_because text,
    requested_at timestamptz NOT NULL,
    settled_at timestamptz,
    CONSTRAINT order_cancels_place_unique UNIQUE (order_id, position),
    CONSTRAINT order_cancels_settled_at CHECK ((status = 'requested') = (settled_at IS NULL)),
    CONSTRAINT order_cancels_money CHECK (status = 'accepted' OR amount = 0)
)
"""

_CANCEL_LINES = """
CREATE TABLE order_cancel_lines (
    cancel_id uuid NOT NULL REFERENCES order_cancels,
    order_id uuid NOT NULL,
    line_id uuid NOT NULL,
    position smallint NOT NULL,
    quantity integer NOT NULL CONSTRAINT order_cancel_lines_quantity CHECK (quantity >= 1),
    amount bigint NOT NULL CONSTRAINT order_cancel_lines_amount CHECK (amount >= 0),
    vat_amount bigint NOT NULL CONSTRAINT order_cancel_lines_vat_amount CHECK (vat_amount BETWEEN 0 AND amount),
    tax_free_amount bigint NOT NULL
        CONSTRAINT order_cancel_lines_tax_free_amount CHECK (tax_free_amount BETWEEN 0 AND amount),
    PRIMARY KEY (cancel_id, line_id),
    FOREIGN KEY (order_id, line_id) REFERENCES order_lines
)
"""

_UNWANTED = """
CREATE TABLE order_unwanted_payments (
    refund_id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    payment_id uuid NOT NULL,
    amount bigint NOT NULL CONSTRAINT order_unwanted_payments_amount CHECK (amount > 0),
    currency text NOT NULL CONSTRAINT order_unwanted_payments_currency CHECK (currency ~ '^[A-Z]{3}$'),
    reason text NOT NULL CONSTRAINT order_unwanted_payments_reason CHECK (reason IN ('unwanted', 'amount_mismatch')),
    confirmed_at timestamptz NOT NULL,
    deposit_reversed_at timestamptz
)
"""

# Money of one payment is with one refund at a time, unless its bank took it back.
_UNWANTED_ONCE = """
CREATE UNIQUE INDEX order_unwanted_payments_once ON order_unwanted_payments (payment_id)
    WHERE deposit_reversed_at IS NULL
"""

# The only personal data of this schema, what customers write when they cancel among it: a row can be erased without
# touching the order's books.
_CONTACTS = """
CREATE TABLE order_contacts (
    order_id uuid PRIMARY KEY REFERENCES orders,
    orderer_name text NOT NULL,
    orderer_email text NOT NULL,
    orderer_phone text NOT NULL,
    recipient text NOT NULL,
    phone text NOT NULL,
    zonecode text NOT NULL,
    road_address text NOT NULL,
    jibun_address text,
    detail text NOT NULL,
    memo text,
    cancel_notes jsonb NOT NULL DEFAULT '{}',
    recorded_at timestamptz NOT NULL
)
"""

_HISTORY = """
CREATE TABLE order_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    name text NOT NULL,
    story text NOT NULL,
    status text NOT NULL,
    once text,
    CONSTRAINT order_history_once_unique UNIQUE (order_id, once)
)
"""

_APPEND_ONLY = """
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the story of an order is only ever continued';
END $$
"""

_APPEND_ONLY_TRIGGER = """
CREATE TRIGGER order_history_append_only BEFORE UPDATE OR DELETE ON order_history
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
"""

_NUMBERS = """
CREATE TABLE order_days (
    day date PRIMARY KEY,
    base bigint NOT NULL CONSTRAINT order_days_base CHECK (base >= 0)
)
"""

_STATEMENTS = (
    _ORDERS,
    "CREATE UNIQUE INDEX orders_one_per_cart ON orders (cart_id) WHERE status <> 'cancelled'",
    "CREATE UNIQUE INDEX orders_payment_unique ON orders (payment_id)",
    "CREATE INDEX orders_mall ON orders (mall_id, order_id DESC)",
    "CREATE INDEX orders_mall_status ON orders (mall_id, status, order_id DESC)",
    "CREATE INDEX orders_status_newest ON orders (status, order_id DESC)",
    "CREATE INDEX orders_placed_at ON orders (placed_at)",
    "CREATE INDEX orders_unpaid ON orders (payment_due_at) WHERE status = 'pending_payment'",
    "CREATE INDEX orders_arrived ON orders (delivered_at) WHERE status = 'delivered'",
    _LINES,
    _CANCELS,
    _CANCEL_LINES,
    _UNWANTED,
    "CREATE INDEX order_unwanted_payments_order ON order_unwanted_payments (order_id)",
    _UNWANTED_ONCE,
    _CONTACTS,
    _HISTORY,
    "CREATE INDEX order_history_order ON order_history (order_id, id)",
    _APPEND_ONLY,
    _APPEND_ONLY_TRIGGER,
    _NUMBERS,
    "CREATE SEQUENCE order_numbers",
)


def upgrade() -> None:
    create_backbone(op.get_bind())
    for statement in _STATEMENTS:
        op.execute(statement)
