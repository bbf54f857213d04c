"""Messages about deposits that differ, are taken back or go back, and about accounts to refund to."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE messages DROP CONSTRAINT messages_kind_check")
    op.execute("""ALTER TABLE messages ADD CONSTRAINT messages_kind_check CHECK (kind IN (
        'order-placed', 'payment-pending', 'order-paid', 'order-shipped', 'order-cancelled', 'payment-refunded',
        'deposit-short', 'deposit-surplus', 'deposit-reversed', 'surplus-returned', 'refund-account-needed'
    ))""")
