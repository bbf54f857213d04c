"""A polled centre and a tracking API that do as they are told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from common.errors import UpstreamUnavailable
from scm.domain.release import Draft, Outcome, Refused, Registered, Slip, SlipStatus, Unknown
from scm.domain.tracking import Track


@dataclass
class FakeCentre:
    """Takes each order number once, as the real one does. `lose`: acts, but its answer is lost."""

    drafts: dict[str, Draft] = field(default_factory=dict)
    kept: dict[str, Slip] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    lose: bool = False
    deaf: bool = False
    refuse: str | None = None
    away: bool = False
    can_send: dict[str, int] = field(default_factory=dict)

    async def release(self, draft: Draft) -> Outcome:
        self.calls.append(f"release {draft.order_no}")
        if self.deaf:
            return Unknown("timeout")
        if self.refuse:
            return Refused(self.refuse)
        if draft.order_no in self.drafts:
            return Refused("DUPLICATE_ORDER")
        self.drafts[draft.order_no] = draft
        slip = Slip(f"S{len(self.kept) + 1}", draft.order_no, SlipStatus.ORDER)
        self.kept[slip.slip_no] = slip
        return Unknown("timeout") if self.lose else Registered(slip.slip_no)

    async def cancel(self, slip_no: str, order_no: str) -> None:
        self.calls.append(f"cancel {slip_no}")
        if self.kept[slip_no].status in (SlipStatus.ORDER, SlipStatus.SHORTAGE):
            self.becomes(slip_no, SlipStatus.CANCEL)

    async def slip(self, slip_no: str) -> Slip | None:
        self._answers()
        return self.kept.get(slip_no)

    async def find(self, order_no: str, day: date) -> Slip | None:
        self._answers()
        self.calls.append(f"find {order_no}")
        return next((slip for slip in self.kept.values() if slip.order_no == order_no), None)

    async def slips(self, status: SlipStatus, start: date, end: date) -> list[Slip]:
        self._answers()
        return [slip for slip in self.kept.values() if slip.status is status]

    async def shelves(self) -> dict[str, int]:
        self._answers()
        self.calls.append("shelves")
        return dict(self.can_send)

    def becomes(self, slip_no: str, status: SlipStatus, waybill: str | None = None, carrier: str = "04") -> None:
        shipped = {"waybill": waybill, "carrier": carrier} if waybill else {}
        self.kept[slip_no] = replace(self.kept[slip_no], status=status, **shipped)

    def _answers(self) -> None:
        if self.away:
            raise UpstreamUnavailable("the centre does not answer")


@dataclass
class FakeTracker:
    """`tracks` by waybill; what is not in it is NOT_FOUND, an exception in it is raised."""

    tracks: dict[str, Track | Exception] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def track(self, carrier_id: str, waybill: str) -> Track | None:
        self.asked.append((carrier_id, waybill))
        found = self.tracks.get(waybill)
        if isinstance(found, Exception):
            raise found
        return found
