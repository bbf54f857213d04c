"""What of an order's money waits for its customer or for staff."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE orders ADD COLUMN troubles jsonb NOT NULL DEFAULT '[]'::jsonb")
