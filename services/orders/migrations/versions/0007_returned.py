"""Orders of which nothing that was bought is left."""

from alembic import op

revision = "0007"
down_revision = "0006"

# Returns settled before this were whole without a word for it.
_SETTLED = """
UPDATE orders SET status = 'returned', returned_at = last.settled_at
FROM (
    SELECT l.order_id, max(c.settled_at) AS settled_at
    FROM order_lines l
    JOIN order_claims c ON c.order_id = l.order_id AND c.status = 'completed' AND c.kind = 'return'
    GROUP BY l.order_id
    HAVING bool_and(l.kind <> 'item' OR l.cancelled_quantity + l.returned_quantity = l.quantity)
) last
WHERE last.order_id = orders.order_id AND orders.status IN ('delivered', 'completed')
"""
# The story must lead to where the order is.
_TOLD = """
INSERT INTO order_history (order_id, at, actor, name, story, status, once)
SELECT order_id, returned_at, 'orders', 'order-returned', 'nothing that was bought is left', status, 'order-returned'
FROM orders WHERE status = 'returned'
"""
_STATEMENTS = (
    "ALTER TABLE orders ADD COLUMN returned_at timestamptz",
    "ALTER TABLE orders DROP CONSTRAINT orders_status",
    """ALTER TABLE orders ADD CONSTRAINT orders_status CHECK (status IN
        ('pending_payment', 'paid', 'preparing', 'shipped', 'delivered', 'completed', 'returned', 'cancelled'))""",
    "ALTER TABLE orders DROP CONSTRAINT orders_completed_at",
    """ALTER TABLE orders ADD CONSTRAINT orders_completed_at CHECK (
        status = 'returned' OR (status = 'completed') = (completed_at IS NOT NULL))""",
    "ALTER TABLE orders DROP CONSTRAINT orders_delivered_at",
    """ALTER TABLE orders ADD CONSTRAINT orders_delivered_at CHECK (
        status NOT IN ('delivered', 'completed', 'returned') OR delivered_at IS NOT NULL)""",
    _SETTLED,
    "ALTER TABLE orders ADD CONSTRAINT orders_returned_at CHECK ((status = 'returned') = (returned_at IS NOT NULL))",
    _TOLD,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
