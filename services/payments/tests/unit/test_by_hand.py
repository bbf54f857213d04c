"""A refused refund, paid from our own bank: once, whole, and never while its provider may still pay it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from services.payments.tests.builders import AMOUNT, NOW, a_payment, a_refund, shown

from payments import errors
from payments.commands.answers import Missing, Refused, Return, Standing, Unknown
from payments.domain import by_hand, facts, observation, refunding
from payments.domain import receipt as receipts
from payments.domain.deposit import Transfer
from payments.domain.refund import given_back, gone_there, left
from payments.domain.status import HOLDING, PENDING, RefundStatus, Status

R = RefundStatus


def transfer(amount=5_000, **changes):
    return replace(Transfer(amount, "T-1", date(2026, 11, 23)), **changes)


def refused(payment, **changes):
    return a_refund(payment, R.REFUSED, **({"failure_code": "TOO_OLD", "attempt": 1} | changes))


def sent(payment, refund, others=(), amount=None):
    return by_hand.sent(payment, refund, [*others, refund], transfer(amount or refund.amount), NOW)


class TestSent:
    def test_the_customer_has_it_and_the_provider_still_holds_it(self):
        payment = a_payment(Status.CONFIRMED, attention="refund_refused")
        decision = sent(payment, refused(payment))
        (done,) = decision.refunds
        assert (done.status, done.by_hand, done.refunded_at, done.failure_code) == (R.DONE, True, NOW, "TOO_OLD")
        assert (given_back([done]), gone_there([done])) == (5_000, 0)
        assert (decision.payment.status, decision.payment.attention) == (Status.PARTLY_REFUNDED, None)
        assert decision.facts == (facts.Refunded(decision.payment, done, 5_000),)
        (journal,) = decision.journals
        assert (journal.kind, journal.ref) == ("refund_by_hand", f"refund_by_hand:{done.id}")
        assert {posting.account: posting.amount for posting in journal.postings} == {
            "customer_payments": 5_000, "bank_transfers": -5_000,
        }  # fmt: skip

    def test_with_what_the_provider_paid_it_may_be_all(self):
        payment = a_payment(Status.PARTLY_REFUNDED)
        earlier = a_refund(payment, R.DONE, amount=AMOUNT - 5_000)
        assert sent(payment, refused(payment), (earlier,)).payment.status is Status.REFUNDED

    def test_another_that_still_waits_keeps_its_person_called(self):
        payment = a_payment(Status.CONFIRMED, attention="refund_refused")
        first, second = refused(payment), refused(payment, amount=1_000)
        assert sent(payment, first, (second,)).payment.attention == "refund_refused"

    def test_something_else_to_look_at_stays(self):
        payment = a_payment(Status.CONFIRMED, attention="missing_at_provider")
        assert sent(payment, refused(payment)).payment.attention == "missing_at_provider"

    def test_its_parts_are_what_is_left_of_the_payments_own(self):
        """Others took theirs while it was refused; together they are exactly the payment."""
        payment = a_payment(Status.PARTLY_REFUNDED, tax_free_amount=1_000, vat_amount=1_354)
        taken = a_refund(payment, R.DONE, amount=AMOUNT - 5_000, tax_free_amount=1_000, vat_amount=900)
        (done,) = sent(payment, refused(payment, tax_free_amount=1_000, vat_amount=364), (taken,)).refunds
        assert (done.tax_free_amount, done.vat_amount) == (0, 454)

    @pytest.mark.parametrize("status", sorted(PENDING))
    def test_not_while_the_provider_may_still_pay_it(self, status):
        payment = a_payment(Status.CONFIRMED)
        with pytest.raises(errors.RefundPending) as caught:
            sent(payment, a_refund(payment, status))
        assert caught.value.fields == {"refund_status": status}

    @pytest.mark.parametrize("status", [R.DONE, R.VOID])
    def test_not_what_is_paid_or_void(self, status):
        payment = a_payment(Status.CONFIRMED)
        with pytest.raises(errors.RefundNotOwed):
            sent(payment, a_refund(payment, status))

    def test_not_what_was_never_there(self):
        payment = a_payment(Status.CONFIRMED)
        with pytest.raises(errors.RefundNotOwed):
            sent(payment, refused(payment, failure_code="more_than_left", attempt=0))

    @pytest.mark.parametrize("status", [*sorted(PENDING), R.DONE])
    def test_not_more_than_is_left(self, status):
        payment = a_payment(Status.CONFIRMED)
        other = a_refund(payment, status, amount=AMOUNT - 4_999)
        with pytest.raises(errors.RefundNotOwed) as caught:
            sent(payment, refused(payment), (other,))
        assert caught.value.fields == {"left": 4_999}

    @pytest.mark.parametrize("status", sorted(set(Status) - HOLDING))
    def test_not_of_a_payment_that_holds_nothing(self, status):
        payment = a_payment(status)
        with pytest.raises(errors.RefundNotOwed):
            sent(payment, refused(payment))

    @pytest.mark.parametrize("amount", [4_999, 5_001])
    def test_whole_or_not_at_all(self, amount):
        payment = a_payment(Status.CONFIRMED)
        with pytest.raises(errors.TransferDiffers):
            sent(payment, refused(payment), amount=amount)


class TestFound:
    """Given back at the provider's console."""

    payment = a_payment(Status.CONFIRMED, attention="refund_refused")
    refund = refused(payment, failure_code="returned_at_provider")

    def find(self, *others, reference="console-1", amount=5_000, note="", done=True, refund=None):
        given = Return("console-1", amount, note, done)
        seen = shown(self.payment, Standing.PARTLY_RETURNED, returns=(given,), balance=AMOUNT - amount)
        refund = refund or self.refund
        return by_hand.found(self.payment, refund, [*others, refund], seen, reference=reference, now=NOW)

    def test_is_the_providers_doing_like_any_other(self):
        decision = self.find()
        (done,) = decision.refunds
        assert (done.status, done.by_hand, done.provider_reference) == (R.DONE, False, "console-1")
        assert gone_there([done]) == 5_000
        (journal,) = decision.journals
        assert (journal.kind, {posting.account: posting.amount for posting in journal.postings}) == (
            "refund_found", {"customer_payments": 5_000, "provider_receivable:toss": -5_000},
        )  # fmt: skip
        assert (decision.payment.status, decision.payment.attention) == (Status.PARTLY_REFUNDED, None)
        assert decision.facts == (facts.Refunded(decision.payment, done, 5_000),)

    @pytest.mark.parametrize("wrong", [{"reference": "another"}, {"done": False}])
    def test_has_to_be_shown(self, wrong):
        with pytest.raises(errors.ReturnNotFound):
            self.find(**wrong)

    @pytest.mark.parametrize("answer", [Unknown("x"), Missing(), Refused("x", "y")])
    def test_by_a_provider_that_answers(self, answer):
        with pytest.raises(errors.RefundUnseen):
            by_hand.found(self.payment, self.refund, [self.refund], answer, reference="console-1", now=NOW)

    def test_has_to_be_as_large(self):
        with pytest.raises(errors.TransferDiffers):
            self.find(amount=4_999)

    @pytest.mark.parametrize("by", ["reference", "note"])
    def test_must_not_be_another_refunds(self, by):
        """Found for another before, or sent for another and not recorded yet."""
        other = a_refund(self.payment, R.DONE if by == "reference" else R.EXECUTING)
        if by == "reference":
            other = replace(other, provider_reference="console-1")
        with pytest.raises(errors.RefundTransferReused):
            self.find(other, note=other.note if by == "note" else "")

    @pytest.mark.parametrize("status", sorted(PENDING))
    def test_the_job_finds_what_it_sent_itself(self, status):
        with pytest.raises(errors.RefundPending):
            self.find(refund=a_refund(self.payment, status))


class TestCompare:
    payment = a_payment(Status.PARTLY_REFUNDED)
    earlier = a_refund(payment, R.DONE, amount=1_000)
    refund = refused(payment)

    def compare(self, answer, *others):
        by_hand.compare(self.payment, self.refund, [self.earlier, *others, self.refund], answer)

    def seen(self, balance=AMOUNT - 1_000, **changes):
        return shown(self.payment, Standing.PARTLY_RETURNED, balance=balance, **changes)

    def test_the_provider_holds_what_it_should(self):
        self.compare(self.seen())

    def test_and_what_was_paid_by_hand_before(self):
        self.compare(self.seen(), a_refund(self.payment, R.DONE, by_hand=True))

    def test_another_refund_that_just_landed_is_no_reason(self):
        other = a_refund(self.payment, R.EXECUTING, amount=2_000)
        given = Return("tx_2", 2_000, other.note, done=True)
        self.compare(self.seen(AMOUNT - 3_000, returns=(given,)), other)

    def test_one_the_provider_knows_no_more_it_cannot_pay(self):
        self.compare(Missing())

    def test_it_was_paid_after_all_or_at_the_console(self):
        for given in (Return("tx_1", 5_000, self.refund.note, done=True), Return("tx_1", 5_000, "", done=True)):
            with pytest.raises(errors.ReturnedAtProvider) as caught:
                self.compare(self.seen(AMOUNT - 6_000, returns=(given,)))
            assert caught.value.fields == {"held": AMOUNT - 6_000, "expected": AMOUNT - 1_000}

    @pytest.mark.parametrize("standing", [Standing.WAITING, Standing.RETURNED, Standing.NOT_STARTED])
    def test_the_provider_holds_nothing(self, standing):
        with pytest.raises(errors.ReturnedAtProvider):
            self.compare(shown(self.payment, standing, balance=AMOUNT - 1_000))

    @pytest.mark.parametrize("answer", [Unknown("ReadTimeout"), Refused("x", "y")])
    def test_without_an_answer_nothing_is_written_down(self, answer):
        with pytest.raises(errors.RefundUnseen):
            self.compare(answer)


class TestAfterwards:
    """What the provider holds and what the customer has are two things from now on."""

    def test_the_balance_there_is_as_it_should_be(self):
        payment = a_payment(Status.CONFIRMED)
        decision = sent(payment, refused(payment, amount=AMOUNT))
        seen = shown(payment, Standing.PAID)
        assert observation.answered(decision.payment, seen, decision.refunds, NOW).payment.attention is None

    def test_no_more_is_left_to_promise_and_the_receipt_shrinks(self):
        payment = a_payment(Status.CONFIRMED, method="transfer")
        decision = sent(payment, refused(payment))
        assert left(decision.payment, decision.refunds) == AMOUNT - 5_000
        issued = receipts.CashReceipt(
            payment.id, "income_deduction", None, "010****", automatic=False, status=receipts.ReceiptStatus.ISSUED,
            wanted_at=NOW, amount=AMOUNT,
        )  # fmt: skip
        assert receipts.step(decision.payment, issued, decision.refunds).target == AMOUNT - 5_000


class TestOwed:
    payment = a_payment(Status.CONFIRMED)

    @pytest.mark.parametrize("status", sorted(RefundStatus))
    def test_only_what_was_refused(self, status):
        refund = a_refund(self.payment, status)
        assert by_hand.is_any_owed(self.payment, [refund]) is (status is R.REFUSED)

    @pytest.mark.parametrize("code", ["more_than_left", "returned_at_provider"])
    def test_not_what_may_be_nobodys(self, code):
        refund = refused(self.payment, failure_code=code)
        assert not by_hand.is_any_owed(self.payment, [refund])
        (said,) = refunding.settled(self.payment, refund, ()).facts
        assert said.still_owed is False

    def test_the_account_is_kept_for_it(self):
        assert not refunding.account_is_used_up(self.payment, refused(self.payment), ())
        done = sent(self.payment, refused(self.payment))
        assert refunding.account_is_used_up(done.payment, done.refunds[0], ())
