"""The providers' own accounts of a day, and every line in which they differ from our ledger."""

from alembic import op

revision = "0006"
down_revision = "0005"

_STATEMENTS = (
    """CREATE TABLE settlements (
        provider text NOT NULL,
        merchant text NOT NULL,
        day date NOT NULL,
        lines integer NOT NULL,
        payments_amount bigint NOT NULL,
        cancels_amount bigint NOT NULL,
        fee bigint NOT NULL,
        payout bigint NOT NULL,
        taken_at timestamptz NOT NULL,
        PRIMARY KEY (provider, merchant, day)
    )""",
    """CREATE TABLE settlement_differences (
        id uuid PRIMARY KEY,
        provider text NOT NULL,
        merchant text NOT NULL,
        day date NOT NULL,
        kind text NOT NULL,
        what text NOT NULL,
        provider_key text NOT NULL,
        reference text NOT NULL,
        payment_id uuid REFERENCES payments,
        ours bigint,
        theirs bigint,
        found_at timestamptz NOT NULL,
        resolved_at timestamptz,
        CONSTRAINT settlement_differences_kind_check CHECK (kind IN ('payment', 'cancel')),
        CONSTRAINT settlement_differences_what_check CHECK (
            what IN ('missing_here', 'missing_there', 'amount', 'currency', 'payout')
        ),
        UNIQUE (provider, merchant, day, kind, what, provider_key, reference)
    )""",
    "CREATE INDEX settlement_differences_open ON settlement_differences (day) WHERE resolved_at IS NULL",
    "ALTER TABLE journals DROP CONSTRAINT journals_kind_check",
    """ALTER TABLE journals ADD CONSTRAINT journals_kind_check CHECK (kind IN (
        'received', 'refund_owed', 'refund_paid', 'refund_dropped', 'deposit_reversed', 'settled_payment',
        'settled_cancel'
    ))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
