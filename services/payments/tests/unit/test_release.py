"""A key the provider does not take was never this payment's: whoever named it, the payment is as before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from services.payments.tests.builders import NOW, a_payment

from payments.commands.answers import Hint, Refused
from payments.domain import observation
from payments.domain.status import Status

S = Status

ANSWERS = (Refused("NOT_FOUND_PAYMENT_SESSION", "", Hint.KEY), Refused("FORBIDDEN_REQUEST", "", Hint.KEY))


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

    def test_our_own_credentials_refused_say_nothing_of_a_confirmation_sent_before(self):
        decision = moved(S.UNKNOWN, Refused("UNAUTHORIZED_KEY", "", Hint.UNREAD))
        assert (decision.payment.status, decision.payment.key, decision.settled) == (S.UNKNOWN, "tkey_1", False)
