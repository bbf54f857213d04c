"""Goods that come back to the active centre: it books a carrier to collect them, tells the mall when the carrier has
them, and at last what it found of each unit.

Where the goods are follows from the carrier's own scans. Each step is written down before it is taken: a lost answer is
asked again with the same waybill and the same findings.
"""

import json
from typing import Any

import httpx

from sandbox.clock import Clock, epoch, from_epoch, wire_time
from sandbox.faults import CALLBACK_KINDS, Fault, Faults
from sandbox.logistics.mall import CONFLICT, REFUSED, TAKEN, UNKNOWN, MallApi, answered, outcome
from sandbox.logistics.parcels import Parcels
from sandbox.logistics.switches import Findings, Switches
from sandbox.logistics.waybills import new_waybill
from sandbox.settings import Settings
from sandbox.store import Store

PATH = "/v1/logistics/return-requests"
SEEN, BOOKED, COLLECTED, ARRIVED, INSPECTED = "seen", "booked", "collected", "arrived", "inspected"
# The claim was dropped: nobody collects any more, or what came is put aside for the mall to say.
CLOSED, PUT_ASIDE = "closed", "put_aside"
_WORKED_ON = (SEEN, BOOKED, COLLECTED, ARRIVED)
_DROPPED = "return.closed"
_OPERATIONS = {"pick-up": "job_pick_up", "received": "job_received"}


class Returns:
    def __init__(
        self, *, settings: Settings, clock: Clock, store: Store, faults: Faults, parcels: Parcels, switches: Switches,
        mall: MallApi,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._clock = clock
        self._store = store
        self._faults = faults
        self._parcels = parcels
        self._switches = switches
        self._mall = mall

    async def round(self) -> None:
        """Look for new requests, then take every step that is due; one return takes as many as it can."""
        for item in await self._mall.listed(PATH):
            self._remember(item)
        for row in self._store.rows(
            "SELECT claim_id FROM logistics_returns WHERE state IN (?, ?, ?, ?) AND due_at <= ? ORDER BY seq",
            *_WORKED_ON, self._now(),
        ):  # fmt: skip
            while await self._step(row["claim_id"]):
                pass

    def _remember(self, item: dict[str, Any]) -> None:
        with self._store.tx():
            data: dict[str, Any] = {"request": item, "parcel": None, "found": None, "log": []}
            self._store.run(
                "INSERT INTO logistics_returns (claim_id, seq, state, due_at, data) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                str(item["claim_id"]), self._store.next_number("logistics_returns"), SEEN,
                self._now() + self._settings.logistics_book_seconds, json.dumps(data, ensure_ascii=False),
            )  # fmt: skip

    async def _step(self, claim_id: str) -> bool:
        """Whether another step may follow at once."""
        row = self._store.row("SELECT * FROM logistics_returns WHERE claim_id = ?", claim_id)
        if row is None or row["due_at"] > self._now():
            return False
        data = json.loads(row["data"])
        if row["state"] == SEEN:
            self._book(claim_id, data)
            return True
        if row["state"] == BOOKED:
            return self._scanned(data, "AT_PICKUP") and await self._tell_collected(claim_id, data)
        if row["state"] == COLLECTED and self._scanned(data, "DELIVERED"):
            self._save(claim_id, data, ARRIVED, self._settings.logistics_inspect_seconds)
            return True
        if row["state"] == ARRIVED:
            await self._tell_found(claim_id, data)
        return False

    def _book(self, claim_id: str, data: dict[str, Any]) -> None:
        codes = self._settings.carrier_codes
        code, carrier_id = codes[self._store.next_number("labels") % len(codes)]
        waybill = new_waybill(self._store, carrier_id)
        data["parcel"] = {"carrier": code, "carrier_id": carrier_id, "waybill": waybill}
        self._save(claim_id, data, BOOKED)
        self._parcels.issue(carrier_id, waybill, f"return {claim_id}")

    def _scanned(self, data: dict[str, Any], code: str) -> bool:
        parcel = data["parcel"]
        # A crash between the note and the label: the label is printed now.
        self._parcels.issue(parcel["carrier_id"], parcel["waybill"], f"return {data['request']['claim_id']}")
        events = self._parcels.events(parcel["carrier_id"], parcel["waybill"]) or []
        return any(event.code == code for event in events)

    async def _tell_collected(self, claim_id: str, data: dict[str, Any]) -> bool:
        parcel = data["parcel"]
        body = {"carrier": parcel["carrier"], "waybill": parcel["waybill"]}
        response = await self._post(claim_id, data, "pick-up", body, BOOKED)
        if response is None:
            return False
        said = outcome(response)
        if said == CONFLICT and _code(response) == _DROPPED:
            self._parcels.void(parcel["carrier_id"], parcel["waybill"])
            self._save(claim_id, data, CLOSED)
            return False
        self._save(claim_id, data, {TAKEN: COLLECTED, UNKNOWN: BOOKED}.get(said, "refused"))
        return said == TAKEN

    async def _tell_found(self, claim_id: str, data: dict[str, Any]) -> None:
        if data["found"] is None:
            with self._store.tx():
                data["found"] = inspected(data["request"]["lines"], self._switches.take_findings())
                self._save(claim_id, data, ARRIVED)
        lines = [{name: line[name] for name in line if name != "wrong"} for line in data["found"]]
        response = await self._post(claim_id, data, "received", {"lines": lines}, ARRIVED)
        if response is None:
            return
        said = outcome(response)
        dropped = said == CONFLICT and _code(response) == _DROPPED
        self._save(
            claim_id, data, PUT_ASIDE if dropped else {TAKEN: INSPECTED, UNKNOWN: ARRIVED}.get(said, REFUSED)
        )  # fmt: skip

    async def _post(
        self, claim_id: str, data: dict[str, Any], verb: str, body: dict[str, Any], state: str
    ) -> httpx.Response | None:
        """None: the step was put off, forgotten, or got no answer; then that is written down."""
        fault = self._faults.take("logistics", _OPERATIONS[verb], CALLBACK_KINDS)
        if fault is not None and self._put_off(claim_id, data, state, fault):
            return None
        twice = fault is not None and fault.kind == "duplicate_callbacks"
        response = None
        for _ in range(2 if twice else 1):
            response = await self._mall.call("POST", f"{PATH}/{claim_id}/{verb}", json=body)
            did = {"at": wire_time(self._clock.now()), "did": verb, "sent": body, "answer": answered(response)}
            data["log"].append(did)
        if response is None:
            self._save(claim_id, data, state)
        return response

    def _put_off(self, claim_id: str, data: dict[str, Any], state: str, fault: Fault) -> bool:
        if fault.kind in ("late_callbacks", "reorder_callbacks"):
            self._save(claim_id, data, state, fault.wait)
            return True
        if fault.kind == "no_callbacks":
            self._save(claim_id, data, "forgotten")
            return True
        return False

    def _save(self, claim_id: str, data: dict[str, Any], state: str, wait: float = 0.0) -> None:
        self._store.run(
            "UPDATE logistics_returns SET state = ?, due_at = ?, data = ? WHERE claim_id = ?",
            state, self._now() + wait, json.dumps(data, ensure_ascii=False), claim_id,
        )  # fmt: skip

    def books(self) -> list[dict[str, Any]]:
        return [
            {"id": row["claim_id"], "state": row["state"], "dueAt": wire_time(from_epoch(row["due_at"]))}
            | json.loads(row["data"])
            for row in self._store.rows("SELECT * FROM logistics_returns ORDER BY seq")
        ]

    def _now(self) -> float:
        return epoch(self._clock.now())


def inspected(lines: list[dict[str, Any]], findings: Findings) -> list[dict[str, Any]]:
    """What became of each unit. Other goods in the place of a unit mean to the mall that the unit did not come."""
    left = {"damaged": findings.damaged, "wrong": findings.wrong, "missing": findings.missing}
    found = []
    for line in lines:
        open_units, so_many = line["quantity"], {}
        for name, units in left.items():
            so_many[name] = min(open_units, units)
            open_units -= so_many[name]
        left = {name: units - so_many[name] for name, units in left.items()}
        found.append(
            {
                "line_id": line["line_id"],
                "resellable": open_units,
                "damaged": so_many["damaged"],
                "missing": so_many["missing"] + so_many["wrong"],
                "wrong": so_many["wrong"],
            }
        )
    return found


def _code(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    return str(body.get("code", "")) if isinstance(body, dict) else ""
