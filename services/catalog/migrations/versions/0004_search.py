"""Words that names have, to correct misspellings by; which products are sold out, for counting and filtering."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = """
ALTER TABLE products ADD COLUMN sold_out boolean NOT NULL DEFAULT true;
ALTER TABLE products ADD COLUMN learned boolean NOT NULL DEFAULT false;
CREATE INDEX products_unlearned ON products (id) WHERE status = 'published' AND NOT learned;
CREATE INDEX products_facets ON products (mall_id) INCLUDE (category_path, tags, lowest_price_amount, sold_out)
    WHERE status = 'published';

CREATE TABLE search_words (
    mall_id text NOT NULL,
    word text NOT NULL,
    jamo text NOT NULL,
    length smallint NOT NULL,
    pairs text[] NOT NULL,
    PRIMARY KEY (mall_id, word)
);
CREATE INDEX search_words_pairs ON search_words USING gin (pairs);

-- SKUs that became sold out or available, until the products that sell them know.
CREATE TABLE stock_flips (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL
);
INSERT INTO stock_flips (sku) SELECT sku FROM stock WHERE on_hand - reserved > 0
"""

NOTE = """
CREATE FUNCTION note_flip() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stock_flips (sku) VALUES (NEW.sku);
    RETURN NULL;
END $$
"""

ON_STOCK = """
CREATE TRIGGER stock_flipped AFTER UPDATE ON stock FOR EACH ROW
    WHEN ((OLD.on_hand - OLD.reserved + CASE WHEN OLD.preorder_open THEN OLD.preorder_limit ELSE 0 END > 0)
        <> (NEW.on_hand - NEW.reserved + CASE WHEN NEW.preorder_open THEN NEW.preorder_limit ELSE 0 END > 0))
    EXECUTE FUNCTION note_flip()
"""

ON_SETS = """
CREATE TRIGGER sets_flipped AFTER UPDATE ON sets FOR EACH ROW
    WHEN ((OLD.told_available > 0) IS DISTINCT FROM (NEW.told_available > 0)) EXECUTE FUNCTION note_flip()
"""


def upgrade() -> None:
    for statement in (*STATEMENTS.split(";\n"), NOTE, ON_STOCK, ON_SETS):
        if statement.strip():
            op.execute(statement)
