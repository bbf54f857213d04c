"""The answering centre's API, under /logistics/fassto/api/v1. Good or bad, one envelope, and mostly HTTP 200."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox.clock import Clock, epoch
from sandbox.faults import Faults
from sandbox.logistics.fassto import Fassto, FasstoRefusal
from sandbox.store import Store
from sandbox.wire import read_json

LIST_PATH = ("start", "end", "status", "out_div")


def _answer(data: Any) -> JSONResponse:
    count = len(data) if isinstance(data, list) else 1
    header = {"code": "SUCCESS", "msg": "성공", "dataCount": count}
    return JSONResponse({"header": header, "data": data, "errorInfo": None})


def refuse(code: str | None) -> JSONResponse:
    return _refused(FasstoRefusal(code or "INTERNAL_ERROR", "처리 중 오류가 발생했습니다."))


def _refused(refusal: FasstoRefusal) -> JSONResponse:
    error = {"errorCode": refusal.code, "errorMessage": refusal.message, "errorData": refusal.details}
    header = {"code": "FAIL", "msg": refusal.message, "dataCount": 0}
    status = 401 if refusal.code == "INVALID_ACCESS" else 200
    return JSONResponse({"header": header, "data": None, "errorInfo": error}, status)


def _rows(raw: bytes) -> Any:
    try:
        return read_json(raw)
    except ValueError:
        raise FasstoRefusal("BAD_REQUEST", "요청 본문을 읽을 수 없습니다.") from None


class Door:
    def __init__(self, fassto: Fassto, faults: Faults, store: Store, clock: Clock) -> None:
        self._fassto = fassto
        self._faults = faults
        self._store = store
        self._clock = clock

    async def take(
        self, request: Request, operation: str, effect: Callable[[bytes], Any], *, cst_cd: str | None, subject: str = ""
    ) -> Response:
        """Token, fault, effect. `cst_cd` None means the call that asks for a token."""
        raw = await request.body()

        def checked() -> Response:
            try:
                if cst_cd is not None:
                    self._fassto.check_token(request.headers.get("accesstoken", ""), cst_cd)
                return _answer(effect(raw))
            except FasstoRefusal as refusal:
                return _refused(refusal)

        response = await self._faults.around("logistics", f"fassto_{operation}", effect=checked, refuse=refuse)
        self._store.note_call(
            at=epoch(self._clock.now()), party="logistics", operation=f"fassto_{operation}", subject=subject,
            outcome=str(response.status_code),
        )  # fmt: skip
        return response


def router(fassto: Fassto, faults: Faults, store: Store, clock: Clock) -> APIRouter:
    api = APIRouter(prefix="/logistics/fassto/api/v1", tags=["FASSTO"])
    door = Door(fassto, faults, store, clock)

    @api.post("/auth/connect")
    async def connect(request: Request, apiCd: str = "", apiKey: str = "") -> Response:  # noqa: N803 - names of the party
        return await door.take(request, "connect", lambda _: fassto.connect(apiCd, apiKey), cst_cd=None)

    @api.post("/delivery/parcel/{cst_cd}")
    async def release(request: Request, cst_cd: str) -> Response:
        """Release parcels: [{ordNo, ordDt, custNm, custTelNo, custAddr, godCds: [{cstGodCd, ordQty}]}]."""
        return await door.take(request, "release", lambda raw: fassto.release(_rows(raw)), cst_cd=cst_cd)

    @api.patch("/delivery/cancel/{cst_cd}")
    async def cancel(request: Request, cst_cd: str) -> Response:
        return await door.take(request, "cancel", lambda raw: fassto.cancel(_rows(raw)), cst_cd=cst_cd)

    @api.get("/delivery/detail/{cst_cd}/{slip_no}")
    async def detail(request: Request, cst_cd: str, slip_no: str) -> Response:
        return await door.take(request, "detail", lambda _: fassto.detail(slip_no), cst_cd=cst_cd, subject=slip_no)

    @api.get("/delivery/{cst_cd}/{start}/{end}/{status}/{out_div}")
    async def listing(request: Request, cst_cd: str) -> Response:
        return await door.take(
            request,
            "list",
            lambda _: fassto.listing(**{name: request.path_params[name] for name in LIST_PATH}),
            cst_cd=cst_cd,
        )

    @api.get("/stock/list/{cst_cd}")
    async def stock(request: Request, cst_cd: str) -> Response:
        return await door.take(request, "stock", lambda _: fassto.stock(), cst_cd=cst_cd)

    return api
