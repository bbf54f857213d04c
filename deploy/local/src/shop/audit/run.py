"""`shop audit`, and the same for other programs."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Annotated

import typer
from rich.console import Console

from shop.audit.findings import Finding
from shop.audit.looking import look_at
from shop.audit.places import places_of
from shop.audit.printing import show
from shop.audit.settling import Report, settle
from shop.instance import Instance
from shop.lifecycle import InstanceName, load, must_run


def register(app: typer.Typer) -> None:
    app.command()(audit)


def audit(
    wait: Annotated[float, typer.Option("--settle", help="seconds a live shop is given to come to rest")] = 30,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="every check with its result")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the whole report, for other programs")] = False,
    instance_name: InstanceName = None,
) -> None:
    """Hold every service's books against the others', the topics and the outside world's. Reads only; safe any time.

    Ends with 1 when something is wrong, with 2 when nothing runs.
    """
    current = load(instance_name)
    must_run(current)
    # A part that is down is told in the table; the client's own words about it would stand between its lines.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    report = asyncio.run(report_of(current, wait))
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        show(report, Console(), verbose=verbose)
    if not report.balanced:
        raise typer.Exit(1)


def run(current: Instance, console: Console, *, settle_seconds: float, verbose: bool = False) -> bool:
    """True when everything is balanced. Looks again until it is, at most `settle_seconds`."""
    report = asyncio.run(report_of(current, settle_seconds))
    show(report, console, verbose=verbose)
    return report.balanced


async def look(current: Instance) -> list[Finding]:
    """One look, now: a finding for every check, with the seconds it took. Never raises for a part that is down.

    A finding that holds "always" and has offenders is a broken promise; one that holds "at rest" may be under way.
    """
    return (await look_at(places_of(current))).findings


async def report_of(current: Instance, settle_seconds: float) -> Report:
    """Looks until the shop is at rest, at most `settle_seconds`."""
    places = places_of(current)
    return await settle(lambda: look_at(places), settle_seconds)
