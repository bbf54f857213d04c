"""From which amount of goods on an order was sent free, as the cart froze it."""

from alembic import op

revision = "0012"
down_revision = "0011"

# 0: it was not free because enough was bought, so nothing that is sent back makes it cost something. Of earlier orders
# that is known where sending was paid, or where nothing was spared of it; for the others the terms of the claim count.
_KNOWN = """
UPDATE orders SET free_shipping_from_amount = 0
WHERE shipping_amount > surcharge_amount OR shipping_discount_amount = 0
"""
_STATEMENTS = (
    """ALTER TABLE orders ADD COLUMN free_shipping_from_amount bigint
        CONSTRAINT orders_free_shipping_from_amount CHECK (free_shipping_from_amount >= 0)""",
    _KNOWN,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
