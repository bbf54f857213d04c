"""How many units of a product one order, and one member in all orders, may have. No row: no limit."""

from alembic import op

revision = "0006"
down_revision = "0005"

_LIMITS = """
CREATE TABLE purchase_limits (
    product_id uuid PRIMARY KEY,
    mall_id text NOT NULL,
    allowance_id uuid NOT NULL REFERENCES allowances (id),
    max_per_order integer CHECK (max_per_order > 0),
    max_per_member integer CHECK (max_per_member > 0),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    CHECK (max_per_order IS NOT NULL OR max_per_member IS NOT NULL)
)
"""


def upgrade() -> None:
    op.execute(_LIMITS)
    op.execute("CREATE INDEX purchase_limits_mall ON purchase_limits (mall_id, product_id)")
