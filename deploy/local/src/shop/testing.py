"""PostgreSQL and a broker for tests: in a throw-away folder, on free ports, without fsync, gone afterwards."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from shop import instance, keys, ports
from shop.platform import broker, postgres
from shop.supervisor.engine import Engine
from shop.supervisor.part import PartError, PartFailed
from shop.supervisor.tether import tether


@dataclass(frozen=True)
class TestPlatform:
    """Where it runs. `database_url` is the superuser's, to an empty maintenance database."""

    __test__ = False

    database_url: str
    database_version: str
    bootstrap: str
    broker: str
    notice: str
    directory: Path

    @property
    def env(self) -> dict[str, str]:
        """What test suites read."""
        return {
            "SHOP_TEST_DATABASE_URL": self.database_url,
            "SHOP_TEST_KAFKA": self.bootstrap,
            "SHOP_TEST_BROKER": self.broker,
        }


@asynccontextmanager
async def platform() -> AsyncIterator[TestPlatform]:
    """Starts both side by side and stops them at the end. Raises PartError, PartFailed."""
    directory = _throw_away()
    root = instance.home()
    numbers = ports.unused()
    password = keys.FORMATS["postgres_password"]()
    server = postgres.Postgres(directory / "pg", numbers["postgres"], password, directory / "postgres.log", fsync=False)
    pom = root / "deploy" / "local" / "kafka" / "pom.xml"
    events = broker.choose(
        numbers, directory=directory / "kafka", cache=root / ".shop", pom=pom, log=directory / "kafka.log"
    )
    engine = Engine()
    try:
        await engine.start([server.part(), *events.parts()])
        yield TestPlatform(server.url, postgres.version(), events.bootstrap, events.label, events.notice, directory)
    finally:
        await engine.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _throw_away() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="shop-test-"))
    # PostgreSQL may have to run as another user, who must be able to walk in.
    directory.chmod(0o711)
    return directory


async def run_with_platform(command: list[str]) -> int:
    """Runs `command` with the addresses in its environment; its exit code."""
    task = asyncio.current_task()
    assert task is not None
    # Without this a `kill` would leave the platform behind.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with platform() as running:
        print(f"test platform: {running.database_version}, broker {running.broker}", file=sys.stderr, flush=True)
        if running.notice:
            print(f"test platform: {running.notice}", file=sys.stderr, flush=True)
        process = await asyncio.create_subprocess_exec(
            *tether(signal.SIGTERM), *command, env={**os.environ, **running.env}
        )
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


def test_platform(
    command: Annotated[list[str], typer.Argument(help="the command and its arguments, after --")],
) -> None:
    """Run a command with a throw-away PostgreSQL and broker (SHOP_TEST_DATABASE_URL, SHOP_TEST_KAFKA)."""
    try:
        code = asyncio.run(run_with_platform(command))
    except PartFailed as failure:
        print(f"{failure}\n" + "\n".join(failure.tail), file=sys.stderr)
        code = 1
    except PartError as error:
        print(error, file=sys.stderr)
        code = 1
    except asyncio.CancelledError:
        code = 128 + signal.SIGTERM
    raise typer.Exit(code)


def register(app: typer.Typer) -> None:
    """Adds `shop test-platform`."""
    app.command("test-platform", context_settings={"ignore_unknown_options": True})(test_platform)
