"""Cash receipts: one per payment by deposit or transfer, issued when the money is there, taken back as it goes back."""

from alembic import op

revision = "0007"
down_revision = "0006"

_STATEMENTS = (
    """CREATE TABLE cash_receipts (
        payment_id uuid PRIMARY KEY REFERENCES payments,
        type text NOT NULL,
        identifier bytea,
        masked text NOT NULL,
        automatic boolean NOT NULL,
        status text NOT NULL,
        amount bigint NOT NULL DEFAULT 0,
        attempt integer NOT NULL DEFAULT 0,
        asks integer NOT NULL DEFAULT 0,
        receipt_key text,
        number text,
        url text,
        failure_code text,
        next_at timestamptz,
        wanted_at timestamptz NOT NULL,
        issued_at timestamptz,
        CONSTRAINT cash_receipts_type_check CHECK (type IN ('income_deduction', 'expense_proof')),
        CONSTRAINT cash_receipts_status_check CHECK (status IN (
            'wanted', 'issued', 'cancelled', 'refused', 'not_offered'
        )),
        CONSTRAINT cash_receipts_amount_check CHECK (amount >= 0 AND (amount > 0) = (status = 'issued')),
        CONSTRAINT cash_receipts_key_check CHECK ((status IN ('issued', 'cancelled')) = (receipt_key IS NOT NULL))
    )""",
    "CREATE INDEX cash_receipts_next ON cash_receipts (next_at) WHERE next_at IS NOT NULL",
    # Payments that must have a receipt though nobody asked for one.
    """CREATE INDEX payments_cash ON payments (confirmed_at)
        WHERE method IN ('virtual_account', 'transfer') AND status IN ('confirmed', 'partially_refunded')""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
