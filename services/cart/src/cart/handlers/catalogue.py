"""The copy of the catalogue."""

from __future__ import annotations

from cart.commands import RecordMall, RecordPrice, RecordProduct, RecordStock
from cart.repository import catalogue
from common.db import Tx


async def record_mall(command: RecordMall, tx: Tx) -> None:
    await catalogue.record_mall(tx.connection, command)


async def record_product(command: RecordProduct, tx: Tx) -> None:
    await catalogue.record_product(tx.connection, command)


async def record_price(command: RecordPrice, tx: Tx) -> None:
    await catalogue.record_price(tx.connection, command)


async def record_stock(command: RecordStock, tx: Tx) -> None:
    await catalogue.record_stock(tx.connection, command)
