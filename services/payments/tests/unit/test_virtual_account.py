"""The life of a virtual account, case by case: its move, its entries in the ledger, what is said, what is told.

Messages are named as notify names them. Some follow from our event through what orders decides; the rest are told of
the event itself, and it is checked here that they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.payments.tests.builders import AMOUNT, NOW, a_payment, a_refund, shown

from common import ids
from notify import consumer as notify
from notify.domain.delivery import Policy
from notify.domain.messages import Kind, Plan
from orders import consumer as orders
from payments import events
from payments.commands import RequestRefund
from payments.commands.answers import Return, Standing
from payments.domain import deposit, observation, refunding
from payments.domain import payment as payments
from payments.domain import refund as refunds
from payments.domain.deposit import Transfer
from payments.domain.payment import Decision, Payment
from payments.domain.refund import Refund
from payments.domain.status import HOLDING, TRANSITIONS, RefundStatus, Status

S, R, At = Status, RefundStatus, Standing
DUE = NOW + timedelta(hours=24)
HOUR = timedelta(hours=1)
HEARD_BY_NOTIFY = {event.type for event in notify.handlers(Plan(alimtalk=True, texts=True), Policy(), lambda: None)}
HEARD_BY_ORDERS = {event.type for event in orders.handlers_by_event()}
# What notify makes of an event by itself. Of the others orders makes something first.
DIRECT = {
    "payment-pending": {"payment-pending"},
    "deposit-mismatch": {"deposit-short", "deposit-surplus"},
    "deposit-reversed": {"deposit-reversed"},
    "surplus-returned": {"surplus-returned"},
    "refund-account-needed": {"refund-account-needed"},
    "payment-refunded": {"payment-refunded"},
}


def account(status: Status = S.WAITING, **changes: Any) -> Payment:
    return a_payment(status, method="virtual_account", provider="inicis", due_at=DUE, **changes)


def seen(standing: Standing, *pending: RefundStatus, at: Any = NOW, **changes: Any) -> Callable[[Payment], Decision]:
    """The provider is asked, and shows it so; refunds of these states are promised."""

    def act(payment: Payment) -> Decision:
        promised = [a_refund(payment, status) for status in pending]
        return observation.answered(payment, shown(payment, standing, **changes), promised, at)

    return act


def closed(payment: Payment) -> Decision:
    return payments.close(payment, "order_cancelled")


def asked_back(*, account_known: bool = False, paid_at: Any = NOW) -> Callable[[Payment], Decision]:
    def act(payment: Payment) -> Decision:
        command = RequestRefund(ids.new_id(), payment.id, payment.order_id, 5_000, 0, "customer_request", 0, paid_at)
        refund = refunds.request(payment, (), command, has_account=account_known, now=NOW)
        assert refund is not None
        return refunding.promised(payment, refund)

    return act


def refund_ends(status: RefundStatus, amount: int = 5_000) -> Callable[[Payment], Decision]:
    def act(payment: Payment) -> Decision:
        ended: Refund = replace(a_refund(payment, R.EXECUTING, amount=amount), status=status, refunded_at=NOW)
        return refunding.settled(payment, ended, ())

    return act


def sent_back(payment: Payment) -> Decision:
    return deposit.sent_back(payment, Transfer(100, "T-1", date(2026, 11, 23)))


@dataclass(frozen=True)
class Case:
    """`message`: what the customer reads of it in the end; empty where there is nothing to tell or to do."""

    name: str
    before: Payment
    act: Callable[[Payment], Decision]
    after: Status
    ledger: list[str] = field(default_factory=list)
    event: list[str] = field(default_factory=list)
    message: list[str] = field(default_factory=list)
    attention: str | None = None


PAID, OVER, TWICE, SHORT = "payment-confirmed", AMOUNT + 100, 2 * AMOUNT, AMOUNT - 900
CASES = [
    Case("issued", a_payment(S.CREATED, method="virtual_account"), seen(At.WAITING), S.WAITING,
         [], ["payment-pending"], ["payment-pending"]),
    Case("issued for an order cancelled meanwhile", a_payment(S.CREATED, method="virtual_account", closing=True),
         seen(At.WAITING), S.WAITING),
    Case("waiting", account(), seen(At.WAITING), S.WAITING),
    Case("deposited", account(), seen(At.PAID), S.CONFIRMED, ["received"], [PAID], ["order-paid"]),
    Case("expired", account(), seen(At.EXPIRED), S.EXPIRED, [], ["payment-expired"], ["order-cancelled"]),
    Case("expired, called off there", account(), seen(At.RETURNED, at=DUE), S.EXPIRED,
         [], ["payment-expired"], ["order-cancelled"]),
    Case("cancelled before the deposit: asked for", account(), closed, S.WAITING, [], [], ["order-cancelled"]),
    Case("cancelled before the deposit: done", account(closing=True), seen(At.RETURNED), S.CANCELLED),
    Case("called off by the provider", account(), seen(At.RETURNED), S.FAILED,
         [], ["payment-failed"], ["order-cancelled"]),
    Case("deposited late", account(S.EXPIRED), seen(At.PAID), S.CONFIRMED,
         ["received"], [PAID], ["refund-account-needed"]),
    Case("deposited after the cancel", account(S.CANCELLED), seen(At.PAID), S.CONFIRMED,
         ["received"], [PAID], ["refund-account-needed"]),
    Case("deposited while it is being cancelled", account(closing=True), seen(At.PAID), S.CONFIRMED,
         ["received"], [PAID], ["refund-account-needed"]),
    Case("deposited twice", account(S.CONFIRMED), seen(At.PAID, deposited=TWICE), S.CONFIRMED,
         ["surplus_received"], ["deposit-mismatch"], ["deposit-surplus"], "surplus_owed"),
    Case("deposited twice, after the refund", account(S.REFUNDED), seen(At.PAID, deposited=TWICE, balance=AMOUNT),
         S.REFUNDED, ["surplus_received"], ["deposit-mismatch"], ["deposit-surplus"], "surplus_owed"),
    Case("told again of the second deposit", account(S.CONFIRMED, surplus=AMOUNT), seen(At.PAID, deposited=TWICE),
         S.CONFIRMED),
    Case("over", account(), seen(At.PAID, deposited=OVER), S.CONFIRMED, ["received", "surplus_received"],
         [PAID, "deposit-mismatch"], ["order-paid", "deposit-surplus"], "surplus_owed"),
    Case("over and late", account(S.EXPIRED), seen(At.PAID, deposited=OVER), S.CONFIRMED,
         ["received", "surplus_received"], [PAID, "deposit-mismatch"],
         ["refund-account-needed", "deposit-surplus"], "surplus_owed"),
    Case("short", account(), seen(At.PAID, deposited=SHORT), S.WAITING,
         ["surplus_received"], ["deposit-mismatch"], ["deposit-short"], "deposit_short"),
    Case("short, told again", account(surplus=SHORT, attention="deposit_short"), seen(At.PAID, deposited=SHORT),
         S.WAITING, attention="deposit_short"),
    Case("short, then more but not all", account(surplus=1_000, attention="deposit_short"),
         seen(At.PAID, deposited=SHORT), S.WAITING,
         ["surplus_received"], ["deposit-mismatch"], ["deposit-short"], "deposit_short"),
    Case("short, then the rest", account(surplus=SHORT, attention="deposit_short"), seen(At.PAID, deposited=AMOUNT),
         S.CONFIRMED, ["received", "surplus_dropped"], [PAID], ["order-paid"]),
    Case("short until it is over", account(surplus=SHORT), seen(At.PAID, deposited=SHORT, at=DUE), S.EXPIRED,
         [], ["payment-expired", "deposit-mismatch"], ["order-cancelled", "deposit-surplus"], "surplus_owed"),
    Case("short, and the order is cancelled", account(surplus=SHORT, closing=True), seen(At.PAID, deposited=SHORT),
         S.CANCELLED, [], ["deposit-mismatch"], ["deposit-surplus"], "surplus_owed"),
    Case("short and late", account(S.EXPIRED), seen(At.PAID, deposited=SHORT), S.EXPIRED,
         ["surplus_received"], ["deposit-mismatch"], ["deposit-surplus"], "surplus_owed"),
    Case("short, taken back by the bank", account(surplus=SHORT, attention="deposit_short"), seen(At.WAITING),
         S.WAITING, ["surplus_dropped"]),
    Case("reversed", account(S.CONFIRMED), seen(At.WAITING), S.REVERSED,
         ["deposit_reversed"], ["deposit-reversed"], ["deposit-reversed"]),
    Case("reversed, a refund is promised", account(S.CONFIRMED), seen(At.WAITING, R.NEEDS_ACCOUNT), S.REVERSED,
         ["refund_dropped", "deposit_reversed"], ["deposit-reversed"], ["deposit-reversed"]),
    Case("reversed, a refund is on its way", account(S.CONFIRMED), seen(At.WAITING, R.EXECUTING), S.CONFIRMED),
    Case("reversed, with a surplus", account(S.CONFIRMED, surplus=100, attention="surplus_owed"), seen(At.WAITING),
         S.REVERSED, ["deposit_reversed", "surplus_dropped"], ["deposit-reversed"], ["deposit-reversed"]),
    Case("reversed, the surplus was sent back", account(S.CONFIRMED, surplus=100, surplus_returned=100),
         seen(At.WAITING), S.REVERSED, ["deposit_reversed"], ["deposit-reversed"], ["deposit-reversed"],
         "surplus_gone"),
    Case("reversed after a refund", account(S.PARTLY_REFUNDED), seen(At.WAITING), S.PARTLY_REFUNDED,
         attention="reversed_after_refund"),
    Case("reversed, and comes anew", account(S.REVERSED), seen(At.PAID), S.CONFIRMED,
         ["received"], [PAID], ["order-paid"]),
    Case("cancelled after the deposit", account(S.CONFIRMED), asked_back(), S.CONFIRMED,
         ["refund_owed"], ["refund-account-needed"], ["refund-account-needed"]),
    Case("cancelled after the deposit, the account is known", account(S.CONFIRMED), asked_back(account_known=True),
         S.CONFIRMED, ["refund_owed"]),
    Case("asked back before it was reversed and came anew", account(S.CONFIRMED), asked_back(paid_at=NOW - HOUR),
         S.CONFIRMED),
    Case("asked back, and reversed before", account(S.REVERSED), asked_back(), S.REVERSED),
    Case("the account to refund to is wrong", account(S.CONFIRMED), refund_ends(R.NEEDS_ACCOUNT), S.CONFIRMED,
         [], ["refund-account-needed"], ["refund-account-needed"]),
    Case("refunded in part", account(S.CONFIRMED), refund_ends(R.DONE), S.PARTLY_REFUNDED,
         ["refund_paid"], ["payment-refunded"], ["payment-refunded"]),
    Case("refunded", account(S.CONFIRMED), refund_ends(R.DONE, AMOUNT), S.REFUNDED,
         ["refund_paid"], ["payment-refunded"], ["payment-refunded"]),
    # For staff, who stand before it in the order: the customer can do nothing about it.
    Case("the refund is refused", account(S.CONFIRMED), refund_ends(R.REFUSED), S.CONFIRMED,
         ["refund_dropped"], ["refund-refused"], [], "refund_refused"),
    Case("the surplus is sent back", account(S.CONFIRMED, surplus=100, attention="surplus_owed"), sent_back,
         S.CONFIRMED, ["surplus_returned"], ["surplus-returned"], ["surplus-returned"]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    decision = case.act(case.before)
    assert decision.payment.status is case.after
    assert [journal.kind for journal in decision.journals] == case.ledger
    assert [events.to_contract(fact, NOW).type for fact in decision.facts] == case.event
    assert decision.payment.attention == case.attention
    for event in case.event:
        assert event in HEARD_BY_ORDERS
        assert event not in DIRECT or event in HEARD_BY_NOTIFY
        assert event not in DIRECT or len(DIRECT[event] & set(case.message)) == 1
    assert set(case.message) <= set(Kind)


def test_every_move_of_an_account_is_a_case():
    """What a window has and an account has not: being open and confirmed."""
    windows = {S.OPEN, S.CONFIRMING, S.UNKNOWN}
    taken = {(case.before.status, case.after) for case in CASES if case.before.status is not case.after}
    moves = {(one, other) for one, others in TRANSITIONS.items() for other in others if one is not other}
    unlike = {
        (S.CREATED, S.CONFIRMED), (S.CREATED, S.FAILED), (S.CREATED, S.CANCELLED), (S.FAILED, S.CONFIRMED),
        (S.PARTLY_REFUNDED, S.REFUNDED),
    }  # fmt: skip
    assert {move for move in moves if not windows & set(move)} - taken == unlike


@given(
    steps=st.lists(
        st.one_of(st.integers(min_value=1, max_value=3 * AMOUNT), st.sampled_from(["back", "due", "close", "send"])),
        max_size=12,
    )
)
def test_every_won_in_the_account_belongs_to_the_order_or_is_owed_back(steps: list[Any]) -> None:
    payment, books, now = account(), Counter[str](), NOW
    for step in steps:
        now = DUE if step == "due" else now
        decision = _step(payment, step, now)
        payment = replace(decision.payment, version=payment.version + 1)
        for journal in decision.journals:
            for posting in journal.postings:
                books[posting.account.partition(":")[0]] += posting.amount
        if isinstance(step, int):
            assert books["provider_receivable"] + books["provider_surplus"] == max(step, payment.deposited)
        assert -books["customer_payments"] == (AMOUNT if payment.status in HOLDING else 0)
        assert -books["surplus_owed"] == payment.surplus - payment.surplus_returned
        assert -books["bank_transfers"] == payment.surplus_returned
        assert sum(books.values()) == 0


def _step(payment: Payment, step: Any, now: Any) -> Decision:
    """A sum all in all in the account, or what somebody does."""
    match step:
        case "send" if payment.returnable:
            return deposit.sent_back(payment, Transfer(1, f"T-{payment.version}", date(2026, 11, 23)))
        case "close":
            return payments.close(payment, "order_cancelled")
        case "back":
            return observation.answered(payment, shown(payment, At.WAITING), (), now)
        case int():
            # Of what the order has, nothing goes away but by a reversal.
            least = AMOUNT if payment.status in HOLDING else 0
            return observation.answered(payment, shown(payment, At.PAID, deposited=max(step, least)), (), now)
        case _:
            return Decision(payment)


def test_a_refund_at_the_providers_side_is_no_surplus():
    payment = account(S.PARTLY_REFUNDED)
    done = a_refund(payment, R.DONE, amount=5_000)
    back = Return("r1", 5_000, done.note, done=True)
    answer = shown(payment, At.PARTLY_RETURNED, balance=AMOUNT - 5_000, returns=(back,), deposited=AMOUNT)
    assert observation.answered(payment, answer, (done,), NOW) == Decision(payment)
