"""`shop events`: what waits, what is parked, what is dead; and settling it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError

from common import db, inspect
from common.clock import Clock
from shop import environment, stuck
from shop.instance import Instance
from shop.lifecycle import fail, load, must_run
from shop.services import SERVICES, Service

T = TypeVar("T")
NAMES = [service.name for service in SERVICES]
AnyService = Annotated[str | None, typer.Option("--service", "-s", help="only this service (default: all)")]
# What settles for good acts on one service: another one may have the same key, and ids of its own.
OneService = Annotated[str, typer.Option("--service", "-s", help="which service, as the list names it")]
AsJson = Annotated[bool, typer.Option("--json", help="everything about each, for other programs")]
Limit = Annotated[int, typer.Option(min=1, help="how many of each service")]
_WHO = "command line"
_LIMIT = 100
_LAG = ("service", "outbox", "oldest_seconds", "unread", "parked_keys", "parked_events", "dead_letters")
_PARKED = ("service", "topic", "key", "waiting", "attempts", "next_at", "reason", "error")
_DEAD = ("service", "id", "type", "topic", "key", "reason", "error", "dead_at")

events = typer.Typer(no_args_is_help=True, help="The event backbone: lag, parked keys, dead letters.")
parked = typer.Typer(no_args_is_help=True, help="Keys that wait because one of their events fails.")
dead = typer.Typer(no_args_is_help=True, help="Events that can never be handled.")
events.add_typer(parked, name="parked")
events.add_typer(dead, name="dlq")
console = stuck.console_for_rows()


def register(app: typer.Typer) -> None:
    app.add_typer(events, name="events")


def ask(service: str | None, question: Callable[[db.Database], Awaitable[T]]) -> dict[str, T]:
    """Asks one service's schema, or every one's (None), each with the rights of that service. Answers by service."""
    if service is not None and service not in NAMES:
        raise typer.BadParameter(f"{service} is none of {', '.join(NAMES)}")
    current = load(None)
    must_run(current)
    programs = [each for each in SERVICES if service in {None, each.name}]

    async def run() -> dict[str, T]:
        answers = await asyncio.gather(*(_ask_one(current, program, question) for program in programs))
        return {program.name: answer for program, answer in zip(programs, answers, strict=True)}

    try:
        return asyncio.run(run())
    except (OSError, SQLAlchemyError) as error:
        fail(f"the database cannot be asked: {error}")


async def _ask_one(current: Instance, program: Service, question: Callable[[db.Database], Awaitable[T]]) -> T:
    database = db.connect(environment.of(program, current, "")[f"{program.prefix}_DATABASE_URL"], program.name, Clock())
    try:
        return await question(database)
    finally:
        await database.close()


@events.command()
def lag(as_json: AsJson = False) -> None:
    """What each service has not sent yet, what is parked, what is dead, and what its group has not read yet."""
    from aiokafka.errors import KafkaError

    from shop.lag import behind

    found = ask(None, inspect.overview)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    unread: dict[str, int] = {}
    try:
        unread = asyncio.run(behind(load(None), NAMES))
    except KafkaError as error:
        typer.echo(f"the broker does not answer: {error}", err=True)
    rows = [stuck.lag_row(overview, unread.get(name)) for name, overview in found.items()]
    stuck.show(rows, _LAG, console, as_json=as_json)


@parked.command("list")
def parked_list(service: AnyService = None, limit: Limit = _LIMIT, as_json: AsJson = False) -> None:
    """Parked keys, longest waiting first."""
    found = ask(service, lambda database: inspect.parked(database, limit=limit))
    rows = [stuck.parked_row(name, key) for name, keys in found.items() for key in keys]
    stuck.show(rows, _PARKED, console, as_json=as_json)
    _tell_of_more(found, limit)


@parked.command("retry")
def parked_retry(topic: str, key: str, service: AnyService = None) -> None:
    """Try a parked key now."""
    found = ask(service, lambda database: inspect.retry_parked(database, topic, key))
    due = [name for name, done in found.items() if done]
    _tell(due, f"due now: {', '.join(due)}", "that key is not parked")


@parked.command("bury")
def parked_bury(service: OneService, topic: str, key: str) -> None:
    """Give up the event a key waits for: it becomes a dead letter, the events behind it go on."""
    done = ask(service, lambda database: inspect.bury_first_parked(database, topic, key, who=_WHO))[service]
    _tell(done, f"{done} is a dead letter now", "that key is not parked")


@dead.command("list")
def dead_list(
    service: AnyService = None,
    status: Annotated[str, typer.Option(help="open, replayed or dropped")] = "open",
    reason: Annotated[str | None, typer.Option(help="only this reason")] = None,
    limit: Limit = _LIMIT,
    as_json: AsJson = False,
) -> None:
    """Dead letters, oldest first."""
    found = ask(service, lambda database: inspect.dead_letters(database, status=status, reason=reason, limit=limit))
    rows = [stuck.dead_row(name, letter) for name, letters in found.items() for letter in letters]
    stuck.show(rows, _DEAD, console, as_json=as_json)
    _tell_of_more(found, limit)


@dead.command("replay")
def dead_replay(
    service: AnyService = None,
    ids: Annotated[list[int] | None, typer.Argument(help="ids from `dlq list`; they need --service")] = None,
    reason: Annotated[str | None, typer.Option(help="all open ones of this reason")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say which")] = False,
) -> None:
    """Give dead letters back to the consumer: each is handled once, in order with its key's other events."""
    for name, chosen in _chosen(service, ids, reason).items():
        if dry_run:
            console.print(f"{name}: would replay {chosen}")
            continue
        done = ask(name, _replay(chosen))[name]
        console.print(f"{name}: replayed {done}")


@dead.command("drop")
def dead_drop(service: OneService, ids: Annotated[list[int], typer.Argument(help="ids from `dlq list`")]) -> None:
    """Settle dead letters for good. They stay in the list of dropped ones."""
    dropped = ask(service, lambda database: inspect.drop(database, ids, who=_WHO))[service]
    console.print(f"{service}: dropped {dropped}")


def _replay(ids: list[int]) -> Callable[[db.Database], Awaitable[int]]:
    return lambda database: inspect.replay(database, ids, who=_WHO)


def _chosen(service: str | None, ids: list[int] | None, reason: str | None) -> dict[str, list[int]]:
    if ids:
        if service is None:
            raise typer.BadParameter("each service counts its own ids: say whose with --service")
        return {service: ids}
    if reason is None:
        raise typer.BadParameter("name ids, or --reason for all open ones of a reason")
    found = ask(service, lambda database: inspect.dead_letters(database, reason=reason, limit=10_000))
    return {name: [letter.id for letter in letters] for name, letters in found.items() if letters or service}


def _tell_of_more(found: dict[str, list[T]], limit: int) -> None:
    full = [name for name, rows in found.items() if len(rows) == limit]
    if full:
        typer.echo(f"the first {limit} of {', '.join(full)}; more with --limit", err=True)


def _tell(done: Any, yes: str, no: str) -> None:
    if not done:
        console.print(no)
        raise typer.Exit(1)
    console.print(yes)
