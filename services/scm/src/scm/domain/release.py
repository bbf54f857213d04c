"""A release: a shipment handed to a centre that only answers when we ask.

It is written down as `sending` before the call. An outcome we did not hear stays `sending`, and the centre is asked for
our order number before anything is sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from scm.commands import ShipTo

# A refusal may be a passing trouble of the centre; after so many it is taken at its word.
REFUSALS_BELIEVED = 3
_WAITS = (5, 15, 60, 300, 900)


class ReleaseState(StrEnum):
    SENDING = "sending"
    RELEASED = "released"
    SHIPPED = "shipped"
    STOPPED = "stopped"
    REFUSED = "refused"


class SlipStatus(StrEnum):
    """Where the centre says a release stands."""

    ORDER = "ORDER"
    WORKING = "WORKING"
    PARTDONE = "PARTDONE"
    DONE = "DONE"
    CANCEL = "CANCEL"
    SHORTAGE = "SHORTAGE"


@dataclass(frozen=True)
class Release:
    id: UUID
    shipment_id: UUID
    number: int
    order_no: str
    ordered_on: date
    state: ReleaseState
    slip_no: str | None = None
    attempts: int = 0


@dataclass(frozen=True)
class Draft:
    """What the centre is to send: units per SKU, to whom."""

    order_no: str
    ordered_on: date
    ship_to: ShipTo
    units: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Slip:
    """A release as the centre lists it. Carrier and waybill are there once it shipped."""

    slip_no: str
    order_no: str
    status: SlipStatus
    carrier: str | None = None
    waybill: str | None = None


@dataclass(frozen=True)
class Registered:
    slip_no: str


@dataclass(frozen=True)
class Refused:
    """The centre understood and said no. `code` is its own."""

    code: str


@dataclass(frozen=True)
class Unknown:
    """No usable answer: it may have happened or not."""

    why: str


Outcome = Registered | Refused | Unknown


def order_number(shipment_id: UUID, number: int) -> str:
    """Our number at the centre, unique per release: the first is the shipment's id."""
    return str(shipment_id) if number == 1 else f"{shipment_id}-{number}"


def retry_at(now: datetime, attempts: int) -> datetime:
    return now + timedelta(seconds=_WAITS[min(attempts, len(_WAITS)) - 1] if attempts else _WAITS[0])
