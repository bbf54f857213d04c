"""The variant that comes back, where an exchange left the customer another than was bought."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE order_claim_lines ADD COLUMN held_sku text")
