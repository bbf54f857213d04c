"""What korea.md does not say or marks as memory or inferred. Everything of V2 that may be otherwise is here or in the
settings, and this is the one place to put right."""

from __future__ import annotations

from types import MappingProxyType

from payments.commands.answers import Hint, Standing

# inferred: what each status means for money. PENDING is no standing: the PG has not decided.
STANDINGS = MappingProxyType(
    {
        "READY": Standing.NOT_STARTED,
        "VIRTUAL_ACCOUNT_ISSUED": Standing.WAITING,
        "PAID": Standing.PAID,
        "PARTIAL_CANCELLED": Standing.PARTLY_RETURNED,
        "CANCELLED": Standing.RETURNED,
        "FAILED": Standing.FAILED,
    }
)
PENDING = "PENDING"
# memory: how long a window that somebody left open may still take the money.
WINDOW_LINGERS_SECONDS = 7200.0
# Types of refusals are those of the official SDKs; what each asks of us is inferred.
HINTS = MappingProxyType(
    {
        "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN": Hint.ASK,
        "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT": Hint.ASK,
        "PAYMENT_ALREADY_CANCELLED": Hint.ASK,
        "PAYMENT_NOT_PAID": Hint.ASK,
        "UNAUTHORIZED": Hint.UNREAD,
        "FORBIDDEN": Hint.UNREAD,
        "TOO_MANY_REQUESTS": Hint.LATER,
    }
)
# Told with a 4xx, and yet not an answer.
UNDECIDED = frozenset({"IDEMPOTENCY_OUTSTANDING_REQUEST", "PG_PROVIDER"})
# memory: paths korea.md does not name. They stand in the official SDKs.
CLOSE_ACCOUNT = "/payments/{payment_id}/virtual-account/close"
PRE_REGISTER = "/payments/{payment_id}/pre-register"
CASH_RECEIPTS = "/cash-receipts"
CASH_RECEIPT = "/payments/{payment_id}/cash-receipt"
CANCEL_CASH_RECEIPT = "/payments/{payment_id}/cash-receipt/cancel"
# memory: how the browser SDK calls the methods, and that it takes an ISO moment for the end of an account.
PAY_METHODS = MappingProxyType(
    {"card": "CARD", "transfer": "TRANSFER", "virtual_account": "VIRTUAL_ACCOUNT", "easy_pay": "EASY_PAY"}
)
RECEIPT_TYPES = MappingProxyType({"income_deduction": "PERSONAL", "expense_proof": "CORPORATE"})
ORDER_NAME_MOST = 100
# memory: the largest page of a list, and how a list is filtered by the time of the last change.
PAGE_SIZE = 100
LISTED_BY = "STATUS_CHANGED_AT"
