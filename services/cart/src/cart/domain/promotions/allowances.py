"""What there is only so much of: a gift's own stock, a coupon's uses, what a member may buy.

An order holds its units when its quote is frozen, uses them when it is placed, and gives them back when it is released,
never placed, or cancelled whole; some of them when units of it are cancelled or returned. The events of an order may
come in any order, and again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class State(StrEnum):
    HELD = "held"
    USED = "used"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What happens to an order's units."""

    FREEZE = "freeze"
    RELEASE = "release"
    PLACE = "place"
    CANCEL = "cancel"


# Not named: nothing changes. A cancelled order stays cancelled whatever is heard of it later.
_TRANSITIONS: dict[Step, dict[State, State]] = {
    Step.FREEZE: {State.RETURNED: State.HELD},
    Step.RELEASE: {State.HELD: State.RETURNED},
    Step.PLACE: {State.HELD: State.USED, State.RETURNED: State.USED},
    Step.CANCEL: {
        State.HELD: State.CANCELLED,
        State.USED: State.CANCELLED,
        State.RETURNED: State.CANCELLED,
    },
}
_COUNTED = frozenset({State.HELD, State.USED})


@dataclass(frozen=True)
class Allowance:
    """`most` None: as many as are wanted. `per_member` needs a member."""

    id: UUID
    most: int | None
    per_member: int | None
    taken: int


@dataclass(frozen=True)
class Taken:
    """An order's units of one allowance. `returned` of them were given back with units of the order."""

    order_id: UUID
    allowance_id: UUID
    units: int
    state: State
    held_at: datetime
    returned: int = 0

    @property
    def left(self) -> int:
        return self.units - self.returned


def after(state: State, step: Step) -> State:
    return _TRANSITIONS[step].get(state, state)


def change(units: int, before: State, now: State) -> int:
    """By how much the allowance's count changes."""
    return units * ((now in _COUNTED) - (before in _COUNTED))


def part(taken: Taken, units: int) -> int:
    """How many of so many units the order can still give back. What is over or free again gave all of them."""
    return min(units, taken.left) if taken.state in _COUNTED else 0


def why_not(allowance: Allowance, units: int, member_id: UUID | None, of_member: int) -> str | None:
    """Why so many more units cannot be taken, None when they can. `of_member`: what this member has taken already."""
    if allowance.per_member is not None:
        if member_id is None:
            return "members_only"
        if of_member + units > allowance.per_member:
            return "already_used"
    if allowance.most is not None and allowance.taken + units > allowance.most:
        return "used_up"
    return None
