"""What sets are made of, in the copy of the catalogue: purchase limits count the units inside. Events fill it in."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("ALTER TABLE catalogue_variants ADD COLUMN parts jsonb NOT NULL DEFAULT '[]'")
