"""The backbone, what was published, and one effect per event."""

import sqlalchemy as sa
from alembic import op

from common.migrate import create_backbone

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_backbone(op.get_bind())
    for name in ("published", "effects"):
        op.create_table(name, sa.Column("key", sa.Text, primary_key=True))
