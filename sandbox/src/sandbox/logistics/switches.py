"""The active centre's switches, kept in the books so that a restart does not forget a pause."""

import json
from dataclasses import asdict, dataclass

from sandbox.settings import Settings
from sandbox.store import Store


@dataclass(frozen=True)
class Findings:
    """What is wrong with the next return: so many units damaged, so many other goods than claimed, so many not there.

    What is left of it is found in order.
    """

    damaged: int = 0
    wrong: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Refusal:
    """Why a request is turned away; `short`: so many of its units are not there."""

    reason: str
    short: int = 0


class Switches:
    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    @property
    def paused(self) -> bool:
        return self._get("paused") == "yes"

    @property
    def accept_seconds(self) -> float:
        return float(self._get("accept_seconds") or self._settings.logistics_accept_seconds)

    @property
    def waybill_seconds(self) -> float:
        return float(self._get("waybill_seconds") or self._settings.logistics_waybill_seconds)

    def set(self, name: str, value: str) -> None:
        self._store.run(
            "INSERT INTO logistics_settings (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name, value,
        )  # fmt: skip

    def reject_next(self, refusal: Refusal, count: int) -> None:
        self.set("reject_reason", refusal.reason)
        self.set("reject_short", str(refusal.short))
        self.set("reject_count", str(count))

    def take_rejection(self) -> Refusal | None:
        """What the next request is to be turned away for, used up by one."""
        left = self._left("reject_count")
        if left <= 0:
            return None
        self.set("reject_count", str(left - 1))
        return Refusal(self._get("reject_reason") or "", self._left("reject_short"))

    def give_rejection_back(self) -> None:
        """Nobody knows whether it arrived: the same request is to be rejected again."""
        self.set("reject_count", str(self._left("reject_count") + 1))

    def split_next(self, count: int) -> None:
        self.set("split_count", str(count))

    def take_split(self) -> bool:
        left = self._left("split_count")
        if left > 0:
            self.set("split_count", str(left - 1))
        return left > 0

    def inspect_next(self, findings: Findings, count: int) -> None:
        self.set("inspections", json.dumps(self._inspections() + [asdict(findings)] * count))

    def take_findings(self) -> Findings:
        """Of the next return that is looked at, used up by one."""
        ordered = self._inspections()
        if not ordered:
            return Findings()
        self.set("inspections", json.dumps(ordered[1:]))
        return Findings(**ordered[0])

    def show(self) -> dict[str, object]:
        return {
            "paused": self.paused,
            "accept_seconds": self.accept_seconds,
            "waybill_seconds": self.waybill_seconds,
            "reject_next": self._left("reject_count"),
            "reject_reason": self._get("reject_reason"),
            "reject_short": self._left("reject_short"),
            "split_next": self._left("split_count"),
            "inspect_next": self._inspections(),
        }

    def _inspections(self) -> list[dict[str, int]]:
        return list(json.loads(self._get("inspections") or "[]"))

    def _left(self, name: str) -> int:
        return int(self._get(name) or 0)

    def _get(self, name: str) -> str | None:
        row = self._store.row("SELECT value FROM logistics_settings WHERE name = ?", name)
        return row["value"] if row else None
