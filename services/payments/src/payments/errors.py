"""How payments refuses. Codes are stable; HTTP numbers are given to the kinds elsewhere."""

from __future__ import annotations

from common.errors import DomainError, Kind


class OrderNotFound(DomainError):
    """Also the answer to a wrong order token."""

    code = "order.not_found"
    kind: Kind = "not_found"


class PaymentNotFound(DomainError):
    """Also the answer to a wrong order token."""

    code = "payment.not_found"
    kind: Kind = "not_found"


class OrderNotPayable(DomainError):
    """The order waits for no payment: paid, cancelled, or over its time."""

    code = "payment.order_not_payable"
    kind: Kind = "conflict"


class AlreadyOpen(DomainError):
    """A payment of this order may be bringing money just now."""

    code = "payment.already_open"
    kind: Kind = "conflict"


class AlreadyPaid(DomainError):
    code = "payment.already_paid"
    kind: Kind = "conflict"


class NotOpen(DomainError):
    """Too late to confirm: the payment was replaced, closed, refused or ran out."""

    code = "payment.not_open"
    kind: Kind = "conflict"


class ConfirmBusy(DomainError):
    """A confirmation with another key is under way. It may come to nothing: try again in a moment."""

    code = "payment.busy"
    kind: Kind = "conflict"


class KeyTaken(DomainError):
    """The provider's key belongs to another payment."""

    code = "payment.key_taken"
    kind: Kind = "conflict"


class AmountMismatch(DomainError):
    """Not the amount we asked for. It is never confirmed."""

    code = "payment.amount_mismatch"


class OrderMismatch(DomainError):
    """The provider's order id is not this payment's."""

    code = "payment.order_mismatch"


class KeyRefused(DomainError):
    """The provider does not take this key for this payment; `provider_code` says why. The payment is still open."""

    code = "payment.key_refused"


class ProviderRefused(DomainError):
    """The provider refused for good; `provider_code` is its reason. The customer may start another payment."""

    code = "payment.refused"


class ProviderUnknown(DomainError):
    code = "payment.provider_unknown"


class MethodUnsupported(DomainError):
    code = "payment.method_unsupported"


class CurrencyUnsupported(DomainError):
    code = "payment.currency_unsupported"


class BankUnknown(DomainError):
    code = "payment.bank_unknown"


class ReturnUrlRefused(DomainError):
    code = "payment.return_url_refused"


class NoRefundAccountNeeded(DomainError):
    """Only money that came by deposit, or that its provider will not pay back, needs an account to go to."""

    code = "payment.refund_account_not_needed"
    kind: Kind = "conflict"


class SurplusExceeded(DomainError):
    """More than the customer has to get back; `owed` says how much that is."""

    code = "surplus.exceeded"
    kind: Kind = "conflict"


class NoAccount(DomainError):
    """Nothing has to be transferred by hand, or the customer has not said where to."""

    code = "surplus.no_account"
    kind: Kind = "not_found"


class TransferReused(DomainError):
    """The reference names another transfer of this payment, or one made for another payment."""

    code = "surplus.reference_reused"
    kind: Kind = "conflict"


class RefundReused(DomainError):
    """The refund id came before with another payment or amount: a defect of the asker."""

    code = "refund.id_reused"
    kind: Kind = "conflict"


class RefundNotFound(DomainError):
    code = "refund.not_found"
    kind: Kind = "not_found"


class RefundPending(DomainError):
    """The provider may still pay it, or has not been heard about it: paying it by hand could pay it twice."""

    code = "refund.still_pending"
    kind: Kind = "conflict"


class RefundNotOwed(DomainError):
    """Paid, void, or more than the payment holds."""

    code = "refund.not_owed"
    kind: Kind = "conflict"


class ReturnedAtProvider(DomainError):
    """The provider holds less than it should: somebody may have given this money back at its console."""

    code = "refund.returned_at_provider"
    kind: Kind = "conflict"


class ReturnNotFound(DomainError):
    """The provider shows no return of this payment by that name."""

    code = "refund.return_not_found"
    kind: Kind = "not_found"


class RefundUnseen(DomainError):
    """The provider does not say now whether it paid. Asking again later may work."""

    code = "refund.unseen"
    kind: Kind = "unavailable"


class TransferDiffers(DomainError):
    """A refund is paid by hand whole or not at all; `amount` is what it is."""

    code = "refund.transfer_amount"


class RefundTransferReused(DomainError):
    """The refund was paid in another way, or the reference is that of another refund or transfer of this payment."""

    code = "refund.transfer_reused"
    kind: Kind = "conflict"


class IdentifierInvalid(DomainError):
    """Not a number this type of cash receipt can be issued to."""

    code = "receipt.identifier_invalid"


class NoReceipt(DomainError):
    """Only money that came or may come by deposit or transfer has a cash receipt."""

    code = "receipt.not_cash"
    kind: Kind = "conflict"


class ReceiptIssued(DomainError):
    code = "receipt.already_issued"
    kind: Kind = "conflict"


class ReceiptUnderWay(DomainError):
    """It may be issued already: asked for once more, there might be two."""

    code = "receipt.under_way"
    kind: Kind = "conflict"


class ReturnUnreadable(DomainError):
    """What the browser brought back is not what this provider sends."""

    code = "request.invalid"


class NotOffered(DomainError):
    """The provider has no such thing: no list of settlements, no cash receipts."""

    code = "payment.not_offered"


class CallbackUnreadable(DomainError):
    code = "callback.unreadable"


class CallbackForged(DomainError):
    """The signature is wrong, or so old that it may be a replay. Recorded; nothing was changed."""

    code = "callback.forged"
    kind: Kind = "forbidden"
