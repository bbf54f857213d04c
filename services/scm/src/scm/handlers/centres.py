"""Centres, routes and what lies on the shelves."""

from __future__ import annotations

from common import ids
from common.db import Tx
from scm import events
from scm.commands import CountStock, PutCentre, PutRoute
from scm.errors import CentreUnknown
from scm.repository import centres


async def put_centre(command: PutCentre, tx: Tx, *, poll_centre: str) -> None:
    """Only the centre whose API the settings name can be polled; others would never hear of an order."""
    if command.mode == "poll" and command.code != poll_centre:
        raise CentreUnknown(f"the settings know no API of a centre {command.code} that could be polled")
    await centres.put(tx.connection, command, tx.now)


async def put_route(command: PutRoute, tx: Tx) -> None:
    """From now on; requests that exist stay where they are."""
    if not await centres.takes_requests(tx.connection, command.centre):
        raise CentreUnknown(f"there is no centre {command.centre} that takes requests")
    await centres.put_route(tx.connection, command, tx.now)


async def count_stock(command: CountStock, tx: Tx) -> None:
    await centres.ensure(tx.connection, command.centre, "pull", tx.now)
    counted = {sku: ids.derived_id("stock-count", str(command.batch_id), sku) for sku, _ in command.items}
    await centres.add_counts(tx.connection, command, counted, tx.now)
    tx.publish(*events.stock_counted(command, counted, tx.now))
