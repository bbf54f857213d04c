"""What shipping costs, as staff set it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from cart.commands import SetShippingRule, SetSurcharges
from cart.domain.cart import Terms
from cart.domain.shipping import ShippingRule, SurchargeRange, overlapping, rule_in_force
from cart.errors import ShippingRuleInvalid, SurchargesInvalid
from cart.handlers.pricing import currency
from cart.repository import quotes, shipping, surcharges
from common import ids
from common.db import Tx


async def set_shipping_rule(command: SetShippingRule, tx: Tx) -> None:
    """Rules begin now or later: what was charged yesterday stays explained by the rule of yesterday."""
    sells_in = await currency(tx.connection, command.mall_id)
    if command.currency != sells_in:
        raise ShippingRuleInvalid(f"{command.mall_id} sells in {sells_in}")
    begins = command.valid_from or tx.now
    if begins < tx.now:
        raise ShippingRuleInvalid("valid_from lies in the past")
    if command.valid_to is not None and command.valid_to <= begins:
        raise ShippingRuleInvalid("valid_to is not after valid_from")
    await shipping.put(tx.connection, ids.new_id(), command, begins, tx.now)


async def shipping_rules(
    mall_id: str, terms: Terms, connection: AsyncConnection, now: datetime
) -> tuple[ShippingRule | None, tuple[ShippingRule, ...]]:
    """The rule in force, if there is one, and those to come."""
    sells_in = await currency(connection, mall_id)
    rules = await shipping.rules(connection, mall_id, now)
    coming = tuple(rule for rule in rules if rule.valid_from is not None and rule.valid_from > now)
    return rule_in_force(rules, terms.default_shipping, sells_in, now), coming


@dataclass(frozen=True)
class SurchargeTable:
    """`own` false: the table that counts for every mall without one."""

    own: bool
    set_by: str
    set_at: datetime
    ranges: tuple[SurchargeRange, ...]


async def surcharge_table(mall_id: str, connection: AsyncConnection) -> SurchargeTable | None:
    """The table that counts in the mall; None when there is not even a common one."""
    await currency(connection, mall_id)
    own = await surcharges.table(connection, mall_id)
    found = own or await surcharges.table(connection, surcharges.EVERY_MALL)
    return None if found is None else SurchargeTable(own is not None, *found)


async def common_surcharges(connection: AsyncConnection) -> SurchargeTable | None:
    """The table of every mall without one of its own."""
    found = await surcharges.table(connection, surcharges.EVERY_MALL)
    return None if found is None else SurchargeTable(True, *found)


async def surcharge_of(mall_id: str, zonecode: str, connection: AsyncConnection, order_id: UUID | None = None) -> int:
    """What delivery there costs beside the fee, today. Nothing for an order whose quote has a promotion for it."""
    frozen = None if order_id is None else await quotes.find(connection, order_id)
    if frozen is not None and frozen[1].far_places_free:
        return 0
    found = await surcharges.find(connection, mall_id, await currency(connection, mall_id), zonecode)
    return 0 if found is None else found.amount


async def set_surcharges(command: SetSurcharges, tx: Tx) -> None:
    """Counts for every quote from the commit on; frozen quotes keep theirs. The common table counts where its currency
    is the mall's.
    """
    if command.mall_id != surcharges.EVERY_MALL:
        sells_in = await currency(tx.connection, command.mall_id)
        if command.currency != sells_in:
            raise SurchargesInvalid(f"{command.mall_id} sells in {sells_in}")
    wrong = overlapping([SurchargeRange(*each) for each in command.ranges])
    if wrong is not None:
        raise SurchargesInvalid(f"the range {wrong.first} to {wrong.last} overlaps another, or ends before it begins")
    await surcharges.replace(tx.connection, command, tx.now)


async def drop_surcharges(mall_id: str, tx: Tx) -> None:
    """Back to the common table."""
    await currency(tx.connection, mall_id)
    await surcharges.drop(tx.connection, mall_id)
