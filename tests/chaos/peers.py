"""Which service is at the other end of a local connection: source port → socket → process → its command line."""

from __future__ import annotations

import re
from pathlib import Path

_PROGRAM = re.compile(r"\0(\w+)\.main(\0|$)")


def owner_of(port: int, peer: int) -> str | None:
    """The service (the `x` of `x.main` in its command line) that connected from 127.0.0.1:`port` to `peer`.

    None for other programs, and for a connection whose process is gone.
    """
    inode = _inode(port, peer)
    if inode is None:
        return None
    wanted = f"socket:[{inode}]"
    for pid, name in _services():
        try:
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                if _link(descriptor) == wanted:
                    return name
        except OSError:  # it ended while we looked
            continue
    return None


def _link(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""


def _inode(port: int, peer: int) -> str | None:
    local, remote = f"0100007F:{port:04X}", f"0100007F:{peer:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1] == local and fields[2] == remote:
            return fields[9]
    return None


def _services() -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_text(errors="replace")
        except OSError:
            continue
        if match := _PROGRAM.search(command):
            found.append((int(folder.name), match.group(1)))
    return found
