"""Asking for a return or an exchange. Only an exchange for another SKU asks somebody else: for its price."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from common.db import Database
from orders import errors
from orders.clients import Catalog
from orders.commands import ClaimTerms, RequestClaim
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

    async def check_replacements(self, order: Order, command: RequestClaim) -> None:
        """Raises `ReplacementUnknown` or `ReplacementPriceDiffers`. Prices are today's, of both SKUs."""
        if command.kind == "return":
            return
        for units in command.lines:
            line = order.line(units.line_id)
            sku = units.sku or next(iter(held(line, order.claims)), line.sku)
            if units.replacement_sku in (None, sku):
                continue
            prices = await self.catalog.prices(line.product_id)
            wanted = prices.get(units.replacement_sku or "")
            if wanted is None:
                raise errors.ReplacementUnknown(
                    f"{units.replacement_sku} is not a variant of {line.product_name}", line_id=str(line.line_id)
                )
            if wanted != prices.get(sku, line.unit_price):
                raise errors.ReplacementPriceDiffers(
                    "goods are exchanged for others of the same price; return them and order the others instead",
                    line_id=str(line.line_id),
                )
