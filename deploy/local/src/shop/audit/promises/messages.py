"""Messages: one for every fact a customer is told, none for anything else, on each of its channels, to the end.

A fact is a parcel, a cancel or a refund and not their order, so of two parcels each has its message.
"""

from __future__ import annotations

from shop.audit.findings import AT_REST, Check

_FACTS = """
    SELECT 'order-placed' AS kind, order_id AS fact_id FROM orders.orders
    UNION ALL SELECT 'order-paid', order_id FROM orders.orders WHERE payment_id IS NOT NULL
    UNION ALL SELECT 'order-shipped', id FROM scm.parcels
    UNION ALL SELECT 'order-cancelled', cancel_id FROM orders.order_cancels WHERE status = 'accepted'
    UNION ALL SELECT 'payment-refunded', id FROM payments.refunds WHERE status = 'done'
"""
# What can come true of a payment or a refund several times: its messages are named by the moment too, and say whose
# they are.
_TROUBLES = """
    SELECT kind, id AS about FROM payments.refunds,
      unnest(ARRAY['refund-account-needed', 'refund-failed']) kind
    UNION ALL SELECT 'payment-unwanted', refund_id FROM orders.order_unwanted_payments
    UNION ALL SELECT 'deposit-reversed', payment_id FROM payments.payment_history WHERE to_status = 'reversed'
    UNION ALL SELECT kind, id FROM payments.payments,
      unnest(ARRAY['deposit-short', 'deposit-surplus', 'surplus-returned']) kind WHERE method = 'virtual_account'
"""
# An account that nobody waited for any more was issued and not told: what orders heard of was.
_ACCOUNTS_HEARD = """
    UNION ALL SELECT 'payment-pending', substring(once FROM 17)::uuid FROM orders.order_history
      WHERE name = 'payment-pending'
"""
_ACCOUNTS_ISSUED = """
    UNION ALL SELECT 'payment-pending', payment_id FROM payments.payment_history WHERE to_status = 'waiting_for_deposit'
"""

MESSAGES = (
    Check(
        "lost",
        "every order, account, payment, parcel, cancel and refund has its message",
        f"""SELECT f.kind || ' ' || f.fact_id FROM ({_FACTS} {_ACCOUNTS_HEARD}) f WHERE NOT EXISTS (
              SELECT FROM notify.messages m WHERE m.kind = f.kind AND m.fact_id = f.fact_id)""",  # noqa: S608
        AT_REST,
    ),
    Check(
        "doubled",
        "no fact has two messages, and no message is about nothing",
        f"""SELECT m.kind || ' ' || m.fact_id FROM notify.messages m GROUP BY m.kind, m.fact_id HAVING count(*) > 1
            UNION ALL SELECT m.kind || ' ' || m.fact_id FROM notify.messages m WHERE NOT EXISTS (
              SELECT FROM ({_FACTS} {_ACCOUNTS_ISSUED}) f WHERE f.kind = m.kind AND f.fact_id = m.fact_id)
            AND NOT EXISTS (
              SELECT FROM ({_TROUBLES}) t WHERE t.kind = m.kind
                AND t.about::text = coalesce(m.data ->> 'refund_id', m.data ->> 'payment_id'))""",  # noqa: S608
    ),
    Check(
        "lost",
        "every deposit that the bank took back has its message, and no more messages than times",
        """SELECT h.payment_id::text FROM payments.payment_history h WHERE h.to_status = 'reversed'
           GROUP BY h.payment_id HAVING count(*) <> (SELECT count(*) FROM notify.messages m
             WHERE m.kind = 'deposit-reversed' AND m.data ->> 'payment_id' = h.payment_id::text)""",
        AT_REST,
    ),
    Check(
        "lost",
        "every message goes out by mail and to the phone",
        """SELECT m.id || ' ' || m.kind FROM notify.messages m
           WHERE NOT EXISTS (SELECT FROM notify.deliveries d WHERE d.message_id = m.id AND d.channel = 'email')
              OR NOT EXISTS (SELECT FROM notify.deliveries d
                             WHERE d.message_id = m.id AND d.channel IN ('alimtalk', 'sms'))""",
    ),
    Check(
        "doubled",
        "a message has one delivery on a channel, and a text only after its Alimtalk has failed",
        """SELECT message_id || ' ' || channel FROM notify.deliveries
           GROUP BY message_id, channel HAVING count(*) > 1
           UNION ALL SELECT a.message_id || ' sms' FROM notify.deliveries a
             JOIN notify.deliveries t ON t.message_id = a.message_id AND t.channel = 'sms'
             WHERE a.channel = 'alimtalk' AND a.status <> 'failed'""",
    ),
    Check(
        "stuck",
        "every delivery comes to an end",
        "SELECT id::text FROM notify.deliveries WHERE ended_at IS NULL",
        AT_REST,
    ),
)
