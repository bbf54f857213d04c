"""Figures against the orders they are of. That they equal a fresh replay is asked of the topics."""

from __future__ import annotations

from shop.audit.findings import AT_REST, Check

_LIVE = "generation = (SELECT generation FROM stats.live_generation)"

FIGURES = (
    Check(
        "unbalanced",
        "stats has every paid order once, with its amount",
        f"""SELECT coalesce(o.order_id, f.order_id)::text FROM
              (SELECT order_id, total_amount FROM orders.orders WHERE payment_id IS NOT NULL) o
              FULL JOIN (SELECT order_id, sum(total_amount) AS total FROM stats.order_facts
                         WHERE kind = 'paid' AND {_LIVE} GROUP BY 1) f USING (order_id)
            WHERE o.total_amount IS DISTINCT FROM f.total""",  # noqa: S608 - our own words
        AT_REST,
    ),
    Check(
        "unbalanced",
        "stats has every line sold and cancelled",
        f"""SELECT order_id || ' ' || line_id FROM
              (SELECT order_id, l.line_id, l.quantity - l.cancelled_quantity - l.returned_quantity AS units
               FROM orders.order_lines l JOIN orders.orders o USING (order_id) WHERE o.payment_id IS NOT NULL) o
              FULL JOIN (SELECT order_id, line_id, sum(CASE kind WHEN 'sale' THEN quantity ELSE -quantity END) AS units
                         FROM stats.line_facts WHERE {_LIVE} GROUP BY 1, 2) f USING (order_id, line_id)
            WHERE o.units IS DISTINCT FROM f.units""",  # noqa: S608
        AT_REST,
    ),
    Check(
        "unbalanced",
        "stats has every refund",
        f"""SELECT coalesce(r.id, f.refund_id)::text FROM
              (SELECT id, amount FROM payments.refunds WHERE status = 'done') r
              FULL JOIN (SELECT refund_id, amount FROM stats.refund_facts WHERE {_LIVE}) f ON f.refund_id = r.id
            WHERE r.amount IS DISTINCT FROM f.amount""",  # noqa: S608
        AT_REST,
    ),
)
