"""Windows that take the money by themselves: given up, they are watched until they no longer can."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from services.payments.tests.builders import AMOUNT, NOW, a_payment, shown

from payments.commands.answers import Missing, Standing
from payments.domain import observation
from payments.domain import payment as rules
from payments.domain.facts import MoneyReceived
from payments.domain.patience import Patience, Waits
from payments.domain.status import Status

S = Status
LINGERS = timedelta(hours=2)
NOTHING_YET = (Missing(), Standing.NOT_STARTED, Standing.FAILED, Standing.EXPIRED)


def at_window(status=S.OPEN, **changes):
    payment = a_payment(status, provider="portone", **changes)
    return replace(payment, window_until=payment.created_at + LINGERS)


def told(payment, what, now=NOW):
    answer = shown(payment, what) if isinstance(what, Standing) else what
    return observation.answered(payment, answer, (), now)


def given_up():
    return (
        rules.close(at_window(), "order_cancelled").payment,
        rules.make_room([at_window()])[0],
        rules.released(replace(at_window(S.CONFIRMING), closing=True)).payment,
        told(replace(at_window(), due_at=NOW), Missing()).payment,
    )


@pytest.mark.parametrize("which", range(4))
class TestGivenUp:
    def test_the_provider_is_asked_at_once(self, which):
        payment = given_up()[which]
        assert payment.status in (S.CANCELLED, S.EXPIRED)
        assert rules.ask_at(payment, NOW, patience=timedelta(minutes=1)) == NOW

    @pytest.mark.parametrize("what", NOTHING_YET)
    def test_as_long_as_it_may_take_money_it_is_asked_again(self, which, what):
        payment = given_up()[which]
        decision = told(payment, what)
        assert (decision.payment, decision.settled, decision.facts) == (payment, True, ())

    @pytest.mark.parametrize("what", NOTHING_YET)
    def test_then_it_is_over(self, which, what):
        payment = given_up()[which]
        decision = told(payment, what, payment.window_until)
        assert (decision.payment, decision.settled) == (replace(payment, closing=False), True)
        assert rules.ask_at(decision.payment, payment.window_until, patience=timedelta(minutes=1)) is None

    def test_what_was_called_off_there_is_over_at_once(self, which):
        assert not told(given_up()[which], Standing.RETURNED).payment.closing

    def test_money_that_is_there_is_taken_down(self, which):
        decision = told(given_up()[which], Standing.PAID)
        assert decision.payment.status is S.CONFIRMED
        assert not decision.payment.closing
        assert [type(fact) for fact in decision.facts] == [MoneyReceived]

    def test_an_account_its_window_issued_is_called_off(self, which):
        decision = told(given_up()[which], Standing.WAITING)
        assert (decision.payment.closing, decision.payment.key) == (True, "tkey_1")


@pytest.mark.parametrize("what", [*NOTHING_YET, Standing.RETURNED])
@pytest.mark.parametrize("status", [S.REVERSED, S.CANCELLED, S.EXPIRED])
def test_an_account_is_no_window_any_more(status, what):
    """Its window issued it, so once it is closed nothing comes of it."""
    payment = at_window(status, method="virtual_account", closing=True)
    assert not told(payment, what).payment.closing


class TestOthersKey:
    @pytest.mark.parametrize("standing", sorted(Standing))
    @pytest.mark.parametrize("status", [S.CONFIRMING, S.UNKNOWN])
    def test_is_let_go_whatever_lies_under_it(self, status, standing):
        payment = at_window(status)
        decision = observation.answered(payment, shown(payment, standing, order_ref="another"), (), NOW)
        assert (decision.payment.status, decision.payment.key, decision.payment.attention) == (S.OPEN, None, None)

    @pytest.mark.parametrize("standing", [Standing.PAID, Standing.WAITING, Standing.RETURNED])
    def test_our_own_with_another_amount_is_for_a_person_to_look_at(self, standing):
        payment = at_window(S.CONFIRMING)
        decision = observation.answered(payment, shown(payment, standing, amount=AMOUNT - 1), (), NOW)
        assert (decision.payment.status, decision.payment.attention) == (S.CONFIRMING, "amount_mismatch")


class TestOthersWindows:
    def test_those_that_take_no_money_are_given_up_for_good(self):
        assert not rules.close(a_payment(S.OPEN), "order_cancelled").payment.closing
        assert not rules.make_room([a_payment(S.OPEN)])[0].closing
        assert not told(replace(a_payment(S.OPEN), due_at=NOW), Missing()).payment.closing


def test_only_providers_whose_windows_take_money_linger():
    payment = a_payment(S.OPEN)
    waits = {
        "portone": Waits.seconds(paying=1, giving_back=1, lingers=60),
        "toss": Waits.seconds(paying=1, giving_back=1),
    }
    patience = Patience(timedelta(0), waits)
    assert patience.window_until(replace(payment, provider="portone")) == payment.created_at + timedelta(seconds=60)
    assert patience.window_until(payment) is None
    assert patience.window_until(replace(payment, provider="gone")) is None
    longer = waits["toss"].longer(waits["portone"]).longer(Waits.seconds(paying=1, giving_back=1, lingers=5))
    assert longer.lingers == timedelta(seconds=60)
