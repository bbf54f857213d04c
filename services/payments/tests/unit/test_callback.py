from __future__ import annotations

import pytest
from services.payments.tests.builders import AMOUNT, SECRET, a_payment

from common.ids import token_hash
from payments.commands import TakeCallback
from payments.domain.callback import Verdict, judge
from payments.domain.status import Status

S = Status


def a_callback(payment, **changes):
    defaults = {
        "provider": "toss", "dedup_key": "1", "kind": "DEPOSIT_CALLBACK", "order_ref": payment.order_ref, "key": None,
        "amount": None, "secret_hash": None, "body_digest": b"", "document": {},
    }  # fmt: skip
    return TakeCallback(**(defaults | changes))


class TestJudge:
    @pytest.mark.parametrize("status", sorted(Status))
    def test_a_callback_that_fits_is_taken_in_every_status(self, status):
        payment = a_payment(status)
        assert judge(payment, a_callback(payment, amount=AMOUNT, key=payment.key)) == Verdict("received")

    def test_nobodys_payment(self):
        """It may come to us from a database that lags behind, so it is judged again; the provider is told no."""
        verdict = judge(None, a_callback(a_payment()))
        assert (verdict, verdict.accepted) == (Verdict("received", "unknown_payment"), False)
        assert judge(None, a_callback(a_payment(), order_ref="no id")) == Verdict("refused", "unknown_payment")

    def test_another_merchants_callback(self):
        payment = a_payment()
        assert judge(payment, a_callback(payment, merchant="other")) == Verdict("refused", "merchant_mismatch")
        assert judge(payment, a_callback(payment, merchant=payment.merchant)).accepted

    def test_another_providers_payment(self):
        payment = a_payment(provider="kakao")
        assert judge(payment, a_callback(payment)).reason == "unknown_payment"

    @pytest.mark.parametrize("status", sorted(Status))
    def test_a_wrong_amount_is_refused_in_every_status(self, status):
        payment = a_payment(status, method="card")
        assert judge(payment, a_callback(payment, amount=AMOUNT - 1)) == Verdict("refused", "amount_mismatch")

    @pytest.mark.parametrize("status", sorted(Status))
    def test_into_an_account_other_amounts_are_paid_so_the_provider_is_told_no_and_asked(self, status):
        payment = a_payment(status, method="virtual_account")
        verdict = judge(payment, a_callback(payment, amount=AMOUNT - 1))
        assert (verdict, verdict.accepted) == (Verdict("received", "amount_mismatch"), False)

    def test_the_secret_of_the_account(self):
        payment = a_payment(S.WAITING)
        assert judge(payment, a_callback(payment, secret_hash=token_hash(SECRET))).status == "received"
        assert judge(payment, a_callback(payment, secret_hash=token_hash("guess"))).reason == "wrong_secret"

    @pytest.mark.parametrize("status", sorted(Status))
    def test_a_secret_nobody_told_us_yet_waits_only_while_it_can_still_come(self, status):
        payment = a_payment(status, method="card", secret_hash=None, account=None)
        verdict = judge(payment, a_callback(payment, secret_hash=token_hash(SECRET)))
        early = status in (S.CREATED, S.CONFIRMING, S.UNKNOWN)
        assert verdict.status == ("received" if early else "refused")

    @pytest.mark.parametrize("status", [S.CONFIRMING, S.UNKNOWN])
    def test_a_key_somebody_named_drowns_no_callback_about_another(self, status):
        payment = a_payment(status)
        assert judge(payment, a_callback(payment, key="tkey_2", amount=AMOUNT)) == Verdict("received")

    @pytest.mark.parametrize("status", sorted(set(Status) - {S.CREATED, S.OPEN, S.CONFIRMING, S.UNKNOWN}))
    def test_another_try_in_the_same_window_is_none_of_this_payment(self, status):
        payment = a_payment(status)
        assert judge(payment, a_callback(payment, key="tkey_2", amount=AMOUNT)).status == "ignored"
