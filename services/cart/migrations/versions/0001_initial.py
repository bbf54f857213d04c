"""Carts, their frozen quotes, shipping rules, and the copy of the catalogue they are priced from."""

from alembic import op

from common.migrate import create_backbone

revision = "0001"
down_revision = None

_CARTS = """
CREATE TABLE carts (
    id uuid PRIMARY KEY,
    mall_id text NOT NULL,
    channel text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    status text NOT NULL CHECK (status IN ('open', 'ordered')),
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    token_salt bytea,
    line_count integer NOT NULL CHECK (line_count >= 0),
    frozen_order_id uuid,
    frozen_at timestamptz,
    ordered_order_id uuid,
    ordered_at timestamptz,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    abandoned_at timestamptz,
    CHECK ((status = 'ordered') = (ordered_order_id IS NOT NULL)),
    CHECK ((ordered_order_id IS NULL) = (ordered_at IS NULL)),
    CHECK ((frozen_order_id IS NULL) = (frozen_at IS NULL))
)
"""
_CART_LINES = """
CREATE TABLE cart_lines (
    id uuid PRIMARY KEY,
    cart_id uuid NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    sku text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    UNIQUE (cart_id, sku)
)
"""
# The lines are a document because they are written once and read whole; the sums are columns so that the database
# itself refuses a quote that does not add up.
_FROZEN_QUOTES = """
CREATE TABLE frozen_quotes (
    order_id uuid PRIMARY KEY,
    cart_id uuid NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    items_amount bigint NOT NULL CHECK (items_amount >= 0),
    discount_amount bigint NOT NULL CHECK (discount_amount >= 0 AND discount_amount <= items_amount),
    shipping_amount bigint NOT NULL CHECK (shipping_amount >= 0),
    total_amount bigint NOT NULL CHECK (total_amount = items_amount - discount_amount + shipping_amount),
    lines jsonb NOT NULL CHECK (jsonb_array_length(lines) > 0),
    adjustments jsonb NOT NULL,
    frozen_at timestamptz NOT NULL
)
"""
_SHIPPING_RULES = """
CREATE TABLE shipping_rules (
    id uuid PRIMARY KEY,
    mall_id text NOT NULL,
    label text NOT NULL,
    fee bigint NOT NULL CHECK (fee >= 0),
    free_from bigint CHECK (free_from >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    valid_from timestamptz NOT NULL,
    valid_to timestamptz CHECK (valid_to > valid_from),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    UNIQUE (mall_id, valid_from)
)
"""
# Events of different keys come in any order, so no table of the copy refers to another. `changed_at` is the time of the
# event that wrote the row: a much older event, replayed late, changes nothing.
_CATALOGUE = (
    """
CREATE TABLE catalogue_malls (
    mall_id text PRIMARY KEY,
    name text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    changed_at timestamptz NOT NULL
)
""",
    """
CREATE TABLE catalogue_products (
    product_id uuid PRIMARY KEY,
    mall_id text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    on_sale boolean NOT NULL,
    category_ids text[] NOT NULL,
    image_url text,
    changed_at timestamptz NOT NULL
)
""",
    """
CREATE TABLE catalogue_variants (
    sku text PRIMARY KEY,
    product_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    name text,
    price bigint NOT NULL CHECK (price >= 0),
    tax text NOT NULL CHECK (tax IN ('taxable', 'tax_free')),
    on_sale boolean NOT NULL,
    changed_at timestamptz NOT NULL
)
""",
    """
CREATE TABLE catalogue_stock (
    sku text PRIMARY KEY,
    available integer NOT NULL,
    changed_at timestamptz NOT NULL
)
""",
)
_INDEXES = (
    "CREATE INDEX carts_idle ON carts (changed_at) WHERE status = 'open' AND line_count > 0 AND abandoned_at IS NULL",
    "CREATE INDEX carts_changed ON carts (changed_at)",
    "CREATE INDEX frozen_quotes_cart ON frozen_quotes (cart_id)",
    "CREATE INDEX catalogue_variants_product ON catalogue_variants (product_id)",
)


def upgrade() -> None:
    create_backbone(op.get_bind())
    for statement in (_CARTS, _CART_LINES, _FROZEN_QUOTES, _SHIPPING_RULES, *_CATALOGUE, *_INDEXES):
        op.execute(statement)
