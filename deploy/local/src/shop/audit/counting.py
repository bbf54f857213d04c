"""How many of what there are: for people who want to know that the auditor looked at something."""

from __future__ import annotations

Counts = dict[str, list[tuple[str, int]]]

COUNTS: dict[str, str] = {
    "orders": "SELECT status, count(*) FROM orders.orders GROUP BY 1 ORDER BY 2 DESC, 1",
    "payments": "SELECT status, count(*) FROM payments.payments GROUP BY 1 ORDER BY 2 DESC, 1",
    "refunds": "SELECT status, count(*) FROM payments.refunds GROUP BY 1 ORDER BY 2 DESC, 1",
    "reservations": "SELECT status, count(*) FROM catalog.reservations GROUP BY 1 ORDER BY 2 DESC, 1",
    "shipments": "SELECT status, count(*) FROM scm.shipments GROUP BY 1 ORDER BY 2 DESC, 1",
    "notifications": "SELECT channel || ' ' || status, count(*) FROM notify.deliveries GROUP BY 1 ORDER BY 2 DESC, 1",
    "stats": "SELECT kind, count(*) FROM stats.order_facts WHERE generation ="
    " (SELECT generation FROM stats.live_generation) GROUP BY 1 ORDER BY 2 DESC, 1",
}

# Work for people, and no fault of the shop.
NUMBERS: dict[str, str] = {
    "payments that a person must look at": "SELECT count(*) FROM payments.payments WHERE attention IS NOT NULL",
    "refunds that wait for the customer's account": (
        "SELECT count(*) FROM payments.refunds WHERE status = 'needs_account'"
    ),
    "shipments that a person must look at": (
        "SELECT count(*) FROM scm.shipments WHERE attention IS NOT NULL OR status = 'rejected'"
    ),
}
