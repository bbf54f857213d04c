"""What belongs to a try to pay and must end with it: the grant of a return, and the terms its window was opened on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from common import log
from payments.repository.seal import Seal
from payments.tables import payment_secrets

Kind = Literal["grant", "terms"]

_table = payment_secrets.c
_log = log.get(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    fields: Mapping[str, str] = field(repr=False)
    kept_at: datetime


async def keep(
    connection: AsyncConnection, payment_id: UUID, kind: Kind, fields: Mapping[str, str], *, seal: Seal, now: datetime
) -> None:
    """The newest counts."""
    sealed = seal.close(f"payment-{kind}", payment_id.bytes, json.dumps(dict(fields)).encode())
    row = upsert(payment_secrets).values(payment_id=payment_id, kind=kind, sealed=sealed, kept_at=now)
    await connection.execute(
        row.on_conflict_do_update(index_elements=["payment_id", "kind"], set_={"sealed": sealed, "kept_at": now})
    )


async def find(connection: AsyncConnection, payment_id: UUID, kind: Kind, seal: Seal) -> Kept | None:
    """None also for what was sealed with a key we no longer have."""
    query = select(_table.sealed, _table.kept_at).where(_table.payment_id == payment_id, _table.kind == kind)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    try:
        plain = seal.open(f"payment-{kind}", payment_id.bytes, row.sealed)
    except InvalidTag:
        _log.error("a secret of a payment does not open; was the sealing key changed?", payment_id=str(payment_id))
        return None
    return Kept(json.loads(plain), row.kept_at)


async def forget(connection: AsyncConnection, payment_id: UUID, kinds: Iterable[Kind]) -> None:
    await connection.execute(
        delete(payment_secrets).where(_table.payment_id == payment_id, _table.kind.in_(list(kinds)))
    )
