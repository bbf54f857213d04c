"""`shop up`, `down`, `reset`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from typing import Annotated, Any, NoReturn

import httpx
import psutil
import typer
from rich.console import Console
from rich.markup import escape

from shop import addresses, instance, ports, progress
from shop.instance import Instance
from shop.supervisor import control, leftovers
from shop.supervisor.part import last_lines

InstanceName = Annotated[str | None, typer.Option("--instance", help="which instance (SHOP_INSTANCE; default: main)")]

# The first start may fetch Kafka with Maven.
_UP_SECONDS = 900
_DOWN_SECONDS = 90
_BIRTH_SECONDS = 30

console = Console(highlight=False)


def up(
    instance_name: InstanceName = None,
    port: Annotated[int | None, typer.Option(help="the edge port; all others derive from it (SHOP_PORT; 8080)")] = None,
    only: Annotated[str, typer.Option(help="parts or groups: platform (PostgreSQL and broker), storage")] = "",
    fsync: Annotated[
        bool | None, typer.Option("--fsync/--no-fsync", help="off: faster, not safe in a power cut")
    ] = None,
) -> None:
    """Start what is not running, wait until all is ready, and print the addresses. Safe to run again."""
    current = load(instance_name, port=port, fsync=fsync)
    before = picture_of(current)
    if before is None:
        leftovers.end_orphans(current.directory)
        _refuse_taken_ports(current)
        current.save()
        _give_birth(current, only)
    else:
        _refuse_another_port(current, port)
        _start_missing(current, before, only)
    picture = _follow(current, before)
    if not only:
        console.print("filling the malls with the sample catalogue" if before is None else "looking at the catalogue")
        _seed(current)
    addresses.show(console, current, picture)


def _seed(current: Instance) -> None:
    # Staff tokens are minted by a command of its own, which builds on this module.
    from shop.seed import SeedFailed, seed

    try:
        asyncio.run(seed(current))
    except (SeedFailed, httpx.HTTPError) as error:
        fail(f"the sample catalogue could not be loaded: {error}")


def down(instance_name: InstanceName = None) -> None:
    """Stop everything, in reverse order. The data stays."""
    current = load(instance_name)
    print(f"instance {current.name}: {'stopped' if stop(current) else 'nothing is running'}")


def reset(
    instance_name: InstanceName = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Stop everything and delete all data of the instance."""
    current = load(instance_name)
    if not current.directory.exists():
        print(f"instance {current.name}: nothing to delete")
        return
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Delete all data in {current.directory}?", abort=True)
    stop(current)
    shutil.rmtree(current.directory)
    print(f"instance {current.name}: stopped and deleted")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (up, down, reset):
        app.command()(command)


def load(name: str | None, *, port: int | None = None, fsync: bool | None = None) -> Instance:
    """The instance, or a clear end of the program."""
    try:
        return instance.load(name, port=port, fsync=fsync)
    except (ValueError, FileNotFoundError) as error:
        fail(str(error))


def fail(reason: str) -> NoReturn:
    """Says why and ends with exit code 1."""
    console.print(f"[bold red]{escape(reason)}[/]")
    raise typer.Exit(1)


def must_run(current: Instance) -> None:
    """Ends with exit code 2 when there is no supervisor: nothing of the instance runs that could be asked.

    On standard error, so that what reads a command's `--json` never meets these words.
    """
    if picture_of(current) is None:
        told = f"instance {current.name}: nothing runs; start it with: shop up{addresses.instance_flag(current)}"
        Console(stderr=True, highlight=False).print(f"[bold red]{escape(told)}[/]", soft_wrap=True)
        raise typer.Exit(2)


def picture_of(current: Instance) -> dict[str, Any] | None:
    """What the supervisor sees; None when there is none."""
    try:
        return control.ask(current.directory, "status")
    except control.NotRunning:
        return None
    except TimeoutError:
        fail(f"the supervisor of instance {current.name} does not answer; `shop down` ends it")


def stop(current: Instance) -> bool:
    """Stops the instance. False when nothing was running."""
    try:
        supervisor = control.ask(current.directory, "stop")["pid"]
    except control.NotRunning:
        return leftovers.end_orphans(current.directory) > 0
    except TimeoutError:
        supervisor = control.owner(current.directory)
    if not _wait_until_gone(supervisor):
        console.print(f"[red]the supervisor did not end within {_DOWN_SECONDS} s; ending it and its processes[/]")
        with contextlib.suppress(psutil.Error):
            psutil.Process(supervisor).kill()
            psutil.Process(supervisor).wait(5)
        leftovers.end_orphans(current.directory)
    return True


def _wait_until_gone(supervisor: int) -> bool:
    try:
        psutil.Process(supervisor).wait(_DOWN_SECONDS)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def _refuse_taken_ports(current: Instance) -> None:
    held = ports.taken(current.used_ports)
    if not held:
        return
    for holder in held:
        console.print(f"[red]{escape(str(holder))}[/]")
    edge = current.ports["edge"]
    free = ports.free_edge_near(edge)
    advice = f", such as --port {free}" if free else ""
    fail(
        f"Instance {current.name} cannot start. Choose another edge port with --port or SHOP_PORT{advice}: "
        f"all ports derive from it ({edge} uses up to {max(current.used_ports.values())})."
    )


def _refuse_another_port(current: Instance, port: int | None) -> None:
    running = instance.saved_port(current.directory)
    if port and port != running:
        fail(f"instance {current.name} already runs on port {running}; `shop down` first, or use another --instance")


def _give_birth(current: Instance, only: str) -> None:
    current.logs.mkdir(parents=True, exist_ok=True)
    left_behind = current.directory / "status.json"
    left_behind.unlink(missing_ok=True)
    with (current.logs / "supervisor.log").open("ab") as output:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "shop.supervisor.daemon", only],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **current.environment, **current.python_environment},
            cwd=current.home,
            start_new_session=True,
        )
    deadline = time.monotonic() + _BIRTH_SECONDS
    while not control.is_running(current.directory):
        # 0: somebody else's `up` was quicker, and its supervisor will answer.
        ended = bool(daemon.poll())
        if ended and left_behind.exists():
            return
        if ended or time.monotonic() > deadline:
            print("\n".join(last_lines(current.logs / "supervisor.log")))
            fail("the supervisor did not start")
        time.sleep(0.05)


def _start_missing(current: Instance, before: dict[str, Any], only: str) -> None:
    print(f"instance {current.name} is already running")
    if before["stopping"]:
        fail("it is being stopped right now; try again when it is down")
    if not before["starting"]:
        control.ask(current.directory, "start", only=only)


def _follow(current: Instance, before: dict[str, Any] | None) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        try:
            return control.ask(current.directory, "status")
        except (control.NotRunning, TimeoutError):
            # It ended after a failed start, and left its last picture.
            return _last_picture(current)

    try:
        picture = progress.follow(console, ask, before, _UP_SECONDS)
    except (KeyboardInterrupt, TimeoutError) as reason:
        console.print(f"[red]{str(reason) or 'interrupted'}; stopping[/]")
        stop(current)
        raise typer.Exit(1) from None
    if picture["failure"]:
        _explain(picture)
    if picture["stopping"]:
        fail(f"instance {current.name} was stopped while it was starting")
    return picture


def _last_picture(current: Instance) -> dict[str, Any]:
    left: dict[str, Any] = json.loads((current.directory / "status.json").read_text())
    failure = left["failure"] or {"part": "", "cause": "the supervisor ended", "tail": []}
    return left | {"starting": False, "stopping": True, "failure": failure}


def _explain(picture: dict[str, Any]) -> None:
    failure = picture["failure"]
    if failure["tail"]:
        print(f"the last lines of {failure['part']}:")
        print("\n".join(f"  {line}" for line in failure["tail"]))
    cause = f"{failure['part']}: {failure['cause']}" if failure["part"] else failure["cause"]
    if picture["stopping"]:
        _wait_until_gone(picture["pid"])
        cause += "\nEverything that was started has been stopped again."
    fail(cause)
