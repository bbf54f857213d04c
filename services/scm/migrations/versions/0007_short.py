"""Units that a centre was asked for and does not have: of a request, and of what was cancelled or changed of it."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for table in ("shipments", "cancels", "option_changes"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN short jsonb NOT NULL DEFAULT '{{}}'")
