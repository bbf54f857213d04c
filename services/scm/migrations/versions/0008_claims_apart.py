"""Stops of an exchange's replacements among the cancels, at most one of each accepted."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("ALTER TABLE cancels ADD COLUMN claim_id uuid")
    op.execute(
        "CREATE UNIQUE INDEX cancels_one_per_claim ON cancels (claim_id)"
        " WHERE claim_id IS NOT NULL AND state = 'accepted'"
    )
