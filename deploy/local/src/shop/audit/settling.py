"""Looks again until a live shop has come to rest, or the time for that is over.

A check that holds always is believed at its first word: nothing heals it. One that holds at rest is believed when the
same thing has been wrong in every look for long enough; on a shop that is at work all the time, what is wrong only
because it is under way is another thing at every look.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from shop.audit.counting import Counts
from shop.audit.findings import ALWAYS, AT_REST, KINDS, Finding
from shop.audit.looking import Look

_LOOK_AGAIN_SECONDS = 0.5
_UNDER_WAY_SECONDS = 15.0


@dataclass(frozen=True)
class Report:
    """`under_way`: what did not hold at the last look only, as a busy shop has it. `seconds`: all looks together."""

    findings: tuple[Finding, ...]
    under_way: tuple[Finding, ...] = ()
    counts: Counts = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    looks: int = 1
    seconds: float = 0.0
    last_look_seconds: float = 0.0

    @property
    def wrong(self) -> tuple[Finding, ...]:
        return tuple(found for found in self.findings if found.offenders)

    @property
    def balanced(self) -> bool:
        return not self.wrong

    def as_json(self) -> dict[str, Any]:
        """For other programs. `found`: kind → number of offenders."""
        totals = {kind: sum(len(each.offenders) for each in self.wrong if each.kind == kind) for kind in KINDS}
        return {
            "balanced": self.balanced,
            "found": totals,
            "findings": [each.as_json() for each in self.findings],
            "under_way": [each.as_json() for each in self.under_way],
            "counts": {name: dict(rows) for name, rows in self.counts.items()},
            "numbers": self.numbers,
            "looks": self.looks,
            "seconds": self.seconds,
            "last_look_seconds": self.last_look_seconds,
        }


Offender = tuple[str, str, str]


class Patience:
    """Remembers since when each thing has been wrong in every look, and what was wrong beyond healing."""

    def __init__(self) -> None:
        self._since: dict[Offender, float] = {}
        self._for_good: dict[tuple[str, str], Finding] = {}

    def take(self, findings: Iterable[Finding], now: float) -> None:
        wrong = {name for each in findings for name in _offenders(each)}
        self._since = {name: self._since.get(name, now) for name in wrong}
        for each in findings:
            if each.holds == ALWAYS and each.offenders:
                before = self._for_good.get((each.kind, each.promise), each)
                together = tuple(sorted({*before.offenders, *each.offenders}))
                self._for_good[each.kind, each.promise] = replace(each, offenders=together)

    def judged(self, findings: Iterable[Finding], now: float, least: float) -> tuple[list[Finding], list[Finding]]:
        """What is wrong for `least` seconds or for good, and what is under way."""
        believed, young = [], []
        for each in findings:
            if each.holds != AT_REST:
                believed.append(self._for_good.get((each.kind, each.promise), each))
                continue
            old = [name[2] for name in _offenders(each) if now - self._since[name] >= least]
            believed.append(replace(each, offenders=tuple(old)))
            if rest := tuple(name for name in each.offenders if name not in old):
                young.append(replace(each, offenders=rest))
        seen = {(each.kind, each.promise) for each in believed}
        believed += [each for name, each in self._for_good.items() if name not in seen]
        return believed, young


async def settle(look: Callable[[], Awaitable[Look]], seconds: float) -> Report:
    """Ends at the first look with nothing to wait for. `seconds` 0: one look, believed as it is."""
    patience, began, looks = Patience(), time.monotonic(), 0
    looked_at = began
    while True:
        found = await look()
        looks += 1
        patience.take(found.findings, looked_at)
        over = time.monotonic() - began >= seconds
        if over or not any(each.offenders and each.holds != ALWAYS for each in found.findings):
            break
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        looked_at = time.monotonic()
    least = min(_UNDER_WAY_SECONDS, max(0.0, looked_at - began))
    believed, young = patience.judged(found.findings, looked_at, least)
    return Report(
        tuple(believed),
        tuple(young),
        found.counts,
        found.numbers,
        looks,
        round(time.monotonic() - began, 3),
        found.seconds,
    )


def _offenders(found: Finding) -> list[Offender]:
    return [(found.kind, found.promise, offender) for offender in found.offenders]
