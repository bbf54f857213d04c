"""Another option for a line. Nothing is held open while catalog is asked.

The change's id is fixed before the first call, and catalog answers the same id with the same hold: whatever step a
crash hits, the same request finishes the same change. What a given-up request leaves held runs out by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from fastapi import Response

from common import log
from common.db import Database
from common.errors import DomainError
from common.idempotency import Claim
from orders import domain, errors, handlers
from orders.clients import HELD_OTHERWISE, Catalog
from orders.commands import ChangeOption
from orders.domain import Line, Order
from orders.repository import orders
from orders.schemas import OrderView

_log = log.get(__name__)

# A centre answers within seconds; scm may be down for longer. The most that catalog holds anything for.
_HOLD_SECONDS = 86_400


@dataclass(frozen=True)
class ChangeOptions:
    database: Database
    catalog: Catalog

    async def change(self, order_id: UUID, line_id: UUID, sku: str, actor: str, claim: Claim) -> Response:
        """The remembered 202. Raises refusals, and lets go of the stock before it."""
        async with self.database.read() as connection:
            order = await orders.find(connection, order_id)
        if order is None:
            raise errors.OrderNotFound("there is no such order")
        if order.asked_option(claim.resource_id) is not None:
            async with self.database.transaction() as tx:
                return await claim.remember(tx, 202, OrderView.of(order))
        line = domain.check_option(order, line_id, sku)
        command = ChangeOption(
            order_id=order_id,
            change_id=claim.resource_id,
            line_id=line_id,
            actor=actor,
            sku=sku,
            variant_name=await self._name_at_same_price(line, sku),
            from_sku=line.sku,
            quantity=line.kept,
        )
        await self._hold(order, command)
        return await self._write(command, claim)

    async def _name_at_same_price(self, line: Line, sku: str) -> str | None:
        """Prices are today's, of both SKUs."""
        variants = await self.catalog.variants(line.product_id)
        wanted, bought = variants.get(sku), variants.get(line.sku)
        if wanted is None:
            raise errors.OptionUnknown(f"{sku} is not a variant of {line.product_name}", line_id=str(line.line_id))
        tax = wanted.tax if bought is None else bought.tax
        if (wanted.price, wanted.tax) != (line.unit_price if bought is None else bought.price, tax):
            raise errors.OptionPriceDiffers(
                "a line changes to an option of the same price; cancel it and order the other instead",
                line_id=str(line.line_id),
            )
        return wanted.name

    async def _hold(self, order: Order, command: ChangeOption) -> None:
        """An earlier try may have held another count, before units of the line were cancelled."""
        units = {command.sku: command.quantity}
        try:
            await self.catalog.reserve(command.change_id, order.mall_id, units, seconds=_HOLD_SECONDS)
        except errors.UpstreamRefused as refused:
            if refused.code != HELD_OTHERWISE:
                raise
            await self.catalog.release(command.change_id)
            await self.catalog.reserve(command.change_id, order.mall_id, units, seconds=_HOLD_SECONDS)

    async def _write(self, command: ChangeOption, claim: Claim) -> Response:
        try:
            async with self.database.transaction() as tx:
                changed = await handlers.change_option(command, tx)
                return await claim.remember(tx, 202, OrderView.of(changed))
        except DomainError as refusal:
            if refusal.kind != "unavailable":
                await self._let_go(command)
            raise

    async def _let_go(self, command: ChangeOption) -> None:
        """Only a courtesy to the next customer: the hold ends by itself."""
        try:
            await self.catalog.release(command.change_id)
        except DomainError as error:
            _log.warning("a refused option could not let go", change_id=str(command.change_id), error=error.code)
