"""One function per command. Nothing here sends: sending happens between two of these, outside transactions."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from opentelemetry import propagate

from common import ids, log
from common.db import Tx
from notify import events
from notify.commands import (
    ForgetContacts,
    RecordContact,
    RecordMall,
    RecordOrder,
    Settle,
    TakeDue,
    TakeReport,
    Tell,
)  # fmt: skip
from notify.domain import delivery as domain
from notify.domain import texts
from notify.domain.delivery import Channel, Claim, Decision, Delivery, Policy, Status
from notify.domain.messages import Kind, Letter, Message, Plan
from notify.domain.outcomes import Delivered
from notify.repository import deliveries, facts

_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """A delivery in hand and what its message is written from; no letter where nothing is to be written."""

    claim: Claim
    letter: Letter | None

    @property
    def delivery(self) -> Delivery:
        return self.claim.state


async def record_mall(command: RecordMall, tx: Tx) -> None:
    await facts.save_mall(tx.connection, command)


async def record_order(command: RecordOrder, tx: Tx) -> None:
    await facts.save_order(tx.connection, command)


async def record_contact(command: RecordContact, tx: Tx) -> None:
    await facts.save_contact(tx.connection, command)


async def tell(command: Tell, plan: Plan, policy: Policy, tx: Tx) -> None:
    """Every delivery begins as waiting for its contact, also where that is known: the sender's next turn sees to it.

    So whichever transaction commits last, of the fact, the order and the contact, nothing is missed.
    """
    trace: dict[str, str] = {}
    propagate.inject(trace)
    message = Message(
        id=ids.derived_id("message", command.kind, str(command.fact_id)),
        kind=Kind(command.kind),
        fact_id=command.fact_id,
        order_id=command.order_id,
        mall_id=command.mall_id,
        fact_at=command.fact_at,
        data=command.data,
        expires_at=command.expires_at,
        trace=trace,
    )
    if not await facts.add_message(tx.connection, message, tx.now):
        return
    for channel in plan.channels:
        await deliveries.add(tx.connection, _new(message, channel, policy, tx), tx.now)


async def take_due(command: TakeDue, policy: Policy, tx: Tx) -> list[Work]:
    """Releases what has all it needs, then takes due deliveries in hand. Commit before doing anything with them."""
    ready = await deliveries.lock_releasable(tx.connection, command.channels, command.most)
    released = [domain.release(one, _address(one, found), tx.now, policy) for one, found in ready]
    await deliveries.save(tx.connection, *released)
    due = await deliveries.lock_due(tx.connection, command.channels, tx.now, command.most)
    claims = [domain.claim(one, expires_at, tx.now, policy) for one, expires_at in due]
    await deliveries.save(tx.connection, *(claim.state for claim in claims))
    letters = await facts.letters(tx.connection, {claim.state.message_id for claim in claims})
    return [Work(claim, letters.get(claim.state.message_id)) for claim in claims]


async def settle(command: Settle, policy: Policy, tx: Tx) -> None:
    """Writes down an outcome; opens the next channel, or says that the message failed, where that follows."""
    message_id = await deliveries.message_of(tx.connection, command.delivery_id)
    if message_id is None:
        return
    message = await facts.lock_message(tx.connection, message_id)
    every = await deliveries.of_message(tx.connection, message_id)
    held = every[command.delivery_id]
    decision = domain.settle(held, command.outcome, command.version, tx.now, policy)
    if decision.state != held:
        await _apply(message, every, decision, policy, tx)


async def take_report(command: TakeReport, policy: Policy, tx: Tx) -> bool:
    """Good news from one who knows our secret is believed. Everything else only makes us ask the provider now:

    acting on bad news sends another message. False: the report is about none of our messages.
    """
    message_id = await deliveries.message_of(tx.connection, command.delivery_id)
    if message_id is None:
        return False
    message = await facts.lock_message(tx.connection, message_id)
    every = await deliveries.of_message(tx.connection, message_id)
    held = every[command.delivery_id]
    if not _plausible(held, command):
        _log.warning("a report does not fit its delivery", delivery_id=str(held.id))
        return False
    if command.trusted and isinstance(command.outcome, Delivered):
        decision = domain.settle(held, command.outcome, held.version, tx.now, policy)
        if decision.state != held:
            await _apply(message, every, decision, policy, tx)
    else:
        await deliveries.save(tx.connection, domain.hint(held, tx.now))
    return True


async def forget_contacts(command: ForgetContacts, tx: Tx) -> int:
    return await facts.forget(tx.connection, command.before)


async def _apply(message: Message, every: dict[UUID, Delivery], decision: Decision, policy: Policy, tx: Tx) -> None:
    state = decision.state
    await deliveries.save(tx.connection, state)
    after = {**every, state.id: state}
    if decision.next_channel is not None:
        following = _new(message, decision.next_channel, policy, tx)
        await deliveries.add(tx.connection, following, tx.now)
        after.setdefault(following.id, following)
    if not decision.ended:
        return
    _log.info(
        "a delivery ended",
        delivery_id=str(state.id),
        order_id=str(state.order_id),
        kind=message.kind.value,
        channel=state.channel.value,
        status=state.status.value,
        reason=state.reason,
    )
    if state.status is Status.DELIVERED:
        tx.publish(events.delivered(message, state))
    elif domain.message_failed(after.values()):
        tx.publish(events.failed(message, state))


def _new(message: Message, channel: Channel, policy: Policy, tx: Tx) -> Delivery:
    """Its id is derived, so the same fact on the same channel is the same delivery for ever, and so is its mail."""
    return Delivery(
        id=ids.derived_id("delivery", message.kind, str(message.fact_id), channel),
        message_id=message.id,
        order_id=message.order_id,
        channel=channel,
        status=Status.AWAITING_CONTACT,
        due_at=tx.now + policy.contact_wait,
        fact_at=message.fact_at,
    )


def _address(delivery: Delivery, found: deliveries.Addresses) -> str | None:
    if delivery.channel is Channel.EMAIL:
        return texts.usable_email(found.email)
    return texts.usable_phone(found.phone)


def _plausible(delivery: Delivery, report: TakeReport) -> bool:
    """Whether the report can be about this delivery: a text, to this number, under the id we were given for it."""
    if delivery.channel is Channel.EMAIL or delivery.recipient is None:
        return False
    if delivery.provider_id is not None and delivery.provider_id != report.provider_id:
        return False
    return report.to is None or texts.usable_phone(report.to) == delivery.recipient
