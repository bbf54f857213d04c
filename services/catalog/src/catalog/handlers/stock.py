"""Commands about units: goods in, counts, and taking or posting for reservations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from catalog import events
from catalog.commands import ApplyCount, Quantities, ReceiveStock, RecordCount
from catalog.domain import sets
from catalog.domain.sets import Recipes
from catalog.domain.stock import Level, LevelChanged, Reason, count_difference, worth_telling
from catalog.errors import (
    CountApplied,
    CountNotFound,
    OutOfStock,
    ReceiptReused,
    SetHasNoStock,
    Shortage,
    SkuNotFound,
    SkuUnknown,
)  # fmt: skip
from catalog.repository import compositions, receipts, stock
from catalog.repository.compositions import SetLevel
from common import log
from common.db import Tx

_log = log.get(__name__)


async def take(mall_id: str, units: Quantities, recipes: Recipes, reference: str, tx: Tx) -> list[LevelChanged]:
    """Reserves all of it, or raises `OutOfStock` or `SkuUnknown` with every short line; the caller rolls back.

    Lines that share units, a set and one of its parts, count together. SKUs are taken in sorted order, so two orders
    that share some queue up and never wait for each other. Before it refuses, it posts what is pending: units given
    back a moment ago can be had.
    """
    changes: list[LevelChanged] = []
    refused: set[str] = set()
    for sku, quantity in sorted(sets.expand(units, recipes).items()):
        # A part may be of another mall: its set is what this mall sells.
        mall = mall_id if sku in units else None
        level = await stock.reserve(tx.connection, mall, sku, quantity, reference=reference, now=tx.now)
        if level is None and (posted := await stock.post(tx.connection, sku)):
            changes += worth_telling(posted.before, posted.after, posted.reference)
            level = await stock.reserve(tx.connection, mall, sku, quantity, reference=reference, now=tx.now)
        if level is None:
            refused.add(sku)
            continue
        before = replace(level, reserved=level.reserved - quantity)
        changes += worth_telling(before, level, reference)
    if refused:
        raise await _refusal(mall_id, units, recipes, refused, tx)
    return changes


async def _refusal(mall_id: str, units: Quantities, recipes: Recipes, refused: set[str], tx: Tx) -> OutOfStock:
    short = [sku for sku in units if refused & set(recipes.get(sku, (sku,)))]
    there = await stock.levels(tx.connection, sets.expand(units, recipes))
    missing = [sku for sku in short if sku not in recipes and (sku not in there or there[sku].mall_id != mall_id)]
    if missing:
        return SkuUnknown([Shortage(sku, units[sku], 0) for sku in missing])
    available = {sku: level.available for sku, level in there.items()}
    return OutOfStock([Shortage(sku, units[sku], sets.left_for(sku, units, recipes, available)) for sku in short])


async def post_pending(sku: str, tx: Tx) -> None:
    """Adds a SKU's pending movements to its counters, and tells once about all of them."""
    posted = await stock.post(tx.connection, sku)
    if posted:
        changes = worth_telling(posted.before, posted.after, posted.reference)
        tx.publish(*events.stock_changed(changes, tx.now))


async def tell_set(found: SetLevel, tx: Tx) -> None:
    """Tells once how many of a set can be put together now."""
    if not await compositions.mark_told(tx.connection, found):
        return
    if found.told is None:
        reason = "available" if found.level.available > 0 else "sold_out"
        changes = [LevelChanged(found.level, reason, None)]
    else:
        changes = worth_telling(found.told, found.level, None)
    tx.publish(*events.stock_changed(changes, tx.now))


async def receive(command: ReceiveStock, tx: Tx) -> dict[str, Level]:
    """Goods arrived. A reference counts once, however often it is sent; with other items it is refused."""
    there = await stock.levels(tx.connection, command.items)
    _all_known(command, there)
    if made := await compositions.sets_among(tx.connection, command.items):
        raise SetHasNoStock(f"these are sets, receive their parts: {', '.join(made)}", skus=made)
    before = await receipts.claim_receipt(tx.connection, command.receipt_id, command.reference, command.items, tx.now)
    if before is not None:
        if before != dict(command.items):
            raise ReceiptReused(f"the receipt {command.reference} was of other items", items=before)
        return there
    changes: list[LevelChanged] = []
    for sku, units in sorted(command.items.items()):
        level = await stock.add(
            tx.connection, sku, units, reason=Reason.RECEIVED, reference=command.reference, now=tx.now
        )
        changes.append(LevelChanged(level, Reason.RECEIVED, command.reference))
    tx.publish(*events.stock_changed(changes, tx.now))
    return await stock.levels(tx.connection, command.items)


def _all_known(command: ReceiveStock, there: Mapping[str, Level]) -> None:
    unknown = [
        Shortage(sku, units, 0)
        for sku, units in command.items.items()
        if sku not in there or command.mall_id not in (None, there[sku].mall_id)
    ]
    if unknown:
        raise SkuUnknown(unknown)


async def record_count(command: RecordCount, tx: Tx) -> None:
    """A physical count is only noted: it also holds units that are sold and not shipped, so staff decides.

    A centre's shelves hold goods of others too. A count of them is no fault: as dead letters, enough of them in a row
    would halt the consumer, and with it all sales.
    """
    unknown = not await stock.levels(tx.connection, [command.sku])
    if unknown or await compositions.sets_among(tx.connection, [command.sku]):
        _log.info("a centre counted what has no units here", sku=command.sku, centre=command.centre)
        return
    then = await stock.on_hand_at(tx.connection, command.sku, command.counted_at)
    await receipts.record_count(tx.connection, command, then)


async def apply_count(command: ApplyCount, tx: Tx) -> tuple[Level, int]:
    """Corrects the units on hand by what the count found. A count is applied once, the same again changes nothing.

    With another figure it is refused: who says so should know that theirs is not what counted. One that is older than
    a count applied already corrects nothing: the later one has told all of it.
    """
    count = await receipts.lock_count(tx.connection, command.count_id, command.sku)
    if count is None:
        raise CountNotFound("there is no such count")
    await post_pending(command.sku, tx)
    level = await stock.lock(tx.connection, command.sku)
    if level is None:
        raise SkuNotFound(f"there is no {command.sku}")
    if count["status"] == "applied":
        if count["sold_not_shipped"] != command.sold_not_shipped:
            raise CountApplied(
                f"the count was applied with {count['sold_not_shipped']} units sold and not shipped",
                sold_not_shipped=count["sold_not_shipped"],
            )
        return level, count["applied_difference"]
    difference = 0
    if not await receipts.later_one_applied(tx.connection, command.sku, count["counted_at"]):
        then = await stock.on_hand_at(tx.connection, command.sku, count["counted_at"])
        difference = count_difference(
            level, counted=count["counted"], sold_not_shipped=command.sold_not_shipped, on_hand_then=then
        )
    reference = str(command.count_id)
    after = await stock.add(
        tx.connection, command.sku, difference, reason=Reason.COUNTED, reference=reference, now=tx.now
    )
    await receipts.save_applied(
        tx.connection,
        command.count_id,
        command.sku,
        sold_not_shipped=command.sold_not_shipped,
        difference=difference,
        staff=command.staff,
        now=tx.now,
    )
    tx.publish(*events.stock_changed(worth_telling(level, after, reference, Reason.COUNTED), tx.now))
    return after, difference
