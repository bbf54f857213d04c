"""Runs every check, waits for a live system to settle, and prints one table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated

import asyncpg
import httpx
import typer
from rich.console import Console
from rich.table import Table

from shop import environment, instance
from shop.audit.findings import KINDS, Finding
from shop.audit.outside import compare
from shop.audit.promises import PROMISES, backbone
from shop.instance import Instance
from shop.lag import behind
from shop.services import SERVICES

_COUNTS = {
    "orders": "SELECT status, count(*) FROM orders.orders GROUP BY 1 ORDER BY 2 DESC",
    "payments": "SELECT status, count(*) FROM payments.payments GROUP BY 1 ORDER BY 2 DESC",
    "refunds": "SELECT status, count(*) FROM payments.refunds GROUP BY 1 ORDER BY 2 DESC",
    "reservations": "SELECT status, count(*) FROM catalog.reservations GROUP BY 1 ORDER BY 2 DESC",
    "shipments": "SELECT status, count(*) FROM scm.shipments GROUP BY 1 ORDER BY 2 DESC",
    "notifications": "SELECT channel || ' ' || status, count(*) FROM notify.deliveries GROUP BY 1 ORDER BY 2 DESC",
    "stats": "SELECT kind, count(*) FROM stats.order_facts"
    " WHERE generation = (SELECT generation FROM stats.live_generation) GROUP BY 1 ORDER BY 2 DESC",
}
_SHOWN_OFFENDERS = 5


def register(app: typer.Typer) -> None:
    app.command()(audit)


def audit(
    settle: Annotated[float, typer.Option(help="seconds a live shop is given to come to rest")] = 30,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="every check with its result")] = False,
) -> None:
    """Hold every service's books against the others' and the outside world's. Reads only; safe at any time."""
    if not run(instance.load(), Console(), settle_seconds=settle, verbose=verbose):
        raise typer.Exit(1)


def run(current: Instance, console: Console, *, settle_seconds: float, verbose: bool = False) -> bool:
    """True when everything is balanced. Looks again until it is, at most `settle_seconds`."""
    findings, counts = asyncio.run(_until_settled(current, settle_seconds))
    _print_counts(console, counts)
    _print_findings(console, findings, verbose=verbose)
    wrong = [finding for finding in findings if finding.offenders]
    console.print("[bold red]NOT balanced[/]" if wrong else "[bold green]balanced[/]")
    return not wrong


async def _until_settled(current: Instance, seconds: float) -> tuple[list[Finding], dict[str, list[tuple[str, int]]]]:
    end = time.monotonic() + seconds
    connection = await asyncpg.connect(environment.auditor_url(current))
    try:
        async with httpx.AsyncClient(timeout=10) as http:
            while True:
                findings = await _look(current, connection, http)
                if not any(finding.offenders for finding in findings) or time.monotonic() > end:
                    return findings, await _count(connection)
                await asyncio.sleep(0.5)
    finally:
        await connection.close()


async def _look(current: Instance, connection: asyncpg.Connection, http: httpx.AsyncClient) -> list[Finding]:
    checks = [*PROMISES, *(check for service in SERVICES for check in backbone(service.name))]
    findings = []
    # One snapshot for all: otherwise a busy shop would seem to lose what moved between two questions.
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for check in checks:
            rows = await connection.fetch(check.query)
            findings.append(Finding(check.kind, check.promise, tuple(str(row[0]) for row in rows)))
        findings += await compare(connection, http, f"http://127.0.0.1:{current.ports['sandbox']}/sandbox")
    unread = await behind(current, [service.name for service in SERVICES])
    late = tuple(f"{group} is {count} behind" for group, count in unread.items() if count)
    findings.append(Finding("stuck", "every consumer has read everything", late))
    return findings


async def _count(connection: asyncpg.Connection) -> dict[str, list[tuple[str, int]]]:
    return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in _COUNTS.items()}


def _print_counts(console: Console, counts: dict[str, list[tuple[str, int]]]) -> None:
    table = Table("what", "how many", "of which", title="audit")
    for name, rows in counts.items():
        table.add_row(
            name, str(sum(count for _, count in rows)), ", ".join(f"{count} {status}" for status, count in rows)
        )
    console.print(table)


def _print_findings(console: Console, findings: Sequence[Finding], *, verbose: bool) -> None:
    table = Table("", "found", "checks")
    for kind in KINDS:
        mine = [finding for finding in findings if finding.kind == kind]
        total = sum(len(finding.offenders) for finding in mine)
        if mine:
            table.add_row(kind, f"[red]{total}[/]" if total else "0", str(len(mine)))
    console.print(table)
    for finding in findings:
        if finding.offenders:
            shown = ", ".join(finding.offenders[:_SHOWN_OFFENDERS])
            more = len(finding.offenders) - _SHOWN_OFFENDERS
            console.print(
                f"[red]{finding.kind}[/]: {finding.promise}: {shown}{f' and {more} more' if more > 0 else ''}"
            )
        elif verbose:
            console.print(f"[dim]ok: {finding.promise}[/]")
