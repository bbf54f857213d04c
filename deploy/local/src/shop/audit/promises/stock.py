"""Stock: counters, movements, reservations, and the orders they are for. A set counts as its parts."""

from __future__ import annotations

from shop.audit.findings import AT_REST, Check

# A line that became another option has units of several SKUs behind it: those that were cancelled before it changed.
_BOUGHT = """(
    SELECT order_id, sku, sum(units) AS units FROM (
      SELECT order_id, sku, quantity AS units FROM orders.order_lines
      UNION ALL SELECT c.order_id, x.sku, x.side * (l.quantity - c.quantity) FROM orders.order_option_changes c
      JOIN orders.order_lines l USING (order_id, line_id),
      LATERAL (VALUES (c.sku, 1), (c.new_sku, -1)) AS x (sku, side) WHERE c.status = 'accepted') b
    GROUP BY 1, 2 HAVING sum(units) <> 0)"""
_CANCELLED = """(
    SELECT x.order_id, coalesce(x.sku, l.sku) AS sku, x.quantity AS units FROM orders.order_cancel_lines x
    JOIN orders.order_cancels c USING (cancel_id) JOIN orders.order_lines l
      ON l.order_id = x.order_id AND l.line_id = x.line_id WHERE c.status = 'accepted')"""
# What scm told that a centre does not have, and what of it left the books for good, by SKU on the shelf and by what it
# was sold under: the order, or the claim it was to be sent for.
_SHORT = """(
    SELECT s.order_id::text AS order_id, coalesce(p.sku, e.key) AS sku,
      sum(e.value::bigint * coalesce(p.quantity, 1)) AS units
    FROM (SELECT coalesce(claim_id, order_id) AS order_id, short FROM scm.cancels WHERE state = 'accepted'
          UNION ALL SELECT order_id, short FROM scm.option_changes) s,
    LATERAL jsonb_each_text(s.short) e LEFT JOIN catalog.set_components p ON p.set_sku = e.key GROUP BY 1, 2)"""
_MISSED = """(
    SELECT reference AS order_id, sku, -sum(delta_on_hand) AS units FROM catalog.stock_movements
    WHERE reason = 'shortage' GROUP BY 1, 2)"""

STOCK = (
    Check(
        "oversold",
        "units sold and reserved never exceed what came in",
        """SELECT sku FROM catalog.stock
           WHERE reserved < 0 OR sold < 0 OR on_hand + preorder_limit < reserved""",
    ),
    Check(
        "oversold",
        "the units of all orders that stand never exceed what came in",
        """SELECT w.sku FROM (
             SELECT coalesce(p.sku, u.sku) AS sku, sum(u.units * coalesce(p.quantity, 1)) AS wanted FROM (
               SELECT l.sku, l.quantity - l.cancelled_quantity AS units FROM orders.order_lines l
               JOIN orders.orders o USING (order_id) WHERE o.status <> 'cancelled'
               UNION ALL SELECT coalesce(x.held_sku, l.sku), -x.resellable FROM orders.order_claim_lines x
               JOIN orders.order_claims c USING (claim_id) JOIN orders.order_lines l
                 ON l.order_id = x.order_id AND l.line_id = x.line_id WHERE c.status = 'completed'
               UNION ALL SELECT coalesce(x.replacement_sku, x.held_sku, l.sku), CASE c.status
                 WHEN 'completed' THEN x.resellable + x.damaged - x.stopped ELSE x.quantity END
               FROM orders.order_claim_lines x
               JOIN orders.order_claims c USING (claim_id) JOIN orders.order_lines l
                 ON l.order_id = x.order_id AND l.line_id = x.line_id
               WHERE c.kind = 'exchange' AND c.status IN ('approved', 'completed')) u
             LEFT JOIN catalog.set_components p ON p.set_sku = u.sku GROUP BY 1) w
           LEFT JOIN catalog.stock s USING (sku)
           LEFT JOIN (SELECT sku, sum(delta_on_hand) AS came FROM catalog.stock_movements
                      WHERE reason IN ('received', 'counted', 'shortage') GROUP BY 1) m USING (sku)
           WHERE w.wanted > coalesce(m.came, 0) + coalesce(s.preorder_limit, 0)""",
        AT_REST,
    ),
    Check(
        "unbalanced",
        "the counters of stock are the sums of their movements",
        """SELECT s.sku FROM catalog.stock s
           LEFT JOIN (SELECT sku, sum(delta_on_hand) AS on_hand, sum(delta_reserved) AS reserved,
                        -sum(delta_on_hand) FILTER (WHERE reason IN ('sold', 'restocked')) AS sold
                      FROM catalog.stock_movements GROUP BY 1) m USING (sku)
           WHERE s.on_hand <> coalesce(m.on_hand, 0) OR s.reserved <> coalesce(m.reserved, 0)
              OR s.sold <> coalesce(m.sold, 0)""",
    ),
    Check(
        "unbalanced",
        "what is reserved and sold is what reservations hold",
        """SELECT s.sku FROM catalog.stock s
           LEFT JOIN (SELECT l.sku,
                        sum(l.units) FILTER (WHERE r.status IN ('held', 'confirmed')) AS held,
                        sum(l.units) FILTER (WHERE r.status = 'sold') AS sold
                      FROM (SELECT x.order_id, coalesce(p.sku, x.sku) AS sku,
                              (x.quantity - x.returned) * coalesce(p.quantity, 1) AS units
                            FROM catalog.reservation_lines x
                            LEFT JOIN catalog.set_components p ON p.set_sku = x.sku) l
                      JOIN catalog.reservations r USING (order_id)
                      GROUP BY 1) h USING (sku)
           LEFT JOIN (SELECT sku, sum(delta_on_hand) AS on_hand, sum(delta_reserved) AS reserved
                      FROM catalog.pending_movements GROUP BY 1) w USING (sku)
           WHERE s.reserved + coalesce(w.reserved, 0) <> coalesce(h.held, 0)
              OR s.sold - coalesce(w.on_hand, 0) <> coalesce(h.sold, 0)""",
    ),
    Check(
        "lost",
        "every order's reservation is where the order is",
        """SELECT o.order_id::text FROM orders.orders o LEFT JOIN catalog.reservations r USING (order_id)
           WHERE r.order_id IS NULL
              OR (o.status = 'pending_payment' AND r.status NOT IN ('held', 'confirmed'))
              OR (o.payment_id IS NOT NULL AND o.status <> 'cancelled' AND r.status <> 'sold')
              OR (o.payment_id IS NULL AND o.status = 'cancelled'
                  AND r.status NOT IN ('released', 'expired', 'short'))""",
        AT_REST,
    ),
    Check(
        "unbalanced",
        "a reservation is for the units of its order",
        f"""SELECT order_id || ' ' || sku FROM {_BOUGHT} l
           FULL JOIN (SELECT x.* FROM catalog.reservation_lines x JOIN orders.orders o USING (order_id)) r
             USING (order_id, sku)
           WHERE l.units IS DISTINCT FROM r.quantity""",  # noqa: S608 - our own words
        AT_REST,
    ),
    Check(
        "unbalanced",
        "units that orders lost by cancelling are back in stock",
        f"""SELECT o.order_id || ' ' || l.sku FROM orders.orders o
           JOIN (SELECT order_id, sku, sum(units) AS cancelled FROM {_CANCELLED} c GROUP BY 1, 2) l
             USING (order_id)
           JOIN catalog.reservations r USING (order_id)
           JOIN catalog.reservation_lines x ON x.order_id = o.order_id AND x.sku = l.sku
           WHERE r.status = 'sold' AND o.payment_id IS NOT NULL AND l.cancelled > x.returned""",  # noqa: S608
        AT_REST,
    ),
    # Of a pre-order less may be missed: what never came in was only owed.
    Check(
        "oversold",
        "units that a centre does not have are not sold again",
        f"""SELECT order_id || ' ' || sku FROM {_SHORT} t FULL JOIN {_MISSED} m USING (order_id, sku)
           LEFT JOIN catalog.stock s USING (sku)
           LEFT JOIN (SELECT order_id::text AS order_id, status FROM catalog.reservations) r USING (order_id)
           WHERE coalesce(m.units, 0) > coalesce(t.units, 0)
              OR coalesce(m.units, 0) < t.units AND r.status = 'sold' AND s.preorder_limit = 0""",  # noqa: S608
        AT_REST,
    ),
    Check(
        "unbalanced",
        "units that came back in order, and replacements that are not sent, are in stock again",
        f"""SELECT w.order_id || ' ' || w.sku FROM (
             SELECT order_id, sku, sum(units) AS units FROM (
               SELECT x.order_id, coalesce(x.held_sku, l.sku) AS sku, x.resellable AS units
               FROM orders.order_claim_lines x JOIN orders.order_claims c USING (claim_id)
               JOIN orders.order_lines l ON l.order_id = x.order_id AND l.line_id = x.line_id
               WHERE c.status = 'completed'
               UNION ALL SELECT order_id, sku, units FROM {_CANCELLED} c
               UNION ALL SELECT x.order_id, coalesce(x.replacement_sku, x.held_sku, l.sku), x.missing + x.stopped
               FROM orders.order_claim_lines x JOIN orders.order_claims c USING (claim_id)
               JOIN orders.order_lines l ON l.order_id = x.order_id AND l.line_id = x.line_id
               WHERE c.status = 'completed' AND c.kind = 'exchange') a GROUP BY 1, 2) w
           WHERE EXISTS (SELECT FROM orders.order_claims c WHERE c.order_id = w.order_id AND c.status = 'completed')
             AND w.units > (SELECT coalesce(sum(r.returned), 0) FROM catalog.reservation_lines r
                   WHERE r.sku = w.sku AND (r.order_id = w.order_id OR r.order_id IN
                     (SELECT c.claim_id FROM orders.order_claims c WHERE c.order_id = w.order_id
                        AND c.kind = 'exchange' AND c.status = 'completed')))""",  # noqa: S608
        AT_REST,
    ),
    Check(
        "stuck",
        "nothing is held for an option that was decided",
        """SELECT c.change_id::text FROM orders.order_option_changes c JOIN catalog.reservations r
             ON r.order_id = c.change_id
           WHERE c.status <> 'requested' AND r.status NOT IN ('released', 'expired')""",
        AT_REST,
    ),
    Check(
        "stuck",
        "no hold outlives its time",
        """SELECT order_id::text FROM catalog.reservations
           WHERE status = 'held' AND expires_at < now() - interval '10 minutes'""",
        AT_REST,
    ),
    Check(
        "stuck",
        "every movement of stock is added to its counter",
        "SELECT sku || ' ' || reference FROM catalog.pending_movements",
        AT_REST,
    ),
    Check(
        "lost",
        "carts price with the catalogue's prices",
        """SELECT v.sku FROM catalog.variants v JOIN catalog.products p ON p.id = v.product_id
           LEFT JOIN cart.catalogue_variants c USING (sku)
           WHERE p.status = 'published' AND (c.price IS DISTINCT FROM v.price_amount OR NOT c.on_sale)""",
        AT_REST,
    ),
)
