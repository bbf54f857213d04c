"""Every refusal of this service, by its stable code."""

from __future__ import annotations

from common.errors import DomainError, Kind


class OrderNotFound(DomainError):
    """No such order, or not for this caller: the two are not told apart."""

    code = "order.not_found"
    kind: Kind = "not_found"


class CartAlreadyOrdered(DomainError):
    code = "order.cart_already_ordered"
    kind: Kind = "conflict"


class PriceChanged(DomainError):
    """`total` in the problem is what the cart costs now."""

    code = "price.changed"
    kind: Kind = "conflict"


class NothingToPay(DomainError):
    """An order is paid by a payment, and there is no payment of nothing."""

    code = "order.nothing_to_pay"
    kind: Kind = "conflict"


class QuoteInconsistent(DomainError):
    """The quote's parts do not make its total. A defect of the cart, so nothing is ordered on it."""

    code = "order.quote_inconsistent"
    kind: Kind = "unavailable"


class TransitionRefused(DomainError):
    """The last guard: a step that is not in the table of states."""

    code = "order.transition_refused"
    kind: Kind = "conflict"


class NotPending(DomainError):
    code = "order.not_pending"
    kind: Kind = "conflict"


class NotDue(DomainError):
    code = "order.not_due"
    kind: Kind = "conflict"


class NotPaid(DomainError):
    code = "order.not_paid"
    kind: Kind = "conflict"


class AlreadyShipped(DomainError):
    code = "order.already_shipped"
    kind: Kind = "conflict"


class AlreadyDelivered(DomainError):
    code = "order.already_delivered"
    kind: Kind = "conflict"


class AlreadyCompleted(DomainError):
    code = "order.already_completed"
    kind: Kind = "conflict"


class AlreadyReturned(DomainError):
    """Nothing that was bought is left of the order."""

    code = "order.already_returned"
    kind: Kind = "conflict"


class AlreadyCancelled(DomainError):
    code = "order.already_cancelled"
    kind: Kind = "conflict"


class PartialCancelUnpaid(DomainError):
    code = "order.partial_cancel_unpaid"
    kind: Kind = "conflict"


class LineUnknown(DomainError):
    code = "order.line_unknown"


class LineRepeated(DomainError):
    code = "order.line_repeated"


class QuantityExceedsOpen(DomainError):
    """`open` in the problem is how many units of the line can still be cancelled."""

    code = "order.quantity_exceeds_open"
    kind: Kind = "conflict"


class CancelInProgress(DomainError):
    code = "order.cancel_in_progress"
    kind: Kind = "conflict"


class CancelNotFound(DomainError):
    code = "order.cancel_not_found"
    kind: Kind = "not_found"


class CancelAlreadySettled(DomainError):
    code = "order.cancel_already_settled"
    kind: Kind = "conflict"


class NotDelivered(DomainError):
    code = "order.not_delivered"
    kind: Kind = "conflict"


class CompletionTooEarly(DomainError):
    code = "order.completion_too_early"
    kind: Kind = "conflict"


class RefundExceedsPayment(DomainError):
    code = "order.refund_exceeds_payment"
    kind: Kind = "conflict"


class ClaimInProgress(DomainError):
    """A claim of the order is open, so the purchase is not over."""

    code = "order.claim_in_progress"
    kind: Kind = "conflict"


class ClaimNotFound(DomainError):
    code = "claim.not_found"
    kind: Kind = "not_found"


class ClaimNotDelivered(DomainError):
    """Only what has arrived can be sent back; what has not is cancelled."""

    code = "claim.not_delivered"
    kind: Kind = "conflict"


class ClaimTooLate(DomainError):
    """`until` in the problem is the last day."""

    code = "claim.too_late"
    kind: Kind = "conflict"


class ClaimExceedsOpen(DomainError):
    """`open` in the problem is how many units of the line can still be claimed."""

    code = "claim.quantity_exceeds_open"
    kind: Kind = "conflict"


class ClaimReplacementUnneeded(DomainError):
    """A replacement is only sent in an exchange, and a gift is exchanged for its like."""

    code = "claim.replacement_unneeded"


class ClaimSkuNeeded(DomainError):
    """After an exchange the customer holds several variants of the line; `skus` in the problem names them."""

    code = "claim.sku_needed"


class ReplacementUnknown(DomainError):
    code = "claim.replacement_unknown"


class ReplacementPriceDiffers(DomainError):
    code = "claim.replacement_price_differs"
    kind: Kind = "conflict"


class ClaimNotApproved(DomainError):
    code = "claim.not_approved"
    kind: Kind = "conflict"


class ClaimAlreadyPickedUp(DomainError):
    """The goods are on their way back."""

    code = "claim.already_picked_up"
    kind: Kind = "conflict"


class ClaimAlreadyRejected(DomainError):
    code = "claim.already_rejected"
    kind: Kind = "conflict"


class ClaimAlreadyWithdrawn(DomainError):
    code = "claim.already_withdrawn"
    kind: Kind = "conflict"


class ClaimAlreadyCompleted(DomainError):
    code = "claim.already_completed"
    kind: Kind = "conflict"


class ClaimNotCompleted(DomainError):
    """The goods have not come back, so nothing is sent in exchange yet."""

    code = "claim.not_completed"
    kind: Kind = "conflict"


class NothingToStop(DomainError):
    """A return, or an exchange of which all has left."""

    code = "claim.nothing_to_stop"
    kind: Kind = "conflict"


class StopNotFound(DomainError):
    code = "claim.stop_not_found"
    kind: Kind = "not_found"


class StopInconsistent(DomainError):
    code = "claim.stop_inconsistent"


class ExchangeFeeDue(DomainError):
    """`fee` in the problem is what the exchange costs. Nothing is fetched before it is paid or waived."""

    code = "claim.fee_due"
    kind: Kind = "conflict"


class SurchargeDue(DomainError):
    """`surcharge` in the problem is what the new place costs more. It is paid or waived before anything goes there."""

    code = "order.surcharge_due"
    kind: Kind = "conflict"


class AddressChanged(DomainError):
    """The address was changed while the price of another was asked for: ask again."""

    code = "order.address_changed"
    kind: Kind = "conflict"


class OptionChangeOpen(DomainError):
    """Another option of the line was asked for, and the centre has not answered."""

    code = "order.option_change_open"
    kind: Kind = "conflict"


class OptionChangedMeanwhile(DomainError):
    """The line was changed while stock was held for its new option: ask again."""

    code = "order.option_changed_meanwhile"
    kind: Kind = "conflict"


class OptionOfGift(DomainError):
    code = "order.option_of_gift"
    kind: Kind = "conflict"


class OptionSame(DomainError):
    code = "order.option_same"


class OptionUnknown(DomainError):
    """Not a variant of the line's product, or not on sale any more."""

    code = "order.option_unknown"


class OptionPriceDiffers(DomainError):
    code = "order.option_price_differs"
    kind: Kind = "conflict"


class LineCancelled(DomainError):
    """Nothing of the line is left."""

    code = "order.line_cancelled"
    kind: Kind = "conflict"


class StockMissing(DomainError):
    """The order's stock went missing, and it is being cancelled or looked after by staff."""

    code = "order.stock_missing"
    kind: Kind = "conflict"


class AddressChangePending(DomainError):
    """The centre may still refuse the address that a surcharge was settled for: ask again when it has answered."""

    code = "order.address_change_pending"
    kind: Kind = "conflict"


class NothingOwed(DomainError):
    code = "order.no_charge_owed"
    kind: Kind = "conflict"


class FindingsIncomplete(DomainError):
    """What was found does not account for each unit that was claimed."""

    code = "claim.findings_incomplete"


class ExportTooLong(DomainError):
    code = "order.export_too_long"


class CursorInvalid(DomainError):
    code = "cursor.invalid"


class UpstreamRefused(DomainError):
    """Another service's refusal, passed on with its own code, words and fields."""

    def __init__(self, code: str, kind: Kind, detail: str, **fields: object) -> None:
        super().__init__(detail, **fields)
        self.code = code
        self.kind = kind
