"""Counts the keys a payment was tried with: each of them is a request of its own to the provider."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE payments ADD COLUMN tries integer NOT NULL DEFAULT 0")
