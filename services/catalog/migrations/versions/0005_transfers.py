"""Imports and exports of products as files."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = """
CREATE TABLE transfers (
    id uuid PRIMARY KEY,
    mall_id text NOT NULL REFERENCES malls,
    kind text NOT NULL CHECK (kind IN ('import', 'export')),
    format text NOT NULL CHECK (format IN ('csv', 'xlsx')),
    status text NOT NULL CHECK (status IN
        ('announced', 'queued', 'running', 'checked', 'applied', 'refused', 'ready', 'failed', 'gone')),
    apply boolean NOT NULL DEFAULT false,
    object_key text NOT NULL UNIQUE,
    bytes bigint NOT NULL CHECK (bytes >= 0),
    row_count integer NOT NULL DEFAULT 0,
    product_count integer NOT NULL DEFAULT 0,
    problems jsonb NOT NULL DEFAULT '[]',
    staff text NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX transfers_waiting ON transfers (changed_at) WHERE status IN ('queued', 'running');
CREATE INDEX transfers_lasting ON transfers (changed_at) WHERE status <> 'gone'
"""


def upgrade() -> None:
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)
