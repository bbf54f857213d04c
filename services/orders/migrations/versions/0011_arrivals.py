"""When each parcel arrived, and the parcels of what was sent in exchange."""

from alembic import op

revision = "0011"
down_revision = "0010"

# The story tells when a parcel was heard to have arrived.
_ARRIVED = """
UPDATE order_parcels SET delivered_at = coalesce(
    (SELECT min(h.at) FROM order_history h
     WHERE h.order_id = order_parcels.order_id
       AND h.once LIKE 'shipment-updated:' || order_parcels.shipment_id || ':delivered:%'),
    (SELECT o.delivered_at FROM orders o WHERE o.order_id = order_parcels.order_id))
WHERE status = 'delivered'
"""
# Nobody noted what was sent for the exchanges before this: it counts as arrived when they were completed, under the
# exchange's own name.
_SENT_BEFORE = """
INSERT INTO order_parcels (order_id, shipment_id, position, status, lines, claim_id, delivered_at)
SELECT c.order_id, c.claim_id, 1000 + c.position, 'delivered',
    jsonb_agg(jsonb_build_object('line_id', l.line_id, 'quantity', l.resellable + l.damaged) ORDER BY l.position),
    c.claim_id, c.settled_at
FROM order_claims c JOIN order_claim_lines l ON l.claim_id = c.claim_id AND l.resellable + l.damaged > 0
WHERE c.status = 'completed' AND c.kind = 'exchange'
GROUP BY c.claim_id
"""
_STATEMENTS = (
    "ALTER TABLE order_parcels ADD COLUMN claim_id uuid, ADD COLUMN delivered_at timestamptz",
    _ARRIVED,
    _SENT_BEFORE,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
