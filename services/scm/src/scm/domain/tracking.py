"""Reading what a tracking API says about a parcel, and when to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

MOVING = frozenset({"AT_PICKUP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "ATTEMPT_FAIL", "AVAILABLE_FOR_PICKUP", "EXCEPTION"})
DELIVERED = "DELIVERED"
_LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True)
class TrackEvent:
    """`time` None: the carrier did not say when."""

    time: datetime | None
    code: str


@dataclass(frozen=True)
class Track:
    """`last` is what the API takes for the newest; a carrier's list is not always in order."""

    last: TrackEvent | None
    events: tuple[TrackEvent, ...] = ()


@dataclass(frozen=True)
class Reading:
    """`events` are this parcel's own, oldest first."""

    moving: bool
    delivered_at: datetime | None
    events: tuple[TrackEvent, ...]


def read(track: Track, since: datetime) -> Reading:
    """Waybill numbers are used again: what happened before `since`, when the centre was asked to ship, belongs to an
    earlier parcel. An event without a time could be anybody's and counts for nothing."""
    ours = [event for event in track.events if event.time is not None and event.time >= since]
    last = track.last if track.last is not None and track.last.time is not None and track.last.time >= since else None
    events = tuple(sorted({*ours, *((last,) if last else ())}, key=lambda event: (event.time or since, event.code)))
    delivered_at = last.time if last is not None and last.code == DELIVERED else None
    moving = delivered_at is None and last is not None and last.code in MOVING
    return Reading(moving, delivered_at, events)


def next_look(now: datetime, every: timedelta, misses: int, until: datetime) -> datetime | None:
    """Doubles with each miss. None: the parcel is too old to be asked for any more."""
    wait = min(every * 2 ** min(misses, 12), max(_LONGEST_WAIT, every))
    return now + wait if now + wait <= until else None
