"""Spans as a tree on a time axis, the way an order travels: request, outbox, topic, every reaction.

A span sent for several traces at once belongs to none of them; it is linked, and shown below the work that caused it.
A reaction is shown below the sending of its topic. The wait between is drawn before the bar.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from console.traces.axis import Axis, axis
from console.traces.span import Span

ROWS_MOST = 3000
_Id = tuple[str, str]


@dataclass(frozen=True)
class Wait:
    """Between the work that caused a span and its start. Percent of the width; `where` it waited."""

    left: float
    width: float
    milliseconds: float
    where: str


@dataclass
class Row:
    """A line of the page. `left`, `width` and `ticks` are percent; ticks are the statements inside."""

    number: int
    span: Span
    label: str
    depth: int
    parent: int | None
    left: float
    width: float
    wait: Wait | None
    statements: int = 0
    statement_ms: float = 0.0
    ticks: list[tuple[float, float]] = field(default_factory=list)

    @property
    def classes(self) -> str:
        span = self.span
        kinds = {"db": span.is_database, "send": span.is_send, "proc": span.is_process, "fail": span.error}
        return " ".join(name for name, true in kinds.items() if true)


@dataclass(frozen=True)
class Waterfall:
    rows: list[Row]
    axis: Axis
    services: list[str]
    started: int
    milliseconds: float
    statements: int
    errors: int
    left_out: int


def waterfall(spans: Iterable[Span]) -> Waterfall:
    """At least one span. Of more than `ROWS_MOST` the rest is counted in `left_out`."""
    known = {(span.trace_id, span.span_id): span for span in spans}
    parents = _parents(known)
    children: dict[_Id | None, list[Span]] = defaultdict(list)
    for identity, span in known.items():
        children[parents[identity]].append(span)
    line = axis((span.start, span.end) for span in known.values())
    rows: list[Row] = []
    _walk(children, line, rows)
    services = list(dict.fromkeys(row.span.service for row in rows))
    return Waterfall(
        rows=rows,
        axis=line,
        services=services,
        started=line.times[0],
        milliseconds=(max(span.end for span in known.values()) - line.times[0]) / 1e6,
        statements=sum(span.is_database for span in known.values()),
        errors=sum(span.error for span in known.values()),
        left_out=len(known) - len(rows),
    )


def _parents(known: dict[_Id, Span]) -> dict[_Id, _Id | None]:
    parents: dict[_Id, _Id | None] = {}
    sends: dict[tuple[_Id, str], list[Span]] = defaultdict(list)
    for identity, span in known.items():
        cause: _Id | None = (span.trace_id, span.parent_id)
        if cause not in known:
            cause = next((link for link in span.links if link in known), None)
        parents[identity] = cause
        if span.is_send and cause is not None:
            sends[cause, span.topic].append(span)
    for identity, span in known.items():
        cause = parents[identity]
        if span.is_process and cause is not None:
            before = [send for send in sends[cause, span.topic] if send.start <= span.start]
            if before:
                last = max(before, key=lambda send: send.start)
                parents[identity] = (last.trace_id, last.span_id)
    return parents


def _walk(children: dict[_Id | None, list[Span]], line: Axis, rows: list[Row]) -> None:
    """Depth first, earlier before later, without recursion: a tree may be as deep as it likes."""
    waiting: list[tuple[Span, Row | None]] = [(span, None) for span in _latest_first(children[None])]
    while waiting and len(rows) < ROWS_MOST:
        span, above = waiting.pop()
        below = children.get((span.trace_id, span.span_id), [])
        row = _row(len(rows), span, above, line)
        for child in below:
            if child.is_database:
                row.statements += 1
                row.statement_ms += child.milliseconds
                left = line.place(child.start)
                row.ticks.append((left, line.place(child.end) - left))
        rows.append(row)
        waiting += [(child, row) for child in _latest_first(below)]


def _latest_first(spans: Sequence[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: (span.start, span.span_id), reverse=True)


def _row(number: int, span: Span, above: Row | None, line: Axis) -> Row:
    left = line.place(span.start)
    return Row(
        number=number,
        span=span,
        label=span.label,
        depth=above.depth + 1 if above else 0,
        parent=above.number if above else None,
        left=left,
        width=line.place(span.end) - left,
        wait=_wait(span, above, line),
    )


def _wait(span: Span, above: Row | None, line: Axis) -> Wait | None:
    if above is None or not (span.is_send or span.is_process) or above.span.end >= span.start:
        return None
    # A fact may wait for more than the relay: notify's is said after the mail has gone.
    where = "until sent" if span.is_send else "Kafka" if above.span.is_send else "outbox and Kafka"
    left = line.place(above.span.end)
    return Wait(left, line.place(span.start) - left, (span.start - above.span.end) / 1e6, where)
