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
              FULL JOIN (SELECT order_id, line_id, sum(CASE WHEN kind IN ('sale', 'changed_to')
                                                    THEN quantity ELSE -quantity END) AS units
                         FROM stats.line_facts WHERE {_LIVE} GROUP BY 1, 2) f USING (order_id, line_id)
            WHERE o.units IS DISTINCT FROM f.units""",  # noqa: S608
        AT_REST,
    ),
    Check(
        "unbalanced",
        "stats has every line that became another option, out of the one and into the other",
        f"""SELECT coalesce(o.change_id, f.fact_id)::text FROM
              (SELECT change_id, x.kind, x.sku, quantity FROM orders.order_option_changes,
               LATERAL (VALUES ('changed_from', sku), ('changed_to', new_sku)) AS x (kind, sku)
               WHERE status = 'accepted') o
              FULL JOIN (SELECT fact_id, kind, sku, quantity FROM stats.line_facts
                         WHERE kind IN ('changed_from', 'changed_to') AND {_LIVE}) f
                ON f.fact_id = o.change_id AND f.kind = o.kind
            WHERE (o.sku, o.quantity) IS DISTINCT FROM (f.sku, f.quantity)""",  # noqa: S608
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
