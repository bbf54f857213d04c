"""Messages about replacements that are not sent after all."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE messages DROP CONSTRAINT messages_kind_check")
    op.execute("""ALTER TABLE messages ADD CONSTRAINT messages_kind_check CHECK (kind IN (
        'order-placed', 'payment-pending', 'order-paid', 'order-shipped', 'order-cancelled', 'payment-refunded',
        'deposit-short', 'deposit-surplus', 'deposit-reversed', 'surplus-returned', 'refund-account-needed',
        'refund-failed', 'payment-unwanted',
        'order-completed', 'address-changed', 'address-kept', 'option-changed', 'option-kept',
        'preorder-held', 'preorder-released',
        'exchange-shipped', 'claim-requested', 'claim-approved', 'claim-rejected', 'claim-withdrawn',
        'claim-collected', 'claim-completed', 'replacement-stopped'
    ))""")
