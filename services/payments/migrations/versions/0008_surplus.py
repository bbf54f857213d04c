"""What was paid into accounts beyond any order: counted, owed back, and sent back by bank transfer."""

from alembic import op

revision = "0008"
down_revision = "0007"

_STATEMENTS = (
    "ALTER TABLE payments ADD COLUMN surplus bigint NOT NULL DEFAULT 0",
    "ALTER TABLE payments ADD COLUMN surplus_returned bigint NOT NULL DEFAULT 0",
    """ALTER TABLE payments ADD CONSTRAINT payments_surplus_check
        CHECK (surplus_returned BETWEEN 0 AND surplus)""",
    "CREATE INDEX payments_surplus ON payments (id) WHERE surplus > surplus_returned",
    """CREATE TABLE surplus_transfers (
        payment_id uuid NOT NULL REFERENCES payments,
        reference text NOT NULL,
        amount bigint NOT NULL,
        transferred_on date NOT NULL,
        recorded_by text NOT NULL,
        recorded_at timestamptz NOT NULL,
        PRIMARY KEY (payment_id, reference),
        CONSTRAINT surplus_transfers_amount_check CHECK (amount > 0)
    )""",
    """CREATE TRIGGER surplus_transfers_append_only BEFORE UPDATE OR DELETE ON surplus_transfers
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    "ALTER TABLE journals DROP CONSTRAINT journals_kind_check",
    """ALTER TABLE journals ADD CONSTRAINT journals_kind_check CHECK (kind IN (
        'received', 'refund_owed', 'refund_paid', 'refund_dropped', 'deposit_reversed', 'settled_payment',
        'settled_cancel', 'surplus_received', 'surplus_dropped', 'surplus_returned'
    ))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
