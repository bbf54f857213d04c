"""The tables, as the migrations make them. Checks, triggers and the reasons for them are written there."""

from payments.tables.books import (
    books_touched,
    callback_bodies,
    journals,
    ledger_balances,
    ledger_counted,
    ledger_uncounted,
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
    refund_transfers,
    refunds,
    surplus_transfers,
)

__all__ = [
    "books_touched",
    "callback_bodies",
    "cash_receipts",
    "journals",
    "ledger_balances",
    "ledger_counted",
    "ledger_uncounted",
    "metadata",
    "order_gates",
    "payment_history",
    "payment_secrets",
    "payments",
    "postings",
    "provider_callbacks",
    "refund_accounts",
    "refund_transfers",
    "refunds",
    "settlement_differences",
    "settlements",
    "surplus_transfers",
]
