"""Callbacks: what they said is kept to be compared again, where they came from, and their raw bodies, sealed."""

from alembic import op

revision = "0004"
down_revision = "0003"

_STATEMENTS = (
    "ALTER TABLE provider_callbacks ADD COLUMN source text NOT NULL DEFAULT ''",
    "ALTER TABLE provider_callbacks ADD COLUMN provider_key text",
    "ALTER TABLE provider_callbacks ADD COLUMN amount bigint",
    "ALTER TABLE provider_callbacks ADD COLUMN merchant text",
    """CREATE TABLE callback_bodies (
        callback_id uuid PRIMARY KEY REFERENCES provider_callbacks,
        sealed bytea NOT NULL,
        kept_at timestamptz NOT NULL
    )""",
    "CREATE INDEX callback_bodies_kept ON callback_bodies (kept_at)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
