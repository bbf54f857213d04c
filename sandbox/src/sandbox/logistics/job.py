"""The active centre: its job fetches open shipment requests from the mall, accepts them and posts waybills. What is to
come back it leaves to `returns`.

Each step is written down before it is taken, so a lost answer is asked again with the same waybill and a restart goes
on where it stood.
"""

import asyncio
import json
import logging
from typing import Any

from sandbox.clock import Clock, epoch, from_epoch, wire_time
from sandbox.faults import CALLBACK_KINDS, Faults
from sandbox.logistics.mall import CONFLICT, REFUSED, TAKEN, UNKNOWN, MallApi, answered, outcome
from sandbox.logistics.parcels import Parcels
from sandbox.logistics.returns import Returns
from sandbox.logistics.switches import Refusal, Switches
from sandbox.logistics.waybills import new_waybill
from sandbox.settings import Settings
from sandbox.store import Store

log = logging.getLogger(__name__)
PATH = "/v1/logistics/shipment-requests"
AT_ONCE = 8
LINE_FIELDS = ("line_id", "id", "sku", "quantity")


class Job:
    def __init__(
        self, *, settings: Settings, clock: Clock, store: Store, faults: Faults, parcels: Parcels, switches: Switches,
        mall: MallApi, returns: Returns,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._clock = clock
        self._store = store
        self._faults = faults
        self._parcels = parcels
        self._switches = switches
        self._mall = mall
        self._returns = returns
        self._one_round = asyncio.Lock()  # the job and a round ordered by hand must not work on one request at once

    async def run(self) -> None:
        """Until cancelled. Without a mall's address there is nothing to do."""
        while self._settings.logistics_url:
            try:
                await self.round()
            except Exception:
                # A centre's job that met something unforeseen tries again at its next hour, as cron would have it.
                log.exception("the logistics job failed this round")
            await self._clock.sleep(self._settings.logistics_poll_seconds)

    async def round(self) -> None:
        """One run of the job: look for new requests, then take every step that is due."""
        async with self._one_round:
            if not self._switches.paused:
                for item in await self._mall.listed(PATH):
                    self._remember(item)
                await self._work()
                await self._returns.round()

    async def _work(self) -> None:
        rows = self._store.rows(
            "SELECT request_id FROM logistics_requests "
            "WHERE state IN ('seen', 'accepted') AND due_at <= ? ORDER BY seq",
            self._now(),
        )
        for start in range(0, len(rows), AT_ONCE):
            async with asyncio.TaskGroup() as steps:
                for row in rows[start : start + AT_ONCE]:
                    steps.create_task(self._step(row["request_id"]))

    def _remember(self, item: dict[str, Any]) -> None:
        with self._store.tx():
            data = {"request": item, "waybills": [], "log": [], "sightings": 0}
            due_at = self._now() + self._switches.accept_seconds
            self._store.run(
                "INSERT INTO logistics_requests (request_id, seq, state, due_at, data) VALUES (?, ?, 'seen', ?, ?) "
                "ON CONFLICT DO NOTHING",
                str(item["id"]), self._store.next_number("logistics_requests"), due_at,
                json.dumps(data, ensure_ascii=False),
            )  # fmt: skip
            self._store.run(
                "UPDATE logistics_requests SET data = json_set(data, '$.sightings', "
                "json_extract(data, '$.sightings') + 1) WHERE request_id = ?",
                str(item["id"]),
            )

    async def _step(self, request_id: str) -> None:
        row = self._store.row("SELECT * FROM logistics_requests WHERE request_id = ?", request_id)
        if row is None:
            return
        data = json.loads(row["data"])
        if row["state"] == "seen":
            await self._accept(request_id, data)
        else:
            await self._ship(request_id, data)

    async def _accept(self, request_id: str, data: dict[str, Any]) -> None:
        refusal = self._switches.take_rejection()
        if refusal is not None:
            outcome = await self._reject(request_id, data, refusal)
            if outcome == UNKNOWN:
                self._switches.give_rejection_back()
            self._save(request_id, data, {UNKNOWN: "seen", TAKEN: "rejected"}.get(outcome, "refused"))
            return
        fault = self._faults.take("logistics", "job_accept", CALLBACK_KINDS)
        if fault is not None and fault.kind == "no_callbacks":
            self._save(request_id, data, "forgotten")
            return
        if fault is not None and fault.kind == "duplicate_callbacks":
            await self._post(request_id, data, "accept", {})
        outcome = await self._post(request_id, data, "accept", {})
        # A conflict is most likely our own accept whose answer was lost; if not, the waybill will be refused.
        state = {REFUSED: "refused", UNKNOWN: "seen"}.get(outcome, "accepted")
        self._save(request_id, data, state, self._switches.waybill_seconds if state == "accepted" else 0)

    async def _reject(self, request_id: str, data: dict[str, Any], refusal: Refusal) -> str:
        """What is short is said of what is to be picked now: units may have been cancelled since it was first seen."""
        body: dict[str, Any] = {"reason": refusal.reason}
        if refusal.short:
            response = await self._mall.call("GET", f"{PATH}/{request_id}")
            if response is None or outcome(response) != TAKEN:
                return outcome(response)
            body["short"] = _first(response.json()["pick"], refusal.short)
        return await self._post(request_id, data, "reject", body)

    async def _ship(self, request_id: str, data: dict[str, Any]) -> None:
        fault = self._faults.take("logistics", "job_waybill", CALLBACK_KINDS)
        if fault is not None and fault.kind in ("late_callbacks", "reorder_callbacks"):
            self._save(request_id, data, "accepted", fault.wait)
            return
        if fault is not None and fault.kind == "no_callbacks":
            self._save(request_id, data, "forgotten")
            return
        if not data["waybills"]:
            data["waybills"] = self._label(data["request"])
            self._save(request_id, data, "accepted")
        twice = fault is not None and fault.kind == "duplicate_callbacks"
        for parcel in data["waybills"]:
            if parcel["state"] != TAKEN:
                await self._hand_over(request_id, data, parcel)
                if twice:
                    await self._post(request_id, data, "waybill", _waybill(parcel))
        states = {parcel["state"] for parcel in data["waybills"]}
        if UNKNOWN in states:
            self._save(request_id, data, "accepted")
        else:
            self._save(request_id, data, "refused" if REFUSED in states else "shipped")

    def _label(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Waybill numbers for the request: one, or two with the lines shared out when a split was ordered."""
        codes = self._settings.carrier_codes
        code, carrier_id = codes[self._store.next_number("labels") % len(codes)]
        lines = [{name: line[name] for name in LINE_FIELDS if name in line} for line in request.get("lines", [])]
        shares: list[list[dict[str, Any]] | None] = [None]
        if len(lines) > 1 and self._switches.take_split():
            shares = [lines[:1], lines[1:]]
        return [
            {
                "carrier": code,
                "carrier_id": carrier_id,
                "waybill": new_waybill(self._store, carrier_id),
                "lines": share,
                "state": UNKNOWN,
                "tries": 0,
            }
            for share in shares
        ]

    async def _hand_over(self, request_id: str, data: dict[str, Any], parcel: dict[str, Any]) -> None:
        outcome = await self._post(request_id, data, "waybill", _waybill(parcel))
        if outcome == CONFLICT:
            # Ours from an earlier try whose answer was lost, or the order was cancelled meanwhile.
            outcome = TAKEN if parcel["tries"] else REFUSED
        parcel["tries"] += 1
        parcel["state"] = outcome
        if outcome == TAKEN:
            self._parcels.issue(parcel["carrier_id"], parcel["waybill"], f"job {request_id}")

    async def _post(self, request_id: str, data: dict[str, Any], verb: str, body: dict[str, Any]) -> str:
        response = await self._mall.call("POST", f"{PATH}/{request_id}/{verb}", json=body)
        did = {"at": wire_time(self._clock.now()), "did": verb, "sent": body, "answer": answered(response)}
        data["log"].append(did)
        return outcome(response)

    async def count_stock(self, items: list[dict[str, Any]]) -> int | None:
        """Tell the mall what stands on the shelves; the mall's HTTP status, None without an answer."""
        response = await self._mall.call("POST", "/v1/logistics/stock-counts", json={"items": items})
        return None if response is None else response.status_code

    def _save(self, request_id: str, data: dict[str, Any], state: str, wait: float = 0.0) -> None:
        kept = self._store.row("SELECT data FROM logistics_requests WHERE request_id = ?", request_id)
        data["sightings"] = json.loads(kept["data"])["sightings"] if kept else 1
        self._store.run(
            "UPDATE logistics_requests SET state = ?, due_at = ?, data = ? WHERE request_id = ?",
            state, self._now() + wait, json.dumps(data, ensure_ascii=False), request_id,
        )  # fmt: skip

    def books(self) -> list[dict[str, Any]]:
        return [
            {
                "id": row["request_id"],
                "state": row["state"],
                "dueAt": wire_time(from_epoch(row["due_at"])),
                **json.loads(row["data"]),
            }
            for row in self._store.rows("SELECT * FROM logistics_requests ORDER BY seq")
        ]

    def _now(self) -> float:
        return epoch(self._clock.now())


def _first(pick: list[dict[str, Any]], units: int) -> list[dict[str, Any]]:
    """So many units of what is to be picked, or all of them."""
    found = []
    for item in pick:
        taken = min(units, item["quantity"])
        units -= taken
        if taken:
            found.append({"sku": item["sku"], "quantity": taken})
    return found


def _waybill(parcel: dict[str, Any]) -> dict[str, Any]:
    body = {"carrier": parcel["carrier"], "waybill": parcel["waybill"]}
    return body if parcel["lines"] is None else {**body, "lines": parcel["lines"]}
