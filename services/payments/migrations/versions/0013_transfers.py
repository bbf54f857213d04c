"""Transfers are found by their name: one is written down for one payment."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for table in ("surplus_transfers", "refund_transfers"):
        op.execute(f"CREATE INDEX {table}_reference ON {table} (reference)")
