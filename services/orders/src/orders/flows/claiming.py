"""Asking for a return or an exchange. Only an exchange for another SKU asks somebody else: for its price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from common.db import Database
from orders import errors
from orders.clients import Catalog
from orders.commands import ClaimedUnits, ClaimTerms, RequestClaim
from orders.domain import Order, held
from orders.repository import orders, terms


@dataclass(frozen=True)
class RequestClaims:
    """`default_terms` hold for malls without terms of their own."""

    database: Database
    catalog: Catalog
    default_terms: ClaimTerms

    async def terms_for(self, order_id: UUID) -> tuple[Order, ClaimTerms]:
        """The order and the terms a claim on it is made under. Raises `OrderNotFound`."""
        async with self.database.read() as connection:
            order = await orders.find(connection, order_id)
            if order is None:
                raise errors.OrderNotFound("there is no such order")
            return order, await terms.of_mall(connection, order.mall_id) or self.default_terms

    async def with_replacements(self, order: Order, command: RequestClaim) -> RequestClaim:
        """With the names of what is sent instead. Raises `ReplacementUnknown` or `ReplacementPriceDiffers`.

        What goes out costs today no more than was paid for the unit, or than the unit itself costs today: a sale that
        is over, or that began since, stands in nobody's way, and nobody gets dearer goods for nothing.
        """
        if command.kind == "return":
            return command
        return replace(command, lines=tuple([await self._named(order, units) for units in command.lines]))

    async def _named(self, order: Order, units: ClaimedUnits) -> ClaimedUnits:
        line = order.line(units.line_id)
        sku = units.sku or next(iter(held(line, order.claims)), line.sku)
        if units.replacement_sku in (None, sku):
            return units
        offered = await self.catalog.all_variants(line.product_id)
        wanted = offered.get(units.replacement_sku or "")
        if wanted is None:
            raise errors.ReplacementUnknown(
                f"{units.replacement_sku} is not a variant of {line.product_name}", line_id=str(line.line_id)
            )
        if wanted.price > max(line.unit_price, offered[sku].price if sku in offered else 0):
            raise errors.ReplacementPriceDiffers(
                "goods are exchanged for others that are not dearer; return them and order the others instead",
                line_id=str(line.line_id),
            )
        return replace(units, replacement_name=wanted.name)
