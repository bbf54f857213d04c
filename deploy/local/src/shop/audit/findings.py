"""What the auditor says: per check, what was promised and which things are not as promised."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Kind = Literal["lost", "doubled", "out of order", "oversold", "unbalanced", "stuck"]
KINDS: tuple[Kind, ...] = ("lost", "doubled", "out of order", "oversold", "unbalanced", "stuck")

Holds = Literal["always", "at rest", "unseen"]
ALWAYS: Holds = "always"
AT_REST: Holds = "at rest"
UNSEEN: Holds = "unseen"

_MOST_OF_A_REASON = 300


@dataclass(frozen=True)
class Check:
    """`query` returns one text column: the ids of what breaks the promise.

    `holds`: "always" in any consistent picture, however busy the shop is; "at rest" once nothing is under way; "unseen"
    where nobody could look.
    """

    kind: Kind
    promise: str
    query: str
    holds: Holds = ALWAYS

    def found(self, offenders: Iterable[object]) -> Finding:
        return finding(self.kind, self.promise, offenders, self.holds)


@dataclass(frozen=True)
class Finding:
    """The result of one check. No offenders: the promise is kept. `seconds`: how long finding out took."""

    kind: Kind
    promise: str
    offenders: tuple[str, ...] = ()
    holds: Holds = ALWAYS
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def finding(kind: Kind, promise: str, offenders: Iterable[object], holds: Holds = ALWAYS) -> Finding:
    """Offenders once each and sorted, so that two looks can be compared."""
    return Finding(kind, promise, tuple(sorted({str(offender) for offender in offenders})), holds)


def cannot_look(what: str, why: BaseException) -> Finding:
    """A part that does not answer is found stuck, unless it answers before the time to settle is over: of a shop that
    could not be looked at nobody says that it is balanced."""
    name, said = type(why).__name__, " ".join(str(why).split())
    reason = said if said.startswith(name) else f"{name}: {said}".removesuffix(": ")
    return Finding("stuck", f"cannot look: {what}", (reason[:_MOST_OF_A_REASON],), UNSEEN)


class Watch:
    """Measures one check after the other."""

    def __init__(self) -> None:
        self._lap = time.perf_counter()

    def timed(self, found: Finding) -> Finding:
        """With the seconds since the last one."""
        now = time.perf_counter()
        seconds, self._lap = now - self._lap, now
        return replace(found, seconds=round(seconds, 4))
