"""Money going back: never more than there is, never twice, never given up for lack of an answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from services.payments.tests.builders import AMOUNT, NOW, a_payment, a_refund, shown

from common import ids
from payments import errors
from payments.commands import RequestRefund
from payments.commands.answers import Hint, Missing, Refused, Return, Standing, Unknown
from payments.domain import facts, refunding
from payments.domain import refund as rules
from payments.domain.status import HOLDING, PENDING, REFUND_TRANSITIONS, RUNNING, IllegalMove, RefundStatus, Status

R = RefundStatus
PATIENCE = timedelta(seconds=30)


def asked_for(payment, amount, **changes):
    defaults = {
        "refund_id": ids.new_id(), "payment_id": payment.id, "order_id": payment.order_id, "amount": amount,
        "tax_free_amount": 0, "reason": "changed_mind",
    }  # fmt: skip
    return RequestRefund(**(defaults | changes))


class TestRequest:
    @pytest.mark.parametrize("status", sorted(Status))
    def test_only_money_we_hold_can_go_back(self, status):
        payment = a_payment(status)
        refund = rules.request(payment, (), asked_for(payment, 1_000), has_account=True, now=NOW)
        assert refund.status is (R.REQUESTED if status in HOLDING else R.REFUSED)

    @pytest.mark.parametrize("status", sorted(RefundStatus))
    def test_what_is_promised_or_given_counts_against_what_is_left(self, status):
        payment = a_payment(Status.CONFIRMED)
        earlier = a_refund(payment, status, amount=AMOUNT - 1_000)
        refund = rules.request(payment, (earlier,), asked_for(payment, 1_001), has_account=False, now=NOW)
        counts = status in PENDING or status is R.DONE
        assert refund.status is (R.REFUSED if counts else R.REQUESTED)

    def test_the_last_won_can_go_back_and_not_one_more(self):
        payment = a_payment(Status.CONFIRMED)
        for amount, status in ((AMOUNT, R.REQUESTED), (AMOUNT + 1, R.REFUSED)):
            assert rules.request(payment, (), asked_for(payment, amount), has_account=False, now=NOW).status is status

    def test_a_deposit_needs_an_account_to_go_back_to(self):
        payment = a_payment(Status.CONFIRMED, method="virtual_account")
        command = asked_for(payment, 1_000)
        assert rules.request(payment, (), command, has_account=False, now=NOW).status is R.NEEDS_ACCOUNT
        assert rules.request(payment, (), command, has_account=True, now=NOW).status is R.REQUESTED

    @pytest.mark.parametrize("has_account", [True, False])
    def test_money_the_bank_took_back_is_not_given_back_out_of_what_came_anew(self, has_account):
        """Orders asks again, under another name, for what came after the reversal it had not heard of yet."""
        payment = a_payment(Status.CONFIRMED, method="virtual_account", confirmations=2)
        early = asked_for(payment, 1_000, paid_at=payment.confirmed_at - timedelta(hours=1))
        late = asked_for(payment, 1_000, paid_at=payment.confirmed_at)
        refund = rules.request(payment, (), early, has_account=has_account, now=NOW)
        assert refund.status is R.VOID
        decision = refunding.promised(payment, refund)
        assert (decision.payment, decision.facts, decision.journals) == (payment, (), ())
        assert rules.request(payment, (refund,), late, has_account=has_account, now=NOW).status in PENDING

    def test_of_a_reversed_payment_nobody_is_called_for_what_was_asked_before(self):
        payment = a_payment(Status.REVERSED)
        command = asked_for(payment, 1_000, paid_at=payment.confirmed_at)
        assert rules.request(payment, (), command, has_account=False, now=NOW).status is R.VOID

    def test_the_same_id_again_changes_nothing_and_with_another_amount_is_a_defect(self):
        payment = a_payment(Status.CONFIRMED)
        known = a_refund(payment)
        again = asked_for(payment, known.amount, refund_id=known.id)
        assert rules.request(payment, (known,), again, has_account=False, now=NOW) is None
        with pytest.raises(errors.RefundReused):
            rules.request(
                payment, (known,), asked_for(payment, known.amount + 1, refund_id=known.id), has_account=False, now=NOW
            )


class TestBegin:
    def test_sends_with_a_key_of_its_own_at_every_attempt(self):
        refund = a_refund(a_payment(Status.CONFIRMED))
        first = rules.begin(refund, (refund,), NOW, patience=PATIENCE)
        assert first.status is R.EXECUTING
        second = rules.begin(first.to(R.REQUESTED), (), NOW, patience=PATIENCE)
        assert first.idempotency_key != second.idempotency_key
        assert str(refund.id) in first.idempotency_key

    @pytest.mark.parametrize("status", [R.EXECUTING, R.UNKNOWN])
    def test_one_refund_of_a_payment_at_a_time(self, status):
        payment = a_payment(Status.CONFIRMED)
        refund, other = a_refund(payment), a_refund(payment, status)
        waiting = rules.begin(refund, (refund, other), NOW, patience=PATIENCE)
        assert waiting.status is R.REQUESTED
        assert waiting.next_at > NOW

    @pytest.mark.parametrize("status", [R.EXECUTING, R.UNKNOWN])
    def test_what_was_sent_is_asked_about_and_not_sent_again(self, status):
        refund = a_refund(a_payment(Status.CONFIRMED), status)
        begun = rules.begin(refund, (refund,), NOW, patience=PATIENCE)
        assert (begun.status, begun.attempt) == (status, refund.attempt)


class TestAnswered:
    payment = a_payment(Status.CONFIRMED)

    def seen(self, refund=None, *, balance=AMOUNT, done=True, note=None, amount=None):
        returns = ()
        if refund is not None:
            returns = (Return("tx_1", amount or refund.amount, note or refund.note, done),)
        return shown(self.payment, Standing.PARTLY_RETURNED, returns=returns, balance=balance)

    @pytest.mark.parametrize("status", [R.EXECUTING, R.UNKNOWN])
    @pytest.mark.parametrize("asked", [False, True])
    def test_our_own_note_is_the_proof(self, status, asked):
        refund = a_refund(self.payment, status)
        after = rules.answered(refund, self.seen(refund), AMOUNT, NOW, asked=asked)
        assert (after.status, after.provider_reference, after.refunded_at) == (R.DONE, "tx_1", NOW)

    @pytest.mark.parametrize("wrong", [{"note": "refund of somebody else"}, {"amount": 4_999}])
    def test_somebody_elses_return_is_no_proof(self, wrong):
        refund = a_refund(self.payment, R.UNKNOWN)
        after = rules.answered(refund, self.seen(refund, balance=AMOUNT - 5_000, **wrong), AMOUNT, NOW, asked=True)
        assert after.status is R.REFUSED
        assert after.failure_code == "returned_at_provider"

    @pytest.mark.parametrize("asked", [False, True])
    def test_where_no_notes_are_kept_what_the_balance_lacks_is_the_proof(self, asked):
        refund = a_refund(self.payment, R.UNKNOWN)
        returns = (Return("tx_0", 5_000, "", done=True), Return("tx_1", 5_000, "", done=True))
        answer = shown(self.payment, Standing.PARTLY_RETURNED, returns=returns, balance=AMOUNT - 10_000)
        after = rules.answered(refund, answer, AMOUNT - 5_000, NOW, asked=asked)
        assert (after.status, after.provider_reference) == (R.DONE, "tx_1")

    @pytest.mark.parametrize(("amount", "balance"), [(4_999, AMOUNT - 4_999), (5_000, AMOUNT - 10_000)])
    def test_without_a_note_another_sum_is_no_proof(self, amount, balance):
        refund = a_refund(self.payment, R.UNKNOWN)
        returns = (Return("tx_1", amount, "", done=True),)
        answer = shown(self.payment, Standing.PARTLY_RETURNED, returns=returns, balance=balance)
        assert rules.answered(refund, answer, AMOUNT, NOW, asked=True).failure_code == "returned_at_provider"

    def test_an_earlier_return_without_a_note_is_not_taken_for_a_refund_that_had_no_effect(self):
        refund = a_refund(self.payment, R.UNKNOWN)
        returns = (Return("tx_0", 5_000, "", done=True),)
        answer = shown(self.payment, Standing.PARTLY_RETURNED, returns=returns, balance=AMOUNT - 5_000)
        assert rules.answered(refund, answer, AMOUNT - 5_000, NOW, asked=True).status is R.REQUESTED

    def test_not_final_yet_is_asked_again(self):
        refund = a_refund(self.payment, R.EXECUTING)
        after = rules.answered(refund, self.seen(refund, done=False), AMOUNT, NOW, asked=False)
        assert after.status is R.UNKNOWN
        assert after.next_at > NOW

    @pytest.mark.parametrize("answer", [Unknown("ReadTimeout"), Missing()])
    @pytest.mark.parametrize("status", [R.EXECUTING, R.UNKNOWN])
    def test_no_answer_is_unknown_and_never_sent_blindly(self, status, answer):
        after = rules.answered(a_refund(self.payment, status), answer, AMOUNT, NOW, asked=status is R.UNKNOWN)
        assert after.status is R.UNKNOWN
        assert after.next_at > NOW

    def test_is_sent_again_only_after_the_provider_showed_it_had_no_effect(self):
        refund = a_refund(self.payment, R.UNKNOWN)
        after = rules.answered(refund, self.seen(), AMOUNT, NOW, asked=True)
        assert after.status is R.REQUESTED

    def test_a_200_without_our_return_proves_nothing(self):
        refund = a_refund(self.payment, R.EXECUTING)
        assert rules.answered(refund, self.seen(), AMOUNT, NOW, asked=False).status is R.UNKNOWN

    @pytest.mark.parametrize(
        ("hint", "status"),
        [
            (Hint.LATER, R.REQUESTED), (Hint.ASK, R.UNKNOWN), (Hint.ACCOUNT, R.NEEDS_ACCOUNT), (Hint.FINAL, R.REFUSED),
        ],
    )  # fmt: skip
    def test_every_refusal(self, hint, status):
        refund = a_refund(self.payment, R.EXECUTING)
        assert rules.answered(refund, Refused("CODE", "why", hint), AMOUNT, NOW, asked=False).status is status

    def test_a_no_to_a_second_sending_is_believed_only_after_a_look(self):
        """The first sending may have arrived after all, and be what the provider refuses the second for."""
        refund = a_refund(self.payment, R.EXECUTING, attempt=2)
        told = rules.answered(refund, Refused("NOT_CANCELABLE_AMOUNT", "why"), AMOUNT, NOW, asked=False)
        assert (told.status, told.next_at) == (R.UNKNOWN, NOW)
        found = rules.answered(told, self.seen(refund, balance=AMOUNT - 5_000), AMOUNT, NOW, asked=True)
        assert (found.status, found.failure_code) == (R.DONE, None)
        lost = rules.answered(told, self.seen(), AMOUNT, NOW, asked=True)
        assert (lost.status, lost.failure_code, lost.failure_reason) == (R.REFUSED, "NOT_CANCELABLE_AMOUNT", "why")

    def test_an_earlier_no_says_nothing_about_the_next_sending(self):
        wrong_account = a_refund(self.payment, failure_code="INVALID_BANK", failure_reason="why", attempt=1)
        sent = rules.begin(wrong_account, (wrong_account,), NOW, patience=PATIENCE)
        lost = rules.answered(sent, Unknown("ReadTimeout"), AMOUNT, NOW, asked=False)
        assert rules.answered(lost, self.seen(), AMOUNT, NOW, asked=True).status is R.REQUESTED


class TestSettled:
    def test_the_whole_amount_makes_it_refunded_a_part_partially(self):
        payment = a_payment(Status.CONFIRMED)
        for amount, status in ((AMOUNT, Status.REFUNDED), (AMOUNT - 1, Status.PARTLY_REFUNDED)):
            done = a_refund(payment, R.DONE, amount=amount)
            decision = refunding.settled(payment, done, ())
            assert decision.payment.status is status
            assert decision.facts == (facts.Refunded(decision.payment, done, amount),)
            assert [journal.kind for journal in decision.journals] == ["refund_paid"]

    def test_the_last_part_closes_it(self):
        payment = a_payment(Status.PARTLY_REFUNDED)
        earlier = a_refund(payment, R.DONE, amount=10_000)
        last = a_refund(payment, R.DONE, amount=AMOUNT - 10_000)
        assert refunding.settled(payment, last, (earlier,)).payment.status is Status.REFUNDED

    def test_a_refused_refund_gives_the_promise_back_and_calls_a_person(self):
        payment = a_payment(Status.CONFIRMED)
        decision = refunding.settled(payment, a_refund(payment, R.REFUSED), ())
        assert [journal.kind for journal in decision.journals] == ["refund_dropped"]
        assert decision.facts == (facts.RefundTurnedDown(payment, decision.refunds[0], still_owed=True),)
        assert decision.payment.attention == "refund_refused"
        assert decision.payment.status is Status.CONFIRMED

    @pytest.mark.parametrize("status", [R.UNKNOWN, R.REQUESTED, R.NEEDS_ACCOUNT])
    def test_nothing_is_posted_before_the_outcome_is_known(self, status):
        payment = a_payment(Status.CONFIRMED)
        refund = a_refund(payment, status)
        decision = refunding.settled(payment, refund, ())
        wanted = (facts.AccountNeeded(payment, refund, again=True),) if status is R.NEEDS_ACCOUNT else ()
        assert (decision.payment, decision.journals, decision.facts) == (payment, (), wanted)


class TestAccount:
    @pytest.mark.parametrize("status", sorted(RefundStatus))
    def test_giving_one_lets_only_waiting_refunds_go_on(self, status):
        refund = a_refund(a_payment(Status.CONFIRMED), status)
        after = rules.account_given(refund, NOW)
        assert after.status is (R.REQUESTED if status is R.NEEDS_ACCOUNT else status)

    def test_is_erased_once_no_refund_can_use_it(self):
        payment = a_payment(Status.CONFIRMED)
        done = a_refund(payment, R.DONE)
        assert refunding.account_is_used_up(payment, done, ())
        assert not refunding.account_is_used_up(payment, done, (a_refund(payment, R.REQUESTED),))
        assert refunding.account_is_used_up(payment, a_refund(payment, R.NEEDS_ACCOUNT), ())
        assert not refunding.account_is_used_up(payment, a_refund(payment, R.UNKNOWN), ())

    def test_is_kept_for_a_surplus_unless_it_is_wrong(self):
        payment = a_payment(Status.CONFIRMED, surplus=100)
        assert not refunding.account_is_used_up(payment, a_refund(payment, R.DONE), ())
        assert refunding.account_is_used_up(payment, a_refund(payment, R.NEEDS_ACCOUNT), ())


class TestTable:
    def test_a_move_it_does_not_have_is_refused(self):
        for before in RefundStatus:
            for after in set(RefundStatus) - REFUND_TRANSITIONS[before]:
                with pytest.raises(IllegalMove):
                    a_refund(a_payment(), before).to(after)

    @pytest.mark.parametrize("status", [R.DONE, R.VOID])
    def test_an_end_is_an_end(self, status):
        assert REFUND_TRANSITIONS[status] == frozenset()

    def test_from_a_refusal_only_a_person_leads_on(self):
        """By hand: nothing a provider says moves it."""
        assert REFUND_TRANSITIONS[R.REFUSED] == {R.DONE}
        payment = a_payment(Status.CONFIRMED)
        refused = a_refund(payment, R.REFUSED)
        returned = shown(payment, Standing.RETURNED, returns=(Return("tx_1", refused.amount, refused.note, done=True),))
        assert not any(refused.status in states for states in (PENDING, RUNNING))
        assert rules.account_given(refused, NOW) == refused
        assert rules.landed_late((refused,), returned) == 0
