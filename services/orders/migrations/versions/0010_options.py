"""Other options for lines, asked for before the goods leave."""

from alembic import op

revision = "0010"
down_revision = "0009"

_CHANGES = """
CREATE TABLE order_option_changes (
    change_id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    position smallint NOT NULL,
    line_id uuid NOT NULL,
    sku text NOT NULL,
    variant_name text,
    new_sku text NOT NULL,
    new_variant_name text,
    quantity integer NOT NULL CHECK (quantity > 0),
    status text NOT NULL CHECK (status IN ('requested', 'accepted', 'refused')),
    actor text NOT NULL,
    refused_because text,
    requested_at timestamptz NOT NULL,
    settled_at timestamptz,
    CONSTRAINT order_option_changes_place_unique UNIQUE (order_id, position),
    FOREIGN KEY (order_id, line_id) REFERENCES order_lines (order_id, line_id),
    CHECK ((status = 'requested') = (settled_at IS NULL)),
    CHECK ((status = 'refused') = (refused_because IS NOT NULL)),
    CHECK (sku <> new_sku)
)
"""
_OPEN = """
CREATE UNIQUE INDEX order_option_changes_open ON order_option_changes (order_id, line_id) WHERE status = 'requested'
"""
_STATEMENTS = (
    # How many were asked for, so that orders without any, nearly all, need not be asked for them.
    "ALTER TABLE orders ADD COLUMN option_changes smallint NOT NULL DEFAULT 0",
    # What was cancelled, where its line has become another option since.
    "ALTER TABLE order_cancel_lines ADD COLUMN sku text",
    _CHANGES,
    _OPEN,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
