"""What follows from what the provider says. Everything the provider says comes through here: answers to our own
requests, look-ups by jobs, and look-ups after a callback."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from payments.commands.answers import Answer, Hint, Missing, Redirect, Refused, Seen, Standing, Unknown
from payments.domain import deposit, facts, ledger
from payments.domain.payment import HELD, Decision, Payment, opened, released
from payments.domain.refund import Refund, gone_there
from payments.domain.status import HOLDING, LIVE, PENDING, RUNNING, RefundStatus, Status

# A key with one of these is another order's, or of a window with a forged amount: it cannot be confirmed here.
_OF_ANOTHER = frozenset({"order_mismatch", "amount_mismatch"})
# No money has moved under it.
_UNTOUCHED = frozenset({Standing.NOT_STARTED, Standing.FAILED, Standing.EXPIRED})


def answered(payment: Payment, answer: Answer, refunds: Sequence[Refund], now: datetime) -> Decision:
    """The one door for whatever a provider answered about a payment."""
    match answer:
        case Redirect():
            return opened(payment, answer)
        case Seen():
            return deposit.told(payment, seen(payment, answer, refunds, now))
        case Refused():
            return refused(payment, answer)
        case Missing():
            return missing(payment, now)
        case Unknown():
            return unknown(payment)


def unknown(payment: Payment) -> Decision:
    """A confirmation without an answer: from now on the provider is asked, and nothing is guessed."""
    if payment.status is Status.CONFIRMING:
        return Decision(payment.to(Status.UNKNOWN), settled=False)
    return Decision(payment, settled=False)


def refused(payment: Payment, answer: Refused) -> Decision:
    """The provider refused to open or to confirm. Only a no to the try itself fails it, not a no to the key."""
    if answer.hint in (Hint.LATER, Hint.ASK):
        return unknown(payment)
    if answer.hint is Hint.UNREAD and payment.status is Status.UNKNOWN:
        # This repeat was not looked at. What became of the confirmation sent before is as unknown as it was.
        return unknown(payment)
    if answer.hint in (Hint.KEY, Hint.UNREAD) and payment.key_is_unproven:
        return released(payment)
    if payment.status in (Status.CREATED, Status.CONFIRMING, Status.UNKNOWN):
        return _failed(payment, answer.code, answer.reason)
    return Decision(payment)


def missing(payment: Payment, now: datetime) -> Decision:
    """The provider knows no such payment, or no such key: no money can come of it."""
    if payment.status is Status.OPEN:
        return _left_open(payment, now)
    if payment.key_is_unproven:
        return released(payment)
    if payment.status is Status.CREATED:
        return _failed(payment, "not_found_at_provider", "the provider knows no such payment")
    if payment.status in LIVE or payment.status in HOLDING:
        return _look_at(payment, "missing_at_provider")
    return _nothing_yet(payment, now)


def mismatch(payment: Payment, answer: Seen) -> str | None:
    """What of the provider's payment is not as we know it."""
    if answer.order_ref != payment.order_ref:
        return "order_mismatch"
    if payment.merchant and answer.merchant != payment.merchant:
        return "merchant_mismatch"
    if answer.currency != payment.currency:
        return "currency_mismatch"
    if answer.amount != payment.amount:
        return "amount_mismatch"
    if payment.key is not None and answer.key != payment.key:
        return "key_mismatch"
    return None


def _untouched(payment: Payment, answer: Seen) -> bool:
    """No money has moved by our confirmation. Where windows take the money, a confirmation moves none."""
    of_another_window = payment.window_until is not None and answer.order_ref != payment.order_ref
    return answer.standing in _UNTOUCHED or of_another_window


def seen(payment: Payment, answer: Seen, refunds: Sequence[Refund], now: datetime) -> Decision:
    """Money that is there is always taken down, however late; nothing that does not match is ever confirmed."""
    found = mismatch(payment, answer)
    if found in _OF_ANOTHER and payment.key_is_unproven and answer.key == payment.key and _untouched(payment, answer):
        return released(payment)
    if found is not None:
        # An account or window of another try may be shown; only what cannot be ours is worth a person's look.
        return _look_at(payment, found)
    match answer.standing:
        case Standing.PAID | Standing.PARTLY_RETURNED:
            decision = _paid(payment, answer, refunds, now)
        case Standing.WAITING:
            decision = _waiting(payment, answer, refunds)
        case Standing.NOT_STARTED:
            decision = _not_started(payment, now)
        case Standing.FAILED:
            decision = _over(payment, answer.failure_code or "aborted", answer.failure_reason or "refused", now)
        case Standing.EXPIRED if payment.status is Status.WAITING and not payment.closing:
            decision = _ran_out(payment)
        case Standing.EXPIRED:
            decision = _over(payment, "session_expired", "the payment was not confirmed in time", now)
        case Standing.RETURNED:
            decision = _returned(payment, answer, refunds, now)
    return decision


def _not_started(payment: Payment, now: datetime) -> Decision:
    if payment.status is Status.OPEN:
        return _left_open(payment, now)
    if payment.status not in LIVE:
        return _nothing_yet(payment, now)
    return Decision(payment, settled=payment.status not in (Status.CONFIRMING, Status.UNKNOWN))


def _left_open(payment: Payment, now: datetime) -> Decision:
    """Nobody has paid at the window so far."""
    if now < payment.due_at:
        return Decision(payment)
    return _ran_out(payment, closing=payment.window_until is not None and now < payment.window_until)


def _nothing_yet(payment: Payment, now: datetime) -> Decision:
    """Of a payment that is over. As long as its window may take money it is asked about, ever more seldom."""
    left_at_window = payment.status in (Status.CANCELLED, Status.EXPIRED) and payment.account is None
    if left_at_window and payment.closing and payment.window_until is not None and now < payment.window_until:
        return Decision(payment)
    return Decision(replace(payment, closing=False))


def _paid(payment: Payment, answer: Seen, refunds: Sequence[Refund], now: datetime) -> Decision:
    if payment.status in HELD:
        return deposit.counted(payment, _compare_balance(payment, answer, refunds), answer.deposited)
    deposited = payment.amount if answer.deposited is None else answer.deposited
    if deposited < payment.amount:
        return deposit.counted(payment, _short(payment, now), deposited)
    paid = payment.to(
        Status.CONFIRMED,
        **_learned(payment, answer),
        receipt_url=answer.receipt_url,
        confirmed_at=now,
        confirmations=payment.confirmations + 1,
        closing=False,
        attention=_attention(payment, answer),
    )
    return deposit.counted(payment, Decision(paid, (facts.MoneyReceived(paid),), (ledger.received(paid),)), deposited)


def _attention(payment: Payment, answer: Seen) -> str | None:
    if answer.standing is Standing.PARTLY_RETURNED:
        return "returned_at_provider"
    return None if payment.attention in (deposit.SHORT, deposit.SURPLUS) else payment.attention


def _short(payment: Payment, now: datetime) -> Decision:
    """Partial payments do not exist: nothing is confirmed. The rest may come as long as the account waits."""
    if payment.closing and payment.status is Status.WAITING:
        return Decision(payment.to(Status.CANCELLED, closing=False))
    if payment.status is Status.WAITING and now >= payment.due_at:
        return _ran_out(payment)
    if payment.status in LIVE:
        return Decision(payment, settled=payment.status is Status.WAITING)
    return Decision(replace(payment, closing=False))


def _learned(payment: Payment, answer: Seen) -> dict[str, Any]:
    """What only the provider can tell us. The secret of an account is kept as its hash."""
    secret_hash = hashlib.sha256(answer.secret.encode()).digest() if answer.secret else payment.secret_hash
    return {"key": answer.key, "account": answer.account or payment.account, "secret_hash": secret_hash}


def _compare_balance(payment: Payment, answer: Seen, refunds: Sequence[Refund]) -> Decision:
    """Money given back at the provider's own console is not ours to explain: a person has to.

    A refund that was sent and is not done may or may not be in the balance; its own look-up finds out.
    """
    if any(refund.status in PENDING and refund.attempt > 0 for refund in refunds):
        return Decision(payment)
    if answer.balance != payment.amount - gone_there(refunds):
        return _look_at(payment, "returned_at_provider")
    return Decision(payment)


def _waiting(payment: Payment, answer: Seen, refunds: Sequence[Refund]) -> Decision:
    match payment.status:
        case Status.CREATED | Status.CONFIRMING | Status.UNKNOWN if answer.account is not None:
            issued = payment.to(Status.WAITING, due_at=answer.account.due_at, **_learned(payment, answer))
            return Decision(issued, () if issued.closing else (facts.AccountIssued(issued),))
        case Status.CONFIRMED:
            return _taken_back(payment, refunds)
        case Status.PARTLY_REFUNDED | Status.REFUNDED:
            return _look_at(payment, "reversed_after_refund")
        case Status.FAILED | Status.EXPIRED | Status.CANCELLED:
            # An account nobody of ours waits for: it is closed there, so that nobody pays into it.
            return deposit.taken_back(payment, Decision(replace(payment, key=answer.key, closing=True)))
        case Status.WAITING if payment.surplus:
            return deposit.taken_back(payment, Decision(replace(payment, attention=None)))
        case _:
            return Decision(payment)


def _taken_back(payment: Payment, refunds: Sequence[Refund]) -> Decision:
    if any(refund.status in RUNNING for refund in refunds):
        return Decision(payment, settled=False)
    dropped = tuple(refund.to(RefundStatus.VOID) for refund in refunds if refund.status in PENDING)
    back = payment.to(Status.REVERSED)
    journals = (*(ledger.refund_dropped(payment, refund) for refund in dropped), ledger.deposit_reversed(payment))
    return deposit.taken_back(payment, Decision(back, (facts.DepositTakenBack(back),), journals, dropped))


def _returned(payment: Payment, answer: Seen, refunds: Sequence[Refund], now: datetime) -> Decision:
    if payment.status in HELD:
        return _compare_balance(payment, answer, refunds)
    if payment.status is Status.WAITING and not payment.closing and now >= payment.due_at:
        return _ran_out(payment)
    if payment.status in LIVE:
        return _failed(payment, "cancelled_at_provider", "the payment was called off at the provider")
    return Decision(replace(payment, closing=False))


def _over(payment: Payment, code: str, reason: str, now: datetime) -> Decision:
    """Nothing came of it."""
    if payment.status in LIVE:
        return _failed(payment, code, reason)
    return _nothing_yet(payment, now)


def _failed(payment: Payment, code: str, reason: str) -> Decision:
    if payment.closing:
        return Decision(payment.to(Status.CANCELLED, closing=False))
    failed = payment.to(Status.FAILED, failure_code=code, failure_reason=reason)
    return Decision(failed, (facts.Failed(failed),))


def _ran_out(payment: Payment, *, closing: bool = False) -> Decision:
    expired = payment.to(Status.EXPIRED, closing=closing)
    return Decision(expired, (facts.Expired(expired),))


def _look_at(payment: Payment, what: str) -> Decision:
    return Decision(replace(payment, attention=what), settled=payment.status not in (Status.CONFIRMING, Status.UNKNOWN))
