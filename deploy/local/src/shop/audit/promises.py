"""The promises that the shop's own tables can prove or break. The auditor's role only reads."""

from __future__ import annotations

from shop.audit.findings import Check

_ORDERS = (
    Check(
        "lost",
        "every paid order has its confirmed payment, of the same amount",
        """SELECT o.order_id::text FROM orders.orders o LEFT JOIN payments.payments p ON p.id = o.payment_id
           WHERE o.payment_id IS NOT NULL
             AND (p.id IS NULL OR p.confirmed_at IS NULL OR p.amount <> o.total_amount OR p.order_id <> o.order_id)""",
    ),
    Check(
        "lost",
        "every confirmed payment belongs to a paid order, or goes back",
        """SELECT p.id::text FROM payments.payments p
           LEFT JOIN orders.orders o ON o.payment_id = p.id
           LEFT JOIN orders.order_unwanted_payments u ON u.payment_id = p.id
           WHERE p.confirmed_at IS NOT NULL AND o.order_id IS NULL AND u.payment_id IS NULL""",
    ),
    Check(
        "doubled",
        "no order is charged twice",
        """SELECT order_id::text FROM payments.payments
           WHERE confirmed_at IS NOT NULL AND status NOT IN ('refunded', 'reversed')
           GROUP BY order_id HAVING count(*) > 1""",
    ),
    Check(
        "doubled",
        "one cart makes one order",
        """SELECT cart_id::text FROM orders.orders WHERE status <> 'cancelled' GROUP BY cart_id HAVING count(*) > 1""",
    ),
    Check(
        "unbalanced",
        "an order's lines and shipping are its total",
        """SELECT o.order_id::text FROM orders.orders o JOIN orders.order_lines l USING (order_id)
           GROUP BY o.order_id HAVING sum(l.amount) + o.shipping_amount <> o.total_amount""",
    ),
    Check(
        "unbalanced",
        "a cancelled order's units are all cancelled, and no line has more cancelled than it has",
        """SELECT o.order_id::text FROM orders.orders o JOIN orders.order_lines l USING (order_id)
           WHERE l.cancelled_quantity > l.quantity
              OR (o.status = 'cancelled' AND o.payment_id IS NOT NULL AND l.cancelled_quantity <> l.quantity)""",
    ),
    Check(
        "stuck",
        "a paid order moves on",
        """SELECT order_id::text FROM orders.orders
           WHERE status IN ('paid', 'preparing') AND paid_at < now() - interval '1 day' * 7""",
    ),
)

_MONEY = (
    Check(
        "unbalanced",
        "every journal of the ledger sums to zero",
        "SELECT journal_id::text FROM payments.postings GROUP BY journal_id HAVING sum(amount) <> 0",
    ),
    Check(
        "unbalanced",
        "the ledger holds of each payment what came less what went back",
        """SELECT p.id::text FROM payments.payments p
           LEFT JOIN (SELECT j.payment_id, sum(x.amount) AS held FROM payments.journals j
                      JOIN payments.postings x ON x.journal_id = j.id
                      WHERE x.account LIKE 'provider_receivable:%' GROUP BY 1) l ON l.payment_id = p.id
           LEFT JOIN (SELECT payment_id, sum(amount) AS back FROM payments.refunds
                      WHERE status = 'done' GROUP BY 1) r ON r.payment_id = p.id
           WHERE coalesce(l.held, 0) <> CASE WHEN p.confirmed_at IS NULL OR p.status = 'reversed' THEN 0
                                             ELSE p.amount - coalesce(r.back, 0) END""",
    ),
    Check(
        "unbalanced",
        "no more goes back than came",
        """SELECT p.id::text FROM payments.payments p JOIN payments.refunds r ON r.payment_id = p.id
           WHERE r.status IN ('requested', 'needs_account', 'executing', 'unknown', 'done')
           GROUP BY p.id, p.amount HAVING sum(r.amount) > p.amount""",
    ),
    Check(
        "lost",
        "what an accepted cancel owes is a refund",
        """SELECT c.cancel_id::text FROM orders.order_cancels c
           WHERE c.status = 'accepted' AND c.refund_amount > 0 AND NOT EXISTS (
               SELECT 1 FROM payments.refunds r WHERE r.order_id = c.order_id AND r.amount = c.refund_amount
                 AND r.status NOT IN ('refused', 'void'))""",
    ),
    Check(
        "unbalanced",
        "orders and payments agree on what went back",
        """SELECT o.order_id::text FROM orders.orders o
           LEFT JOIN (SELECT payment_id, sum(amount) AS back FROM payments.refunds WHERE status = 'done' GROUP BY 1) r
             ON r.payment_id = o.payment_id
           WHERE o.payment_id IS NOT NULL AND o.refunded_amount <> coalesce(r.back, 0)""",
    ),
    Check(
        "stuck",
        "no payment outcome stays unknown, no refund stays undone",
        """SELECT id::text FROM payments.payments WHERE status IN ('confirming', 'unknown')
           UNION ALL SELECT id::text FROM payments.refunds WHERE status IN ('requested', 'executing', 'unknown')""",
    ),
)

_STOCK = (
    Check(
        "oversold",
        "units sold and reserved never exceed what came in",
        "SELECT sku FROM catalog.stock WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand",
    ),
    Check(
        "unbalanced",
        "the stock counters are the sum of their movements",
        """SELECT s.sku FROM catalog.stock s
           LEFT JOIN (SELECT sku, sum(delta_on_hand) AS on_hand, sum(delta_reserved) AS reserved
                      FROM catalog.stock_movements GROUP BY 1) m USING (sku)
           WHERE s.on_hand <> coalesce(m.on_hand, 0) OR s.reserved <> coalesce(m.reserved, 0)""",
    ),
    Check(
        "unbalanced",
        "what is reserved is what reservations hold",
        """SELECT s.sku FROM catalog.stock s
           LEFT JOIN (SELECT l.sku, sum(l.quantity - l.returned) AS held FROM catalog.reservation_lines l
                      JOIN catalog.reservations r USING (order_id) WHERE r.status IN ('held', 'confirmed')
                      GROUP BY 1) h USING (sku)
           LEFT JOIN (SELECT sku, sum(delta_reserved) AS waiting FROM catalog.pending_movements GROUP BY 1) w USING (sku)
           WHERE s.reserved + coalesce(w.waiting, 0) <> coalesce(h.held, 0)""",
    ),
    Check(
        "lost",
        "every order's reservation is where the order is",
        """SELECT o.order_id::text FROM orders.orders o LEFT JOIN catalog.reservations r USING (order_id)
           WHERE r.order_id IS NULL
              OR (o.status = 'pending_payment' AND r.status NOT IN ('held', 'confirmed'))
              OR (o.payment_id IS NOT NULL AND o.status <> 'cancelled' AND r.status <> 'sold')
              OR (o.payment_id IS NULL AND o.status = 'cancelled' AND r.status NOT IN ('released', 'expired', 'short'))""",
    ),
    Check(
        "unbalanced",
        "units that orders lost by cancelling are back in stock",
        """SELECT l.order_id::text FROM orders.order_lines l JOIN orders.orders o USING (order_id)
           JOIN catalog.reservations r USING (order_id)
           JOIN catalog.reservation_lines x ON x.order_id = l.order_id AND x.sku = l.sku
           WHERE r.status = 'sold' AND o.payment_id IS NOT NULL
           GROUP BY l.order_id, x.sku, x.returned HAVING sum(l.cancelled_quantity) <> x.returned""",
    ),
)

_DELIVERY = (
    Check(
        "lost",
        "every paid order has its shipment request",
        """SELECT o.order_id::text FROM orders.orders o LEFT JOIN scm.shipments s USING (order_id)
           WHERE o.payment_id IS NOT NULL AND s.id IS NULL""",
    ),
    Check(
        "doubled",
        "nothing is shipped that nobody paid for, and nothing twice",
        """SELECT s.order_id::text FROM scm.shipments s LEFT JOIN orders.orders o USING (order_id)
           WHERE o.order_id IS NULL OR o.payment_id IS NULL
           UNION ALL
           SELECT s.order_id::text FROM scm.shipments s JOIN scm.shipment_lines l ON l.shipment_id = s.id
           JOIN scm.parcels p ON p.shipment_id = s.id
           JOIN scm.parcel_lines x ON x.parcel_id = p.id AND x.line_id = l.line_id
           GROUP BY s.order_id, l.line_id, l.quantity, l.cancelled HAVING sum(x.quantity) > l.quantity - l.cancelled""",
    ),
    Check(
        "unbalanced",
        "orders and scm agree on what was cancelled",
        """SELECT l.order_id::text FROM orders.order_lines l JOIN scm.shipments s USING (order_id)
           JOIN scm.shipment_lines x ON x.shipment_id = s.id AND x.line_id = l.line_id
           WHERE l.cancelled_quantity <> x.cancelled""",
    ),
    Check(
        "lost",
        "an order is delivered when its parcels are",
        """SELECT o.order_id::text FROM orders.orders o JOIN scm.shipments s USING (order_id)
           WHERE s.status = 'delivered' AND o.status NOT IN ('delivered', 'completed', 'cancelled')""",
    ),
)

_MESSAGES = (
    Check(
        "lost",
        "every order, payment, parcel, cancel and refund has its message",
        """SELECT 'order-placed ' || o.order_id FROM orders.orders o
             WHERE NOT EXISTS (SELECT 1 FROM notify.messages m WHERE m.kind = 'order-placed' AND m.order_id = o.order_id)
           UNION ALL SELECT 'order-paid ' || o.order_id FROM orders.orders o WHERE o.payment_id IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM notify.messages m WHERE m.kind = 'order-paid' AND m.order_id = o.order_id)
           UNION ALL SELECT 'order-shipped ' || s.order_id FROM scm.parcels p JOIN scm.shipments s ON s.id = p.shipment_id
             WHERE NOT EXISTS (SELECT 1 FROM notify.messages m WHERE m.kind = 'order-shipped' AND m.order_id = s.order_id)
           UNION ALL SELECT 'order-cancelled ' || c.cancel_id FROM orders.order_cancels c WHERE c.status = 'accepted'
             AND NOT EXISTS (SELECT 1 FROM notify.messages m WHERE m.kind = 'order-cancelled' AND m.order_id = c.order_id)
           UNION ALL SELECT 'payment-refunded ' || r.id FROM payments.refunds r WHERE r.status = 'done'
             AND NOT EXISTS (SELECT 1 FROM notify.messages m WHERE m.kind = 'payment-refunded'
                             AND m.order_id = r.order_id)""",
    ),
    Check(
        "lost",
        "every message went out on some channel",
        """SELECT m.id::text FROM notify.messages m
           WHERE NOT EXISTS (SELECT 1 FROM notify.deliveries d WHERE d.message_id = m.id)""",
    ),
    Check(
        "stuck",
        "every delivery comes to an end",
        "SELECT id::text FROM notify.deliveries WHERE ended_at IS NULL",
    ),
)

_FIGURES = (
    Check(
        "unbalanced",
        "stats has every paid order once, with its amount",
        """SELECT coalesce(o.order_id, f.order_id)::text FROM
             (SELECT order_id, total_amount FROM orders.orders WHERE payment_id IS NOT NULL) o
             FULL JOIN (SELECT order_id, sum(total_amount) AS total FROM stats.order_facts
                        WHERE kind = 'paid' AND generation = (SELECT generation FROM stats.live_generation)
                        GROUP BY 1) f USING (order_id)
           WHERE o.total_amount IS DISTINCT FROM f.total""",
    ),
    Check(
        "unbalanced",
        "stats has every line sold and cancelled",
        """SELECT coalesce(o.line_id, f.line_id)::text FROM
             (SELECT l.line_id, l.quantity - l.cancelled_quantity AS units FROM orders.order_lines l
              JOIN orders.orders o USING (order_id) WHERE o.payment_id IS NOT NULL) o
             FULL JOIN (SELECT line_id, sum(CASE kind WHEN 'sale' THEN quantity ELSE -quantity END) AS units
                        FROM stats.line_facts WHERE generation = (SELECT generation FROM stats.live_generation)
                        GROUP BY 1) f USING (line_id)
           WHERE o.units IS DISTINCT FROM f.units""",
    ),
)

PROMISES: tuple[Check, ...] = (*_ORDERS, *_MONEY, *_STOCK, *_DELIVERY, *_MESSAGES, *_FIGURES)


def backbone(service: str) -> tuple[Check, ...]:
    """What holds in the backbone of every service once it is quiet."""
    return (
        Check(
            "stuck",
            "every committed event has left",
            f"SELECT '{service} ' || event_id FROM {service}.outbox",  # noqa: S608 - names of our own table
        ),
        Check(
            "stuck",
            "no key is parked",
            f"SELECT '{service} ' || topic || ' ' || key FROM {service}.parked_keys",  # noqa: S608
        ),
        Check(
            "lost",
            "no event is a dead letter",
            f"SELECT '{service} ' || event_id || ' ' || reason FROM {service}.dead_letters WHERE status = 'open'",  # noqa: S608
        ),
    )
