"""One message on one channel to one person, from the fact to its end.

A delivery is `sending` in the database before anything is handed over. Who finds it so after the lease does not know
whether it left: a text is asked for at the provider, a mail leaves again under the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from notify.domain.outcomes import Accepted, Delivered, NotFound, Outcome, Refused, Retry, Skipped, Unknown


class Channel(StrEnum):
    EMAIL = "email"
    ALIMTALK = "alimtalk"
    SMS = "sms"


NO_CONTACT = "no_contact"
# Where a message goes when a channel fails for good.
FALLBACK: dict[Channel, Channel] = {Channel.ALIMTALK: Channel.SMS}


class Status(StrEnum):
    AWAITING_CONTACT = "awaiting_contact"  # the order or its contact is not known yet
    PENDING = "pending"
    SENDING = "sending"  # perhaps handed over
    UNKNOWN = "unknown"  # handed over, the answer was lost
    ACCEPTED = "accepted"  # the provider has it and will report
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"


_S = Status
TRANSITIONS: dict[Status, frozenset[Status]] = {
    _S.AWAITING_CONTACT: frozenset({_S.PENDING, _S.FAILED}),
    _S.PENDING: frozenset({_S.SENDING, _S.ACCEPTED, _S.DELIVERED, _S.FAILED, _S.SKIPPED}),
    _S.SENDING: frozenset({_S.PENDING, _S.UNKNOWN, _S.ACCEPTED, _S.DELIVERED, _S.FAILED}),
    _S.UNKNOWN: frozenset({_S.PENDING, _S.SENDING, _S.ACCEPTED, _S.DELIVERED, _S.FAILED}),
    _S.ACCEPTED: frozenset({_S.DELIVERED, _S.FAILED}),
    _S.DELIVERED: frozenset(),
    _S.FAILED: frozenset(),
    _S.SKIPPED: frozenset(),
}
FINAL = frozenset(status for status, following in TRANSITIONS.items() if not following)
OPEN = frozenset(Status) - FINAL


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient we are. `lease` is longer than any call to a provider takes."""

    lease: timedelta = timedelta(seconds=120)
    give_up: timedelta = timedelta(hours=24)
    contact_wait: timedelta = timedelta(days=7)
    # After so many tries the next one waits this long.
    backoff: tuple[timedelta, ...] = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600))
    # The provider's list shows a message a moment after it took it.
    ask_unknown: timedelta = timedelta(seconds=15)
    # The report comes by itself; this is for the one that got lost.
    ask_accepted: timedelta = timedelta(seconds=120)

    def wait(self, attempts: int) -> timedelta:
        return self.backoff[min(max(attempts, 1), len(self.backoff)) - 1]


@dataclass(frozen=True, slots=True)
class Delivery:
    """`due_at` is when somebody must look at it: to send, to ask, or because the lease of a sender ended.

    `version` counts the hands it went through, so that one who lost it by being slow cannot write over another.
    """

    id: UUID
    message_id: UUID
    order_id: UUID
    channel: Channel
    status: Status
    due_at: datetime | None
    fact_at: datetime
    give_up_at: datetime | None = None
    recipient: str | None = None
    attempts: int = 0
    version: int = 0
    sent_at: datetime | None = None
    provider_id: str | None = None
    delivered_as: str | None = None
    reason: str | None = None
    ended_at: datetime | None = None

    def to(self, status: Status, **changes: object) -> Delivery:
        """The delivery one step on. A step the table does not know is a defect, not a case."""
        if status is not self.status and status not in TRANSITIONS[self.status]:
            raise ValueError(f"a delivery does not go from {self.status} to {status}")
        return replace(self, status=status, version=self.version + 1, **changes)  # type: ignore[arg-type]


class Task(StrEnum):
    SEND = "send"
    ASK = "ask"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in somebody's hands, and what to do with it. `close_as` is the end of one there is no use in."""

    state: Delivery
    task: Task
    close_as: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`ended`: with this step. `next_channel`: the message now goes that way."""

    state: Delivery
    ended: bool = False
    next_channel: Channel | None = None


def release(delivery: Delivery, address: str | None, now: datetime, policy: Policy) -> Delivery:
    """The order and its contact are known: the delivery may leave. Without a usable address it is closed at once."""
    return delivery.to(Status.PENDING, recipient=address, due_at=now, give_up_at=now + policy.give_up)


def claim(delivery: Delivery, expires_at: datetime | None, now: datetime, policy: Policy) -> Claim:
    """Takes a due delivery in hand until the lease ends. The state must be committed before anything is sent."""
    held = {"due_at": now + policy.lease, "attempts": delivery.attempts + 1}
    status = delivery.status
    if status is Status.AWAITING_CONTACT:
        return Claim(delivery.to(status, **held), Task.CLOSE, Refused(NO_CONTACT))
    if status is Status.PENDING and delivery.recipient is None:
        return Claim(delivery.to(status, **held), Task.CLOSE, Skipped("no_usable_address"))
    if status is Status.PENDING and expires_at is not None and expires_at <= now:
        return Claim(delivery.to(status, **held), Task.CLOSE, Skipped("expired"))
    if status is Status.PENDING or delivery.channel is Channel.EMAIL:
        sent = delivery.to(Status.SENDING, sent_at=delivery.sent_at or now, **held)
        return Claim(sent, Task.SEND)
    asked = Status.UNKNOWN if status is Status.SENDING else status
    return Claim(delivery.to(asked, **held), Task.ASK)


def settle(delivery: Delivery, outcome: Outcome, version: int, now: datetime, policy: Policy) -> Decision:
    """Writes down how a try ended. `version` is the one the claim gave; a late word changes only what it proves.

    A final delivery stays as it is, whatever comes.
    """
    if delivery.status in FINAL or (version != delivery.version and not _proves(delivery, outcome)):
        return Decision(delivery)
    match outcome:
        case Delivered():
            decision = _delivered(delivery, outcome, now)
        case Accepted(provider_id):
            decision = _accepted(delivery, provider_id, now, policy)
        case Skipped(reason):
            decision = _ended(delivery, Status.SKIPPED, reason, now)
        case Refused(code, fell_back):
            following = None if fell_back or code == NO_CONTACT else FALLBACK.get(delivery.channel)
            decision = _ended(delivery, Status.FAILED, code, now, following)
        case Unknown(code):
            decision = _unknown(delivery, code, now, policy)
        case NotFound() | Retry() if delivery.status is Status.ACCEPTED:
            # It was taken once, so it is never sent again on a word like this.
            decision = _unknown(delivery, "not_listed", now, policy)
        case NotFound():
            decision = _again(delivery, "not_found", now, timedelta(0))
        case Retry(code):
            decision = _again(delivery, code, now, policy.wait(delivery.attempts))
    return decision


def hint(delivery: Delivery, now: datetime) -> Delivery:
    """Somebody says there is news: ask the provider now. Changes nothing else, so anybody may say it."""
    if delivery.status in {Status.ACCEPTED, Status.UNKNOWN}:
        return replace(delivery, due_at=now)
    return delivery


def message_failed(deliveries: Iterable[Delivery]) -> bool:
    """Whether a message has ended without reaching anybody on any channel."""
    found = [delivery.status for delivery in deliveries]
    return all(status in FINAL for status in found) and Status.DELIVERED not in found


def _proves(delivery: Delivery, outcome: Outcome) -> bool:
    """Whether a word from one who no longer holds the delivery still counts: the message did leave."""
    return isinstance(outcome, Delivered) or (
        isinstance(outcome, Accepted) and delivery.status in {Status.PENDING, Status.SENDING, Status.UNKNOWN}
    )


def _patience_over(delivery: Delivery, now: datetime) -> bool:
    return delivery.give_up_at is not None and now >= delivery.give_up_at


def _accepted(delivery: Delivery, provider_id: str | None, now: datetime, policy: Policy) -> Decision:
    if delivery.status is Status.ACCEPTED and _patience_over(delivery, now):
        return _ended(delivery, Status.FAILED, "no_report", now)
    due_at = now + max(policy.ask_accepted, policy.wait(delivery.attempts))
    known = provider_id or delivery.provider_id
    return Decision(delivery.to(Status.ACCEPTED, provider_id=known, reason=None, due_at=due_at))


def _delivered(delivery: Delivery, outcome: Delivered, now: datetime) -> Decision:
    state = delivery.to(
        Status.DELIVERED,
        provider_id=outcome.provider_id or delivery.provider_id,
        delivered_as=outcome.delivered_as or delivery.channel,
        reason=None,
        due_at=None,
        ended_at=now,
    )
    return Decision(state, ended=True)


def _ended(
    delivery: Delivery, status: Status, reason: str, now: datetime, next_channel: Channel | None = None
) -> Decision:
    state = delivery.to(status, reason=reason, due_at=None, ended_at=now)
    return Decision(state, ended=True, next_channel=next_channel)


def _unknown(delivery: Delivery, code: str, now: datetime, policy: Policy) -> Decision:
    """At the end of our patience it fails, and no other channel is tried: the customer may well have it."""
    if _patience_over(delivery, now):
        return _ended(delivery, Status.FAILED, "outcome_unknown", now)
    status = delivery.status if delivery.status is Status.ACCEPTED else Status.UNKNOWN
    wait = max(policy.ask_unknown, policy.wait(delivery.attempts - 1))
    return Decision(delivery.to(status, reason=code, due_at=now + wait))


def _again(delivery: Delivery, code: str, now: datetime, wait: timedelta) -> Decision:
    if _patience_over(delivery, now):
        return _ended(delivery, Status.FAILED, code, now, FALLBACK.get(delivery.channel))
    return Decision(delivery.to(Status.PENDING, reason=code, due_at=now + wait))
