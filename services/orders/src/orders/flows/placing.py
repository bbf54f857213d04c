"""Placing an order across cart and catalog. Nothing is held open while they are asked.

The order's id is fixed before the first call, and both services answer the same id with the same thing: whatever step a
crash hits, the same request finishes the same order. What a given-up request leaves behind runs out by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fastapi import Response

from common import ids, log
from common.db import Database
from common.errors import DomainError
from common.idempotency import Claim
from orders import domain, handlers
from orders.clients import Cart, Catalog
from orders.commands import PlaceOrder
from orders.domain import Quote
from orders.domain.access import order_token
from orders.errors import UpstreamRefused
from orders.schemas import OrderView

_log = log.get(__name__)


@dataclass(frozen=True)
class PlaceOrders:
    database: Database
    cart: Cart
    catalog: Catalog
    token_key: str
    payment_window: timedelta

    async def place(self, command: PlaceOrder, claim: Claim) -> Response:
        """The remembered 201, without the order's token. Raises refusals, and lets go of cart and stock before it."""
        async with self.database.transaction() as tx:
            await handlers.check_cart_is_free(command, tx)
        quote = await self.cart.freeze(command)
        try:
            quote = await self._reserve(command, quote)
            return await self._write(command, quote, claim)
        except DomainError as refusal:
            if refusal.kind != "unavailable":
                await self._let_go(command)
            raise

    async def _reserve(self, command: PlaceOrder, quote: Quote) -> Quote:
        """Holds the stock; gifts that are gone are left out, and the order goes on without them."""
        left_out: frozenset[str] = frozenset()
        while True:
            domain.check_price(quote, command.expected_total)
            try:
                await self.catalog.reserve(command.order_id, quote.mall_id, quote.units_by_sku())
            except UpstreamRefused as refused:
                gone = quote.gifts_short(_available(refused)) - left_out
                if not gone:
                    raise
                left_out |= gone
                quote = await self.cart.freeze(command, without_gifts=left_out)
            else:
                return quote

    async def _write(self, command: PlaceOrder, quote: Quote, claim: Claim) -> Response:
        token = order_token(self.token_key, command.order_id)
        placing = handlers.Placing(quote, ids.token_hash(token), self.payment_window)
        async with self.database.transaction() as tx:
            order = await handlers.place_order(command, placing, tx)
            return await claim.remember(tx, 201, OrderView.of(order))

    async def _let_go(self, command: PlaceOrder) -> None:
        """Only a courtesy to the next customer: both holds end by themselves."""
        try:
            await self.catalog.release(command.order_id)
            await self.cart.release(command.cart_id, command.order_id)
        except DomainError as error:
            _log.warning("a refused order could not let go", order_id=str(command.order_id), error=error.code)


def _available(refused: UpstreamRefused) -> dict[str, int]:
    """The short SKUs of `stock.insufficient`, and what is left of each. Nothing for any other refusal."""
    lines = refused.fields.get("lines") if refused.code == "stock.insufficient" else None
    if not isinstance(lines, list):
        return {}
    told = [line for line in lines if isinstance(line, dict) and {"sku", "available"} <= line.keys()]
    return {line["sku"]: line["available"] for line in told}
