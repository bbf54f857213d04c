"""What becomes of the money in the random ways through the life of an order: it comes, goes back, and is taken back."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from services.orders.tests.builders import DAY, pays

from common import ids
from orders import domain
from orders.commands import NoteDepositReversed, NotePaymentExpired, NotePaymentPending, RecordRefund

PAYMENTS = [ids.derived_id("payment", str(number)) for number in range(3)]


class MoneyWorld(RuleBasedStateMachine):
    """Payments and banks. The world around them has the order, decides, and keeps the books."""

    @rule(payment=st.sampled_from(PAYMENTS), off=st.sampled_from([0, 0, 0, 1, -1]))
    def money_comes(self, payment, off):
        amount = self.order.total_amount + off
        if amount <= 0:
            return
        at = self.now
        own = self.order.payment is not None and self.order.payment.payment_id == payment
        if any(known == payment for known, _ in self.received) and not (own and self.reversed and off == 0):
            return  # a payment pays once, or again after its bank took it back
        self.received[payment, at] = amount
        self.decide(
            lambda: domain.pay(self.order, pays(self.order, payment_id=payment, amount=amount, confirmed_at=at))
        )
        if own:
            self.reversed = False

    @property
    def refunds_of_order(self) -> dict:
        unwanted = {known.refund_id for known in self.order.unwanted}
        return {
            refund_id: fact
            for refund_id, fact in self.refunds.items()
            if refund_id not in unwanted and refund_id not in self.dropped
        }

    @precondition(lambda self: self.refunds_of_order.keys() - self.done)
    @rule(data=st.data())
    def money_goes_back(self, data):
        waiting = self.refunds_of_order.keys() - self.done
        refund = self.refunds[data.draw(st.sampled_from(sorted(waiting)))]
        self.done.add(refund.refund_id)
        so_far = sum(self.refunds[done].worth.amount for done in self.done)
        command = RecordRefund(self.order.order_id, refund.payment_id, refund.refund_id, refund.worth.amount, so_far)
        self.decide(lambda: domain.record_refund(self.order, command))

    # payments says so only while nothing went back; the refunds it was asked for are dropped then.
    @precondition(lambda self: self.order.payment is not None and not self.reversed and not self.done)
    @rule()
    def bank_takes_the_deposit_back(self):
        self.now += timedelta(seconds=1)
        at, payment = self.now, self.order.payment.payment_id
        self.reversed = True
        self.dropped |= self.refunds_of_order.keys()
        self.decide(
            lambda: domain.note_deposit_reversed(self.order, NoteDepositReversed(self.order.order_id, payment, at), at)
        )
        self.now += timedelta(seconds=1)

    @precondition(lambda self: self.order.unwanted)
    @rule(data=st.data())
    def bank_takes_an_unwanted_deposit_back_and_it_comes_again(self, data):
        known = data.draw(st.sampled_from(self.order.unwanted))
        if known.reversed_at is not None:
            return
        payment = known.payment_id
        self.now += timedelta(seconds=2)
        at = self.now - timedelta(seconds=1)
        self.dropped.add(known.refund_id)
        self.decide(
            lambda: domain.note_deposit_reversed(self.order, NoteDepositReversed(self.order.order_id, payment, at), at)
        )
        again = pays(self.order, payment_id=payment, amount=known.amount, confirmed_at=self.now)
        before = len(self.refunds)
        self.decide(lambda: domain.pay(self.order, again))
        assert len(self.refunds) == before + (self.order.payment is None or self.order.payment.payment_id != payment)

    @rule(payment=st.sampled_from(PAYMENTS))
    def account_opens(self, payment):
        command = NotePaymentPending(self.order.order_id, payment, "virtual_account", self.now + DAY)
        self.decide(lambda: domain.note_payment_pending(self.order, command))

    @rule(payment=st.sampled_from(PAYMENTS))
    def account_expires(self, payment):
        now = self.now
        command = NotePaymentExpired(self.order.order_id, payment)
        self.decide(lambda: domain.note_payment_expired(self.order, command, now))
