"""A small disk for a part that is to see a full one. Off by default.

It is a tmpfs in a mount namespace of its own, which one process holds open: nothing is mounted on the machine itself,
no rights are needed besides user namespaces, and when the holder ends, the disk and all that is on it are gone.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from shop.supervisor.part import Part, PartError, Say
from shop.supervisor.tether import tether

_NEW_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
# Mount point, file for the pid, megabytes; the rest is the program that holds the namespace open.
_HOLD = """
rm -f "$2" && mount -t tmpfs -o size="$3"m,mode=0755 shop "$1" && echo $$ >"$2.new" && mv "$2.new" "$2" || exit 1
shift 3
exec "$@"
"""
_ENTER = 'exec nsenter --user --mount --target "$(cat "$0")" -- "$@"'


@dataclass(frozen=True)
class Disk:
    """`directory` is the mount point; only programs started through `enter` see what is on it."""

    directory: Path
    megabytes: int
    log: Path

    def part(self) -> Part:
        """The holder, ready when the disk is there."""
        return Part(
            name=self.directory.name,
            title=f"Disk of {self.megabytes} MB",
            argv=(
                *_NEW_NAMESPACE,
                *("sh", "-c", _HOLD, "sh", str(self.directory), str(self._pid_file), str(self.megabytes)),
                *tether(Part.stop_signal),
                *("sleep", "infinity"),
            ),
            log=self.log,
            prepare=self._prepare,
            ready=self._is_mounted,
            start_seconds=20,
        )

    def enter(self) -> tuple[str, ...]:
        """The prefix of a command that is to work on this disk. There it is root, as far as files go."""
        return ("sh", "-c", _ENTER, str(self._pid_file))

    def seen(self, path: Path) -> Path:
        """Where this process, outside, finds a `path` of the disk."""
        holder = self._pid_file.read_text().strip()
        return Path(f"/proc/{holder}/root") / path.relative_to("/")

    def free_bytes(self) -> int:
        """How much may still be written."""
        return shutil.disk_usage(self.seen(self.directory)).free

    def fill(self, *, leave_bytes: int = 0) -> None:
        """Puts ballast on the disk until only `leave_bytes` are free; what is freed later stays free until the next
        call."""
        with self._ballast.open("ab") as file:
            while (more := self.free_bytes() - leave_bytes) > 0:
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, more)
                except OSError as error:
                    # The tenant took some of it meanwhile.
                    if error.errno != errno.ENOSPC:
                        raise

    def release(self) -> None:
        """Takes the ballast away."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.seen(self.directory / "ballast")

    @property
    def _pid_file(self) -> Path:
        return self.directory.with_suffix(".pid")

    async def _prepare(self, _say: Say) -> None:
        if shutil.which("nsenter") is None or not _possible():
            raise PartError("a small disk needs user namespaces and util-linux (`unshare --user --mount`, `nsenter`)")
        self.directory.mkdir(parents=True, exist_ok=True)
        # A holder of an earlier start left its number.
        self._pid_file.unlink(missing_ok=True)

    async def _is_mounted(self) -> bool:
        return self._pid_file.exists()


def _possible() -> bool:
    if shutil.which(_NEW_NAMESPACE[0]) is None:
        return False
    probe = [*_NEW_NAMESPACE, "mount", "-t", "tmpfs", "shop", "/mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0
