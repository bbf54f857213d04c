"""The routes of payments. The fixed paths come before `/{payment_id}`."""

from payments.api import callbacks, ledger, payments, receipts, returns, surpluses

routers = (ledger.router, surpluses.router, payments.router, receipts.router, returns.router, callbacks.router)
