"""Lines that became another option after they were sold."""

from alembic import op

revision = "0002"
down_revision = "0001"

_STATEMENTS = (
    "ALTER TABLE line_facts DROP CONSTRAINT line_facts_kind_check",
    """ALTER TABLE line_facts ADD CONSTRAINT line_facts_kind_check CHECK (
        kind IN ('sale', 'cancel', 'changed_from', 'changed_to'))""",
    "CREATE INDEX line_facts_changed ON line_facts (generation, sku, at) WHERE kind = 'changed_to'",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
