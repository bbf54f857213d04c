"""Parcels on their way: where each one is follows from when its waybill was issued and what the time is."""

from dataclasses import dataclass
from typing import Any

from sandbox.clock import Clock, epoch, from_epoch, wire_time
from sandbox.settings import Settings
from sandbox.store import Store

JOURNEY = (
    ("INFORMATION_RECEIVED", "접수", "운송장이 등록되었습니다."),
    ("AT_PICKUP", "집화처리", "보내시는 고객님으로부터 상품을 인수받았습니다."),
    ("IN_TRANSIT", "간선상차", "물류터미널로 상품이 이동중입니다."),
    ("OUT_FOR_DELIVERY", "배송출발", "고객님의 상품을 배송할 예정입니다."),
    ("DELIVERED", "배송완료", "고객님의 상품이 배송완료 되었습니다."),
)
CODES = (
    "UNKNOWN", "INFORMATION_RECEIVED", "AT_PICKUP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "ATTEMPT_FAIL", "DELIVERED",
    "AVAILABLE_FOR_PICKUP", "EXCEPTION",
)  # fmt: skip


@dataclass(frozen=True)
class Event:
    at: float
    code: str
    name: str
    description: str


class Parcels:
    def __init__(self, settings: Settings, clock: Clock, store: Store) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store

    def issue(self, carrier_id: str, waybill: str, source: str, *, at: float | None = None) -> None:
        """A waybill the carrier knows from `at` on (epoch seconds, now when left out). Again changes nothing."""
        moment = epoch(self._clock.now()) if at is None else at
        self._store.run(
            "INSERT INTO parcels (carrier_id, waybill, source, issued_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            carrier_id, waybill, source, moment,
        )  # fmt: skip

    def void(self, carrier_id: str, waybill: str) -> None:
        self._store.run("DELETE FROM parcels WHERE carrier_id = ? AND waybill = ?", carrier_id, waybill)

    def add_event(self, carrier_id: str, waybill: str, code: str, description: str) -> bool:
        """Something out of the ordinary, now. False when the carrier does not know the parcel."""
        if self.events(carrier_id, waybill) is None:
            return False
        self._store.run(
            "INSERT INTO parcel_events (carrier_id, waybill, at, code, description) VALUES (?, ?, ?, ?, ?)",
            carrier_id, waybill, epoch(self._clock.now()), code, description,
        )  # fmt: skip
        return True

    def events(self, carrier_id: str, waybill: str) -> list[Event] | None:
        """Oldest first; None while the carrier does not know the number, which is normal until the pickup scan."""
        row = self._store.row("SELECT * FROM parcels WHERE carrier_id = ? AND waybill = ?", carrier_id, waybill)
        now = epoch(self._clock.now())
        if row is None or now < row["issued_at"] + self._settings.tracking_hidden_seconds:
            return None
        step = self._settings.tracking_step_seconds
        journey = [
            Event(row["issued_at"] + number * step, code, name, description)
            for number, (code, name, description) in enumerate(JOURNEY)
            if row["issued_at"] + number * step <= now
        ]
        return sorted(journey + self._extra(carrier_id, waybill), key=lambda event: event.at)

    def _extra(self, carrier_id: str, waybill: str) -> list[Event]:
        rows = self._store.rows(
            "SELECT * FROM parcel_events WHERE carrier_id = ? AND waybill = ? ORDER BY id", carrier_id, waybill
        )
        return [Event(row["at"], row["code"], row["code"], row["description"]) for row in rows]

    def books(self) -> list[dict[str, Any]]:
        listed = []
        for row in self._store.rows("SELECT * FROM parcels ORDER BY issued_at"):
            events = self.events(row["carrier_id"], row["waybill"])
            last = most_likely(events) if events else None
            listed.append(
                {
                    "carrierId": row["carrier_id"],
                    "waybill": row["waybill"],
                    "source": row["source"],
                    "issuedAt": wire_time(from_epoch(row["issued_at"])),
                    "status": last.code if last else "NOT_FOUND",
                }
            )
        return listed


def most_likely(events: list[Event]) -> Event:
    """DELIVERED counts even when a carrier books a later scan after it."""
    delivered = [event for event in events if event.code == "DELIVERED"]
    return (delivered or events)[-1]
