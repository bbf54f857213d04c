"""Runs the demo: seeds the malls, lets the customers in, waits until all is quiet, and audits."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shop.demo.customers import KINDS, SPECIAL, cast
from shop.demo.desk import Desk
from shop.demo.door import Door
from shop.demo.story import Story
from shop.demo.visit import Visit
from shop.instance import Instance
from shop.lifecycle import InstanceName, load, must_run
from shop.parts import broker_of
from shop.seed import seed

console = Console()


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    customers: Annotated[int, typer.Option(help="how many come")] = 33,
    at_once: Annotated[int, typer.Option(help="how many are in the shop at the same time")] = 16,
    quiet: Annotated[bool, typer.Option("--quiet", help="do not print every event")] = False,
    instance_name: InstanceName = None,
) -> None:
    """Sends customers through the whole shop, shows each event as it happens, and audits the books at the end.

    Ends with 1 when a customer had reason to complain or the audit found something, with 2 when the shop is not there.
    """
    from shop.audit import run as audit

    current = load(instance_name)
    must_run(current)
    _must_answer(current)
    failed = asyncio.run(_play(current, max(customers, len(SPECIAL)), at_once, tell=not quiet))
    balanced = audit(current, console, settle_seconds=60)
    if failed or not balanced:
        raise typer.Exit(1)


def _must_answer(current: Instance) -> None:
    try:
        answer = httpx.get(f"{current.edge_url}/v1/products?mall=intake", timeout=5)
        trouble = f"answers {answer.status_code}" if answer.status_code >= 500 else ""
    except httpx.HTTPError:
        trouble = "does not answer"
    if trouble:
        console.print(f"the shop at {current.edge_url} {trouble}; what is down says: [bold]shop status[/]")
        raise typer.Exit(2)


async def _play(current: Instance, count: int, at_once: int, *, tell: bool) -> int:
    """Returns how many customers had reason to complain."""
    await seed(current)
    story = Story(broker_of(current).bootstrap, console, tell=tell)
    await story.start()
    began = time.monotonic()
    room = asyncio.Semaphore(at_once)
    limits = httpx.Limits(max_connections=at_once * 3)
    async with httpx.AsyncClient(timeout=30, limits=limits) as http:
        door = Door(http, current.edge_url, f"{current.edge_url}/sandbox")
        desk = Desk(door, current.secrets["staff_token_key"])
        await desk.prepare()
        visits = [Visit(number, kind, door, desk) for number, kind in enumerate(cast(count), 1)]
        wrong = await asyncio.gather(*(_visit(visit, room) for visit in visits))
    await story.stop()
    _summary(visits, story.counts, time.monotonic() - began)
    failures = [(visit, error) for visit, error in zip(visits, wrong, strict=True) if error]
    for visit, error in failures:
        console.print(f"[red]customer {visit.number} ({visit.kind}): {escape(error)}[/]", soft_wrap=True)
    return len(failures)


async def _visit(visit: Visit, room: asyncio.Semaphore) -> str | None:
    async with room:
        try:
            await KINDS[visit.kind](visit)
        except Exception as error:  # noqa: BLE001 - one unhappy customer does not stop the others
            visit.end = "unhappy"
            return str(error) or type(error).__name__
        return None


def _summary(visits: Sequence[Visit], counts: Counter[str], seconds: float) -> None:
    ends = Counter(f"{visit.kind} → {visit.end}" for visit in visits)
    table = Table("customers", "came to", title=f"{len(visits)} customers in {seconds:.1f} s")
    for end, number in sorted(ends.items()):
        table.add_row(str(number), end)
    console.print(table)
    events = ", ".join(f"{name} {number}" for name, number in sorted(counts.items()))
    console.print(f"[dim]events: {events}[/]", soft_wrap=True)
