"""Refunds that the provider refused and staff paid from our own bank."""

from alembic import op

revision = "0010"
down_revision = "0009"

_STATEMENTS = (
    "ALTER TABLE refunds ADD COLUMN by_hand boolean NOT NULL DEFAULT false",
    "ALTER TABLE refunds ADD CONSTRAINT refunds_by_hand_check CHECK (NOT by_hand OR status = 'done')",
    """CREATE TABLE refund_transfers (
        refund_id uuid PRIMARY KEY REFERENCES refunds,
        payment_id uuid NOT NULL REFERENCES payments,
        reference text NOT NULL,
        amount bigint NOT NULL,
        transferred_on date NOT NULL,
        recorded_by text NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT refund_transfers_amount_check CHECK (amount > 0),
        CONSTRAINT refund_transfers_payment_id_reference_key UNIQUE (payment_id, reference)
    )""",
    """CREATE TRIGGER refund_transfers_append_only BEFORE UPDATE OR DELETE ON refund_transfers
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    "ALTER TABLE journals DROP CONSTRAINT journals_kind_check",
    """ALTER TABLE journals ADD CONSTRAINT journals_kind_check CHECK (kind IN (
        'received', 'refund_owed', 'refund_paid', 'refund_dropped', 'deposit_reversed', 'settled_payment',
        'settled_cancel', 'surplus_received', 'surplus_dropped', 'surplus_returned', 'refund_by_hand'
    ))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
