"""What customers paid apart from their orders, to the mall's own account: exchanges and farther places."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("ALTER TABLE orders ADD COLUMN charges jsonb NOT NULL DEFAULT '[]'::jsonb")
