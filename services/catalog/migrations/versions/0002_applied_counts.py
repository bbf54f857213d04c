"""Finds the counts of a SKU that were applied: every later count is compared with them."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE INDEX stock_counts_applied ON stock_counts (sku, counted_at) WHERE status = 'applied'")
