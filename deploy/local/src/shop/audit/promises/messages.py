"""Messages: one for every fact a customer is told, none for anything else, on each of its channels, to the end.

A fact is a parcel, a cancel, a claim or a refund and not their order, so of two parcels each has its message.
"""

from __future__ import annotations

from shop.audit.findings import AT_REST, Check

_FACTS = """
    SELECT 'order-placed' AS kind, order_id AS fact_id FROM orders.orders
    UNION ALL SELECT 'order-paid', order_id FROM orders.orders WHERE payment_id IS NOT NULL
    UNION ALL SELECT CASE WHEN s.claim_id IS NULL THEN 'order-shipped' ELSE 'exchange-shipped' END, p.id
      FROM scm.parcels p JOIN scm.shipments s ON s.id = p.shipment_id
    UNION ALL SELECT 'order-cancelled', cancel_id FROM orders.order_cancels WHERE status = 'accepted'
    UNION ALL SELECT CASE status WHEN 'accepted' THEN 'option-changed' ELSE 'option-kept' END, change_id
      FROM orders.order_option_changes WHERE status <> 'requested'
    UNION ALL SELECT 'payment-refunded', id FROM payments.refunds WHERE status = 'done'
    UNION ALL SELECT 'order-completed', order_id FROM orders.orders WHERE completed_at IS NOT NULL
    UNION ALL SELECT 'claim-requested', claim_id FROM orders.order_claims
    UNION ALL SELECT 'claim-approved', claim_id FROM orders.order_claims WHERE approved_at IS NOT NULL
    UNION ALL SELECT 'claim-' || status, claim_id FROM orders.order_claims
      WHERE status IN ('rejected', 'withdrawn', 'completed')
    UNION ALL SELECT 'replacement-stopped', stop_id FROM orders.order_claims WHERE stop_status = 'accepted'
    UNION ALL SELECT 'claim-collected', claim_id FROM scm.returns WHERE picked_up_at IS NOT NULL
"""
# The goods have been let go, or the address was decided upon: who decided keeps no list of it.
_PASSING = """
    UNION ALL SELECT 'preorder-released', id FROM scm.shipments
    UNION ALL SELECT kind, substring(once FROM 32)::uuid FROM orders.order_history,
      unnest(ARRAY['address-changed', 'address-kept']) kind WHERE name = 'order-address-change-requested'
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
    UNION ALL SELECT 'preorder-held', id FROM scm.shipments
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
        "every order, account, payment, parcel, cancel, claim and refund has its message",
        f"""SELECT f.kind || ' ' || f.fact_id FROM ({_FACTS} {_ACCOUNTS_HEARD}) f WHERE NOT EXISTS (
              SELECT FROM notify.messages m WHERE m.kind = f.kind AND m.fact_id = f.fact_id)""",  # noqa: S608
        AT_REST,
    ),
    Check(
        "doubled",
        "no fact has two messages, and no message is about nothing",
        f"""SELECT m.kind || ' ' || m.fact_id FROM notify.messages m GROUP BY m.kind, m.fact_id HAVING count(*) > 1
            UNION ALL SELECT m.kind || ' ' || m.fact_id FROM notify.messages m WHERE NOT EXISTS (
              SELECT FROM ({_FACTS} {_ACCOUNTS_ISSUED} {_PASSING}) f WHERE f.kind = m.kind AND f.fact_id = m.fact_id)
            AND NOT EXISTS (
              SELECT FROM ({_TROUBLES}) t WHERE t.kind = m.kind
                AND t.about::text = coalesce(
                  m.data ->> 'refund_id', m.data ->> 'payment_id', m.data ->> 'shipment_id'))""",  # noqa: S608
    ),
    Check(
        "lost",
        "whoever waits for a pre-order was told until when",
        """SELECT s.id::text FROM scm.shipments s WHERE s.release_at IS NOT NULL AND NOT EXISTS (
             SELECT FROM notify.messages m WHERE m.kind = 'preorder-held' AND m.data ->> 'shipment_id' = s.id::text
               AND (m.data ->> 'until')::timestamptz = s.release_at)""",
        AT_REST,
    ),
    Check(
        "lost",
        "whoever asked for another address was told what became of it",
        """SELECT h.once FROM orders.order_history h WHERE h.name = 'order-address-change-decided' AND NOT EXISTS (
             SELECT FROM notify.messages m WHERE m.kind IN ('address-changed', 'address-kept')
               AND m.fact_id = substring(h.once FROM 30)::uuid)""",
        AT_REST,
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
