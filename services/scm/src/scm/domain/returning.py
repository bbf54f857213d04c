"""Goods on their way back: asked for by an approved claim, picked up, and looked at by the centre unit by unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from common.errors import DomainError
from scm import errors
from scm.commands import CloseReturn, FoundUnits, InspectReturn, PickUpReturn, RequestReturn
from scm.domain.steps import May, Rule


class ReturnStatus(StrEnum):
    REQUESTED = "requested"
    PICKED_UP = "picked_up"
    RECEIVED = "received"
    CLOSED = "closed"


# Goods may stand in the centre's door without anybody having told of the pick-up, also after the claim was dropped:
# then they are told to staff, and the claim stays as it is.
RETURN_TRANSITIONS: dict[ReturnStatus, frozenset[ReturnStatus]] = {
    ReturnStatus.REQUESTED: frozenset({ReturnStatus.PICKED_UP, ReturnStatus.RECEIVED, ReturnStatus.CLOSED}),
    ReturnStatus.PICKED_UP: frozenset({ReturnStatus.RECEIVED, ReturnStatus.CLOSED}),
    ReturnStatus.RECEIVED: frozenset(),
    ReturnStatus.CLOSED: frozenset(),
}

# Columns in the order of ReturnStatus: requested, picked up, received, closed.
_TABLE: dict[type, tuple[Rule, ...]] = {
    PickUpReturn: (May.DO, May.DO, errors.ReturnReceived, errors.ReturnClosed),
    InspectReturn: (May.DO, May.DO, May.SAME, errors.ReturnClosed),
    CloseReturn: (May.DO, May.DO, May.SAME, May.SAME),
}
RETURN_RULES: dict[type, dict[ReturnStatus, Rule]] = {
    command: dict(zip(ReturnStatus, row, strict=True)) for command, row in _TABLE.items()
}

_BY_HAND = "this centre takes no return requests: have the goods fetched, and enter what came"
_DETAIL: dict[type[DomainError], str] = {
    errors.ReturnReceived: "the goods have arrived and were looked at",
    errors.ReturnClosed: "the claim was dropped; if its goods come all the same, put them aside and tell the shop",
}


@dataclass(frozen=True)
class ReturnLine:
    """What was found sums to `quantity`, or is nothing yet."""

    line_id: UUID
    sku: str
    product_name: str
    variant_name: str | None
    quantity: int
    resellable: int = 0
    damaged: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Return:
    claim_id: UUID
    order_id: UUID
    order_number: str
    mall_id: str
    centre: str
    lines: tuple[ReturnLine, ...]
    requested_at: datetime
    status: ReturnStatus = ReturnStatus.REQUESTED
    carrier: str | None = None
    waybill: str | None = None
    attention: str | None = None
    picked_up_at: datetime | None = None
    received_at: datetime | None = None

    def to(self, status: ReturnStatus, **changes: Any) -> Return:
        if status is not self.status and status not in RETURN_TRANSITIONS[self.status]:
            raise AssertionError(f"a return does not go from {self.status} to {status}")
        return replace(self, status=status, **changes)

    def allows(self, command: object) -> bool:
        """False: taken before. Raises the refusal of the table."""
        rule = RETURN_RULES[type(command)][self.status]
        if isinstance(rule, May):
            return rule is May.DO
        raise rule(_DETAIL[rule], return_status=self.status.value)


def request(command: RequestReturn, centre: str, now: datetime, *, by_hand: bool = False) -> Return:
    """At the centre that shipped the order. `by_hand`: it has no way to take returns, so staff sees to it."""
    lines = tuple(
        ReturnLine(line.line_id, line.sku, line.product_name, line.variant_name, line.quantity)
        for line in command.lines
    )
    return Return(
        command.claim_id, command.order_id, command.order_number, command.mall_id, centre, lines, requested_at=now,
        attention=_BY_HAND if by_hand else None,
    )  # fmt: skip


def pick_up(goods: Return, command: PickUpReturn, now: datetime) -> Return:
    """The waybill has been checked and cleaned. Another waybill corrects the first; the pick-up stays when it was."""
    if not goods.allows(command) or (goods.carrier, goods.waybill) == (command.carrier, command.waybill):
        return goods
    return goods.to(
        ReturnStatus.PICKED_UP,
        carrier=command.carrier,
        waybill=command.waybill,
        picked_up_at=goods.picked_up_at or now,
    )


def inspect(goods: Return, command: InspectReturn, now: datetime) -> Return:
    """Raises `InspectionIncomplete` unless each unit is accounted for, `InspectionDiffers` where it was told before
    and otherwise: money may have gone back by then."""
    lines = _inspected(goods, command.found)
    if not goods.allows(command):
        if lines != goods.lines:
            raise errors.InspectionDiffers("these goods were looked at before, with another result")
        return goods
    return goods.to(ReturnStatus.RECEIVED, lines=lines, received_at=now, attention=None)


def close(goods: Return, command: CloseReturn) -> Return:
    """Goods that are on the road already will arrive all the same."""
    if not goods.allows(command):
        return goods
    on_the_road = goods.status is ReturnStatus.PICKED_UP
    return goods.to(
        ReturnStatus.CLOSED, attention="the claim was dropped, but its goods are coming" if on_the_road else None
    )


def _inspected(goods: Return, found: tuple[FoundUnits, ...]) -> tuple[ReturnLine, ...]:
    told = {units.line_id: units for units in found}
    unknown = told.keys() - {line.line_id for line in goods.lines}
    if unknown:
        raise errors.LineUnknown("this return has no such line", line_id=str(min(unknown, key=str)))
    lines = []
    for line in goods.lines:
        units = told.get(line.line_id)
        if units is None or units.resellable + units.damaged + units.missing != line.quantity:
            raise errors.InspectionIncomplete(
                f"{line.quantity} units of {line.sku} were to come: say what became of each of them",
                line_id=str(line.line_id),
                quantity=line.quantity,
            )
        lines.append(replace(line, resellable=units.resellable, damaged=units.damaged, missing=units.missing))
    return tuple(lines)
