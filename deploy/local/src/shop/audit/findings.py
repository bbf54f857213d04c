"""What the auditor says: per check, what it looked for and which things were not as promised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["lost", "doubled", "out of order", "oversold", "unbalanced", "stuck"]
KINDS: tuple[Kind, ...] = ("lost", "doubled", "out of order", "oversold", "unbalanced", "stuck")


@dataclass(frozen=True)
class Check:
    """`query` returns one text column: the ids of what breaks the promise."""

    kind: Kind
    promise: str
    query: str


@dataclass(frozen=True)
class Finding:
    kind: Kind
    promise: str
    offenders: tuple[str, ...]
