"""What a centre that rejected said it is short of: what is left of it after cancels cannot tell a repeat from news."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE shipments ADD COLUMN said_short jsonb NOT NULL DEFAULT '{}'")
    op.execute("UPDATE shipments SET said_short = short WHERE stage = 'rejected' AND short <> '{}'")
