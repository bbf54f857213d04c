"""Who may see and change an order: the holder of its token, and staff with the role `orders`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header

from common import ids
from common.auth import OptionalStaff, require
from common.http import DatabaseDep
from common.idempotency import idempotency_key
from orders.commands import CancelReason
from orders.errors import OrderNotFound
from orders.repository import reads

ROLE = "orders"
GUEST = "customer"

IdempotencyKey = Annotated[str, Depends(idempotency_key)]
OrderToken = Annotated[str | None, Header(description="the order's token, from the 201 or a look-up")]


@dataclass(frozen=True)
class Caller:
    """Somebody who may see the order. `actor` is what its story calls them, `key` keeps callers' keys apart."""

    actor: str
    key: str
    reason: CancelReason

    @property
    def is_staff(self) -> bool:
        return self.actor != GUEST


async def _caller(
    order_id: UUID, database: DatabaseDep, who: OptionalStaff, x_order_token: OrderToken = None
) -> Caller:
    """Staff may see every order, a guest the one of their token. Any other order is not found."""
    if who is not None:
        require(who, ROLE)
        return Caller(f"staff:{who.subject}", f"staff:{who.subject}", "staff_request")
    await check_token(database, order_id, x_order_token)
    return Caller(GUEST, GUEST, "customer_request")


async def check_token(database: DatabaseDep, order_id: UUID, token: str | None) -> None:
    async with database.read() as connection:
        stored = await reads.access_token_hash(connection, order_id)
    if stored is None or not ids.same_token(token, stored):
        raise OrderNotFound("there is no such order, or the token is not its token")


AllowedCaller = Annotated[Caller, Depends(_caller)]
