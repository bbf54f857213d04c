"""A key the provider does not take was never this payment's: whoever named it, the payment is as before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from services.payments.tests.builders import AMOUNT, NOW, a_payment, shown

from payments.commands.answers import Hint, Missing, Refused, Standing
from payments.domain import observation
from payments.domain.status import Status

S = Status

ANSWERS = (
    Refused("NOT_FOUND_PAYMENT_SESSION", "", Hint.KEY),
    Refused("FORBIDDEN_REQUEST", "", Hint.KEY),
    Missing(),
    lambda payment: shown(payment, Standing.NOT_STARTED, order_ref="another"),
    lambda payment: shown(payment, Standing.NOT_STARTED, amount=AMOUNT - 1),
    lambda payment: shown(payment, Standing.EXPIRED, order_ref="another"),
    lambda payment: shown(payment, Standing.FAILED, order_ref="another"),
)


def moved(status, answer, *, closing=False):
    payment = replace(a_payment(status), closing=closing)
    answer = answer(payment) if callable(answer) else answer
    return observation.answered(payment, answer, (), NOW)


class TestRefused:
    @pytest.mark.parametrize("answer", ANSWERS)
    @pytest.mark.parametrize("status", [S.CONFIRMING, S.UNKNOWN])
    def test_the_payment_is_open_again_and_its_key_free(self, status, answer):
        decision = moved(status, answer)
        assert (decision.payment.status, decision.payment.key, decision.settled) == (S.OPEN, None, True)
        assert (decision.facts, decision.payment.failure_code, decision.payment.attention) == ((), None, None)
        assert decision.payment.tries == 1

    @pytest.mark.parametrize("answer", ANSWERS)
    @pytest.mark.parametrize("status", [S.CONFIRMING, S.UNKNOWN])
    def test_of_what_nobody_wants_any_more_it_is_the_end(self, status, answer):
        decision = moved(status, answer, closing=True)
        assert (decision.payment.status, decision.payment.key) == (S.CANCELLED, None)
        assert (decision.facts, decision.payment.closing) == ((), False)

    @pytest.mark.parametrize("wrong", [{"order_ref": "another"}, {"amount": AMOUNT - 1}])
    @pytest.mark.parametrize("standing", [Standing.PAID, Standing.WAITING, Standing.RETURNED])
    @pytest.mark.parametrize("status", [S.CONFIRMING, S.UNKNOWN])
    def test_a_key_under_which_money_moved_is_kept_for_a_person_to_look_at(self, status, standing, wrong):
        decision = moved(status, lambda payment: shown(payment, standing, **wrong))
        assert (decision.payment.status, decision.payment.key) == (status, "tkey_1")
        assert decision.payment.attention is not None

    @pytest.mark.parametrize("standing", sorted(Standing))
    def test_an_answer_about_another_key_says_nothing_of_this_one(self, standing):
        decision = moved(S.CONFIRMING, lambda payment: shown(payment, standing, order_ref="another", key="tkey_2"))
        assert (decision.payment.status, decision.payment.key) == (S.CONFIRMING, "tkey_1")

    def test_our_own_credentials_refused_say_nothing_of_a_confirmation_sent_before(self):
        decision = moved(S.UNKNOWN, Refused("UNAUTHORIZED_KEY", "", Hint.UNREAD))
        assert (decision.payment.status, decision.payment.key, decision.settled) == (S.UNKNOWN, "tkey_1", False)
