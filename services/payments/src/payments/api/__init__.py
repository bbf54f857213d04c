"""The routes of payments. The fixed paths come before `/{payment_id}`."""

from payments.api import by_hand, callbacks, ledger, payments, receipts, returns, surpluses

routers = (
    ledger.router, surpluses.router, by_hand.router, payments.router, receipts.router, returns.router, callbacks.router,
)  # fmt: skip
