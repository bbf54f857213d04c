"""What is measured on a whole running shop."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import aiohttp

from benchmarks import grow, reactions
from benchmarks.figures import percentiles
from benchmarks.load import measured
from benchmarks.shopper import Placed, Shopper
from benchmarks.system import Shop
from common.clock import Clock
from shop.seed import CATALOGUE

_PLENTY = 10_000_000
_CLEANED_SECONDS = 600
_CLEANING = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"
_OPEN_ORDERS = "SELECT count(*) FROM orders.orders WHERE status IN ('paid', 'preparing', 'shipped', 'delivered')"


async def prepare(shop: Shop) -> None:
    """Stock that never runs out, and a centre that leaves parcels alone: its polling is not part of a checkout."""
    connection = await shop.database()
    await connection.execute(f"UPDATE catalog.stock SET on_hand = {_PLENTY}")
    await connection.execute(f"UPDATE cart.catalogue_stock SET available = {_PLENTY}")
    await connection.close()
    await shop.centre("pause")


def session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=60), json_serialize=json.dumps
    )


def shopper(shop: Shop, http: aiohttp.ClientSession) -> Shopper:
    data = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    skus = [sku for product in data["products"] if product["mall"] == "intake" for sku, *_ in product["variants"]]
    return Shopper(http, shop.edge, shop.sandbox, skus, random.Random(1))  # noqa: S311 - the same customers each run


async def checkouts(shop: Shop, clients: tuple[int, ...], seconds: float) -> list[dict[str, Any]]:
    """Whole guest checkouts through the edge; the rate counts only what has had all its reactions."""
    async with session() as http:
        customer = shopper(shop, http)
        await measured(shop, 4, seconds / 4, customer.check_out, reactions=True)
        found = []
        for count in clients:
            before = customer.refused
            row = await measured(shop, count, seconds, customer.check_out, reactions=True)
            found.append({"scene": "checkout", **row, "refused": customer.refused - before})
        return found


async def reads(shop: Shop, clients: tuple[int, ...], seconds: float) -> list[dict[str, Any]]:
    """The product list's first page and one product's page, through the edge and from catalog itself."""
    direct = f"http://127.0.0.1:{shop.current.ports['catalog']}"
    found = []
    async with session() as http:
        slugs = await _slugs(shop)
        choice = random.Random(2)  # noqa: S311
        for place, base in (("edge", shop.edge), ("service", direct)):
            for scene in ("list", "detail"):

                async def one(base: str = base, scene: str = scene) -> None:
                    path = "" if scene == "list" else f"/{choice.choice(slugs)}"
                    query = "?mall=intake&limit=20" if scene == "list" else "?mall=intake"
                    async with http.get(f"{base}/v1/products{path}{query}") as answer:
                        await answer.read()
                        answer.raise_for_status()

                await measured(shop, 4, 1, one)
                for count in clients:
                    found.append({"scene": scene, "by": place, **await measured(shop, count, seconds, one)})
    return found


async def reaction_delays(shop: Shop, per_second: float, seconds: float) -> dict[str, Any]:
    """Orders placed at a steady rate from filled carts, all then paid at the same rate; each event's last effect."""
    async with session() as http:
        customer = shopper(shop, http)
        count = round(per_second * seconds)
        carts = [await customer.fill_cart() for _ in range(count)]
        await shop.settle()
        placed: list[Placed] = []

        async def place() -> None:
            placed.append(await customer.place(carts.pop()))

        since = Clock().now()
        took, failed = await reactions.at_rate(per_second, seconds, place)
        await shop.settle()
        return {
            "asked_per_second": per_second,
            "placed": len(took),
            "failed": failed,
            "answer": percentiles(took),
            "until_last_reaction": {
                kind: {"events": len(values), **percentiles(values)}
                for kind, values in sorted((await reactions.delays(shop, since)).items())
            },
        }


async def chain_delays(shop: Shop, per_second: float, seconds: float) -> dict[str, Any]:
    """Whole checkouts begun at a steady rate; each event's last effect."""
    async with session() as http:
        customer = shopper(shop, http)
        await shop.settle()
        since = Clock().now()
        took, failed = await reactions.at_rate(per_second, seconds, customer.check_out)
        await shop.settle()
        found = await reactions.delays(shop, since)
    return {
        "asked_per_second": per_second,
        "checked_out": len(took),
        "failed": failed,
        "answer": percentiles(took),
        "until_last_reaction": {
            kind: {"events": len(values), **percentiles(values)} for kind, values in sorted(found.items())
        },
    }


async def grown(shop: Shop, products: int, orders: int, tag: str) -> dict[str, int]:
    """Clones the catalogue and the orders of this shop until there are at least so many. Returns how many there are."""
    await _delivered(shop)
    connection = await shop.database()
    try:
        found = await grow.fill(connection, products, orders, tag)
        await connection.execute("CHECKPOINT")
        async with asyncio.timeout(_CLEANED_SECONDS):
            while await connection.fetchval(_CLEANING):
                await asyncio.sleep(1)
    finally:
        await connection.close()
    await asyncio.sleep(1)
    return found


async def _delivered(shop: Shop, seconds: float = 180) -> None:
    """The centre works until every order has come to its end: a past is made of those. Raises TimeoutError."""
    await shop.centre("resume")
    connection = await shop.database()
    try:
        async with asyncio.timeout(seconds):
            while await connection.fetchval(_OPEN_ORDERS):
                await asyncio.sleep(0.5)
    finally:
        await connection.close()
    await shop.centre("pause")
    await shop.settle()


async def _slugs(shop: Shop) -> list[str]:
    connection = await shop.database()
    try:
        rows = await connection.fetch("SELECT slug FROM catalog.products WHERE mall_id = 'intake' LIMIT 500")
        return [row["slug"] for row in rows]
    finally:
        await connection.close()
