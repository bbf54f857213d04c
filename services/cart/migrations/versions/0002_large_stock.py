"""A mall may have more units of a SKU than fit into 32 bits."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE catalogue_stock ALTER COLUMN available TYPE bigint")
