"""Sales, pre-orders, sets, options and tags; the history of prices; products whose bodies are prepared anew."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = """
ALTER TABLE products ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
ALTER TABLE products ADD COLUMN rank integer NOT NULL DEFAULT 0;
-- Which form of `body` and of the search columns a row has; an older one is prepared anew by a job.
ALTER TABLE products ADD COLUMN prepared smallint NOT NULL DEFAULT 0;
CREATE INDEX products_prepared ON products (prepared, id);
CREATE INDEX products_tags ON products USING gin (tags) WHERE status = 'published';
CREATE INDEX products_recommended ON products (mall_id, rank, id) WHERE status = 'published';

-- price_amount stays what a customer pays now. Rows of the version before, written while both run, have no regular
-- price: it is the price then.
ALTER TABLE variants ADD COLUMN regular_price_amount bigint CHECK (regular_price_amount >= 0);
ALTER TABLE variants ADD COLUMN options jsonb NOT NULL DEFAULT '[]';
ALTER TABLE variants ADD COLUMN is_set boolean NOT NULL DEFAULT false;
ALTER TABLE variants ADD COLUMN sale_price_amount bigint CHECK (sale_price_amount >= 0);
ALTER TABLE variants ADD COLUMN sale_starts_at timestamptz;
ALTER TABLE variants ADD COLUMN sale_ends_at timestamptz;
ALTER TABLE variants ADD COLUMN sale_running boolean NOT NULL DEFAULT false;
ALTER TABLE variants ADD COLUMN preorder_release_at timestamptz;
ALTER TABLE variants ADD COLUMN preorder_limit bigint CHECK (preorder_limit > 0);
ALTER TABLE variants ADD COLUMN turns_at timestamptz;
ALTER TABLE variants ADD CHECK ((sale_price_amount IS NULL) = (sale_starts_at IS NULL));
ALTER TABLE variants ADD CHECK (sale_price_amount IS NULL OR sale_price_amount < regular_price_amount);
ALTER TABLE variants ADD CHECK (NOT sale_running OR price_amount = sale_price_amount);
ALTER TABLE variants ADD CHECK ((preorder_release_at IS NULL) = (preorder_limit IS NULL));
CREATE INDEX variants_turns ON variants (turns_at) WHERE turns_at IS NOT NULL;

-- A pre-order lets units be promised that are not here: sold, they leave on_hand below nothing. Closed, its limit stays
-- for the checks; only an open one adds to what is available.
ALTER TABLE stock ADD COLUMN preorder_limit bigint NOT NULL DEFAULT 0 CHECK (preorder_limit >= 0);
ALTER TABLE stock ADD COLUMN preorder_open boolean NOT NULL DEFAULT false;
ALTER TABLE stock DROP CONSTRAINT stock_on_hand_check;
ALTER TABLE stock DROP CONSTRAINT stock_check;
ALTER TABLE stock ADD CONSTRAINT stock_promises CHECK (on_hand + preorder_limit >= reserved);

-- told_*: what others were told last.
CREATE TABLE sets (
    sku text PRIMARY KEY REFERENCES variants (sku),
    mall_id text NOT NULL REFERENCES malls,
    told_on_hand bigint,
    told_available bigint
);
CREATE TABLE set_components (
    set_sku text NOT NULL REFERENCES sets (sku),
    sku text NOT NULL REFERENCES stock (sku),
    mall_id text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    PRIMARY KEY (set_sku, sku),
    CHECK (set_sku <> sku)
);
CREATE INDEX set_components_sku ON set_components (sku);

CREATE TABLE price_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL,
    price_amount bigint NOT NULL,
    list_price_amount bigint,
    currency text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('added', 'changed', 'sale_started', 'sale_ended')),
    staff text,
    at timestamptz NOT NULL
);
CREATE INDEX price_history_sku ON price_history (sku, id);
CREATE TRIGGER price_history_append_only BEFORE UPDATE OR DELETE ON price_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER set_components_append_only BEFORE UPDATE OR DELETE ON set_components
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
UPDATE variants SET regular_price_amount = price_amount
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
