"""Options that were asked for and decided here; lines that are another variant than was bought, and since when."""

from alembic import op

revision = "0005"
down_revision = "0004"

_CHANGES = """
CREATE TABLE option_changes (
    change_id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    refused_because text,
    decided_at timestamptz NOT NULL
)
"""


def upgrade() -> None:
    op.execute(_CHANGES)
    op.execute("ALTER TABLE shipment_lines ADD COLUMN changed_at timestamptz")
