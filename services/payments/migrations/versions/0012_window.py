"""Windows that take money by themselves: until when one given up may still do it."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.execute("ALTER TABLE payments ADD COLUMN window_until timestamptz")
