"""Commands about units: goods in, counts, and taking or posting for reservations."""

from __future__ import annotations

from collections.abc import Mapping

from catalog import events
from catalog.commands import ApplyCount, Quantities, ReceiveStock, RecordCount
from catalog.domain.stock import Level, LevelChanged, Reason, count_difference, worth_telling
from catalog.errors import CountNotFound, OutOfStock, ReceiptReused, Shortage, SkuNotFound, SkuUnknown
from catalog.repository import receipts, stock
from common import log
from common.db import Tx

_log = log.get(__name__)


async def take(mall_id: str, units: Quantities, reference: str, tx: Tx) -> list[LevelChanged]:
    """Reserves all of it, or raises `OutOfStock` or `SkuUnknown` with every short line; the caller rolls back.

    SKUs are taken in sorted order, so two orders that share some queue up and never wait for each other. Before it
    refuses, it posts what is pending: units given back a moment ago can be had.
    """
    changes: list[LevelChanged] = []
    refused: list[str] = []
    for sku, quantity in sorted(units.items()):
        level = await stock.reserve(tx.connection, mall_id, sku, quantity, reference=reference, now=tx.now)
        if level is None and (posted := await stock.post(tx.connection, sku)):
            changes += worth_telling(posted.before, posted.after, posted.reference)
            level = await stock.reserve(tx.connection, mall_id, sku, quantity, reference=reference, now=tx.now)
        if level is None:
            refused.append(sku)
            continue
        before = Level(sku, mall_id, level.on_hand, level.reserved - quantity, level.sold)
        changes += worth_telling(before, level, reference)
    if refused:
        raise await _refusal(mall_id, {sku: units[sku] for sku in refused}, tx)
    return changes


async def _refusal(mall_id: str, units: Quantities, tx: Tx) -> OutOfStock:
    there = await stock.levels(tx.connection, units)
    known = {sku: level for sku, level in there.items() if level.mall_id == mall_id}
    if unknown := [Shortage(sku, wanted, 0) for sku, wanted in units.items() if sku not in known]:
        return SkuUnknown(unknown)
    return OutOfStock([Shortage(sku, wanted, known[sku].available) for sku, wanted in units.items()])


async def post_pending(sku: str, tx: Tx) -> None:
    """Adds a SKU's pending movements to its counters, and tells once about all of them."""
    posted = await stock.post(tx.connection, sku)
    if posted:
        changes = worth_telling(posted.before, posted.after, posted.reference)
        tx.publish(*events.stock_changed(changes, tx.now))


async def receive(command: ReceiveStock, tx: Tx) -> dict[str, Level]:
    """Goods arrived. A reference counts once, however often it is sent; with other items it is refused."""
    there = await stock.levels(tx.connection, command.items)
    _all_known(command, there)
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
    if not await stock.levels(tx.connection, [command.sku]):
        _log.info("a centre counted a SKU nobody sells here", sku=command.sku, centre=command.centre)
        return
    then = await stock.on_hand_at(tx.connection, command.sku, command.counted_at)
    await receipts.record_count(tx.connection, command, then)


async def apply_count(command: ApplyCount, tx: Tx) -> tuple[Level, int]:
    """Corrects the units on hand by what the count found. A count is applied once.

    One that is older than a count applied already corrects nothing: the later one has told all of it.
    """
    count = await receipts.lock_count(tx.connection, command.count_id, command.sku)
    if count is None:
        raise CountNotFound("there is no such count")
    await post_pending(command.sku, tx)
    level = await stock.lock(tx.connection, command.sku)
    if level is None:
        raise SkuNotFound(f"there is no {command.sku}")
    if count["status"] == "applied":
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
