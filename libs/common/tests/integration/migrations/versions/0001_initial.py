"""The backbone and one table to have effects in."""

import sqlalchemy as sa
from alembic import op

from common.migrate import create_backbone

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_backbone(op.get_bind())
    op.create_table(
        "effects",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )
