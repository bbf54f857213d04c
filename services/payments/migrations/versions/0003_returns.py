"""Returns of every provider: what they grant is kept sealed until the try ends; the VAT a payment holds."""

from alembic import op

revision = "0003"
down_revision = "0002"

_STATEMENTS = (
    "ALTER TABLE payments ADD COLUMN vat_amount bigint NOT NULL DEFAULT 0",
    # 10 % is in the price of whatever is not free of tax.
    "UPDATE payments SET vat_amount = (amount - tax_free_amount) - round((amount - tax_free_amount) / 1.1)",
    """ALTER TABLE payments ADD CONSTRAINT payments_vat_check
        CHECK (vat_amount >= 0 AND vat_amount + tax_free_amount <= amount)""",
    "ALTER TABLE payments ADD COLUMN prepared_key text",
    "ALTER TABLE payments ADD COLUMN grant_hash bytea",
    # Some providers have a name for a payment only once they have taken the money.
    "ALTER TABLE payments DROP CONSTRAINT payments_key_check",
    """ALTER TABLE payments ADD CONSTRAINT payments_key_check CHECK (
        provider_key IS NOT NULL OR grant_hash IS NOT NULL OR status IN (
            'created', 'open', 'failed', 'expired', 'cancelled'
        ))""",
    """CREATE TABLE payment_secrets (
        payment_id uuid NOT NULL REFERENCES payments,
        kind text NOT NULL,
        sealed bytea NOT NULL,
        kept_at timestamptz NOT NULL,
        PRIMARY KEY (payment_id, kind),
        CONSTRAINT payment_secrets_kind_check CHECK (kind IN ('grant', 'terms'))
    )""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
