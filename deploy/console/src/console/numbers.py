"""Numbers in addresses and queries, where anybody may write anything."""

from __future__ import annotations

import math
import re

# What fits here fits SQLite's integers too. `str.isdigit` would take "²", and `int` refuses thousands of digits.
_NATURAL = re.compile(r"[0-9]{1,18}")


def natural(text: str) -> int | None:
    """None: not a number from 0 with at most 18 digits."""
    return int(text) if _NATURAL.fullmatch(text) else None


def measure(text: str) -> float | None:
    """None: not a number from 0, or one too large to measure anything."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 <= number < 1e12 else None
