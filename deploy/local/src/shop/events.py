"""`shop events`: what waits, what is parked, what is dead; and settling it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from common import db, inspect
from common.clock import Clock
from shop import environment, instance
from shop.services import SERVICES

T = TypeVar("T")
NAMES = [service.name for service in SERVICES]
ServiceName = Annotated[str, typer.Option("--service", "-s", help="which service's schema")]
_WHO = "command line"

events = typer.Typer(no_args_is_help=True, help="The event backbone: lag, parked keys, dead letters.")
parked = typer.Typer(no_args_is_help=True, help="Keys that wait because one of their events fails.")
dead = typer.Typer(no_args_is_help=True, help="Events that can never be handled.")
events.add_typer(parked, name="parked")
events.add_typer(dead, name="dlq")
console = Console()


def register(app: typer.Typer) -> None:
    app.add_typer(events, name="events")


def ask(service: str, question: Callable[[db.Database], Awaitable[T]]) -> T:
    """Asks one service's schema with the rights of that service."""
    if service not in NAMES:
        raise typer.BadParameter(f"{service} is none of {', '.join(NAMES)}")
    current = instance.load()
    program = next(each for each in SERVICES if each.name == service)
    url = environment.of(program, current, "")[f"{program.prefix}_DATABASE_URL"]

    async def run() -> T:
        database = db.connect(url, service, Clock(), pool_size=2)
        try:
            return await question(database)
        finally:
            await database.close()

    return asyncio.run(run())


@events.command()
def lag() -> None:
    """What each service has not sent yet, what is parked, what is dead, and what its group has not read yet."""
    from shop.lag import behind

    table = Table("service", "outbox", "oldest", "unread", "parked keys", "parked events", "dead letters")
    unread = asyncio.run(behind(instance.load(), NAMES))
    for name in NAMES:
        found = ask(name, inspect.overview)
        counts = (found.parked_keys, found.parked_events, found.dead_letters)
        oldest = f"{found.oldest_seconds:.1f} s" if found.outbox else "-"
        table.add_row(name, str(found.outbox), oldest, str(unread.get(name, 0)), *map(str, counts))
    console.print(table)


@parked.command("list")
def parked_list(service: ServiceName) -> None:
    """Parked keys, longest waiting first."""
    table = Table("topic", "key", "waiting", "tries", "next try", "reason", "error")
    for key in ask(service, inspect.parked):
        when = key.next_at.isoformat(timespec="seconds")
        table.add_row(key.topic, key.key, str(key.waiting), str(key.attempts), when, key.reason, key.error[:200])
    console.print(table)


@parked.command("retry")
def parked_retry(service: ServiceName, topic: str, key: str) -> None:
    """Try a parked key now."""
    done = ask(service, lambda database: inspect.retry_parked(database, topic, key))
    _tell(done, "due now", "that key is not parked")


@parked.command("bury")
def parked_bury(service: ServiceName, topic: str, key: str) -> None:
    """Give up the event a key waits for: it becomes a dead letter, the events behind it go on."""
    done = ask(service, lambda database: inspect.bury_first_parked(database, topic, key, who=_WHO))
    _tell(done, f"{done} is a dead letter now", "that key is not parked")


@dead.command("list")
def dead_list(
    service: ServiceName,
    status: Annotated[str, typer.Option(help="open, replayed or dropped")] = "open",
    reason: Annotated[str | None, typer.Option(help="only this reason")] = None,
) -> None:
    """Dead letters, oldest first."""
    table = Table("id", "type", "topic", "key", "reason", "error", "since")
    for letter in ask(service, lambda database: inspect.dead_letters(database, status=status, reason=reason)):
        since = letter.dead_at.isoformat(timespec="seconds")
        table.add_row(str(letter.id), letter.type, letter.topic, letter.key, letter.reason, letter.error[:200], since)
    console.print(table)


@dead.command("replay")
def dead_replay(
    service: ServiceName,
    ids: Annotated[list[int] | None, typer.Argument(help="ids from `dlq list`")] = None,
    reason: Annotated[str | None, typer.Option(help="all open ones of this reason")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say which")] = False,
) -> None:
    """Give dead letters back to the consumer: each is handled once, in order with its key's other events."""
    chosen = ids or _open_ids(service, reason)
    if dry_run:
        console.print(f"would replay {chosen}")
        return
    console.print(f"replayed {ask(service, lambda database: inspect.replay(database, chosen, who=_WHO))}")


@dead.command("drop")
def dead_drop(service: ServiceName, ids: Annotated[list[int], typer.Argument(help="ids from `dlq list`")]) -> None:
    """Settle dead letters for good. They stay in the list of dropped ones."""
    console.print(f"dropped {ask(service, lambda database: inspect.drop(database, ids, who=_WHO))}")


def _open_ids(service: str, reason: str | None) -> list[int]:
    if reason is None:
        raise typer.BadParameter("name ids, or --reason for all open ones of a reason")
    letters = ask(service, lambda database: inspect.dead_letters(database, reason=reason, limit=10_000))
    return [letter.id for letter in letters]


def _tell(done: Any, yes: str, no: str) -> None:
    if not done:
        console.print(no)
        raise typer.Exit(1)
    console.print(yes)
