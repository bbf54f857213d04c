"""What orders give back of gifts and purchase limits with units that are cancelled or come back: once per cancel or
return."""

from alembic import op

revision = "0007"
down_revision = "0006"

_RETURNS = """
CREATE TABLE allowance_returns (
    fact_id uuid NOT NULL,
    allowance_id uuid NOT NULL REFERENCES allowances (id),
    order_id uuid NOT NULL,
    units bigint NOT NULL CHECK (units > 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (fact_id, allowance_id),
    FOREIGN KEY (order_id, allowance_id) REFERENCES allowance_uses
)
"""


def upgrade() -> None:
    op.execute(
        "ALTER TABLE allowance_uses ADD COLUMN returned_units bigint NOT NULL DEFAULT 0"
        " CHECK (returned_units BETWEEN 0 AND units)"
    )
    op.execute(_RETURNS)
