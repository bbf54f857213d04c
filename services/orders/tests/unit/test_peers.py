"""What users of other shops complain of most, by its number in the list of such complaints: here it cannot happen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from services.orders.tests.builders import (
    DAY,
    NOW,
    a_quote,
    a_quote_line,
    an_order,
    cancels,
    claims,
    expires,
    finds,
    pays,
    settles,
    ships,
)

from common import ids
from common.errors import DomainError
from orders import domain
from orders.commands import ApproveClaim, NotePaymentPending, NoteStockUnavailable, RecordRefund
from orders.domain import Amounts, Decision, Order, Status

OTHER = ids.derived_id("payment", "another")


def refunds(decision: Decision) -> list[Amounts]:
    return [fact.worth for fact in decision.facts if fact.name == "order-refund-requested"]


def returned(order: Order, line: int, units: int) -> Decision:
    command = claims(order, (order.lines[line].line_id, units), reason="defective")
    order = domain.request_claim(order, command, NOW).order
    order = domain.approve_claim(order, ApproveClaim(order.order_id, command.claim_id, "staff:1"), NOW).order
    return domain.settle_claim(order, finds(order, command.claim_id), NOW)


def test_03_two_lines_of_one_sku_are_wanted_together():
    quote = a_quote(a_quote_line("A", quantity=2), a_quote_line("A", quantity=3), a_quote_line("B"))
    assert quote.units_by_sku() == {"A": 5, "B": 1}


def test_05_an_order_without_stock_is_no_orphan():
    """The loser of a race for the last unit is cancelled, whether it was paid or not, and its money goes back."""
    unpaid, paid = an_order(), an_order(Status.PAID)
    gone = NoteStockUnavailable(unpaid.order_id, ("GRANOLA-500",))
    assert domain.note_stock_unavailable(unpaid, gone, NOW).order.status is Status.CANCELLED
    asked = domain.note_stock_unavailable(paid, gone, NOW).order
    settled = domain.settle_cancel(asked, settles(paid, asked.cancels[0].cancel_id), NOW)
    assert (settled.order.status, refunds(settled)) == (Status.CANCELLED, [paid.worth])


@pytest.mark.parametrize("again", [1, 3])
def test_07_09_10_a_payment_told_again_settles_once_and_is_no_error(again):
    order = an_order()
    command = pays(order)
    told = []
    for _ in range(1 + again):
        decision = domain.pay(order, command)
        order, told = decision.order, [*told, *decision.facts]
    assert (order.status, len(told)) == (Status.PAID, 1)


def test_08_11_a_second_payment_goes_back_whole():
    order = an_order(Status.PAID)
    decision = domain.pay(order, pays(order, payment_id=OTHER))
    assert (decision.order.payment, refunds(decision)) == (order.payment, [order.worth])
    assert domain.pay(decision.order, pays(order, payment_id=OTHER)) == Decision(decision.order)


def test_12_a_payment_on_its_way_completes_nothing():
    order = an_order()
    waiting = domain.note_payment_pending(
        order, NotePaymentPending(order.order_id, OTHER, "virtual_account", NOW + DAY)
    ).order
    assert (waiting.status, waiting.payment) == (Status.PENDING_PAYMENT, None)
    with pytest.raises(DomainError) as refused:
        domain.note_shipment(waiting, ships(order, "shipped", shipped=True))
    assert refused.value.code == "order.not_paid"


def test_13_money_that_comes_after_all_is_never_lost():
    """Paid just when the time was over: the order is gone, the money is asked back without anybody searching."""
    order = domain.expire(an_order(), expires(an_order()), NOW + DAY).order
    assert refunds(domain.pay(order, pays(order))) == [order.worth]


def test_14_a_charged_order_without_stock_can_be_cancelled():
    order = an_order(Status.PREPARING)
    gone = NoteStockUnavailable(order.order_id, ("OAT-1000",))
    asked = domain.note_stock_unavailable(order, gone, NOW)
    assert asked.order.cancels[0].reason == "stock_unavailable"


def test_15_refunds_do_not_change_what_the_order_is():
    order = returned(an_order(Status.DELIVERED), 1, 3).order
    paid = order.payment
    assert paid is not None
    for so_far in (5000, 5000, order.requested_refunds):
        command = RecordRefund(order.order_id, paid.payment_id, ids.new_id(), 1, so_far)
        order = domain.record_refund(order, command).order
    assert (order.status, order.payment, order.refunded_amount) == (Status.DELIVERED, paid, order.requested_refunds)


def test_16_several_returns_and_cancels_leave_no_won_over():
    line = a_quote_line("A", quantity=7, unit_price=1000, discount=3)
    order = an_order(Status.PAID, a_quote(line, a_quote_line("B", quantity=3, unit_price=333, tax_free=True)))
    cancel = cancels(order, (order.lines[0].line_id, 2))
    decision = domain.settle_cancel(
        domain.request_cancel(order, cancel, NOW).order, settles(order, cancel.cancel_id), NOW
    )
    back = refunds(decision)
    arrived = domain.note_shipment(decision.order, ships(order, "delivered", shipped=True, delivered=True)).order
    for which, units in ((0, 1), (1, 2), (0, 3), (1, 1), (0, 1)):
        decision = returned(arrived, which, units)
        arrived, back = decision.order, [*back, *refunds(decision)]
    assert Amounts.total(back) == order.worth
    assert arrived.requested_refunds == order.total_amount


def test_17_a_cancelled_order_keeps_no_money():
    order = an_order(Status.CANCELLED)
    decision = domain.pay(order, pays(order))
    assert (decision.order.status, refunds(decision)) == (Status.CANCELLED, [order.worth])


def test_18_units_are_given_back_once_and_never_below_zero():
    order = an_order(Status.PAID)
    command = cancels(order, (order.lines[1].line_id, 2))
    order = domain.request_cancel(order, command, NOW).order
    once = domain.settle_cancel(order, settles(order, command.cancel_id), NOW).order
    twice = domain.settle_cancel(once, settles(order, command.cancel_id), NOW)
    assert (twice.order, twice.facts) == (once, ())
    with pytest.raises(DomainError) as refused:
        domain.request_cancel(once, cancels(order, (order.lines[1].line_id, 2)), NOW)
    assert refused.value.fields["open"] == 1


def test_19_each_change_is_told_once():
    order = an_order(Status.DELIVERED)
    command = claims(order)
    first = domain.request_claim(order, command, NOW)
    assert [fact.name for fact in first.facts] == ["claim-requested"]
    assert domain.request_claim(first.order, command, NOW).facts == ()


def test_a_gift_is_neither_paid_for_nor_paid_back():
    gift = replace(a_quote_line("CUP", unit_price=0), kind="gift")
    order = an_order(Status.DELIVERED, a_quote(a_quote_line("A"), gift))
    assert refunds(returned(order, 0, 1)) == [order.worth]
