"""From the paid order to the door, between orders and scm."""

from __future__ import annotations

from shop.audit.findings import AT_REST, Check

# Replacements of an exchange are shipments of their own.
_OF_ORDERS = "(SELECT * FROM scm.shipments WHERE claim_id IS NULL)"

DELIVERY = (
    Check(
        "lost",
        "every paid order has its shipment request",
        f"""SELECT o.order_id::text FROM orders.orders o
           WHERE o.payment_id IS NOT NULL AND NOT EXISTS (SELECT FROM {_OF_ORDERS} s WHERE s.order_id = o.order_id)""",  # noqa: S608 - our own words
        AT_REST,
    ),
    Check(
        "doubled",
        "no order has two shipment requests, and none that nobody paid for has one",
        f"""SELECT s.order_id::text FROM {_OF_ORDERS} s LEFT JOIN orders.orders o USING (order_id)
           GROUP BY s.order_id, o.payment_id HAVING o.payment_id IS NULL OR count(*) > 1""",  # noqa: S608
    ),
    Check(
        "doubled",
        "parcels hold no unit twice, and none that was cancelled",
        """SELECT s.order_id || ' ' || l.line_id FROM scm.shipments s JOIN scm.shipment_lines l ON l.shipment_id = s.id
           LEFT JOIN (SELECT p.shipment_id, x.line_id, sum(x.quantity) AS packed FROM scm.parcels p
                      JOIN scm.parcel_lines x ON x.parcel_id = p.id GROUP BY 1, 2) x
             ON x.shipment_id = s.id AND x.line_id = l.line_id
           WHERE coalesce(x.packed, 0) > l.quantity - l.cancelled OR coalesce(x.packed, 0) <> l.shipped""",
    ),
    Check(
        "doubled",
        "nothing of an order that was cancelled whole has left",
        f"""SELECT DISTINCT o.order_id::text FROM orders.orders o JOIN {_OF_ORDERS} s USING (order_id)
           JOIN scm.parcels p ON p.shipment_id = s.id WHERE o.status = 'cancelled'""",  # noqa: S608
    ),
    Check(
        "unbalanced",
        "a request asks for the lines of its order",
        f"""SELECT s.order_id::text FROM {_OF_ORDERS} s
           JOIN (SELECT order_id, line_id, sku, quantity FROM orders.order_lines) l USING (order_id)
           FULL JOIN (SELECT shipment_id, line_id, sku, quantity FROM scm.shipment_lines) x
             ON x.shipment_id = s.id AND x.line_id = l.line_id
           -- scm packs another option before orders hears that it does.
           WHERE s.id IS NOT NULL AND (x.line_id IS NULL OR x.quantity <> l.quantity OR x.sku <> l.sku AND NOT EXISTS (
             SELECT FROM orders.order_option_changes c WHERE c.order_id = s.order_id AND c.line_id = l.line_id
               AND c.status = 'requested' AND c.new_sku = x.sku))""",  # noqa: S608
    ),
    Check(
        "unbalanced",
        "orders and scm agree on what was cancelled",
        f"""SELECT l.order_id || ' ' || l.line_id FROM orders.order_lines l JOIN {_OF_ORDERS} s USING (order_id)
           JOIN scm.shipment_lines x ON x.shipment_id = s.id AND x.line_id = l.line_id
           WHERE l.cancelled_quantity <> x.cancelled""",  # noqa: S608
        AT_REST,
    ),
    Check(
        "lost",
        "an order is shipped and delivered when its parcels are",
        f"""SELECT o.order_id::text FROM orders.orders o JOIN {_OF_ORDERS} s USING (order_id)
           WHERE (s.status = 'delivered' AND o.status NOT IN ('delivered', 'completed', 'returned', 'cancelled'))
              OR (s.status IN ('shipped', 'in_transit')
                  AND o.status NOT IN ('shipped', 'delivered', 'completed', 'returned', 'cancelled'))""",  # noqa: S608
        AT_REST,
    ),
    Check(
        "out of order",
        "no order is further than its parcels",
        f"""SELECT o.order_id || ': ' || o.status || ', its shipment ' || coalesce(s.status, 'unknown')
           FROM orders.orders o LEFT JOIN {_OF_ORDERS} s USING (order_id)
           WHERE (o.status = 'shipped' AND coalesce(s.status, '') NOT IN ('shipped', 'in_transit', 'delivered'))
              OR (o.status IN ('delivered', 'completed', 'returned') AND coalesce(s.status, '') <> 'delivered')""",  # noqa: S608
    ),
    Check(
        "lost",
        "every exchange that came to its end has the shipment of its replacements",
        """SELECT c.claim_id::text FROM orders.order_claims c JOIN orders.order_claim_lines x USING (claim_id)
           WHERE c.kind = 'exchange' AND c.status = 'completed'
             AND NOT EXISTS (SELECT FROM scm.shipments s WHERE s.claim_id = c.claim_id)
           GROUP BY 1 HAVING sum(x.resellable + x.damaged) > 0""",
        AT_REST,
    ),
    Check(
        "doubled",
        "replacements leave for the units that came back, and for no others",
        """SELECT s.claim_id || ' ' || x.line_id FROM scm.shipments s JOIN scm.shipment_lines x ON x.shipment_id = s.id
           LEFT JOIN orders.order_claims c ON c.claim_id = s.claim_id
           LEFT JOIN orders.order_claim_lines l ON l.claim_id = s.claim_id AND l.line_id = x.line_id
           WHERE s.claim_id IS NOT NULL AND (c.kind IS DISTINCT FROM 'exchange' OR c.status <> 'completed'
             OR x.quantity IS DISTINCT FROM l.resellable + l.damaged
             OR l.replacement_sku IS NOT NULL AND x.sku <> l.replacement_sku)""",
    ),
    Check(
        "unbalanced",
        "orders and scm agree on which replacements are not sent",
        """SELECT l.claim_id || ' ' || l.line_id FROM orders.order_claim_lines l
           JOIN scm.shipments s ON s.claim_id = l.claim_id
           JOIN scm.shipment_lines x ON x.shipment_id = s.id AND x.line_id = l.line_id
           WHERE l.stopped <> x.cancelled""",
        AT_REST,
    ),
    Check(
        "unbalanced",
        "a replacement is stopped where scm says so, and nowhere else",
        """SELECT c.stop_id::text FROM orders.order_claims c
           LEFT JOIN scm.cancels x ON x.cancel_id = c.stop_id AND x.claim_id = c.claim_id
           WHERE c.stop_status <> 'requested' AND x.state IS DISTINCT FROM c.stop_status""",
    ),
    Check(
        "stuck",
        "every stop of a replacement is answered",
        "SELECT stop_id::text FROM orders.order_claims WHERE stop_status = 'requested'",
        AT_REST,
    ),
    Check(
        "unbalanced",
        "orders and scm agree on what came back",
        """SELECT r.claim_id || ' ' || x.line_id FROM scm.returns r JOIN scm.return_lines x USING (claim_id)
           JOIN orders.order_claims c USING (claim_id)
           LEFT JOIN orders.order_claim_lines l ON l.claim_id = r.claim_id AND l.line_id = x.line_id
           WHERE r.status = 'received' AND c.status NOT IN ('rejected', 'withdrawn')
             AND (c.status <> 'completed' OR (l.quantity, l.resellable, l.damaged, l.missing)
                  IS DISTINCT FROM (x.quantity, x.resellable, x.damaged, x.missing))""",
        AT_REST,
    ),
    Check(
        "stuck",
        "no pre-order waits beyond its release",
        "SELECT id::text FROM scm.shipments WHERE held_until < now() - interval '10 minutes'",
        AT_REST,
    ),
    Check(
        "unbalanced",
        "an option is changed where scm says so, and nowhere else",
        """SELECT c.change_id::text FROM orders.order_option_changes c
           LEFT JOIN scm.option_changes x USING (change_id)
           WHERE c.status = 'accepted' AND (x.change_id IS NULL OR x.refused_because IS NOT NULL)
              OR c.status = 'refused' AND c.refused_because <> 'cancelled' AND x.refused_because IS NULL""",
    ),
    Check(
        "stuck",
        "every option that was asked for is decided",
        "SELECT change_id::text FROM orders.order_option_changes WHERE status = 'requested'",
        AT_REST,
    ),
    Check(
        "stuck",
        "scm answers every cancel and hears of every release",
        """SELECT 'cancel ' || cancel_id FROM scm.cancels WHERE state = 'pending'
           UNION ALL SELECT 'release ' || order_no FROM scm.releases WHERE state = 'sending'""",
        AT_REST,
    ),
)
