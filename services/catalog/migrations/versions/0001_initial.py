"""Malls, categories, products, pictures; stock, its movements, and reservations."""

from alembic import op

from common.migrate import create_backbone

revision = "0001"
down_revision = None

CATALOGUE = """
CREATE TABLE malls (
    id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    storefront_url text,
    support_email text,
    support_phone text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE categories (
    mall_id text NOT NULL REFERENCES malls,
    id text NOT NULL CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    parent_id text,
    path text[] NOT NULL CHECK (cardinality(path) BETWEEN 1 AND 5 AND path[cardinality(path)] = id),
    position integer NOT NULL DEFAULT 0,
    PRIMARY KEY (mall_id, id),
    FOREIGN KEY (mall_id, parent_id) REFERENCES categories,
    CHECK ((parent_id IS NULL) = (cardinality(path) = 1)),
    CHECK (parent_id IS NULL OR path[cardinality(path) - 1] = parent_id)
);

CREATE TABLE products (
    id uuid PRIMARY KEY,
    mall_id text NOT NULL REFERENCES malls,
    slug text NOT NULL CHECK (length(slug) BETWEEN 1 AND 120),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    description text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    category_id text,
    category_path text[] NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'published', 'hidden')),
    published_at timestamptz,
    lowest_price_amount bigint NOT NULL CHECK (lowest_price_amount >= 0),
    search_text text NOT NULL,
    grams text[] NOT NULL,
    body bytea NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (mall_id, slug),
    FOREIGN KEY (mall_id, category_id) REFERENCES categories,
    CHECK (status = 'draft' OR published_at IS NOT NULL)
);
CREATE INDEX products_newest ON products (mall_id, published_at, id) WHERE status = 'published';
CREATE INDEX products_newest_everywhere ON products (published_at, id) WHERE status = 'published';
CREATE INDEX products_cheapest ON products (mall_id, lowest_price_amount, id) WHERE status = 'published';
CREATE INDEX products_by_name ON products (mall_id, name, id) WHERE status = 'published';
CREATE INDEX products_slug ON products (slug);
CREATE INDEX products_grams ON products USING gin (grams) WHERE status = 'published';
CREATE INDEX products_categories ON products USING gin (category_path) WHERE status = 'published';

CREATE TABLE variants (
    id uuid PRIMARY KEY,
    sku text NOT NULL UNIQUE CHECK (length(sku) BETWEEN 1 AND 64),
    product_id uuid NOT NULL REFERENCES products,
    mall_id text NOT NULL REFERENCES malls,
    name text,
    price_amount bigint NOT NULL CHECK (price_amount >= 0),
    list_price_amount bigint CHECK (list_price_amount >= price_amount),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    tax text NOT NULL CHECK (tax IN ('taxable', 'tax_free')),
    position integer NOT NULL,
    UNIQUE (product_id, position)
);

CREATE TABLE uploads (
    id uuid PRIMARY KEY,
    product_id uuid NOT NULL REFERENCES products,
    object_key text NOT NULL UNIQUE,
    file_name text NOT NULL,
    content_type text NOT NULL,
    bytes bigint NOT NULL CHECK (bytes > 0),
    created_at timestamptz NOT NULL
);
CREATE INDEX uploads_created ON uploads (created_at);

CREATE TABLE pictures (
    id uuid PRIMARY KEY REFERENCES uploads,
    product_id uuid NOT NULL REFERENCES products,
    object_key text NOT NULL UNIQUE,
    alt text NOT NULL,
    position integer NOT NULL,
    UNIQUE (product_id, position)
);
"""

STOCK = """
CREATE TABLE stock (
    sku text PRIMARY KEY REFERENCES variants (sku),
    mall_id text NOT NULL REFERENCES malls,
    on_hand bigint NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    sold bigint NOT NULL DEFAULT 0 CHECK (sold >= 0),
    CHECK (on_hand >= reserved)
) WITH (fillfactor = 50);

-- The two tables of movements have no foreign key to stock: its check would lock a hot row for the length of a
-- consumer's transaction. Every movement is written from a row of stock that was just read or changed.
CREATE TABLE stock_movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL,
    delta_on_hand bigint NOT NULL,
    delta_reserved bigint NOT NULL,
    reason text NOT NULL
        CHECK (reason IN ('received', 'counted', 'reserved', 'released', 'expired', 'sold', 'restocked')),
    reference text NOT NULL,
    at timestamptz NOT NULL,
    CHECK (delta_on_hand <> 0 OR delta_reserved <> 0 OR reason = 'counted')
);
CREATE INDEX stock_movements_sku ON stock_movements (sku, at);
CREATE INDEX stock_movements_reference ON stock_movements (reference);

CREATE TABLE pending_movements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL,
    delta_on_hand bigint NOT NULL,
    delta_reserved bigint NOT NULL,
    reason text NOT NULL CHECK (reason IN ('released', 'expired', 'sold', 'restocked')),
    reference text NOT NULL,
    at timestamptz NOT NULL,
    -- Waiting may only make stock look smaller than it is.
    CHECK (delta_on_hand >= delta_reserved)
);
CREATE INDEX pending_movements_sku ON pending_movements (sku);

CREATE TABLE reservations (
    order_id uuid PRIMARY KEY,
    mall_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('held', 'confirmed', 'sold', 'released', 'expired', 'short')),
    expires_at timestamptz,
    over boolean NOT NULL DEFAULT false,
    cancel_ids uuid[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CHECK ((status = 'held') = (expires_at IS NOT NULL))
);
CREATE INDEX reservations_expiry ON reservations (expires_at) WHERE status = 'held';

-- No foreign key on the SKU: an order that names one nobody has falls short, and that is remembered too.
CREATE TABLE reservation_lines (
    order_id uuid NOT NULL REFERENCES reservations ON DELETE CASCADE,
    sku text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity > 0),
    returned bigint NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND quantity),
    PRIMARY KEY (order_id, sku)
);

CREATE TABLE stock_receipts (
    id uuid PRIMARY KEY,
    reference text NOT NULL UNIQUE CHECK (length(reference) BETWEEN 1 AND 100),
    items jsonb NOT NULL,
    received_at timestamptz NOT NULL
);

CREATE TABLE stock_counts (
    count_id uuid NOT NULL,
    sku text NOT NULL REFERENCES stock,
    centre text NOT NULL,
    counted bigint NOT NULL CHECK (counted >= 0),
    counted_at timestamptz NOT NULL,
    on_hand_then bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'applied')),
    sold_not_shipped bigint CHECK (sold_not_shipped >= 0),
    applied_difference bigint,
    applied_by text,
    applied_at timestamptz,
    PRIMARY KEY (count_id, sku),
    CHECK ((status = 'applied') = (applied_at IS NOT NULL)),
    CHECK ((status = 'applied') = (applied_difference IS NOT NULL)),
    CHECK ((status = 'applied') = (sold_not_shipped IS NOT NULL)),
    CHECK ((status = 'applied') = (applied_by IS NOT NULL))
);
CREATE INDEX stock_counts_open ON stock_counts (counted_at, count_id, sku) WHERE status = 'open';
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""

TRIGGER = """
CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE ON stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    create_backbone(op.get_bind())
    for statement in (*CATALOGUE.split(";"), *STOCK.split(";"), APPEND_ONLY, TRIGGER):
        if statement.strip():
            op.execute(statement)
