"""`shop up`, `down`, `reset`, `status`, `logs`, `restart`, `kill`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

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
_BIRTH_SECONDS = 20

console = Console(highlight=False)


def up(
    instance_name: InstanceName = None,
    port: Annotated[int | None, typer.Option(help="the edge port; all others derive from it (SHOP_PORT; 8080)")] = None,
    only: Annotated[str, typer.Option(help="parts or groups: platform (PostgreSQL and broker), storage")] = "",
    fsync: Annotated[bool | None, typer.Option("--fsync/--no-fsync", help="off: faster, not safe in a power cut")] = None,
) -> None:
    """Start what is not running, wait until all is ready, and print the addresses. Safe to run again."""
    current = instance.load(instance_name, port=port, fsync=fsync)
    picture = _picture(current)
    if picture is None:
        _refuse_taken_ports(current)
        current.save()
        _give_birth(current, only)
    else:
        _refuse_another_port(current, port)
        _start_missing(current, picture, only)
    _follow(current)


def down(instance_name: InstanceName = None) -> None:
    """Stop everything, in reverse order. The data stays."""
    current = instance.load(instance_name)
    if _stop(current):
        console.print(f"instance {current.name}: stopped")
    else:
        console.print(f"instance {current.name}: nothing is running")


def reset(
    instance_name: InstanceName = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask")] = False,
) -> None:
    """Stop everything and delete all data of the instance."""
    current = instance.load(instance_name)
    if not current.directory.exists():
        console.print(f"instance {current.name}: nothing to delete")
        return
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Delete all data in {current.directory}?", abort=True)
    _stop(current)
    shutil.rmtree(current.directory)
    console.print(f"instance {current.name}: stopped and deleted")


def status(instance_name: InstanceName = None) -> None:
    """Show every process with its memory, and the addresses. Exit code 1 when nothing is running."""
    current = instance.load(instance_name)
    picture = _picture(current)
    if picture is None:
        console.print(f"instance {current.name}: not running; start it with: shop up")
        raise typer.Exit(1)
    console.print(progress.processes([*picture["parts"], _supervisor_line(picture)]))
    addresses.show(console, current, picture)


def logs(
    part: Annotated[str | None, typer.Argument(help="which part; all when left out")] = None,
    instance_name: InstanceName = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on as lines come")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="how many lines of each log")] = 20,
) -> None:
    """Print the end of the logs."""
    current = instance.load(instance_name)
    files = sorted(current.logs.glob(f"{part or '*'}.log"))
    if not files:
        known = ", ".join(file.stem for file in sorted(current.logs.glob("*.log"))) or "none yet"
        console.print(f"no log of {part or current.name}; there is: {known}")
        raise typer.Exit(1)
    for file in files:
        if len(files) > 1:
            print(f"== {file.stem}")
        print("\n".join(last_lines(file, lines)))
    if follow:
        _follow_logs(files)


def restart(part: Annotated[str, typer.Argument()], instance_name: InstanceName = None) -> None:
    """Stop one part politely and start it again."""
    began = time.monotonic()
    _command(instance.load(instance_name), "restart", part)
    console.print(f"{part}: restarted in {time.monotonic() - began:.1f} s")


def kill(part: Annotated[str, typer.Argument()], instance_name: InstanceName = None) -> None:
    """SIGKILL one part, as a crash would; the supervisor starts it again."""
    _command(instance.load(instance_name), "kill", part)
    console.print(f"{part}: killed; it is being started again")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for command in (up, down, reset, status, logs, restart, kill):
        app.command()(command)


def _picture(current: Instance) -> dict[str, Any] | None:
    try:
        return control.ask(current.directory, "status")
    except control.NotRunning:
        return None


def _refuse_taken_ports(current: Instance) -> None:
    leftovers.end(current.directory / "pids.json")
    held = ports.taken(current.ports)
    if not held:
        return
    for holder in held:
        console.print(f"[red]{escape(str(holder))}[/]")
    console.print(
        "The instance cannot start. Choose another edge port with --port or SHOP_PORT "
        f"(all ports derive from it: {current.ports['edge']} uses up to {max(current.ports.values())})."
    )
    raise typer.Exit(1)


def _refuse_another_port(current: Instance, port: int | None) -> None:
    running = instance.load(current.name).ports["edge"]
    if port and port != running:
        console.print(f"instance {current.name} already runs on port {running}; `shop down` first, or use --instance")
        raise typer.Exit(1)


def _give_birth(current: Instance, only: str) -> None:
    current.logs.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "SHOP_HOME": str(current.home),
        "SHOP_INSTANCE": current.name,
        "SHOP_PORT": str(current.ports["edge"]),
    }
    with (current.logs / "supervisor.log").open("ab") as output:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "shop.supervisor.daemon", only],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=current.home,
            start_new_session=True,
        )
    deadline = time.monotonic() + _BIRTH_SECONDS
    while not control.is_running(current.directory):
        if daemon.poll() is not None or time.monotonic() > deadline:
            console.print("[red]the supervisor did not start:[/]")
            print("\n".join(last_lines(current.logs / "supervisor.log")))
            raise typer.Exit(1)
        time.sleep(0.05)


def _start_missing(current: Instance, picture: dict[str, Any], only: str) -> None:
    if not picture["starting"]:
        answer = control.ask(current.directory, "start", only=only)
        if "error" in answer:
            console.print(f"[red]{answer['error']}[/]")
            raise typer.Exit(1)
    console.print(f"instance {current.name} is already running; starting what is missing")


def _follow(current: Instance) -> None:
    def ask() -> dict[str, Any]:
        try:
            return control.ask(current.directory, "status")
        except (control.NotRunning, TimeoutError):
            # It ended after a failed start, and left its last picture.
            return _last_picture(current)

    try:
        picture = progress.follow(console, ask, _UP_SECONDS)
    except (KeyboardInterrupt, TimeoutError) as reason:
        console.print(f"[red]{reason or 'interrupted'}; stopping what was started[/]")
        _stop(current)
        raise typer.Exit(1) from None
    if picture["failure"]:
        _explain(current, picture["failure"])
        raise typer.Exit(1)
    addresses.show(console, current, picture)


def _last_picture(current: Instance) -> dict[str, Any]:
    import json

    left: dict[str, Any] = json.loads((current.directory / "status.json").read_text())
    failure = left["failure"] or {"part": "", "cause": "the supervisor ended", "tail": []}
    return left | {"starting": False, "failure": failure}


def _explain(current: Instance, failure: dict[str, Any]) -> None:
    if failure["tail"]:
        console.print(f"[dim]the last lines of {failure['part']}:[/]")
        print("\n".join(f"  {line}" for line in failure["tail"]))
    cause = f"{failure['part']}: {failure['cause']}" if failure["part"] else failure["cause"]
    console.print(f"[bold red]{escape(cause)}[/]")
    _wait_until_gone(current)
    running = _picture(current)
    if running is None:
        console.print("Everything that was started has been stopped again.")


def _stop(current: Instance) -> bool:
    """Whether there was anything to stop."""
    try:
        control.ask(current.directory, "stop")
    except control.NotRunning:
        return leftovers.end(current.directory / "pids.json") > 0
    if not _wait_until_gone(current):
        console.print(f"[red]the supervisor did not end within {_DOWN_SECONDS} s; ending it and its processes[/]")
        _end_supervisor(current)
        leftovers.end(current.directory / "pids.json")
    return True


def _wait_until_gone(current: Instance) -> bool:
    deadline = time.monotonic() + _DOWN_SECONDS
    while time.monotonic() < deadline:
        try:
            picture = control.ask(current.directory, "status", seconds=_DOWN_SECONDS)
        except (control.NotRunning, TimeoutError):
            return True
        if not picture["stopping"]:
            return False
        time.sleep(0.1)
    return False


def _end_supervisor(current: Instance) -> None:
    try:
        psutil.Process(control.ask(current.directory, "ping")["pid"]).kill()
    except (control.NotRunning, TimeoutError, psutil.Error):
        return


def _command(current: Instance, command: str, part: str) -> None:
    try:
        answer = control.ask(current.directory, command, name=part, seconds=120)
    except control.NotRunning:
        console.print(f"instance {current.name}: not running; start it with: shop up")
        raise typer.Exit(1) from None
    if "error" in answer:
        console.print(f"[red]{escape(answer['error'])}[/]")
        print("\n".join(answer.get("tail", [])))
        raise typer.Exit(1)


def _supervisor_line(picture: dict[str, Any]) -> dict[str, Any]:
    return {"name": "supervisor", "state": "ready", "pid": picture["pid"], "restarts": 0, "note": "", "title": ""}


def _follow_logs(files: list[Path]) -> None:
    opened = {file: file.open() for file in files}
    for file in opened.values():
        file.seek(0, os.SEEK_END)
    try:
        while True:
            for path, file in opened.items():
                for line in file:
                    print(f"{path.stem:>10} | {line}" if len(files) > 1 else line, end="")
            time.sleep(0.2)
    except KeyboardInterrupt:
        return
    finally:
        for file in opened.values():
            file.close()
