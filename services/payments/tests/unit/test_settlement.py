"""A provider's account against ours, line by line."""

from __future__ import annotations

import pytest
from services.payments.tests.builders import a_payment

from payments.domain.settlement import Difference, Entry, Line, compare, journal
from payments.domain.status import Status

PAYMENT = a_payment(Status.CONFIRMED)


def a_line(kind="payment", amount=15_900, fee=477, reference="", **changes):
    payout = (amount if kind == "payment" else -amount) - fee
    return Line(**({"kind": kind, "key": "tkey_1", "reference": reference, "amount": amount, "fee": fee,
                    "payout": payout, "currency": "KRW"} | changes))  # fmt: skip


def an_entry(kind="payment", amount=15_900, reference="", **changes):
    return Entry(**({"ref": f"{kind}:{reference}", "kind": kind, "payment_id": PAYMENT.id, "order_id": PAYMENT.order_id,
                     "key": "tkey_1", "reference": reference, "amount": amount, "currency": "KRW", "due": True,
                     "settled": False} | changes))  # fmt: skip


def whats(lines, entries):
    return [(found.kind, found.what, found.ours, found.theirs) for found in compare(lines, entries).differences]


class TestCompare:
    def test_the_same_on_both_sides_agrees(self):
        lines = [a_line(), a_line("cancel", 5_000, 0, "tx_1"), a_line("cancel", 5_000, 0, "tx_2")]
        entries = [an_entry("cancel", 5_000, "tx_2"), an_entry(), an_entry("cancel", 5_000, "tx_1")]
        compared = compare(lines, entries)
        assert compared.differences == ()
        assert [line.reference for line, entry in compared.agreed if line.reference == entry.reference] == [
            "",
            "tx_1",
            "tx_2",
        ]

    def test_a_cancel_without_a_name_is_known_by_its_amount(self):
        lines = [a_line("cancel", 5_000, 0), a_line("cancel", 3_000, 0)]
        assert whats(lines, [an_entry("cancel", 3_000, "tx_1"), an_entry("cancel", 5_000, "tx_2")]) == []

    @pytest.mark.parametrize(
        ("line", "entry", "found"),
        [
            (a_line(), None, ("payment", "missing_here", None, 15_900)),
            (None, an_entry(), ("payment", "missing_there", 15_900, None)),
            (a_line(amount=15_901), an_entry(), ("payment", "amount", 15_900, 15_901)),
            (a_line(payout=15_900), an_entry(), ("payment", "payout", 15_423, 15_900)),
            (a_line(currency="USD"), an_entry(), ("payment", "currency", 15_900, 15_900)),
        ],
    )
    def test_what_differs(self, line, entry, found):
        assert whats([line] if line else [], [entry] if entry else []) == [found]

    def test_a_line_told_twice_is_one_too_many(self):
        assert whats([a_line(), a_line()], [an_entry()]) == [("payment", "missing_here", None, 15_900)]

    def test_what_another_day_settles_is_not_missing(self):
        assert whats([], [an_entry(due=False), an_entry(settled=True)]) == []

    def test_a_cancel_of_another_name_is_missing_on_both_sides(self):
        found = compare([a_line("cancel", 5_000, 0, "tx_9")], [an_entry("cancel", 5_000, "tx_1")]).differences
        assert [(each.what, each.reference) for each in found] == [("missing_here", "tx_9"), ("missing_there", "tx_1")]
        assert isinstance(found[0], Difference)


class TestJournal:
    @pytest.mark.parametrize(
        ("line", "postings"),
        [
            (a_line(), {"payouts_due:toss": 15_423, "fees:toss": 477, "settled:toss": -15_900}),
            (a_line("cancel", 5_000, -150), {"payouts_due:toss": -4_850, "fees:toss": -150, "settled:toss": 5_000}),
            (a_line(fee=0), {"payouts_due:toss": 15_900, "settled:toss": -15_900}),
        ],
    )
    def test_says_what_is_paid_out_and_what_is_kept(self, line, postings):
        made = journal("toss", line, an_entry(line.kind, line.amount))
        assert {posting.account: posting.amount for posting in made.postings} == postings
