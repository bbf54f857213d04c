"""One function per command. Nothing here sends: sending happens between two of these, outside transactions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opentelemetry import context, propagate
from sqlalchemy.ext.asyncio import AsyncConnection

from common import ids, log
from common.db import Tx
from common.telemetry import extract
from notify import events
from notify.commands import (
    ForgetContacts,
    RecordContact,
    RecordMall,
    RecordOption,
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

    @property
    def message(self) -> Message | None:
        return None if self.letter is None else self.letter.message


async def record_mall(command: RecordMall, tx: Tx) -> None:
    await facts.save_mall(tx.connection, command)


async def record_order(command: RecordOrder, tx: Tx) -> None:
    await facts.save_order(tx.connection, command)


async def record_option(command: RecordOption, tx: Tx) -> None:
    """Messages written from now on name the new one."""
    await facts.change_option(tx.connection, command)


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
    first = [_new(message, channel, policy, tx) for channel in plan.channels]
    await deliveries.add_message(tx.connection, message, tx.now, *first)


async def take_due(command: TakeDue, policy: Policy, connection: AsyncConnection, now: datetime) -> list[Work]:
    """Releases what has all it needs, and takes due deliveries in hand: what is written is committed, or not ours.

    Without a transaction: where two senders read the same, the first to write has it, as its version was counted on.
    """
    works: dict[UUID, Work] = {}
    changes: list[tuple[Delivery, Delivery]] = []
    for one in await deliveries.ready(connection, command.channels, now, command.most):
        state = one.delivery
        if one.addresses is not None:
            state = domain.release(state, _address(state, one.addresses), now, policy)
        if not (one.held_back and state.status is Status.PENDING):
            claim = domain.claim(state, one.expires_at, now, policy)
            state = claim.state
            works[state.id] = Work(claim, one.letter)
        changes.append((one.delivery, state))
    ours = await deliveries.replace(connection, *changes)
    return [work for delivery_id, work in works.items() if delivery_id in ours]


async def settle(commands: Sequence[Settle], policy: Policy, tx: Tx) -> list[Settle]:
    """Writes outcomes down of deliveries that are as they were taken, without reading them again.

    Returns the commands that are left for `settle_with_siblings`: what ended without arriving, and what another has
    touched. In a transaction of its own, as this one holds deliveries, and that one begins with messages.
    """
    written, left = await _note(commands, policy, tx.connection, tx.now)
    for command, decision in written:
        if decision.ended:
            _tell_end(command.message, decision.state, tx)
    return left


async def settle_accepted(
    commands: Sequence[Settle], policy: Policy, connection: AsyncConnection, now: datetime
) -> list[Settle]:
    """As `settle`, where the provider took all of them: there is nothing to say yet, so it needs no transaction."""
    _, left = await _note(commands, policy, connection, now)
    return left


async def _note(
    commands: Sequence[Settle], policy: Policy, connection: AsyncConnection, now: datetime
) -> tuple[list[tuple[Settle, Decision]], list[Settle]]:
    """What was written, and what was left out."""
    plain: list[tuple[Settle, Decision]] = []
    for command in commands:
        decision = domain.settle(command.held, command.outcome, command.held.version, now, policy)
        arrived_or_open = decision.state.status is Status.DELIVERED or not decision.ended
        if arrived_or_open and command.message is not None:
            plain.append((command, decision))
    ids_written = await deliveries.replace(connection, *((command.held, decision.state) for command, decision in plain))
    written = [(command, decision) for command, decision in plain if command.held.id in ids_written]
    return written, [command for command in commands if command.held.id not in ids_written]


async def settle_with_siblings(commands: Sequence[Settle], policy: Policy, tx: Tx) -> None:
    """Writes outcomes down; opens the next channel, or says that the message failed, where that follows."""
    books = await _open_books([command.held.id for command in commands], tx)
    for command in commands:
        held = books.find(command.held.id)
        if held is not None:
            await _step(books, domain.settle(held, command.outcome, command.held.version, tx.now, policy), policy, tx)
    await deliveries.save(tx.connection, *books.changed.values())


async def take_reports(commands: Sequence[TakeReport], policy: Policy, tx: Tx) -> int:
    """Good news from one who knows our secret is believed. Everything else only makes us ask the provider now:

    acting on bad news sends another message. Returns how many of the reports are about messages of ours.
    """
    delivery_ids = [command.delivery_id for command in commands]
    if all(_arrived(command) for command in commands):
        books = _Books(*await deliveries.lock_alone(tx.connection, delivery_ids))
    else:
        books = await _open_books(delivery_ids, tx)
    taken = 0
    for command in commands:
        held = books.find(command.delivery_id)
        if held is None:
            continue
        if not _plausible(held, command):
            _log.warning("a report does not fit its delivery", delivery_id=str(held.id))
            continue
        taken += 1
        if _arrived(command):
            await _step(books, domain.settle(held, command.outcome, held.version, tx.now, policy), policy, tx)
        else:
            books.write(domain.hint(held, tx.now))
    await deliveries.save(tx.connection, *books.changed.values())
    return taken


def _arrived(command: TakeReport) -> bool:
    return command.trusted and isinstance(command.outcome, Delivered)


async def forget_contacts(command: ForgetContacts, tx: Tx) -> int:
    return await facts.forget(tx.connection, command.before)


class _Books:
    """Some messages with all their deliveries, locked, and what this transaction changes in them."""

    def __init__(self, messages: Mapping[UUID, Message], every: dict[UUID, dict[UUID, Delivery]]) -> None:
        self._messages = messages
        self._every = every
        self.changed: dict[UUID, Delivery] = {}

    def find(self, delivery_id: UUID) -> Delivery | None:
        return next((some[delivery_id] for some in self._every.values() if delivery_id in some), None)

    def message(self, delivery: Delivery) -> Message:
        return self._messages[delivery.message_id]

    def siblings(self, delivery: Delivery) -> Iterable[Delivery]:
        """The deliveries of its message, itself among them, as they are now."""
        return self._every[delivery.message_id].values()

    def write(self, state: Delivery) -> None:
        some = self._every[state.message_id]
        if some.get(state.id) != state:
            some[state.id] = self.changed[state.id] = state

    def write_new(self, state: Delivery) -> None:
        self._every[state.message_id].setdefault(state.id, state)


async def _open_books(delivery_ids: Sequence[UUID], tx: Tx) -> _Books:
    messages = await facts.lock_messages(tx.connection, delivery_ids)
    return _Books(messages, await deliveries.lock_with_siblings(tx.connection, messages.keys()))


async def _step(books: _Books, decision: Decision, policy: Policy, tx: Tx) -> None:
    state, message = decision.state, books.message(decision.state)
    books.write(state)
    if decision.next_channel is not None:
        following = _new(message, decision.next_channel, policy, tx)
        await deliveries.add(tx.connection, tx.now, following)
        books.write_new(following)
    if decision.ended:
        _tell_end(message, state, tx, reached_nobody=domain.message_failed(books.siblings(state)))


def _tell_end(message: Message, state: Delivery, tx: Tx, *, reached_nobody: bool = False) -> None:
    _log.info(
        "a delivery ended",
        delivery_id=str(state.id),
        order_id=str(state.order_id),
        kind=message.kind.value,
        channel=state.channel.value,
        status=state.status.value,
        reason=state.reason,
    )
    with _in_trace(message.trace):
        if state.status is Status.DELIVERED:
            tx.publish(events.delivered(message, state))
        elif reached_nobody:
            tx.publish(events.failed(message, state))


@contextmanager
def _in_trace(carrier: Mapping[str, str]) -> Iterator[None]:
    """What is published here belongs to the trace of the fact the message is about, whoever brought the news."""
    token = context.attach(extract(carrier))
    try:
        yield
    finally:
        context.detach(token)


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
