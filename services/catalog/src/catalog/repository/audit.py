"""Whether the books balance: every counter against its movements and against the reservations."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# One statement, so that all of it is seen at one moment.
_AUDIT = text(
    """
WITH moved AS (
    SELECT sku, sum(delta_on_hand) AS on_hand, sum(delta_reserved) AS reserved,
           coalesce(-sum(delta_on_hand) FILTER (WHERE reason IN ('sold', 'restocked')), 0) AS sold
    FROM stock_movements GROUP BY sku
), pending AS (
    SELECT sku, sum(delta_on_hand) AS on_hand, sum(delta_reserved) AS reserved,
           coalesce(-sum(delta_on_hand) FILTER (WHERE reason <> 'shortage'), 0) AS sold
    FROM pending_movements GROUP BY sku
), claimed AS (
    SELECT coalesce(c.sku, l.sku) AS sku,
           coalesce(sum((l.quantity - l.returned) * coalesce(c.quantity, 1))
               FILTER (WHERE r.status IN ('held', 'confirmed')), 0) AS reserved,
           coalesce(sum((l.quantity - l.returned) * coalesce(c.quantity, 1))
               FILTER (WHERE r.status = 'sold'), 0) AS sold
    FROM reservation_lines l JOIN reservations r USING (order_id) LEFT JOIN set_components c ON c.set_sku = l.sku
    GROUP BY 1
), compared AS (
    SELECT s.sku, s.on_hand + coalesce(p.on_hand, 0) AS on_hand, s.reserved + coalesce(p.reserved, 0) AS reserved,
           s.sold + coalesce(p.sold, 0) AS sold,
           s.on_hand = coalesce(m.on_hand, 0) AND s.reserved = coalesce(m.reserved, 0)
               AND s.sold = coalesce(m.sold, 0) AS matches_movements,
           s.reserved + coalesce(p.reserved, 0) = coalesce(c.reserved, 0)
               AND s.sold + coalesce(p.sold, 0) = coalesce(c.sold, 0) AS matches_reservations
    FROM stock s LEFT JOIN moved m USING (sku) LEFT JOIN pending p USING (sku) LEFT JOIN claimed c USING (sku)
)
SELECT coalesce(sum(on_hand), 0) AS on_hand, coalesce(sum(reserved), 0) AS reserved, coalesce(sum(sold), 0) AS sold,
       coalesce(array_agg(sku ORDER BY sku) FILTER (WHERE NOT (matches_movements AND matches_reservations)), '{}')
           AS wrong,
       (SELECT coalesce(jsonb_object_agg(status, n), '{}')
        FROM (SELECT status, count(*) AS n FROM reservations GROUP BY status) r) AS reservations
FROM compared
"""
)


async def run(connection: AsyncConnection) -> dict[str, Any]:
    """Units by counter, reservations by status, and the SKUs whose numbers do not agree (`wrong`)."""
    row = (await connection.execute(_AUDIT)).one()
    return {
        "on_hand": int(row.on_hand),
        "reserved": int(row.reserved),
        "sold": int(row.sold),
        "reservations": row.reservations,
        "wrong": row.wrong,
    }
