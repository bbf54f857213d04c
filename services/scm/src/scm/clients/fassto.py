"""A centre with FASSTO's interface. Most of its refusals come as HTTP 200 with `errorInfo.errorCode`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
from pydantic import SecretStr

from common.errors import UpstreamUnavailable
from scm.domain.release import Draft, Outcome, Refused, Registered, Slip, SlipStatus, Unknown

_TIMEOUT_SECONDS = 10
_NO_ACCESS = "INVALID_ACCESS"
# First in, first out: the centre picks the oldest lot.
_OUT_WAY = "1"
_ROW_OK = "200"


@dataclass(frozen=True)
class Account:
    """`parcel_code` is the outDiv of releases that leave as parcels."""

    url: str
    api_code: SecretStr
    api_key: SecretStr
    customer: str
    parcel_code: str = "1"


class _NoAnswer(Exception):
    """Nothing usable came back."""


class _Refusal(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Fassto:
    def __init__(self, http: httpx.AsyncClient, account: Account) -> None:
        self._http = http
        self._account = account
        self._base = account.url.rstrip("/") + "/api/v1"
        self._token: str | None = None

    async def release(self, draft: Draft) -> Outcome:
        try:
            data = await self._call("POST", f"/delivery/parcel/{self._account.customer}", [_body(draft)])
        except _Refusal as refusal:
            return Refused(refusal.code)
        except _NoAnswer as nothing:
            return Unknown(str(nothing))
        for row in _rows(data):
            if row.get("ordNo") == draft.order_no:
                if row.get("slipNo") and str(row.get("code", _ROW_OK)) == _ROW_OK:
                    return Registered(str(row["slipNo"]))
                return Refused(str(row.get("code")))
        return Unknown("the answer does not name our order number")

    async def cancel(self, slip_no: str, order_no: str) -> None:
        try:
            body = [{"slipNo": slip_no, "ordNo": order_no}]
            await self._call("PATCH", f"/delivery/cancel/{self._account.customer}", body)
        except (_Refusal, _NoAnswer):
            # The release itself tells what became of it, whichever answer was lost.
            return

    async def slip(self, slip_no: str) -> Slip | None:
        rows = _rows(await self._read(f"/delivery/detail/{self._account.customer}/{slip_no}"))
        return next((slip for row in rows if (slip := _slip(row)) is not None), None)

    async def find(self, order_no: str, day: date) -> Slip | None:
        # In the order in which releases move on, so that one that moves between two questions is not missed.
        for status in SlipStatus:
            for slip in await self.slips(status, day, day):
                if slip.order_no == order_no:
                    return slip
        return None

    async def slips(self, status: SlipStatus, start: date, end: date) -> list[Slip]:
        path = f"/delivery/{self._account.customer}/{start:%Y%m%d}/{end:%Y%m%d}/{status}/{self._account.parcel_code}"
        rows = _rows(await self._read(path))
        return [slip for row in rows if (slip := _slip(row, status)) is not None]

    async def shelves(self) -> dict[str, int]:
        rows = _rows(await self._read(f"/stock/list/{self._account.customer}"))
        return {str(row["cstGodCd"]): _whole(row.get("canStockQty")) for row in rows if row.get("cstGodCd")}

    async def _read(self, path: str) -> Any:
        try:
            return await self._call("GET", path)
        except _Refusal as refusal:
            raise UpstreamUnavailable(f"the centre refuses to answer ({refusal.code})") from refusal
        except _NoAnswer as nothing:
            raise UpstreamUnavailable(f"the centre does not answer ({nothing})") from nothing

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        """`data` of the answer. A token that is over is renewed once; such a call had no effect."""
        fresh = self._token is None
        try:
            return await self._once(method, path, body)
        except _Refusal as refusal:
            if refusal.code != _NO_ACCESS or fresh:
                raise
        self._token = None
        return await self._once(method, path, body)

    async def _once(self, method: str, path: str, body: Any) -> Any:
        if self._token is None:
            self._token = await self._connect()
        return await self._ask(method, path, body, {"accessToken": self._token})

    async def _connect(self) -> str:
        keys = {
            "apiCd": self._account.api_code.get_secret_value(),
            "apiKey": self._account.api_key.get_secret_value(),
        }
        try:
            data = await self._ask("POST", "/auth/connect", None, {}, keys)
        except _Refusal as refusal:
            # Nothing was asked yet, so nothing was refused: our keys are wrong.
            raise _NoAnswer(f"connect: {refusal.code}") from refusal
        token = data.get("accessToken") if isinstance(data, dict) else None
        if not isinstance(token, str) or not token:
            raise _NoAnswer("connect: no token")
        return token

    async def _ask(
        self, method: str, path: str, body: Any, headers: dict[str, str], query: dict[str, str] | None = None
    ) -> Any:
        try:
            response = await self._http.request(
                method, self._base + path, json=body, headers=headers, params=query, timeout=_TIMEOUT_SECONDS
            )
        except httpx.HTTPError as error:
            raise _NoAnswer(type(error).__name__) from error
        if response.status_code >= 500 or response.status_code in {408, 425, 429}:
            raise _NoAnswer(f"HTTP {response.status_code}")
        if response.status_code == 401:
            raise _Refusal(_NO_ACCESS)
        try:
            answer = response.json()
        except ValueError as error:
            raise _NoAnswer("not JSON") from error
        info = answer.get("errorInfo") if isinstance(answer, dict) else None
        if isinstance(info, dict) and info.get("errorCode"):
            raise _Refusal(str(info["errorCode"]))
        if not response.is_success:
            raise _Refusal(f"HTTP {response.status_code}")
        return answer.get("data") if isinstance(answer, dict) else None


def _body(draft: Draft) -> dict[str, Any]:
    to = draft.ship_to
    return {
        "ordDt": f"{draft.ordered_on:%Y%m%d}",
        "ordNo": draft.order_no,
        "custNm": to.recipient,
        "custTelNo": "".join(sign for sign in to.phone if sign.isdigit()),
        "custAddr": f"({to.zonecode}) {to.road_address} {to.detail}".strip(),
        "shipReqTerm": to.memo or "",
        "outWay": _OUT_WAY,
        "godCds": [{"cstGodCd": sku, "ordQty": quantity} for sku, quantity in draft.units],
    }


def _whole(said: Any) -> int:
    """A number, or a number written as text. Raises `UpstreamUnavailable` for anything else."""
    try:
        return int(said)
    except (TypeError, ValueError) as error:
        raise UpstreamUnavailable("the centre does not say how many units it has") from error


def _rows(data: Any) -> list[dict[str, Any]]:
    rows = data if isinstance(data, list) else [data]
    return [row for row in rows if isinstance(row, dict)]


def _slip(row: dict[str, Any], asked_for: SlipStatus | None = None) -> Slip | None:
    """The list names the status `status`, its production documents `wrkStat`; a row of neither is what we asked for."""
    said = row.get("status") or row.get("wrkStat") or asked_for
    if not row.get("slipNo") or not row.get("ordNo") or said not in set(SlipStatus):
        return None
    return Slip(
        slip_no=str(row["slipNo"]),
        order_no=str(row["ordNo"]),
        status=SlipStatus(said),
        carrier=str(row["parcelCd"]) if row.get("parcelCd") else None,
        waybill=str(row["invoiceNo"]) if row.get("invoiceNo") else None,
    )
