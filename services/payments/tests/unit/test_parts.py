"""Refunds of a payment, in whatever pieces, against a model that counts every won of every kind."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from services.payments.tests.builders import NOW, a_payment

from common import ids
from payments.commands import RequestRefund
from payments.domain import refund as rules
from payments.domain.status import RefundStatus, Status

_GONE = (RefundStatus.REFUSED, RefundStatus.VOID)


@st.composite
def payments(draw):
    supply, tax_free = draw(st.integers(0, 10**7)), draw(st.integers(0, 10**6))
    vat = draw(st.integers(0, supply // 10 + 1))
    amount = supply + vat + tax_free
    return a_payment(Status.CONFIRMED, amount=amount or 1, tax_free_amount=tax_free if amount else 0, vat_amount=vat)


def ask(payment, refunds, amount, tax_free=0, vat=0):
    command = RequestRefund(ids.new_id(), payment.id, payment.order_id, amount, tax_free, "changed_mind", vat)
    return rules.request(payment, refunds, command, has_account=True, now=NOW)


pieces = st.lists(
    st.tuples(st.integers(1, 6 * 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(RefundStatus)),
    max_size=12,
)


@given(payments(), pieces)
def test_pieces_sum_exactly_to_the_payment_and_never_exceed_it(payment, asked):
    refunds = []
    for amount, tax_free, vat, end in asked:
        refund = ask(payment, refunds, amount, tax_free, vat)
        held = [known for known in refunds if known.status not in _GONE]
        if amount > payment.amount - sum(known.amount for known in held):
            assert refund.status is RefundStatus.REFUSED
            refunds.append(refund)
            continue
        assert refund.tax_free_amount >= 0
        assert refund.vat_amount >= 0
        assert refund.vat_amount + refund.tax_free_amount <= refund.amount == amount
        refunds.append(replace(refund, status=end))
    held = [known for known in refunds if known.status not in _GONE]
    rest = payment.amount - sum(known.amount for known in held)
    if rest:
        held.append(ask(payment, refunds, rest))
    assert sum(known.amount for known in held) == payment.amount
    assert sum(known.tax_free_amount for known in held) == payment.tax_free_amount
    assert sum(known.vat_amount for known in held) == payment.vat_amount


class TestParts:
    def test_are_the_askers_where_they_fit(self):
        payment = a_payment(Status.CONFIRMED, amount=30_000, tax_free_amount=8_000, vat_amount=2_000)
        refund = ask(payment, [], 11_000, vat=1_000)
        assert (refund.tax_free_amount, refund.vat_amount) == (0, 1_000)
        refund = ask(payment, [], 8_000, tax_free=8_000)
        assert (refund.tax_free_amount, refund.vat_amount) == (8_000, 0)

    def test_unsaid_they_are_shared_out(self):
        payment = a_payment(Status.CONFIRMED, amount=30_000, tax_free_amount=8_000, vat_amount=2_000)
        refund = ask(payment, [], 15_000)
        assert (refund.tax_free_amount, refund.vat_amount) == (4_000, 1_000)

    def test_the_last_takes_the_rest_whatever_it_says(self):
        payment = a_payment(Status.CONFIRMED, amount=30_000, tax_free_amount=8_000, vat_amount=2_000)
        first = ask(payment, [], 8_000, tax_free=8_000)
        last = ask(payment, [first], 22_000, tax_free=22_000)
        assert (last.tax_free_amount, last.vat_amount) == (0, 2_000)
