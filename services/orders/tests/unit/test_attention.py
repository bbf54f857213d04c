"""What of an order's money waits for somebody: begun once, told once, and over when it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from services.orders.tests.builders import NOW, PAYMENT, an_order, pays

from common import ids
from orders import domain
from orders.commands import (
    NoteDepositMismatch,
    NoteDepositReversed,
    NoteRefundRefused,
    NoteRefundWaits,
    NoteSurplusReturned,
    RecordRefund,
)
from orders.domain import Status
from orders.schemas import OrderView

REFUND = ids.derived_id("refund", "waits")
HOUR = timedelta(hours=1)


def shown(order):
    return [(known.what, known.amount.amount) for known in OrderView.of(order).payment_attention]


def waits(order, at=NOW, *, wrong=False):
    command = NoteRefundWaits(order.order_id, PAYMENT, REFUND, 5_000, account_was_wrong=wrong, at=at)
    return domain.note_refund_waits(order, command)


def refused(order, at=NOW):
    return domain.note_refund_refused(order, NoteRefundRefused(order.order_id, PAYMENT, REFUND, 5_000, "too_old", at))


def deposited(order, amount, surplus=0, at=NOW):
    wanted = order.total_amount
    return domain.note_deposit_mismatch(
        order, NoteDepositMismatch(order.order_id, PAYMENT, wanted, amount, surplus, at)
    )


def returned(order, amount, remaining, at=NOW):
    return domain.note_surplus_returned(order, NoteSurplusReturned(order.order_id, PAYMENT, amount, remaining, at))


def went_back(order):
    return domain.record_refund(order, RecordRefund(order.order_id, PAYMENT, REFUND, 5_000, 5_000)).order


def taken_back(order, at):
    return domain.note_deposit_reversed(order, NoteDepositReversed(order.order_id, PAYMENT, at), at).order


class TestBegins:
    @pytest.mark.parametrize(
        ("act", "what", "says"),
        [
            (waits, ("refund_account_needed", 5_000), "waits until the customer names an account to send it to"),
            (lambda order: waits(order, wrong=True), ("refund_account_needed", 5_000), "the account named was wrong"),
            (refused, ("refund_refused", 5_000), "was refused (too_old): staff must act"),
            (lambda order: deposited(order, order.total_amount - 900), ("deposit_short", 900), "the rest is"),
            (lambda order: deposited(order, order.total_amount + 100, 100), ("surplus_owed", 100), "100 go back"),
        ],
    )
    def test_as_a_line_of_the_story_and_to_be_seen(self, act, what, says):
        decision = act(an_order(Status.PAID))
        (fact,) = decision.facts
        assert says in fact.story
        assert fact.actor == "payments"
        assert shown(decision.order) == [what]

    def test_told_again_is_the_same_line_and_changes_nothing(self):
        once = waits(an_order(Status.PAID))
        again = waits(once.order)
        assert again.order == once.order
        assert again.facts[0].once == once.facts[0].once
        assert waits(once.order, NOW + HOUR, wrong=True).facts[0].once != once.facts[0].once


class TestEnds:
    def test_when_the_refund_went_back(self):
        assert shown(went_back(waits(an_order(Status.PAID)).order)) == []
        assert shown(went_back(refused(an_order(Status.PAID)).order)) == []

    def test_of_another_refund_it_does_not(self):
        order = waits(an_order(Status.PAID)).order
        other = RecordRefund(order.order_id, PAYMENT, ids.derived_id("refund", "other"), 5_000, 5_000)
        assert shown(domain.record_refund(order, other).order) == [("refund_account_needed", 5_000)]

    def test_and_does_not_begin_again_when_its_old_news_comes_again(self):
        over = went_back(waits(an_order(Status.PAID)).order)
        assert shown(waits(over).order) == []

    def test_a_refused_refund_waits_for_no_account_any_more(self):
        order = refused(waits(an_order(Status.PAID)).order, NOW + HOUR).order
        assert shown(order) == [("refund_refused", 5_000)]

    def test_a_short_deposit_when_the_rest_comes(self):
        order = an_order()
        order = deposited(order, order.total_amount - 900).order
        paid = domain.pay(order, replace(pays(order), confirmed_at=NOW + HOUR)).order
        assert shown(paid) == []

    def test_a_short_deposit_when_it_is_given_up(self):
        order = deposited(an_order(), 900).order
        assert shown(deposited(order, 900, 900, NOW + HOUR).order) == [("surplus_owed", 900)]

    def test_a_surplus_when_all_of_it_went_back(self):
        order = an_order(Status.PAID)
        order = deposited(order, order.total_amount + 100, 100).order
        order = returned(order, 60, 40, NOW + HOUR).order
        assert shown(order) == [("surplus_owed", 40)]
        last = returned(order, 40, 0, NOW + 2 * HOUR)
        assert shown(last.order) == []
        assert last.facts[0].story == "40 KRW paid in beyond the order went back"

    def test_what_the_bank_took_back_is_owed_no_more(self):
        order = an_order(Status.PAID)
        order = waits(deposited(order, order.total_amount + 100, 100).order).order
        assert shown(taken_back(order, NOW + HOUR)) == []
