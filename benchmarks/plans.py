"""The plans of the hot paths: what PostgreSQL did for each statement of a real request, as its own log tells it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.scenes import session, shopper
from benchmarks.system import Shop
from common.clock import Clock, business_day
from shop import tokens
from shop.services import SERVICES

_LOG_LINE = re.compile(r"^\S+ \S+ \S+ \[\d+\] (?P<role>\w+)@\S+ LOG:  duration: (?P<ms>[\d.]+) ms  plan:$")
_SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_format": "json",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_nested_statements": "off",
}
# What each service does by itself all the time belongs to no path.
_BY_ITSELF = re.compile(r"relay_leases|relay_members|job_leases|pg_catalog|FROM outbox|'jit'")
# Who asks for what: anybody, the order's customer, staff.
_READS = (
    ("a mall's list", "catalog", "/v1/products?mall=intake&limit=20", ""),
    ("the list of all malls", "catalog", "/v1/products?limit=20", ""),
    ("the list by price", "catalog", "/v1/products?mall=intake&sort=price_asc&limit=20", ""),
    ("a category's list, not sold out", "catalog", "/v1/products?mall=intake&category=intake-grain&available=true", ""),
    ("a search, a common word", "catalog", "/v1/products?mall=intake&q=그래놀라", ""),
    ("a search by initial consonants", "catalog", "/v1/products?mall=intake&q=ㄱㄹㄴㄹ", ""),
    ("a search for what is not there", "catalog", "/v1/products?mall=intake&q=그레놀러를", ""),
    ("facets of a search", "catalog", "/v1/products/facets?mall=intake&q=그래놀라", ""),
    ("a product's page", "catalog", "/v1/products/organic-granola?mall=intake", ""),
    ("categories", "catalog", "/v1/categories?mall=intake", ""),
    ("the customer's order", "orders", "/v1/orders/{order}", "owner"),
    ("the order's story", "orders", "/v1/orders/{order}/history", "owner"),
    ("the order's parcels", "scm", "/v1/orders/{order}/shipments", "owner"),
    ("staff's list of orders", "orders", "/v1/orders?limit=50", "staff"),
    ("staff's list of what is to be sent", "orders", "/v1/orders?status=paid&limit=50", "staff"),
    ("staff's list of a mall's day", "orders", "/v1/orders?mall=intake&from={today}&to={today}", "staff"),
    ("one day's export", "orders", "/v1/orders/export?from={today}&to={today}", "staff"),
    ("an order's payments", "payments", "/v1/payments?order_id={order}", "staff"),
    ("sales by day", "stats", "/v1/stats/sales", "staff"),
)


@dataclass
class Statement:
    """One statement of a service on a path, however often it ran. `blocks` are of 8 KiB, of the costliest run."""

    path: str
    service: str
    text: str
    runs: int = 0
    milliseconds: float = 0.0
    blocks: int = 0
    nodes: list[str] = field(default_factory=list)
    filtered: int = 0

    def add(self, milliseconds: float, plan: dict[str, Any]) -> None:
        blocks = plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
        self.runs += 1
        if self.runs == 1 or blocks > self.blocks:
            scans = list(_scans(plan))
            self.blocks, self.milliseconds = blocks, milliseconds
            self.nodes = [_named(node) for node in scans]
            self.filtered = sum(node.get("Rows Removed by Filter", 0) * node["Actual Loops"] for node in scans)


async def of_hot_paths(shop: Shop) -> list[dict[str, Any]]:
    """Every statement that a whole checkout, shelves and desks made: path by path, the costliest of each first."""
    await _explain(shop, on=True)
    try:
        async with session() as http:
            await _until_served(shop, http)
            return [_row(each) async for each in _walk(shop, http)]
    finally:
        await _explain(shop, on=False)


async def _explain(shop: Shop, *, on: bool) -> None:
    """For sessions from now on; those there are end, and the services' pools make new ones."""
    connection = await shop.database()
    try:
        for service in SERVICES:
            for name, value in _SETTINGS.items():
                change = f"SET {name} = '{value}'" if on else f"RESET {name}"
                await connection.execute(f"ALTER ROLE {service.name} {change}")
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY($1::text[])",
            [service.name for service in SERVICES],
        )
    finally:
        await connection.close()


async def _until_served(shop: Shop, http: aiohttp.ClientSession) -> None:
    """A service whose connections were taken away may refuse for a moment."""
    customer = shopper(shop, http)
    async with asyncio.timeout(60):
        while True:
            try:
                await customer.check_out()
            except Exception:  # noqa: BLE001 - whatever it is, the next customer is the answer
                await asyncio.sleep(0.5)
            else:
                break
    await shop.settle()


async def _walk(shop: Shop, http: aiohttp.ClientSession) -> AsyncIterator[Statement]:
    log = shop.current.logs / "postgres.log"
    begin = log.stat().st_size
    placed = await shopper(shop, http).check_out()
    await shop.settle()
    for statement in _read(log, begin, "a whole checkout"):
        yield statement
    staff = tokens.mint_staff(shop.current.secrets["staff_token_key"])
    headers = {"owner": {"X-Order-Token": placed.token}, "staff": {"Authorization": f"Bearer {staff}"}}
    known = {"order": placed.id, "today": business_day(Clock().now())}
    for path, service, url, who in _READS:
        begin = log.stat().st_size
        await _get(http, shop, url.format(**known), headers.get(who, {}))
        for statement in _read(log, begin, path):
            if statement.service == service:
                yield statement


async def _get(http: aiohttp.ClientSession, shop: Shop, path: str, headers: dict[str, str]) -> None:
    async with http.get(f"{shop.edge}{path}", headers=headers) as answer:
        body = await answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path} answered {answer.status}: {body[:200].decode(errors='replace')}")


def _read(log: Path, begin: int, path: str) -> list[Statement]:
    with log.open("rb") as stream:
        stream.seek(begin)
        lines = stream.read().decode(errors="replace").splitlines()
    found: dict[tuple[str, str], Statement] = {}
    for role, milliseconds, told in _entries(lines):
        text = " ".join(told["Query Text"].split())
        if not _BY_ITSELF.search(text):
            found.setdefault((role, text), Statement(path, role, text)).add(milliseconds, told["Plan"])
    return sorted(found.values(), key=lambda each: -each.blocks)


def _entries(lines: list[str]) -> Iterator[tuple[str, float, dict[str, Any]]]:
    """Role, duration and plan. A log entry goes on in lines that begin with a tab."""
    place = 0
    while place < len(lines):
        head = _LOG_LINE.match(lines[place])
        place += 1
        if not head:
            continue
        first = place
        while place < len(lines) and lines[place].startswith("\t"):
            place += 1
        yield head["role"], float(head["ms"]), json.loads("\n".join(lines[first:place]))


def _scans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The nodes that read a table, and those below them."""
    if "Relation Name" in plan or "Index Name" in plan:
        yield plan
    for below in plan.get("Plans", []):
        yield from _scans(below)


def _named(node: dict[str, Any]) -> str:
    where = node.get("Index Name") or node["Relation Name"]
    return f"{node['Node Type']} {where} ({node['Actual Rows'] * node['Actual Loops']:.0f})"


def _row(statement: Statement) -> dict[str, Any]:
    return {
        "path": statement.path,
        "service": statement.service,
        "statement": statement.text,
        "runs": statement.runs,
        "milliseconds": round(statement.milliseconds, 2),
        "blocks": statement.blocks,
        "rows_read_in_vain": statement.filtered,
        "reads": statement.nodes,
    }
