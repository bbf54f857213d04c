"""Money: between orders, payments, refunds and the ledger."""

from __future__ import annotations

from shop.audit.findings import AT_REST, Check
from shop.audit.moves import PAYMENT, as_values

_PROMISED = "('requested', 'needs_account', 'executing', 'unknown', 'done')"

MONEY = (
    Check(
        "lost",
        "every paid order has its confirmed payment, of the same amount",
        """SELECT o.order_id::text FROM orders.orders o LEFT JOIN payments.payments p ON p.id = o.payment_id
           WHERE o.payment_id IS NOT NULL
             AND (p.id IS NULL OR p.confirmed_at IS NULL OR p.amount <> o.total_amount OR p.order_id <> o.order_id)""",
    ),
    Check(
        "lost",
        "every confirmed payment pays its order, or is sent back",
        """SELECT p.id::text FROM payments.payments p
           LEFT JOIN orders.orders o ON o.payment_id = p.id
           LEFT JOIN orders.order_unwanted_payments u ON u.payment_id = p.id
           WHERE p.confirmed_at IS NOT NULL AND o.order_id IS NULL AND u.payment_id IS NULL""",
        AT_REST,
    ),
    Check(
        "lost",
        "the refund of every payment that no order wants is promised",
        f"""SELECT u.refund_id::text FROM orders.order_unwanted_payments u
            WHERE u.deposit_reversed_at IS NULL AND NOT EXISTS (
              SELECT FROM payments.refunds r WHERE r.id = u.refund_id AND r.payment_id = u.payment_id
                AND r.amount = u.amount AND r.status IN {_PROMISED})""",  # noqa: S608 - our own words
        AT_REST,
    ),
    Check(
        "doubled",
        "no order keeps the money of two payments",
        """SELECT p.order_id::text FROM payments.payments p
           WHERE p.status IN ('confirmed', 'partially_refunded') AND NOT EXISTS (
             SELECT FROM orders.order_unwanted_payments u WHERE u.payment_id = p.id)
           GROUP BY p.order_id HAVING count(*) > 1""",
        AT_REST,
    ),
    Check(
        "unbalanced",
        "every journal of the ledger has two sides that sum to zero",
        """SELECT j.id::text FROM payments.journals j LEFT JOIN payments.postings x ON x.journal_id = j.id
           GROUP BY j.id HAVING count(x.journal_id) < 2 OR coalesce(sum(x.amount), 0) <> 0""",
    ),
    Check(
        "unbalanced",
        "the ledger says of every payment what its state and refunds say",
        """WITH given AS (
             SELECT payment_id, coalesce(sum(amount) FILTER (WHERE status = 'done'), 0) AS done,
               coalesce(sum(amount) FILTER (WHERE by_hand), 0) AS by_hand, coalesce(sum(amount) FILTER (
                 WHERE status IN ('requested', 'needs_account', 'executing', 'unknown')), 0) AS pending
             FROM payments.refunds GROUP BY 1
           ), booked AS (
             SELECT j.payment_id,
               coalesce(sum(x.amount) FILTER (WHERE x.account LIKE 'provider_receivable:%'), 0) AS held,
               coalesce(-sum(x.amount) FILTER (WHERE x.account = 'customer_payments'), 0) AS customers,
               coalesce(-sum(x.amount) FILTER (WHERE x.account = 'refunds_payable'), 0) AS payable
             FROM payments.journals j JOIN payments.postings x ON x.journal_id = j.id GROUP BY 1
           ), wanted AS (
             SELECT p.id, p.status, coalesce(g.done, 0) AS done, coalesce(g.pending, 0) AS pending,
               coalesce(g.by_hand, 0) AS by_hand,
               CASE WHEN p.status IN ('confirmed', 'partially_refunded', 'refunded') THEN p.amount ELSE 0 END AS came
             FROM payments.payments p LEFT JOIN given g ON g.payment_id = p.id)
           SELECT w.id::text FROM wanted w LEFT JOIN booked b ON b.payment_id = w.id
           WHERE coalesce(b.held, 0) <> w.came - w.done + w.by_hand OR coalesce(b.payable, 0) <> w.pending
              OR coalesce(b.customers, 0) <> w.came - w.done - w.pending
              OR (w.status = 'refunded') <> (w.came > 0 AND w.done = w.came)
              OR (w.status = 'partially_refunded') <> (w.done > 0 AND w.done < w.came)""",
    ),
    Check(
        "unbalanced",
        "no more goes back than came",
        f"""SELECT p.id::text FROM payments.payments p JOIN payments.refunds r ON r.payment_id = p.id
            WHERE r.status IN {_PROMISED} GROUP BY p.id, p.amount HAVING sum(r.amount) > p.amount""",  # noqa: S608
    ),
    Check(
        "lost",
        "what the accepted cancels and the returns of an order owe is promised back",
        f"""SELECT c.order_id::text FROM (
              SELECT order_id, sum(refund_amount) AS owed FROM (
                SELECT order_id, refund_amount FROM orders.order_cancels WHERE status = 'accepted'
                UNION ALL SELECT order_id, refund_amount FROM orders.order_claims) d GROUP BY 1) c
            JOIN orders.orders o USING (order_id)
            LEFT JOIN (SELECT payment_id, sum(amount) AS promised FROM payments.refunds
                       WHERE status IN {_PROMISED} GROUP BY 1) r USING (payment_id)
            WHERE c.owed > coalesce(r.promised, 0)""",  # noqa: S608
        AT_REST,
    ),
    Check(
        "doubled",
        "no order gets more back than its accepted cancels and its returns owe",
        f"""SELECT o.order_id::text FROM orders.orders o
            JOIN (SELECT payment_id, sum(amount) AS promised FROM payments.refunds
                  WHERE status IN {_PROMISED} GROUP BY 1) r USING (payment_id)
            LEFT JOIN (SELECT order_id, sum(refund_amount) AS owed FROM (
                         SELECT order_id, refund_amount FROM orders.order_cancels WHERE status = 'accepted'
                         UNION ALL SELECT order_id, refund_amount FROM orders.order_claims) d GROUP BY 1) c
              USING (order_id)
            WHERE r.promised > coalesce(c.owed, 0) AND o.deposit_reversed_at IS NULL""",  # noqa: S608
    ),
    Check(
        "unbalanced",
        "orders and payments agree on what went back",
        """SELECT o.order_id::text FROM orders.orders o
           LEFT JOIN (SELECT payment_id, sum(amount) AS back FROM payments.refunds WHERE status = 'done' GROUP BY 1) r
             USING (payment_id)
           WHERE o.payment_id IS NOT NULL AND o.refunded_amount <> coalesce(r.back, 0)""",
        AT_REST,
    ),
    Check(
        "out of order",
        "a payment takes only steps that there are",
        f"""SELECT payment_id || ': ' || coalesce(from_status, 'begins') || ' → ' || to_status FROM (
              SELECT payment_id, from_status, to_status,
                     coalesce(lag(to_status) OVER (PARTITION BY payment_id ORDER BY id), '') AS before
              FROM payments.payment_history) h
            WHERE coalesce(from_status, '') <> before
               OR before <> to_status AND (before, to_status) NOT IN (VALUES {as_values(PAYMENT)})""",  # noqa: S608
    ),
    Check(
        "out of order",
        "a payment is where its history has led it",
        """SELECT p.id || ': ' || p.status || ', not ' || coalesce(h.to_status, 'nowhere') FROM payments.payments p
           LEFT JOIN LATERAL (SELECT to_status FROM payments.payment_history WHERE payment_id = p.id
                              ORDER BY id DESC LIMIT 1) h ON true
           WHERE p.status IS DISTINCT FROM h.to_status""",
    ),
    Check(
        "stuck",
        "no payment's outcome stays unknown, no refund stays undone",
        """SELECT 'payment ' || id FROM payments.payments
             WHERE status IN ('created', 'confirming', 'unknown')
                -- A window given up is watched for as long as it may still take money.
                OR (closing AND (window_until IS NULL OR window_until < now() - interval '10 minutes'
                                 OR status NOT IN ('cancelled', 'expired')))
           UNION ALL SELECT 'refund ' || id FROM payments.refunds
             WHERE status IN ('requested', 'executing', 'unknown')""",
        AT_REST,
    ),
    Check(
        "stuck",
        "every callback of a provider is settled",
        "SELECT id::text FROM payments.provider_callbacks WHERE status = 'received'",
        AT_REST,
    ),
)
