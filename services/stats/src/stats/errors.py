"""Why stats says no."""

from __future__ import annotations

from common.errors import DomainError, Kind


class RangeInvalid(DomainError):
    code = "stats.range_invalid"


class RangeTooLong(DomainError):
    code = "stats.range_too_long"


class TooManyRows(DomainError):
    code = "stats.too_many_rows"


class FactUnusable(DomainError):
    """An event that says something impossible. Live it becomes a dead letter, a rebuild leaves it out and counts it."""

    code = "stats.fact_unusable"


class RebuildNotFound(DomainError):
    code = "rebuild.not_found"
    kind: Kind = "not_found"


class RebuildRunning(DomainError):
    code = "rebuild.running"
    kind: Kind = "conflict"


class RebuildLost(Exception):
    """Another process took this rebuild over, because ours seemed dead."""
