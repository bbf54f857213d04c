"""What is to go wrong in which service, as files: written by the scenarios, found by the processes at their points.

<folder>/arm/<service>.<point>   JSON: {"count": 2, ...}; without a count it stands until it is disarmed
<folder>/fired                   a line for every hit: <service> <point> <pid>
<folder>/mutation                the name of a mutant, for processes that start from now on
<folder>/handlers/<group>.json   the types of events a group handles, as its process told
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Wish = dict[str, Any]
_NARROWING = ("type", "key", "topic", "where")


@dataclass(frozen=True)
class FaultBox:
    """Both sides use it. Hits are atomic: of several processes of a service one takes it."""

    folder: Path

    def _armed(self, service: str, point: str) -> Path:
        return self.folder / "arm" / f"{service}.{point}"

    def arm(self, service: str, point: str, *, count: int | None = 1, **arguments: Any) -> None:
        """`count` hits from now on; None stands until `disarm`."""
        path = self._armed(service, point)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.draft")
        draft.write_text(json.dumps({"count": count, **arguments}))
        draft.replace(path)

    def disarm(self, service: str, point: str) -> bool:
        """False when there was nothing left of it: every hit has happened."""
        try:
            self._armed(service, point).unlink()
        except FileNotFoundError:
            return False
        return True

    def disarm_all(self) -> None:
        for path in (self.folder / "arm").glob("*"):
            path.unlink(missing_ok=True)

    def standing(self, service: str, point: str) -> Wish | None:
        """What is armed, without using it up."""
        try:
            wish: Wish = json.loads(self._armed(service, point).read_bytes())
        except FileNotFoundError:
            return None
        return wish

    def take(self, service: str, point: str, **seen: str) -> Wish | None:
        """One hit, if armed and if everything the wish names (type, key, topic, where) is as `seen`."""
        wish = self.standing(service, point)
        if wish is None or any(name in wish and wish[name] != seen.get(name) for name in _NARROWING):
            return None
        if wish["count"] is not None and not self._use_up(service, point, wish):
            return None
        with (self.folder / "fired").open("a") as log:
            log.write(f"{service} {point} {os.getpid()}\n")
        return wish

    def _use_up(self, service: str, point: str, wish: Wish) -> bool:
        path = self._armed(service, point)
        mine = path.with_name(f"{path.name}.taken")
        try:
            path.rename(mine)
        except FileNotFoundError:  # another process was quicker
            return False
        if wish["count"] > 1:
            self.arm(service, point, **{**wish, "count": wish["count"] - 1})
        mine.unlink(missing_ok=True)
        return True

    def fired(self) -> list[tuple[str, str, int]]:
        """(service, point, pid) of every hit so far, in order."""
        try:
            lines = (self.folder / "fired").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [(service, point, int(pid)) for service, point, pid in map(str.split, lines)]

    def hits(self, service: str, point: str) -> list[int]:
        """The pids that were hit there, in order."""
        return [pid for name, where, pid in self.fired() if (name, where) == (service, point)]

    def mutate(self, name: str | None) -> None:
        """Services that start from now on are this mutant; None makes them healthy again."""
        path = self.folder / "mutation"
        path.unlink(missing_ok=True) if name is None else path.write_text(name)

    def mutation(self) -> str | None:
        path = self.folder / "mutation"
        return path.read_text().strip() if path.exists() else None

    def tell_handlers(self, group: str, types: list[str]) -> None:
        path = self.folder / "handlers" / f"{group}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(types))

    def handlers(self) -> dict[str, set[str]]:
        """Group → types of events it handles."""
        files = (self.folder / "handlers").glob("*.json")
        return {path.stem: set(json.loads(path.read_text())) for path in files}
