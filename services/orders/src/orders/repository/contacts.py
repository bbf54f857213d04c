"""Who ordered and where it goes: personal data, alone in its table."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables
from orders.commands import Contact, ShipTo

_CONTACT = tables.order_contacts
_FIELDS = tuple(Contact.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class StoredContact:
    """`cancel_notes`, `claim_notes`: what was written, by the id of the cancel or the claim.

    `address_changes`: the addresses that were asked for and not decided.
    """

    contact: Contact
    cancel_notes: dict[str, str] = field(repr=False)
    claim_notes: dict[str, dict[str, str]] = field(repr=False)
    address_changes: frozenset[UUID] = frozenset()


async def insert_contact(connection: AsyncConnection, order_id: UUID, contact: Contact, now: datetime) -> None:
    await connection.execute(insert(_CONTACT).values(order_id=order_id, recorded_at=now, **asdict(contact)))


async def find(connection: AsyncConnection, order_id: UUID) -> StoredContact | None:
    """None once it was erased."""
    row = (await connection.execute(select(_CONTACT).where(_CONTACT.c.order_id == order_id))).first()
    if row is None:
        return None
    return StoredContact(
        Contact(**{name: getattr(row, name) for name in _FIELDS}),
        row.cancel_notes,
        row.claim_notes,
        frozenset(map(UUID, row.address_changes)),
    )


async def keep_note(connection: AsyncConnection, order_id: UUID, cancel_id: UUID, note: str) -> None:
    """Adds the customer's words on a cancel. Of an order whose contact was erased nothing is kept."""
    await connection.execute(
        text(
            "UPDATE order_contacts SET cancel_notes = cancel_notes || CAST(:note AS jsonb) WHERE order_id = :order_id"
        ),
        {"order_id": order_id, "note": orjson.dumps({str(cancel_id): note}).decode()},
    )


async def keep_claim_note(connection: AsyncConnection, order_id: UUID, claim_id: UUID, by: str, note: str) -> None:
    """Adds what `by` (`customer` or `staff`) wrote on a claim. Of an order whose contact was erased nothing is kept."""
    await connection.execute(
        text(
            "UPDATE order_contacts SET claim_notes = claim_notes || jsonb_build_object(CAST(:claim_id AS text),"
            " coalesce(claim_notes -> CAST(:claim_id AS text), '{}') || jsonb_build_object(CAST(:by AS text),"
            " CAST(:note AS text))) WHERE order_id = :order_id"
        ),
        {"order_id": order_id, "claim_id": str(claim_id), "by": by, "note": note},
    )


async def keep_change(connection: AsyncConnection, order_id: UUID, change_id: UUID, ship_to: ShipTo) -> bool:
    """False: the contact was erased, and nothing is kept."""
    done = await connection.execute(
        text(
            "UPDATE order_contacts SET address_changes = address_changes || CAST(:change AS jsonb)"
            " WHERE order_id = :order_id"
        ),
        {"order_id": order_id, "change": orjson.dumps({str(change_id): asdict(ship_to)}).decode()},
    )
    return done.rowcount == 1


async def settle_change(connection: AsyncConnection, order_id: UUID, change_id: UUID, *, accepted: bool) -> bool:
    """Takes the address that was asked for, or drops it. False: it was settled before, or erased."""
    wanted = select(_CONTACT.c.address_changes).where(_CONTACT.c.order_id == order_id).with_for_update()
    waiting: dict[str, dict[str, str | None]] | None = await connection.scalar(wanted)
    ship_to = (waiting or {}).pop(str(change_id), None)
    if waiting is None or ship_to is None:
        return False
    values = {**(ship_to if accepted else {}), "address_changes": waiting}
    await connection.execute(update(_CONTACT).where(_CONTACT.c.order_id == order_id).values(values))
    return True
