"""The tables, as the migrations make them. Checks, triggers and the reasons for them are written there."""

from payments.tables.books import (
    callback_bodies,
    journals,
    postings,
    provider_callbacks,
    settlement_differences,
    settlements,
)
from payments.tables.payments import (
    cash_receipts,
    metadata,
    order_gates,
    payment_history,
    payment_secrets,
    payments,
    refund_accounts,
    refunds,
)

__all__ = [
    "callback_bodies",
    "cash_receipts",
    "journals",
    "metadata",
    "order_gates",
    "payment_history",
    "payment_secrets",
    "payments",
    "postings",
    "provider_callbacks",
    "refund_accounts",
    "refunds",
    "settlement_differences",
    "settlements",
]
