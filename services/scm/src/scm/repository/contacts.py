"""Where orders go, and the hash of the token that may ask about them. The only place that touches personal data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from scm.commands import ChangeAddress, RecordContact, ShipTo
from scm.tables import shipment_contacts

_FIELDS = ("recipient", "phone", "zonecode", "road_address", "jibun_address", "detail", "memo")


async def add(connection: AsyncConnection, command: RecordContact) -> None:
    """An order's contact is recorded once; a repeat changes nothing, nor does it bring back what was erased."""
    await connection.execute(
        insert(shipment_contacts)
        .values(
            order_id=command.order_id,
            mall_id=command.mall_id,
            access_token_hash=command.access_token_hash,
            recorded_at=command.recorded_at,
            **{name: getattr(command.ship_to, name) for name in _FIELDS},
        )
        .on_conflict_do_nothing()
    )


async def token_hash(connection: AsyncConnection, order_id: UUID) -> tuple[bool, bytes | None]:
    """Whether the order is known here, and the hash of its token."""
    row = (
        await connection.execute(
            select(shipment_contacts.c.access_token_hash).where(shipment_contacts.c.order_id == order_id)
        )
    ).one_or_none()
    return (False, None) if row is None else (True, row.access_token_hash)


async def ship_to(connection: AsyncConnection, order_ids: Sequence[UUID]) -> dict[UUID, ShipTo]:
    """Those that are known and not erased."""
    rows = await connection.execute(
        select(shipment_contacts).where(
            shipment_contacts.c.order_id.in_(order_ids), shipment_contacts.c.erased_at.is_(None)
        )
    )
    return {row.order_id: ShipTo(**{name: getattr(row, name) for name in _FIELDS}) for row in rows}


async def erase(connection: AsyncConnection, before: datetime, now: datetime, limit: int) -> int:
    """Addresses recorded before `before` whose goods have all left or never will, without news since. Returns how many.

    Of many parcels nobody ever says that they arrived: waiting for it would keep their addresses for ever.
    """
    done = await connection.execute(
        text(
            "UPDATE shipment_contacts SET recipient = NULL, phone = NULL, zonecode = NULL, road_address = NULL,"
            " jibun_address = NULL, detail = NULL, memo = NULL, erased_at = :now WHERE order_id IN ("
            "  SELECT c.order_id FROM shipment_contacts c"
            "  WHERE c.erased_at IS NULL AND c.recorded_at < :before"
            "  AND NOT EXISTS (SELECT FROM shipments s WHERE s.order_id = c.order_id AND (s.updated_at >= :before"
            "   OR s.status NOT IN ('shipped', 'in_transit', 'delivered', 'cancelled')))"
            "  AND NOT EXISTS (SELECT FROM returns r WHERE r.order_id = c.order_id"
            "   AND (r.updated_at >= :before OR r.status = 'requested'))"
            "  LIMIT :limit FOR UPDATE OF c SKIP LOCKED)"
        ),
        {"before": before, "now": now, "limit": limit},
    )
    return done.rowcount


async def is_news(connection: AsyncConnection, wanted: ChangeAddress) -> bool:
    """False: this change, or a later one, was decided before."""
    decided = select(shipment_contacts.c.decided_at).where(shipment_contacts.c.order_id == wanted.order_id)
    last: datetime | None = await connection.scalar(decided)
    return last is None or wanted.requested_at > last


async def change(connection: AsyncConnection, wanted: ChangeAddress, *, taken: bool) -> bool:
    """Notes that the change was decided and, if `taken`, the new address. False: none is known, or it was erased."""
    values = {"decided_at": wanted.requested_at, **(vars(wanted.ship_to) if taken else {})}
    done = await connection.execute(
        update(shipment_contacts)
        .where(shipment_contacts.c.order_id == wanted.order_id, shipment_contacts.c.erased_at.is_(None))
        .values(values)
    )
    return done.rowcount == 1
