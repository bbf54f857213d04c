"""Which centre told of a parcel; what staff entered has none."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE parcels ADD COLUMN told_by text")
