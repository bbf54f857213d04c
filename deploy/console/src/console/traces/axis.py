"""Time on a page: nanoseconds to percent of the width. Long stretches in which nothing happened are folded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_FOLD_FROM_NS = 1_000_000_000
_FOLD_PERCENT = 3.0
_FOLDS_PERCENT = 36.0


@dataclass(frozen=True)
class Fold:
    """A stretch drawn narrower than it was. `left` and `width` in percent."""

    left: float
    width: float
    milliseconds: float


@dataclass(frozen=True)
class Axis:
    """Pieces from `times[i]` to `times[i + 1]` take `places[i]` to `places[i + 1]` percent."""

    times: Sequence[int]
    places: Sequence[float]
    folds: Sequence[Fold]

    def place(self, time: int) -> float:
        """Where `time` stands, 0 to 100."""
        piece = min(max(bisect_right(self.times, time) - 1, 0), len(self.times) - 2)
        begin, end = self.times[piece], self.times[piece + 1]
        share = min(max((time - begin) / (end - begin), 0.0), 1.0) if end > begin else 0.0
        return self.places[piece] + share * (self.places[piece + 1] - self.places[piece])

    def time(self, place: float) -> int:
        """The other way round."""
        piece = min(max(bisect_right(self.places, place) - 1, 0), len(self.places) - 2)
        left, right = self.places[piece], self.places[piece + 1]
        share = (place - left) / (right - left) if right > left else 0.0
        return self.times[piece] + round(share * (self.times[piece + 1] - self.times[piece]))


def axis(stretches: Iterable[tuple[int, int]]) -> Axis:
    """An axis over stretches (start, end) in which something happened. At least one."""
    busy = _merged(stretches)
    quiet = [(before[1], after[0]) for before, after in pairwise(busy) if after[0] - before[1] >= _FOLD_FROM_NS]
    total = busy[-1][1] - busy[0][0]
    shown = max(1, total - sum(end - begin for begin, end in quiet))
    fold_width = min(_FOLD_PERCENT, _FOLDS_PERCENT / len(quiet)) if quiet else 0.0
    scale = (100.0 - fold_width * len(quiet)) / shown
    times, places, folds = [busy[0][0]], [0.0], []
    for begin, end in quiet:
        left = places[-1] + (begin - times[-1]) * scale
        folds.append(Fold(left, fold_width, (end - begin) / 1e6))
        times += [begin, end]
        places += [left, left + fold_width]
    times.append(max(busy[-1][1], times[-1] + 1))
    places.append(100.0)
    return Axis(times, places, folds)


def _merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(stretches):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
