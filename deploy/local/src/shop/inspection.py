"""`shop status`, `logs`, `restart`, `kill`, `stop`, `start`, `env`: looking at a running instance and poking it."""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from shop import addresses, environment, progress
from shop.instance import Instance
from shop.lifecycle import InstanceName, console, fail, load, picture_of
from shop.parts import broker_of, postgres_of
from shop.services import HELPERS, SERVICES
from shop.supervisor import control
from shop.supervisor.part import last_lines

_ACT_SECONDS = 180


def status(instance_name: InstanceName = None) -> None:
    """Show every process with its memory, and the addresses. Exit code 1 when nothing is running."""
    current = load(instance_name)
    picture = picture_of(current)
    if picture is None:
        fail(f"instance {current.name}: not running; start it with: shop up{addresses.instance_flag(current)}")
    console.print(progress.processes(picture))
    addresses.show(console, current, picture)


def logs(
    part: Annotated[str | None, typer.Argument(help="which part; all when left out")] = None,
    instance_name: InstanceName = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on as lines come")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="how many lines of each log")] = 20,
) -> None:
    """Print the end of the logs."""
    current = load(instance_name)
    files = sorted(current.logs.glob(f"{part or '*'}.log"))
    if not files:
        known = ", ".join(file.stem for file in sorted(current.logs.glob("*.log"))) or "none yet"
        fail(f"no log of {part or current.name}; there is: {known}")
    for file in files:
        if len(files) > 1:
            print(f"== {file.stem}")
        print("\n".join(last_lines(file, lines)))
    if follow:
        _follow_logs(files)


def restart(part: Annotated[str, typer.Argument()], instance_name: InstanceName = None) -> None:
    """Stop one part politely and start it again."""
    began = time.monotonic()
    _act(load(instance_name), "restart", part)
    print(f"{part}: restarted in {time.monotonic() - began:.1f} s")


def kill(part: Annotated[str, typer.Argument()], instance_name: InstanceName = None) -> None:
    """SIGKILL one part, as a crash would; the supervisor starts it again."""
    _act(load(instance_name), "kill", part)
    print(f"{part}: killed; it is being started again")


def stop(
    part: Annotated[str, typer.Argument()],
    instance_name: InstanceName = None,
    kill: Annotated[bool, typer.Option("--kill", help="by SIGKILL, as a crash would")] = False,
) -> None:
    """Stop one part and leave it down, to see how the others take it."""
    _act(load(instance_name), "stop-part", part, kill=kill)
    print(f"{part}: stopped; start it again with: shop start {part}")


def start(part: Annotated[str, typer.Argument()], instance_name: InstanceName = None) -> None:
    """Start one part that was stopped."""
    _act(load(instance_name), "start-part", part)
    print(f"{part}: running")


def env(
    program: Annotated[str | None, typer.Argument(help="a service, sandbox or console; all when left out")] = None,
    instance_name: InstanceName = None,
) -> None:
    """Print the settings of a program for `eval`, secrets included: to run it by hand or in a debugger."""
    current = load(instance_name)
    bootstrap = broker_of(current).bootstrap
    known = {one.name: one for one in (*SERVICES, *HELPERS)}
    if program is not None and program not in known:
        fail(f"there is no program called {program}; known: {', '.join(known)}")
    settings = (
        environment.of(known[program], current, bootstrap) if program else environment.everything(current, bootstrap)
    )
    settings["SHOP_SUPERUSER_URL"] = postgres_of(current).url
    for name, value in settings.items():
        print(f"export {name}={shlex.quote(value)}")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (status, logs, restart, kill, stop, start, env):
        app.command()(command)


def _act(current: Instance, command: str, part: str, **arguments: Any) -> dict[str, Any]:
    try:
        answer = control.ask(current.directory, command, name=part, seconds=_ACT_SECONDS, **arguments)
    except control.NotRunning:
        fail(f"instance {current.name}: not running; start it with: shop up{addresses.instance_flag(current)}")
    if "error" in answer:
        print("\n".join(answer.get("tail", [])))
        fail(answer["error"])
    return answer


def _follow_logs(files: list[Path]) -> None:
    opened = {file: file.open() for file in files}
    for file in opened.values():
        file.seek(0, os.SEEK_END)
    try:
        while True:
            for path, file in opened.items():
                for line in file:
                    print(f"{path.stem:>10} | {line}" if len(files) > 1 else line, end="", flush=True)
            time.sleep(0.2)
    except KeyboardInterrupt:
        return
    finally:
        for file in opened.values():
            file.close()
