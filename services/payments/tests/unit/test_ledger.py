from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.payments.tests.builders import a_payment, a_refund

from payments.domain import ledger
from payments.domain.ledger import Journal, Posting
from payments.domain.status import RefundStatus, Status


def book(*journals: Journal) -> Counter[str]:
    total: Counter[str] = Counter()
    for journal in journals:
        for posting in journal.postings:
            total[posting.account] += posting.amount
    return total


class TestJournal:
    @given(amounts=st.lists(st.integers(min_value=-1000, max_value=1000), max_size=5))
    def test_exists_only_if_it_balances(self, amounts):
        payment = a_payment(Status.CONFIRMED)
        postings = tuple(Posting("a", amount) for amount in amounts)
        arguments = ("ref", "received", payment.id, payment.order_id, "KRW", postings)
        if len(amounts) >= 2 and sum(amounts) == 0:
            assert Journal(*arguments).postings == postings
        else:
            with pytest.raises(ValueError, match="not balanced"):
                Journal(*arguments)

    def test_a_movement_has_one_name(self):
        payment = a_payment(Status.CONFIRMED)
        assert ledger.received(payment).ref == ledger.received(payment).ref
        assert ledger.received(payment).ref != ledger.deposit_reversed(payment).ref


class TestBooks:
    @given(
        amount=st.integers(min_value=1, max_value=10_000_000),
        shares=st.lists(
            st.tuples(st.integers(min_value=1, max_value=1_000_000), st.sampled_from(["done", "dropped", "pending"])),
            max_size=6,
        ),
    )
    def test_every_won_is_with_the_order_or_with_a_refund(self, amount, shares):
        payment = a_payment(Status.CONFIRMED, amount=amount)
        journals, done, pending = [ledger.received(payment)], 0, 0
        for share, outcome in shares:
            if share > amount - done - pending:
                continue
            refund = a_refund(payment, RefundStatus.REQUESTED, amount=share)
            journals.append(ledger.refund_owed(payment, refund))
            if outcome == "done":
                journals.append(ledger.refund_paid(payment, refund))
                done += share
            elif outcome == "dropped":
                journals.append(ledger.refund_dropped(payment, refund))
            else:
                pending += share
        books = book(*journals)
        assert sum(books.values()) == 0
        assert books["provider_receivable:toss"] == amount - done
        assert -books["customer_payments"] == amount - done - pending
        assert -books["refunds_payable"] == pending

    def test_a_reversed_deposit_leaves_nothing(self):
        payment = a_payment(Status.CONFIRMED)
        refund = a_refund(payment)
        books = book(
            ledger.received(payment), ledger.refund_owed(payment, refund), ledger.refund_dropped(payment, refund),
            ledger.deposit_reversed(payment),
        )  # fmt: skip
        assert set(books.values()) == {0}
