"""A centre that only answers: releases, their progress, cancels and stock, as FASSTO keeps them.

Where a release stands follows from its age, so a restart changes nothing. Nothing may be released twice under one order
number of the mall.
"""

import json
import secrets
from collections import Counter
from typing import Any

from sandbox.clock import Clock, epoch, from_epoch
from sandbox.logistics.parcels import Parcels
from sandbox.logistics.waybills import new_waybill
from sandbox.settings import Settings
from sandbox.store import Store

STATUSES = {
    "ORDER": "출고요청", "WORKING": "출고작업중", "DONE": "출고완료", "PARTDONE": "부분출고완료", "CANCEL": "출고취소",
    "SHORTAGE": "재고부족",
}  # fmt: skip
NEEDED = ("ordNo", "ordDt", "custNm", "custTelNo", "custAddr")
SHIPPED = ("DONE", "PARTDONE")
OPEN = ("ORDER", "WORKING")
CARRIER_ID, PARCEL_CODE, PARCEL_NAME = "kr.cjlogistics", "CJ", "CJ대한통운"
OUT_DIV_PARCEL = "1"
MOST_QUANTITY = 1_000_000


class FasstoRefusal(Exception):
    """A business error: HTTP 200 with errorInfo, except for the token."""

    def __init__(self, code: str, message: str, details: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or []


class Fassto:
    def __init__(self, settings: Settings, clock: Clock, store: Store, parcels: Parcels) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._parcels = parcels

    def connect(self, api_cd: str, api_key: str) -> dict[str, str]:
        if (api_cd, api_key) != (self._settings.fassto_api_cd, self._settings.fassto_api_key):
            raise FasstoRefusal("INVALID_ACCESS", "인증 정보가 올바르지 않습니다.")
        token = secrets.token_hex(32)
        expires_at = self._now() + self._settings.fassto_token_seconds
        self._store.run("INSERT INTO fassto_tokens (token, expires_at) VALUES (?, ?)", token, expires_at)
        return {"accessToken": token, "expreDatetime": f"{from_epoch(expires_at):%Y%m%d%H%M%S}"}

    def check_token(self, token: str, cst_cd: str) -> None:
        row = self._store.row("SELECT expires_at FROM fassto_tokens WHERE token = ?", token)
        if row is None or row["expires_at"] <= self._now():
            raise FasstoRefusal("INVALID_ACCESS", "유효하지 않은 accessToken 입니다.")
        if cst_cd != self._settings.fassto_cst_cd:
            raise FasstoRefusal("INVALID_CST_CD", "고객사 코드가 올바르지 않습니다.")

    def release(self, rows: Any) -> list[dict[str, Any]]:
        """All rows or none: one bad row and nothing is registered."""
        if not isinstance(rows, list) or not rows:
            raise FasstoRefusal("BAD_REQUEST", "출고 요청이 없습니다.")
        problems = [problem for problem in map(self._problem, rows) if problem]
        numbers = Counter(str(row.get("ordNo")) for row in rows if isinstance(row, dict))
        problems += [{"ordNo": number, "code": "DUPLICATE_ORDER"} for number, count in numbers.items() if count > 1]
        if problems:
            code = problems[0]["code"]
            raise FasstoRefusal(code, "출고 요청을 등록하지 못했습니다.", problems)
        with self._store.tx():
            return [self._register(row) for row in rows]

    def _problem(self, row: Any) -> dict[str, str] | None:
        if not isinstance(row, dict):
            return {"ordNo": "", "code": "BAD_REQUEST"}
        number = str(row.get("ordNo") or "")
        goods = row.get("godCds")
        if any(not isinstance(row.get(name), str) or not row[name] for name in NEEDED):
            return {"ordNo": number, "code": "BAD_REQUEST"}
        if not isinstance(goods, list) or not goods or not all(_is_goods(line) for line in goods):
            return {"ordNo": number, "code": "BAD_REQUEST"}
        if self._store.row("SELECT 1 FROM fassto_slips WHERE order_no = ?", number):
            return {"ordNo": number, "code": "DUPLICATE_ORDER"}
        unknown = [line["cstGodCd"] for line in goods if not self._known(line["cstGodCd"])]
        return {"ordNo": number, "code": "NOT_FOUND_GOODS", "cstGodCd": unknown[0]} if unknown else None

    def _known(self, goods: str) -> bool:
        if self._store.row("SELECT 1 FROM fassto_stock WHERE goods = ?", goods):
            return True
        if self._settings.fassto_default_stock <= 0:
            return False
        self._store.run(
            "INSERT INTO fassto_stock (goods, stock, bad) VALUES (?, ?, 0)",
            goods, self._settings.fassto_default_stock,
        )  # fmt: skip
        return True

    def _register(self, row: dict[str, Any]) -> dict[str, Any]:
        free = {entry["cstGodCd"]: entry["canStockQty"] for entry in self.stock()}
        wanted: Counter[str] = Counter()
        for line in row["godCds"]:
            wanted[line["cstGodCd"]] += line["ordQty"]
        seq = self._store.next_number("fassto_slips")
        slip_no = f"SBX{self._clock.now():%y%m%d}{seq:06d}"
        waybill = new_waybill(self._store, CARRIER_ID)
        short = any(free[goods] < quantity for goods, quantity in wanted.items())
        data = {**row, "slipNo": slip_no, "waybill": waybill, "forced": "SHORTAGE" if short else None}
        self._store.run(
            "INSERT INTO fassto_slips (slip_no, seq, order_no, created_at, data) VALUES (?, ?, ?, ?, ?)",
            slip_no, seq, row["ordNo"], self._now(), json.dumps(data, ensure_ascii=False),
        )  # fmt: skip
        if not short:
            self._parcels.issue(
                CARRIER_ID, waybill, f"fassto {slip_no}", at=self._now() + self._settings.fassto_done_seconds
            )
        return {"slipNo": slip_no, "ordNo": row["ordNo"], "code": "200", "msg": "출고요청 등록 성공"}

    def cancel(self, rows: Any) -> list[dict[str, Any]]:
        """Only while nobody has begun to pick."""
        if not isinstance(rows, list) or not rows:
            raise FasstoRefusal("BAD_REQUEST", "취소할 출고가 없습니다.")
        slips = [self._slip(str(row.get("slipNo") or "")) for row in rows if isinstance(row, dict)]
        for slip in slips:
            if slip["status"] not in ("ORDER", "SHORTAGE"):
                details = [{"slipNo": slip["slipNo"], "status": slip["status"]}]
                raise FasstoRefusal("NOT_CANCELABLE", "출고 작업이 시작되어 취소할 수 없습니다.", details)
        with self._store.tx():
            for slip in slips:
                self.force(slip["slipNo"], "CANCEL")
        return [{"slipNo": slip["slipNo"], "ordNo": slip["ordNo"], "code": "200"} for slip in slips]

    def force(self, slip_no: str, status: str) -> dict[str, Any]:
        """Set a release to a status by hand; what is shipped gets its waybill now, what is not loses it."""
        slip = self._slip(slip_no)
        self._store.run(
            "UPDATE fassto_slips SET data = json_set(data, '$.forced', ?) WHERE slip_no = ?", status, slip_no
        )
        if status in SHIPPED:
            self._parcels.void(CARRIER_ID, slip["waybill"])
            self._parcels.issue(CARRIER_ID, slip["waybill"], f"fassto {slip_no}")
        else:
            self._parcels.void(CARRIER_ID, slip["waybill"])
        return self._slip(slip_no)

    def slips(self) -> list[dict[str, Any]]:
        """Every release with where it stands now; the waybill is known to whoever asks only once shipped."""
        found = []
        for row in self._store.rows("SELECT * FROM fassto_slips ORDER BY seq"):
            data = json.loads(row["data"])
            status = data["forced"] or self._by_age(self._now() - row["created_at"])
            found.append({**data, "status": status, "statusNm": STATUSES[status]})
        return found

    def _by_age(self, age: float) -> str:
        if age < self._settings.fassto_work_seconds:
            return "ORDER"
        return "WORKING" if age < self._settings.fassto_done_seconds else "DONE"

    def _slip(self, slip_no: str) -> dict[str, Any]:
        for slip in self.slips():
            if slip["slipNo"] == slip_no:
                return slip
        raise FasstoRefusal("NOT_FOUND", "출고 정보가 없습니다.", [{"slipNo": slip_no}])

    def detail(self, slip_no: str) -> dict[str, Any]:
        slip = self._slip(slip_no)
        return {**shown(slip), "goods": slip["godCds"]}

    def listing(self, start: str, end: str, status: str, out_div: str) -> list[dict[str, Any]]:
        """By order date yyyyMMdd, both ends included."""
        return [
            shown(slip)
            for slip in self.slips()
            if start <= slip["ordDt"] <= end and status in ("ALL", slip["status"]) and out_div == OUT_DIV_PARCEL
        ]

    def stock(self) -> list[dict[str, Any]]:
        gone, held = Counter[str](), Counter[str]()
        for slip in self.slips():
            for line in slip["godCds"]:
                if slip["status"] in SHIPPED:
                    gone[line["cstGodCd"]] += line["ordQty"]
                elif slip["status"] in OPEN:
                    held[line["cstGodCd"]] += line["ordQty"]
        return [
            {
                "cstGodCd": row["goods"],
                "stockQty": row["stock"] - gone[row["goods"]],
                "canStockQty": row["stock"] - gone[row["goods"]] - held[row["goods"]] - row["bad"],
                "badStockQty": row["bad"],
            }
            for row in self._store.rows("SELECT * FROM fassto_stock ORDER BY goods")
        ]

    def set_stock(self, goods: str, stock: int, bad: int) -> None:
        """What a count found on the shelf now."""
        before = {entry["cstGodCd"]: entry["stockQty"] for entry in self.stock()}
        row = self._store.row("SELECT stock FROM fassto_stock WHERE goods = ?", goods)
        base = stock + (row["stock"] - before[goods] if row else 0)
        self._store.run(
            "INSERT INTO fassto_stock (goods, stock, bad) VALUES (?, ?, ?) "
            "ON CONFLICT (goods) DO UPDATE SET stock = excluded.stock, bad = excluded.bad",
            goods, base, bad,
        )  # fmt: skip

    def _now(self) -> float:
        return epoch(self._clock.now())


def _is_goods(line: Any) -> bool:
    if not isinstance(line, dict) or not isinstance(line.get("cstGodCd"), str) or not line["cstGodCd"]:
        return False
    quantity = line.get("ordQty")
    return isinstance(quantity, int) and not isinstance(quantity, bool) and 0 < quantity <= MOST_QUANTITY


def shown(slip: dict[str, Any]) -> dict[str, Any]:
    """One row as the centre lists it."""
    shipped = slip["status"] in SHIPPED
    return {
        "slipNo": slip["slipNo"],
        "ordNo": slip["ordNo"],
        "ordDt": slip["ordDt"],
        "outDiv": OUT_DIV_PARCEL,
        "custNm": slip["custNm"],
        "status": slip["status"],
        "statusNm": slip["statusNm"],
        "invoiceNo": slip["waybill"] if shipped else None,
        "parcelCd": PARCEL_CODE if shipped else None,
        "parcelNm": PARCEL_NAME if shipped else None,
    }
