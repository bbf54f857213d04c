"""No index over all malls: it was taken for a single mall's page, and led through what others published later."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("DROP INDEX products_newest_everywhere")
