"""When the last change of an address was asked for that was decided here."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE shipment_contacts ADD COLUMN decided_at timestamptz")
