"""Guests who look their order up, and what staff notes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from common import ids
from common.db import Tx
from orders import errors
from orders.commands import AddNote, LookUp
from orders.domain.access import is_orderer, order_token
from orders.repository import guests, notes, reads
from orders.repository.notes import Note

_WINDOW = timedelta(minutes=15)
MOST_TRIES = 10
# Of one number from everywhere. Keeping its orderer out takes thirty addresses, and guessing phone numbers with as many
# as one likes takes years.
MOST_TRIES_OF_ALL = 300


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a guest gets; nothing where what they know is wrong, or this number was tried too often."""

    order_id: UUID | None = None
    token: str | None = field(default=None, repr=False)
    exhausted: bool = False


async def look_up(command: LookUp, token_keys: tuple[str, ...], tx: Tx) -> LookedUp:
    """Counts right and wrong tries of orders that exist and of others, and tells nobody which are which.

    From each address for itself: numbers are easy to guess, and nobody shall lock others out of their orders.
    """
    for who, most in ((command.caller, MOST_TRIES), ("", MOST_TRIES_OF_ALL)):
        name = hashlib.sha256(f"{command.number} {who}".encode()).digest()
        if await guests.count(tx.connection, name, tx.now, _WINDOW) > most:
            return LookedUp(exhausted=True)
    known = await guests.by_number(tx.connection, command.number)
    theirs = is_orderer((known.email, known.phone) if known else None, command.email, command.phone)
    if known is not None and theirs:
        for key in token_keys:
            token = order_token(key, known.order_id)
            if ids.same_token(token, known.access_token_hash):
                return LookedUp(known.order_id, token)
    return LookedUp()


async def forget_look_ups(tx: Tx) -> int:
    return await guests.forget(tx.connection, tx.now - 2 * _WINDOW)


async def add_note(command: AddNote, tx: Tx) -> Note:
    if await reads.access_token_hash(tx.connection, command.order_id) is None:
        raise errors.OrderNotFound("there is no such order")
    note = Note(command.note_id, command.author, command.text, tx.now)
    await notes.add(tx.connection, command.order_id, note)
    return note
