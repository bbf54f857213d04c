"""Orders: what they add up to, how they move, and that they do move."""

from __future__ import annotations

from shop.audit.findings import AT_REST, Check
from shop.audit.moves import ORDER, as_values

ORDERS = (
    Check(
        "doubled",
        "one cart makes one order",
        "SELECT cart_id::text FROM orders.orders WHERE status <> 'cancelled' GROUP BY cart_id HAVING count(*) > 1",
    ),
    Check(
        "unbalanced",
        "an order's lines and shipping are its total",
        """SELECT o.order_id::text FROM orders.orders o LEFT JOIN orders.order_lines l USING (order_id)
           GROUP BY o.order_id HAVING coalesce(sum(l.amount), 0) + o.shipping_amount <> o.total_amount""",
    ),
    Check(
        "unbalanced",
        "a line's cancelled units are those of its accepted cancels, its withheld ones those of open cancels",
        """SELECT l.order_id || ' ' || l.line_id FROM orders.order_lines l
           LEFT JOIN (SELECT x.order_id, x.line_id, sum(x.quantity) FILTER (WHERE c.status = 'accepted') AS accepted,
                             sum(x.quantity) FILTER (WHERE c.status = 'requested') AS requested
                      FROM orders.order_cancel_lines x JOIN orders.order_cancels c USING (cancel_id)
                      GROUP BY 1, 2) c USING (order_id, line_id)
           WHERE l.cancelled_quantity <> coalesce(c.accepted, 0)
              OR l.cancelling_quantity <> coalesce(c.requested, 0)""",
    ),
    Check(
        "unbalanced",
        "a line's returned units are those of its completed returns and of replacements that are not sent, its claimed"
        " ones those of open claims and of stops that wait",
        """SELECT l.order_id || ' ' || l.line_id FROM orders.order_lines l
           LEFT JOIN (SELECT x.order_id, x.line_id,
                             sum(CASE WHEN c.kind = 'return' THEN x.resellable + x.damaged
                                      WHEN c.stop_status = 'accepted' THEN x.stopped END)
                               FILTER (WHERE c.status = 'completed') AS returned,
                             sum(CASE WHEN c.status IN ('requested', 'approved') THEN x.quantity
                                      WHEN c.stop_status = 'requested' THEN x.stopping END) AS claimed
                      FROM orders.order_claim_lines x JOIN orders.order_claims c USING (claim_id)
                      GROUP BY 1, 2) c USING (order_id, line_id)
           WHERE l.returned_quantity <> coalesce(c.returned, 0) OR l.claiming_quantity <> coalesce(c.claimed, 0)""",
    ),
    Check(
        "unbalanced",
        "a completed return is worth its units and shipping less its fees",
        """SELECT c.claim_id::text FROM orders.order_claims c
           LEFT JOIN (SELECT claim_id, sum(amount) AS amount FROM orders.order_claim_lines GROUP BY 1) l
             USING (claim_id)
           WHERE c.status = 'completed' AND c.kind = 'return'
             AND c.amount <> coalesce(l.amount, 0) + c.shipping_amount - c.return_fee_amount - c.outbound_fee_amount""",
    ),
    Check(
        "unbalanced",
        "an exchange whose replacement is not sent is worth its units and shipping, and any other nothing",
        """SELECT c.claim_id::text FROM orders.order_claims c
           LEFT JOIN (SELECT claim_id, sum(amount) AS amount FROM orders.order_claim_lines GROUP BY 1) l
             USING (claim_id)
           WHERE c.kind = 'exchange' AND c.amount <> CASE c.stop_status
             WHEN 'accepted' THEN coalesce(l.amount, 0) + c.shipping_amount ELSE 0 END""",
    ),
    Check(
        "unbalanced",
        "a cancelled order has no unit left",
        """SELECT DISTINCT o.order_id::text FROM orders.orders o JOIN orders.order_lines l USING (order_id)
           WHERE o.status = 'cancelled' AND l.cancelled_quantity <> l.quantity""",
    ),
    Check(
        "unbalanced",
        "an order is returned when nothing that was bought is left of what arrived",
        """SELECT o.order_id::text FROM orders.orders o JOIN orders.order_lines l USING (order_id)
           WHERE l.kind = 'item' AND o.status IN ('delivered', 'completed', 'returned')
           GROUP BY o.order_id, o.status
           HAVING (o.status = 'returned') <> bool_and(l.cancelled_quantity + l.returned_quantity = l.quantity)""",
    ),
    Check(
        "unbalanced",
        "an accepted cancel is worth its units and shipping, and all cancels no more than the order",
        """SELECT c.cancel_id::text FROM orders.order_cancels c
           LEFT JOIN (SELECT cancel_id, sum(amount) AS amount FROM orders.order_cancel_lines GROUP BY 1) l
             USING (cancel_id)
           WHERE c.status = 'accepted' AND c.amount <> coalesce(l.amount, 0) + c.shipping_amount
           UNION ALL SELECT o.order_id::text FROM orders.orders o JOIN orders.order_cancels c USING (order_id)
           WHERE c.status = 'accepted' GROUP BY o.order_id HAVING sum(c.amount) > o.total_amount""",
    ),
    Check(
        "out of order",
        "the story of an order begins with its placing and only moves forward",
        f"""SELECT order_id || ': ' || before || ' → ' || status FROM (
              SELECT order_id, status, coalesce(lag(status) OVER (PARTITION BY order_id ORDER BY id), '') AS before
              FROM orders.order_history) h
            WHERE before <> status AND (before, status) NOT IN (VALUES {as_values(ORDER)})""",  # noqa: S608
    ),
    Check(
        "out of order",
        "an order is where its story has led it",
        """SELECT o.order_id || ': ' || o.status || ', not ' || coalesce(h.status, 'nowhere') FROM orders.orders o
           LEFT JOIN LATERAL (SELECT status FROM orders.order_history WHERE order_id = o.order_id
                              ORDER BY id DESC LIMIT 1) h ON true
           WHERE o.status IS DISTINCT FROM h.status""",
    ),
    Check(
        "stuck",
        "an order that nobody paid is given up in time",
        """SELECT order_id::text FROM orders.orders WHERE status = 'pending_payment' AND payment_due_at < now()
             - CASE WHEN awaited_payment_id IS NULL THEN interval '10 minutes' ELSE interval '25 hours' END""",
        AT_REST,
    ),
    Check(
        "stuck",
        "a paid order moves on within a week",
        """SELECT order_id::text FROM orders.orders
           WHERE status IN ('paid', 'preparing') AND paid_at < now() - interval '7 days'
             AND NOT EXISTS (SELECT FROM scm.shipments s WHERE s.order_id = orders.order_id
               AND s.claim_id IS NULL AND s.release_at > now() - interval '7 days')""",
        AT_REST,
    ),
    Check(
        "stuck",
        "every cancel is answered",
        "SELECT cancel_id::text FROM orders.order_cancels WHERE status = 'requested'",
        AT_REST,
    ),
)
