from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from services.orders.tests.builders import DAY, NOW, PAYMENT, an_order, cancels, expires, pays, settles

from common import ids
from common.money import Money
from orders import domain
from orders.commands import NoteDepositReversed, NotePaymentExpired, NotePaymentFailed, NotePaymentPending, RecordRefund
from orders.domain import Status
from orders.errors import NotDue, RefundExceedsPayment

ANOTHER = ids.derived_id("payment", "another")


def names(decision):
    return [fact.name for fact in decision.facts]


class TestPay:
    def test_the_right_amount_pays_the_order(self):
        order = an_order()
        decision = domain.pay(order, pays(order))
        assert decision.order.status is Status.PAID
        assert decision.order.payment.amount == order.total_amount
        assert names(decision) == ["order-paid"]

    @pytest.mark.parametrize("money", [Money(1, "KRW"), Money(10**9, "KRW")])
    def test_another_amount_goes_back_and_the_order_stays_unpaid(self, money):
        order = an_order()
        decision = domain.pay(order, replace(pays(order), amount=money))
        (refund,) = decision.facts
        assert decision.order.status is Status.PENDING_PAYMENT
        assert (refund.name, refund.reason) == ("order-refund-requested", "amount_mismatch")
        assert (refund.worth.amount, refund.payment_id) == (money.amount, PAYMENT)

    def test_another_currency_goes_back_in_its_own(self):
        order = an_order()
        decision = domain.pay(order, replace(pays(order), amount=Money(order.total_amount, "USD")))
        assert decision.order.status is Status.PENDING_PAYMENT
        assert decision.facts[0].currency == "USD"

    def test_a_wrong_payment_does_not_keep_the_right_one_out(self):
        order = domain.pay(an_order(), pays(an_order(), payment_id=ANOTHER, amount=5)).order
        assert domain.pay(order, pays(order)).order.status is Status.PAID

    def test_told_twice_changes_nothing(self):
        order = an_order(Status.PAID)
        assert domain.pay(order, pays(order)) == domain.Decision(order)

    def test_a_second_payment_goes_back_once(self):
        order = an_order(Status.PAID)
        decision = domain.pay(order, pays(order, payment_id=ANOTHER))
        assert decision.order.payment.payment_id == PAYMENT
        assert [fact.reason for fact in decision.facts] == ["unwanted"]
        assert decision.facts[0].worth == order.worth
        assert domain.pay(decision.order, pays(order, payment_id=ANOTHER)).facts == ()

    def test_a_deposit_after_the_cancel_goes_back(self):
        order = an_order(Status.CANCELLED)
        decision = domain.pay(order, pays(order))
        assert decision.order.status is Status.CANCELLED
        assert decision.facts[0].reason == "unwanted"


class TestPending:
    def test_the_order_waits_as_long_as_its_account(self):
        order = an_order()
        waiting = domain.note_payment_pending(
            order, NotePaymentPending(order.order_id, PAYMENT, "virtual_account", NOW + DAY)
        ).order
        assert waiting.payment_due_at == NOW + DAY

    def test_told_twice_changes_nothing(self):
        order = self._waiting()
        again = NotePaymentPending(order.order_id, PAYMENT, "virtual_account", NOW + DAY)
        assert domain.note_payment_pending(order, again) == domain.Decision(order)

    def test_an_account_that_failed_is_not_waited_for(self):
        order = self._waiting()
        failed = NotePaymentFailed(order.order_id, PAYMENT, "virtual_account", "CANCELLED")
        order = domain.note_payment_failed(order, failed).order
        assert domain.expire(order, expires(order), NOW + DAY + timedelta(minutes=1)).order.status is Status.CANCELLED

    def test_an_account_of_a_cancelled_order_is_not_waited_for(self):
        order = an_order(Status.CANCELLED)
        decision = domain.note_payment_pending(
            order, NotePaymentPending(order.order_id, PAYMENT, "virtual_account", NOW + DAY)
        )
        assert decision.order == order

    def test_it_ends_when_payments_says_so(self):
        order = self._waiting()
        ended = domain.note_payment_expired(order, NotePaymentExpired(order.order_id, PAYMENT), NOW + DAY)
        assert ended.order.status is Status.CANCELLED
        assert ended.order.cancels[0].reason == "payment_expired"
        again = domain.note_payment_expired(ended.order, NotePaymentExpired(order.order_id, PAYMENT), NOW + DAY)
        assert again == domain.Decision(ended.order)

    def test_the_clock_waits_much_longer_for_an_account(self):
        order = self._waiting()
        with pytest.raises(NotDue):
            domain.expire(order, expires(order), NOW + DAY + timedelta(hours=23))
        assert domain.expire(order, expires(order), NOW + 2 * DAY).order.status is Status.CANCELLED

    def test_the_clock_waits_a_grace_for_a_card(self):
        order = an_order()
        with pytest.raises(NotDue):
            domain.expire(order, expires(order), order.payment_due_at + timedelta(seconds=59))
        expired = domain.expire(order, expires(order), order.payment_due_at + timedelta(seconds=60))
        assert expired.order.status is Status.CANCELLED
        assert expired.facts[0].was_paid is False
        assert expired.order.cancels[0].refund_amount == 0

    def test_an_expired_card_payment_leaves_time_for_another(self):
        order = an_order()
        ended = domain.note_payment_expired(order, NotePaymentExpired(order.order_id, PAYMENT), NOW)
        assert ended.order.status is Status.PENDING_PAYMENT
        assert names(ended) == ["payment-expired"]

    def test_another_payments_end_leaves_the_awaited_account_alone(self):
        order = self._waiting()
        ended = domain.note_payment_expired(order, NotePaymentExpired(order.order_id, ANOTHER), NOW + 5 * DAY)
        assert ended.order.status is Status.PENDING_PAYMENT

    def _waiting(self):
        order = an_order()
        command = NotePaymentPending(order.order_id, PAYMENT, "virtual_account", NOW + DAY)
        return domain.note_payment_pending(order, command).order


class TestDepositReversed:
    def test_stops_the_goods_and_asks_nothing_back(self):
        decision = self._reversed(an_order(Status.PAID))
        (cancel,) = decision.order.cancels
        assert names(decision) == ["deposit-reversed", "order-cancel-requested"]
        settled = domain.settle_cancel(decision.order, settles(decision.order, cancel.cancel_id), NOW)
        assert settled.order.status is Status.CANCELLED
        assert names(settled) == ["order-cancelled"]
        assert settled.order.cancels[0].refund_amount == 0

    def test_told_twice_asks_once(self):
        once = self._reversed(an_order(Status.PAID)).order
        assert self._reversed(once) == domain.Decision(once)

    def test_a_cancel_under_way_gets_no_money_either(self):
        order = an_order(Status.PREPARING)
        order = domain.request_cancel(order, cancels(order, (order.lines[0].line_id, 1)), NOW).order
        order = self._reversed(order).order
        first, rest = order.cancels
        assert rest.units[0].line_id == order.lines[1].line_id
        order = domain.settle_cancel(order, settles(order, first.cancel_id), NOW).order
        order = domain.settle_cancel(order, settles(order, rest.cancel_id), NOW).order
        assert order.status is Status.CANCELLED
        assert order.requested_refunds == 0

    def test_goods_whose_cancel_the_centre_refuses_are_stopped_for_the_missing_money(self):
        """Every unit was being cancelled when the bank took the deposit back, so there was nothing more to ask for."""
        order = an_order(Status.PREPARING)
        order = domain.request_cancel(order, cancels(order), NOW).order
        reversed_ = self._reversed(order)
        assert names(reversed_) == ["deposit-reversed"]
        refused = domain.settle_cancel(
            reversed_.order, settles(order, order.cancels[0].cancel_id, accepted=False, reason="centre_accepted"), NOW
        )
        assert names(refused) == ["order-cancel-refused", "order-cancel-requested"]
        forced = refused.order.cancels[1]
        assert (forced.reason, refused.facts[1].whole) == ("deposit_reversed", True)
        again = domain.settle_cancel(
            refused.order, settles(order, forced.cancel_id, accepted=False, reason="already_shipped"), NOW
        )
        assert names(again) == ["order-cancel-refused"]

    def test_a_refused_cancel_is_not_forced_while_the_money_is_here(self):
        order = an_order(Status.PREPARING)
        order = domain.request_cancel(order, cancels(order), NOW).order
        order = self._reversed(order).order
        order = domain.pay(order, pays(order, confirmed_at=NOW + timedelta(hours=2))).order
        refused = domain.settle_cancel(order, settles(order, order.cancels[0].cancel_id, accepted=False), NOW)
        assert names(refused) == ["order-cancel-refused"]

    def test_after_the_goods_left_staff_must_act(self):
        decision = self._reversed(an_order(Status.SHIPPED))
        assert decision.order.status is Status.SHIPPED
        assert decision.facts[0].needs_staff

    def test_of_another_payment_is_only_told(self):
        order = an_order(Status.PAID)
        command = NoteDepositReversed(order.order_id, ANOTHER, NOW + timedelta(hours=1))
        decision = domain.note_deposit_reversed(order, command, NOW)
        assert decision.order == order

    def test_a_deposit_that_comes_again_releases_what_was_withheld(self):
        order = an_order(Status.PAID)
        order = self._reversed(order).order
        order = domain.settle_cancel(order, settles(order, order.cancels[0].cancel_id), NOW).order
        restored = domain.pay(order, pays(order, confirmed_at=NOW + timedelta(hours=2)))
        assert names(restored) == ["deposit-restored", "order-refund-requested"]
        assert restored.order.requested_refunds == order.total_amount
        assert restored.facts[1].worth == order.worth

    def test_a_refund_that_the_reversal_overtook_is_asked_for_again_under_a_new_name(self):
        order = an_order(Status.PAID)
        line_id = order.lines[0].line_id
        order = domain.request_cancel(order, cancels(order, (line_id, 1)), NOW).order
        settled = domain.settle_cancel(order, settles(order, order.cancels[0].cancel_id), NOW)
        order = self._reversed(settled.order).order
        assert order.requested_refunds == 0
        restored = domain.pay(order, pays(order, confirmed_at=NOW + timedelta(hours=2)))
        asked_before, asked_again = settled.facts[1], restored.facts[1]
        assert asked_again.worth == asked_before.worth
        assert asked_again.refund_id != asked_before.refund_id
        assert asked_before.paid_at < NOW + timedelta(hours=1) < asked_again.paid_at

    def test_money_that_went_back_before_is_not_asked_for_again(self):
        order = an_order(Status.PAID)
        order = domain.request_cancel(order, cancels(order, (order.lines[0].line_id, 1)), NOW).order
        order = domain.settle_cancel(order, settles(order, order.cancels[0].cancel_id), NOW).order
        amount = order.cancels[0].refund_amount
        order = domain.record_refund(order, RecordRefund(order.order_id, PAYMENT, ANOTHER, amount, amount)).order
        restored = domain.pay(self._reversed(order).order, pays(order, confirmed_at=NOW + timedelta(hours=2)))
        assert names(restored) == ["deposit-restored"]

    def test_the_old_confirmation_told_again_restores_nothing(self):
        order = self._reversed(an_order(Status.PAID)).order
        assert domain.pay(order, pays(order)) == domain.Decision(order)

    def _reversed(self, order):
        command = NoteDepositReversed(order.order_id, PAYMENT, NOW + timedelta(hours=1))
        return domain.note_deposit_reversed(order, command, NOW + timedelta(hours=1))

    def test_an_unwanted_deposit_that_comes_again_goes_back_again(self):
        order = an_order(Status.PAID)
        first = domain.pay(order, pays(order, payment_id=ANOTHER))
        command = NoteDepositReversed(order.order_id, ANOTHER, NOW + timedelta(hours=1))
        order = domain.note_deposit_reversed(first.order, command, NOW).order
        assert domain.pay(order, pays(order, payment_id=ANOTHER)).facts == ()
        again = domain.pay(order, pays(order, payment_id=ANOTHER, confirmed_at=NOW + timedelta(hours=2)))
        assert again.facts[0].refund_id != first.facts[0].refund_id
        assert again.facts[0].paid_at == NOW + timedelta(hours=2)
        assert again.order.payment.payment_id == PAYMENT


class TestRecordRefund:
    def test_keeps_the_total_whatever_order_the_news_comes_in(self):
        order = an_order(Status.PAID)
        later = domain.record_refund(order, self._refund(order, 500, 800)).order
        assert domain.record_refund(later, self._refund(order, 300, 300)).order.refunded_amount == 800

    def test_more_than_was_paid_is_refused(self):
        order = an_order(Status.PAID)
        with pytest.raises(RefundExceedsPayment):
            domain.record_refund(order, self._refund(order, 1, order.total_amount + 1))

    def test_money_of_an_unwanted_payment_is_not_the_orders(self):
        order = an_order(Status.PAID)
        command = replace(self._refund(order, 500, 500), payment_id=ANOTHER)
        assert domain.record_refund(order, command).order.refunded_amount == 0

    def _refund(self, order, amount, so_far):
        return RecordRefund(order.order_id, PAYMENT, ids.derived_id("refund", str(so_far)), amount, so_far)
