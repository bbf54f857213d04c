"""Addresses that were asked for and not decided yet: personal data, in the row that can be erased."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE order_contacts ADD COLUMN address_changes jsonb NOT NULL DEFAULT '{}'")
