"""The VAT a refund gives back, so that all refunds of a payment together are exactly its own parts."""

from alembic import op

revision = "0005"
down_revision = "0004"

_STATEMENTS = (
    "ALTER TABLE refunds ADD COLUMN vat_amount bigint NOT NULL DEFAULT 0",
    "UPDATE refunds SET vat_amount = (amount - tax_free_amount) - round((amount - tax_free_amount) / 1.1)",
    """ALTER TABLE refunds ADD CONSTRAINT refunds_vat_check
        CHECK (vat_amount >= 0 AND vat_amount + tax_free_amount <= amount)""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
