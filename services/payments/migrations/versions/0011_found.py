"""Refunds that somebody paid at the provider's console, found there by staff."""

from alembic import op

revision = "0011"
down_revision = "0010"

_STATEMENTS = (
    "ALTER TABLE journals DROP CONSTRAINT journals_kind_check",
    """ALTER TABLE journals ADD CONSTRAINT journals_kind_check CHECK (kind IN (
        'received', 'refund_owed', 'refund_paid', 'refund_dropped', 'deposit_reversed', 'settled_payment',
        'settled_cancel', 'surplus_received', 'surplus_dropped', 'surplus_returned', 'refund_by_hand', 'refund_found'
    ))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
