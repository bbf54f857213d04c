"""The terms of claims, per mall."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from orders import tables
from orders.commands import ClaimTerms

_TERMS = tables.claim_terms
_FIELDS = tuple(ClaimTerms.__dataclass_fields__)


async def of_mall(connection: AsyncConnection, mall_id: str) -> ClaimTerms | None:
    """None: the mall has none of its own."""
    row = (await connection.execute(select(_TERMS).where(_TERMS.c.mall_id == mall_id))).first()
    return None if row is None else ClaimTerms(**{name: getattr(row, name) for name in _FIELDS})


async def put(connection: AsyncConnection, mall_id: str, terms: ClaimTerms, actor: str, now: datetime) -> None:
    values = {**asdict(terms), "changed_by": actor, "changed_at": now}
    written = insert(_TERMS).values(mall_id=mall_id, **values)
    await connection.execute(written.on_conflict_do_update(index_elements=["mall_id"], set_=values))
