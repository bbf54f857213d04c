"""Nothing outlives its supervisor, not even when that is killed: the kernel tells the children."""

from __future__ import annotations

import functools
import shutil
import signal
import subprocess


def tether(told: signal.Signals) -> tuple[str, ...]:
    """A prefix for a command: when its parent dies, it is sent `told`. Empty where the system has no such thing.

    A change of user or user namespace cuts the tether, so it must stand behind such a prefix.
    """
    return ("setpriv", f"--pdeathsig={told.name.removeprefix('SIG')}") if _available() else ()


@functools.cache
def _available() -> bool:
    if shutil.which("setpriv") is None:
        return False
    probe = ["setpriv", "--pdeathsig=TERM", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0
