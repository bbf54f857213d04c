"""Cash receipts: to whom, for how much, and what an answer makes of one."""

from __future__ import annotations

import pytest
from services.payments.tests.builders import AMOUNT, NOW, a_payment, a_refund

from payments import errors
from payments.commands.answers import Receipt, Refused, Unknown
from payments.domain import receipt as rules
from payments.domain.receipt import ReceiptStatus
from payments.domain.status import HOLDING, LIVE, RefundStatus, Status

R = ReceiptStatus
BUSINESS = "1248100998"


def a_deposit(status=Status.CONFIRMED, **changes):
    return a_payment(status, method="virtual_account", **changes)


def a_receipt(payment, **changes):
    made = rules.wanted(payment, None, "income_deduction", "01012345678", NOW)
    return rules.replace(made, **changes)


class TestIdentifier:
    @pytest.mark.parametrize(
        ("kind", "text", "digits"),
        [
            ("income_deduction", "010-1234-5678", "01012345678"),
            ("income_deduction", "011 123 4567", "0111234567"),
            ("income_deduction", "123456789012345678", "123456789012345678"),
            ("expense_proof", "124-81-00998", BUSINESS),
        ],
    )
    def test_fits_its_type(self, kind, text, digits):
        assert rules.identifier_of(kind, text) == digits

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("expense_proof", "010-1234-5678"), ("income_deduction", BUSINESS), ("expense_proof", "1248100997"),
            ("income_deduction", "02-123-4567"), ("income_deduction", "0101234567890"),
            ("expense_proof", "12481009980"),
            ("income_deduction", "٠١٠١٢٣٤٥٦٧٨"),
        ],
    )  # fmt: skip
    def test_or_is_refused(self, kind, text):
        with pytest.raises(errors.IdentifierInvalid):
            rules.identifier_of(kind, text)

    def test_of_nobody_is_one_the_tax_office_takes(self):
        assert rules.identifier_of("income_deduction", rules.NOBODY) == rules.NOBODY


class TestWanted:
    @pytest.mark.parametrize("status", sorted(Status))
    def test_for_cash_that_is_there_or_may_come(self, status):
        if status in LIVE | HOLDING:
            assert rules.wanted(a_deposit(status), None, "income_deduction", "01012345678", NOW).status is R.WANTED
        else:
            with pytest.raises(errors.NoReceipt):
                rules.wanted(a_deposit(status), None, "income_deduction", "01012345678", NOW)

    def test_not_for_a_card(self):
        with pytest.raises(errors.NoReceipt):
            rules.wanted(a_payment(Status.CONFIRMED), None, "income_deduction", "01012345678", NOW)

    def test_not_twice_but_again_after_a_refusal(self):
        payment = a_deposit()
        with pytest.raises(errors.ReceiptIssued):
            rules.wanted(payment, a_receipt(payment, status=R.ISSUED), "expense_proof", BUSINESS, NOW)
        again = rules.wanted(payment, a_receipt(payment, status=R.REFUSED), "expense_proof", BUSINESS, NOW)
        assert rules.step(payment, again, ()).idempotency_key.endswith("-1")

    def test_the_same_again_changes_nothing_asked_or_not(self):
        payment = a_deposit()
        for receipt in (a_receipt(payment), rules.asking(a_receipt(payment), NOW)):
            assert rules.wanted(payment, receipt, receipt.type, receipt.identifier, NOW) is receipt

    def test_another_takes_its_place_only_before_the_provider_was_asked(self):
        payment = a_deposit()
        receipt = a_receipt(payment)
        other = rules.wanted(payment, receipt, "expense_proof", BUSINESS, NOW)
        assert (other.identifier, other.attempt) == (BUSINESS, 0)
        for asked in (rules.asking(receipt, NOW), rules.answered(rules.Step(receipt, AMOUNT), Unknown("lost"), NOW)):
            with pytest.raises(errors.ReceiptUnderWay):
                rules.wanted(payment, asked, "expense_proof", BUSINESS, NOW)

    def test_shows_and_repeats_no_number(self):
        receipt = a_receipt(a_deposit())
        assert receipt.masked == "010*****678"
        assert "01012345678" not in repr(receipt)


class TestStep:
    @pytest.mark.parametrize("status", sorted(set(Status) - HOLDING))
    def test_waits_for_the_money(self, status):
        payment = a_deposit(status)
        receipt = a_receipt(a_deposit(), payment_id=payment.id)
        assert rules.step(payment, receipt, ()) is None

    def test_is_for_what_is_left_in_its_parts(self):
        payment = a_deposit(tax_free_amount=5_000, vat_amount=990)
        back = a_refund(payment, RefundStatus.DONE, amount=5_000, tax_free_amount=5_000)
        pending = a_refund(payment, RefundStatus.REQUESTED, amount=1_000)
        made = rules.step(payment, a_receipt(payment), (back, pending))
        assert (made.target, made.tax_free, made.vat) == (AMOUNT - 5_000, 0, 990)

    def test_takes_back_what_went_back_and_all_of_it_after_a_reversal(self):
        payment = a_deposit()
        receipt = a_receipt(payment, status=R.ISSUED, amount=AMOUNT, receipt_key="rk")
        assert rules.step(payment, receipt, ()) is None
        assert rules.step(payment, receipt, (a_refund(payment, RefundStatus.DONE),)).target == AMOUNT - 5_000
        assert rules.step(a_deposit(Status.REVERSED, id=payment.id), receipt, ()).target == 0


class TestAnswered:
    def test_issued_for_what_the_provider_says(self):
        payment = a_deposit()
        made = rules.step(payment, a_receipt(payment), ())
        after = rules.answered(made, Receipt("rk", "123", None, AMOUNT + 1), NOW)
        assert (after.status, after.amount, after.identifier) == (R.ISSUED, AMOUNT + 1, None)

    @pytest.mark.parametrize(
        ("answer", "status"),
        [(Refused("X", "no"), R.REFUSED), (None, R.NOT_OFFERED), (Unknown("ReadTimeout"), R.WANTED)],
    )
    def test_not_issued(self, answer, status):
        payment = a_deposit()
        after = rules.answered(rules.step(payment, a_receipt(payment), ()), answer, NOW)
        assert (after.status, after.identifier is None, after.next_at is None) == (
            status, status is not R.WANTED, status is not R.WANTED,
        )  # fmt: skip

    def test_a_refused_take_back_is_kept_for_a_person(self):
        payment = a_deposit(Status.REVERSED)
        issued = a_receipt(a_deposit(), status=R.ISSUED, amount=AMOUNT, receipt_key="rk")
        after = rules.answered(rules.step(payment, issued, ()), Refused("X", "no"), NOW)
        assert (after.status, after.amount, after.failure_code, after.next_at) == (R.ISSUED, AMOUNT, "X", None)
