"""What goes back for a claim, less what it costs: see `claiming` for the rules."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from common.money import vat_included
from orders import errors
from orders.commands import ClaimTerms
from orders.domain.amounts import Amounts
from orders.domain.claim import Claim
from orders.domain.facts import RefundRequested
from orders.domain.order import Order
from orders.domain.status import Status

_ARRIVED = frozenset({Status.DELIVERED, Status.COMPLETED})


def refund_of(order: Order, claim: Claim, refund_id: UUID) -> tuple[RefundRequested, ...]:
    """A claim worth nothing asks for nothing."""
    if claim.refund_amount == 0 or order.payment is None:
        return ()
    if order.requested_refunds > order.payment.amount:
        raise errors.RefundExceedsPayment("more would go back than was paid")
    paid = order.payment
    return (RefundRequested(refund_id, paid.payment_id, claim.worth, order.currency, "return", paid.paid_at),)


def fees(order: Order, claim: Claim, goods_amount: int) -> tuple[int, int]:
    """For the way back and for the way there; together never more than the goods. `order` is what is left."""
    if claim.fault == "seller":
        return 0, 0
    enough = free_from(order, claim.terms)
    bought = sum(line.amount for line in order.lines)
    kept = sum(line.worth(line.kept).amount for line in order.lines) + _faulty(order)
    charged = any(known.outbound_fee_amount for known in order.claims)
    was_free = order.shipping_amount == order.surcharge_amount and bought >= enough
    due = claim.terms.outbound_fee_amount if was_free and kept < enough and not charged else 0
    return_fee = min(claim.terms.return_fee_amount, goods_amount)
    return return_fee, min(due, goods_amount - return_fee)


def free_from(order: Order, terms: ClaimTerms) -> int:
    return terms.free_shipping_from_amount if order.free_shipping_from is None else order.free_shipping_from


def _faulty(order: Order) -> int:
    """What the units cost that came back at the seller's fault, or in exchange for nothing: the customer wanted to keep
    them.
    """
    back = [claim for claim in order.claims if claim.kind == "exchange" or claim.fault == "seller"]
    return sum(units.worth.amount for claim in back for units in claim.units)


def is_last(before: Order, after: Order) -> bool:
    """Whether the last unit that was bought went back just now. A gift that is kept counts for nothing."""
    return after.keeps_nothing and not before.keeps_nothing


def shipping_of(order: Order) -> Amounts:
    """What goes back of shipping with the last unit, at the seller's fault: what was paid in the order's total, and
    what earlier claims took for the way there, with the tax parts it took off their goods.
    """
    taken = Amounts(order.shipping_amount, order.shipping_vat_amount)
    for claim in order.claims:
        if claim.outbound_fee_amount:
            goods = Amounts.total(units.worth for units in claim.units)
            less, least = after_fee(goods, claim.return_fee_amount), after_fee(goods, claim.fee_amount)
            taken += Amounts(less.amount - least.amount, less.vat - least.vat, less.tax_free - least.tax_free)
    return taken


def after_fee(worth: Amounts, fee: int) -> Amounts:
    """Shipping bears VAT, so the fee comes off the taxed part first and off the tax-free one only after that."""
    taxed = worth.amount - worth.tax_free
    off_taxed = min(fee, taxed)
    vat = max(0, worth.vat - vat_included(off_taxed)) if off_taxed < taxed else 0
    return Amounts(worth.amount - fee, vat, worth.tax_free - (fee - off_taxed))


def returned_whole(order: Order, now: datetime) -> Order:
    """`returned`, where nothing that was bought is left of what arrived."""
    if order.status in _ARRIVED and order.keeps_nothing:
        return order.to(Status.RETURNED, returned_at=now)
    return order
