"""Every status of a payment against everything that can be asked of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from services.payments.tests.builders import AMOUNT, NOW, SECRET, a_payment, a_refund, shown

from common.ids import token_hash
from payments import errors
from payments.commands import ConfirmPayment
from payments.commands.answers import Hint, Missing, Redirect, Refused, Standing, Unknown
from payments.domain import facts, observation
from payments.domain import payment as rules
from payments.domain.status import HOLDING, LIVE, TRANSITIONS, IllegalMove, RefundStatus, Status, drawn

S = Status
LATE = NOW + timedelta(days=2)


def moved(before, answer, *, now=NOW, refunds=(), closing=False, **changes):
    payment = replace(a_payment(before, **changes), closing=closing)
    answer = answer(payment) if callable(answer) else answer
    return observation.answered(payment, answer, refunds, now)


def sees(standing, **changes):
    return lambda payment: shown(payment, standing, **changes)


FINAL = Refused("REJECT_CARD_PAYMENT", "한도초과")

# What each answer makes of each status; a status not named stays what it is.
OUTCOMES = {
    "paid": (
        sees(Standing.PAID),
        dict.fromkeys([*LIVE, S.FAILED, S.EXPIRED, S.CANCELLED, S.REVERSED], S.CONFIRMED),
    ),
    "waiting": (
        sees(Standing.WAITING),
        {S.CREATED: S.WAITING, S.CONFIRMING: S.WAITING, S.UNKNOWN: S.WAITING, S.CONFIRMED: S.REVERSED},
    ),
    "not_started": (sees(Standing.NOT_STARTED), {}),
    "failed": (sees(Standing.FAILED), dict.fromkeys(LIVE, S.FAILED)),
    "expired": (sees(Standing.EXPIRED), dict.fromkeys(LIVE, S.FAILED) | {S.WAITING: S.EXPIRED}),
    "returned": (sees(Standing.RETURNED), dict.fromkeys(LIVE, S.FAILED)),
    "refused": (FINAL, dict.fromkeys([S.CREATED, S.CONFIRMING, S.UNKNOWN], S.FAILED)),
    "refused_for_now": (Refused("TOO_MANY_REQUESTS", "", Hint.LATER), {S.CONFIRMING: S.UNKNOWN}),
    "key_refused": (
        Refused("NOT_FOUND_PAYMENT_SESSION", "", Hint.KEY),
        {S.CREATED: S.FAILED, S.CONFIRMING: S.OPEN, S.UNKNOWN: S.OPEN},
    ),
    "unread": (Refused("UNAUTHORIZED_KEY", "", Hint.UNREAD), {S.CREATED: S.FAILED, S.CONFIRMING: S.OPEN}),
    "missing": (Missing(), {S.CREATED: S.FAILED, S.CONFIRMING: S.OPEN, S.UNKNOWN: S.OPEN}),
    "no_answer": (Unknown("ReadTimeout"), {S.CONFIRMING: S.UNKNOWN}),
    "window": (Redirect("https://pay.example"), {S.CREATED: S.OPEN}),
}  # fmt: skip
CASES = [(name, status) for name in OUTCOMES for status in Status]


class TestAnswered:
    @pytest.mark.parametrize(("name", "status"), CASES)
    def test_every_status_and_every_answer(self, name, status):
        answer, changes = OUTCOMES[name]
        decision = moved(status, answer)
        assert decision.payment.status is changes.get(status, status)

    @pytest.mark.parametrize(("name", "status"), CASES)
    def test_money_is_posted_exactly_when_it_moves(self, name, status):
        answer, _ = OUTCOMES[name]
        decision = moved(status, answer)
        kinds = [journal.kind for journal in decision.journals]
        if decision.payment.status is status:
            assert kinds == []
        elif decision.payment.status is S.CONFIRMED:
            assert kinds == ["received"]
            assert isinstance(decision.facts[0], facts.MoneyReceived)
        elif decision.payment.status is S.REVERSED:
            assert kinds == ["deposit_reversed"]
            assert isinstance(decision.facts[0], facts.DepositTakenBack)
        else:
            assert kinds == []

    @pytest.mark.parametrize(("name", "status"), CASES)
    def test_answered_twice_is_answered_once(self, name, status):
        answer, _ = OUTCOMES[name]
        first = moved(status, answer)
        again = answer(first.payment) if callable(answer) else answer
        second = observation.answered(first.payment, again, (), NOW)
        assert second.payment.status is first.payment.status
        assert (second.journals, second.facts) == ((), ())

    # An open window is closed at once and never waits for the provider.
    @pytest.mark.parametrize("status", sorted(LIVE - {S.OPEN}))
    @pytest.mark.parametrize("standing", [Standing.FAILED, Standing.EXPIRED, Standing.RETURNED])
    def test_what_nobody_wants_any_more_ends_cancelled_without_a_word(self, status, standing):
        decision = moved(status, sees(standing), closing=True)
        assert decision.payment.status is S.CANCELLED
        assert decision.facts == ()

    @pytest.mark.parametrize("status", sorted(Status))
    @pytest.mark.parametrize(
        "wrong",
        [{"amount": AMOUNT - 1}, {"order_ref": "another"}, {"merchant": "someone"}, {"currency": "USD"}],
    )
    @pytest.mark.parametrize("standing", [Standing.PAID, Standing.WAITING])
    def test_what_does_not_match_our_rows_never_counts(self, status, wrong, standing):
        decision = moved(status, sees(standing, **wrong))
        assert decision.payment.status is status
        assert (decision.facts, decision.journals) == ((), ())
        assert decision.payment.attention is not None

    def test_another_payments_key_never_counts(self):
        decision = moved(S.UNKNOWN, sees(Standing.PAID, key="somebody_elses"))
        assert decision.payment.status is S.UNKNOWN
        assert decision.payment.attention == "key_mismatch"

    def test_an_account_past_its_date_expires_and_says_so(self):
        for standing in (Standing.EXPIRED, Standing.RETURNED):
            decision = moved(S.WAITING, sees(standing), now=LATE)
            assert decision.payment.status is S.EXPIRED
            assert isinstance(decision.facts[0], facts.Expired)

    @pytest.mark.parametrize("answer", [Missing(), sees(Standing.NOT_STARTED)])
    def test_a_window_past_its_time_expires_and_says_so(self, answer):
        decision = moved(S.OPEN, answer, now=LATE)
        assert decision.payment.status is S.EXPIRED
        assert isinstance(decision.facts[0], facts.Expired)

    @pytest.mark.parametrize("status", [S.FAILED, S.EXPIRED, S.CANCELLED])
    def test_an_account_found_open_after_the_end_is_to_be_closed(self, status):
        assert moved(status, sees(Standing.WAITING)).payment.closing

    def test_an_issued_account_is_remembered_with_the_hash_of_its_secret_only(self):
        issued = moved(S.CREATED, sees(Standing.WAITING), method="virtual_account").payment
        assert issued.secret_hash == token_hash(SECRET)
        assert SECRET not in repr(issued)
        assert issued.due_at == issued.account.due_at

    def test_an_account_issued_for_a_cancelled_order_is_not_announced(self):
        decision = moved(S.CREATED, sees(Standing.WAITING), closing=True)
        assert decision.payment.status is S.WAITING
        assert decision.payment.closing
        assert decision.facts == ()

    def test_a_lost_confirmation_stays_unsettled_until_the_provider_says(self):
        assert not moved(S.CONFIRMING, Unknown("ReadTimeout")).settled
        assert not moved(S.UNKNOWN, sees(Standing.NOT_STARTED)).settled


class TestReversal:
    def test_promised_refunds_are_dropped_first_and_the_books_close(self):
        payment = a_payment(S.CONFIRMED)
        waiting = a_refund(payment, RefundStatus.NEEDS_ACCOUNT)
        decision = observation.answered(payment, shown(payment, Standing.WAITING), (waiting,), NOW)
        assert decision.payment.status is S.REVERSED
        assert [refund.status for refund in decision.refunds] == [RefundStatus.VOID]
        assert [journal.kind for journal in decision.journals] == ["refund_dropped", "deposit_reversed"]

    @pytest.mark.parametrize("status", [RefundStatus.EXECUTING, RefundStatus.UNKNOWN])
    def test_waits_for_a_refund_on_its_way(self, status):
        payment = a_payment(S.CONFIRMED)
        decision = observation.answered(payment, shown(payment, Standing.WAITING), (a_refund(payment, status),), NOW)
        assert decision.payment == payment
        assert not decision.settled

    def test_after_a_refund_a_person_has_to_look(self):
        decision = moved(S.PARTLY_REFUNDED, sees(Standing.WAITING))
        assert decision.payment.attention == "reversed_after_refund"

    def test_a_deposit_that_comes_anew_is_a_second_receipt(self):
        decision = moved(S.REVERSED, sees(Standing.PAID))
        assert decision.payment.status is S.CONFIRMED
        assert decision.journals[0].ref.endswith(":2")


class TestBalance:
    def test_money_returned_at_the_providers_console_is_noticed(self):
        decision = moved(S.CONFIRMED, sees(Standing.PARTLY_RETURNED, balance=AMOUNT - 1000))
        assert decision.payment.attention == "returned_at_provider"

    def test_our_own_refunds_explain_the_balance(self):
        payment = a_payment(S.PARTLY_REFUNDED)
        done = a_refund(payment, RefundStatus.DONE, amount=5_000)
        answer = shown(payment, Standing.PARTLY_RETURNED, balance=AMOUNT - 5_000)
        assert observation.answered(payment, answer, (done,), NOW).payment == payment

    @pytest.mark.parametrize("status", [RefundStatus.EXECUTING, RefundStatus.UNKNOWN, RefundStatus.REQUESTED])
    def test_a_refund_that_was_sent_may_or_may_not_have_arrived(self, status):
        payment = a_payment(S.CONFIRMED)
        running = a_refund(payment, status, attempt=1)
        for balance in (AMOUNT, AMOUNT - running.amount):
            answer = shown(payment, Standing.PARTLY_RETURNED, balance=balance)
            assert observation.answered(payment, answer, (running,), NOW).payment == payment


class TestConfirm:
    def command(self, payment, **changes):
        defaults = {"payment_id": payment.id, "key": "tkey_1", "order_ref": payment.order_ref, "amount": AMOUNT}
        return ConfirmPayment(**(defaults | changes))

    @pytest.mark.parametrize("status", sorted(Status))
    def test_every_status(self, status):
        payment = a_payment(status)
        if status is S.OPEN:
            decision = rules.confirm(payment, self.command(payment), order_is_paid=False)
            assert (decision.payment.status, decision.payment.key) == (S.CONFIRMING, "tkey_1")
            assert decision.payment.tries == payment.tries + 1
        elif status in (S.CREATED, S.FAILED, S.EXPIRED, S.CANCELLED):
            with pytest.raises(errors.NotOpen):
                rules.confirm(payment, self.command(payment), order_is_paid=False)
        else:
            assert rules.confirm(payment, self.command(payment), order_is_paid=False).payment == payment

    @pytest.mark.parametrize("status", sorted(Status))
    @pytest.mark.parametrize("amount", [AMOUNT - 1, AMOUNT + 1, 1])
    def test_a_tampered_amount_is_refused_in_every_status(self, status, amount):
        payment = a_payment(status)
        with pytest.raises(errors.AmountMismatch):
            rules.confirm(payment, self.command(payment, amount=amount), order_is_paid=False)

    @pytest.mark.parametrize("status", sorted(Status))
    def test_another_order_is_refused_in_every_status(self, status):
        payment = a_payment(status)
        with pytest.raises(errors.OrderMismatch):
            rules.confirm(payment, self.command(payment, order_ref="another"), order_is_paid=False)

    @pytest.mark.parametrize("status", [S.CONFIRMING, S.UNKNOWN])
    def test_another_key_has_to_wait_while_one_is_under_way(self, status):
        payment = a_payment(status)
        with pytest.raises(errors.ConfirmBusy):
            rules.confirm(payment, self.command(payment, key="tkey_2"), order_is_paid=False)

    @pytest.mark.parametrize("status", sorted(set(Status) - {S.OPEN, S.CONFIRMING, S.UNKNOWN}))
    def test_another_key_is_refused_once_one_is_known(self, status):
        payment = a_payment(status)
        with pytest.raises(errors.NotOpen):
            rules.confirm(payment, self.command(payment, key="tkey_2"), order_is_paid=False)

    def test_an_order_paid_by_another_payment_takes_no_second_one(self):
        payment = a_payment(S.OPEN)
        with pytest.raises(errors.AlreadyPaid):
            rules.confirm(payment, self.command(payment), order_is_paid=True)


class TestMakeRoom:
    @pytest.mark.parametrize("status", sorted(Status))
    def test_every_status_of_the_older_payment(self, status):
        older = a_payment(status)
        if status in HOLDING:
            with pytest.raises(errors.AlreadyPaid):
                rules.make_room([older])
        elif status is S.OPEN:
            assert [(p.status, p.closed_reason) for p in rules.make_room([older])] == [(S.CANCELLED, "replaced")]
        elif status in LIVE:
            with pytest.raises(errors.AlreadyOpen):
                rules.make_room([older])
        else:
            assert rules.make_room([older]) == []


class TestClose:
    @pytest.mark.parametrize("status", sorted(Status))
    def test_every_status(self, status):
        after = rules.close(a_payment(status), "order_cancelled").payment
        if status is S.OPEN:
            assert after.status is S.CANCELLED
        else:
            assert after.status is status
            assert after.closing is (status in LIVE or status is S.REVERSED)


class TestTable:
    def test_has_exactly_the_moves_that_can_happen(self):
        """Runs everything that can be asked or answered, and collects where it leads."""
        seen_moves = set()
        for status in Status:
            for closing in (False, True):
                payment = replace(a_payment(status), closing=closing)
                answers = [answer for answer, _ in OUTCOMES.values()]
                for answer in (*answers, sees(Standing.PARTLY_RETURNED)):
                    for now in (NOW, LATE):
                        given = answer(payment) if callable(answer) else answer
                        seen_moves.add((status, observation.answered(payment, given, (), now).payment.status))
                seen_moves.add((status, rules.close(payment, "order_cancelled").payment.status))
        seen_moves |= {(S.OPEN, S.CONFIRMING), (S.CONFIRMED, S.PARTLY_REFUNDED), (S.CONFIRMED, S.REFUNDED)}
        seen_moves |= {(S.PARTLY_REFUNDED, S.PARTLY_REFUNDED), (S.PARTLY_REFUNDED, S.REFUNDED)}
        table = {(before, after) for before, afters in TRANSITIONS.items() for after in afters}
        assert {move for move in seen_moves if move[0] is not move[1]} == table - {(S.PARTLY_REFUNDED,) * 2}

    def test_a_move_it_does_not_have_is_refused(self):
        for before in Status:
            for after in set(Status) - TRANSITIONS[before]:
                with pytest.raises(IllegalMove):
                    a_payment(before).to(after)

    def test_money_never_just_disappears(self):
        """From where we hold money only a refund or a reversal leads away."""
        away = {S.PARTLY_REFUNDED, S.REFUNDED, S.REVERSED}
        assert TRANSITIONS[S.CONFIRMED] | TRANSITIONS[S.PARTLY_REFUNDED] == away

    def test_the_picture_is_the_table(self):
        committed = Path(__file__).parents[2] / "STATES.md"
        assert committed.read_text() == drawn(), "draw STATES.md again: its first lines say how"


class TestAskAt:
    @pytest.mark.parametrize("status", sorted(Status))
    def test_whatever_can_still_bring_money_is_asked_about_by_itself(self, status):
        at = rules.ask_at(a_payment(status), NOW, patience=timedelta(seconds=30))
        assert (at is not None) is (status in LIVE)

    @pytest.mark.parametrize("status", [S.WAITING, S.CANCELLED, S.EXPIRED, S.FAILED, S.REVERSED])
    def test_what_must_be_closed_is_asked_about_at_once(self, status):
        payment = replace(a_payment(status), closing=True)
        assert rules.ask_at(payment, NOW, patience=timedelta(seconds=30)) == NOW
