"""What SKUs are made of and when they come out; shipments that wait for it."""

from alembic import op

revision = "0004"
down_revision = "0003"

_GOODS = """
CREATE TABLE goods (
    sku text PRIMARY KEY,
    part_skus text[] NOT NULL DEFAULT '{}',
    part_quantities integer[] NOT NULL DEFAULT '{}',
    release_at timestamptz,
    preorder_since timestamptz,
    told_at timestamptz NOT NULL,
    CONSTRAINT goods_parts CHECK (cardinality(part_skus) = cardinality(part_quantities)),
    CONSTRAINT goods_preorder CHECK ((release_at IS NULL) = (preorder_since IS NULL))
)
"""

_HOLDS = """
ALTER TABLE shipments
    ADD COLUMN placed_at timestamptz,
    ADD COLUMN held_until timestamptz,
    ADD COLUMN release_at timestamptz,
    ADD CONSTRAINT shipments_release CHECK (release_at IS NULL OR held_until IS NOT NULL)
"""

_STATEMENTS = (
    _GOODS,
    _HOLDS,
    "CREATE INDEX shipments_held ON shipments (id) WHERE held_until IS NOT NULL",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
