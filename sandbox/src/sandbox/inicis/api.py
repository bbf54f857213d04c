"""Inicis as the mall's server sees it: the approval's two addresses and INIAPI, all under /inicis."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.clock import epoch
from sandbox.inicis import inquiry, signing
from sandbox.inicis.parts import Inicis
from sandbox.inicis.refunds import Wish
from sandbox.inicis.refusals import InicisRefusal, iniapi_answer, window_answer
from sandbox.inicis.settings import Merchant

Answer = Callable[[InicisRefusal], JSONResponse]
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class Door:
    """One request through its media type and whatever fault is waiting. Everything is answered with HTTP 200."""

    def __init__(self, inicis: Inicis) -> None:
        self._inicis = inicis

    async def take(
        self, request: Request, operation: str, media: str, effect: Callable[[str], dict[str, Any]], answer: Answer
    ) -> Response:
        if not request.headers.get("content-type", "").lower().startswith(media):
            # Seen of the real one: a request of the wrong kind is answered with an address, not with an error.
            return PlainTextResponse(str(request.url))
        raw = (await request.body()).decode("utf-8", errors="replace")

        def run() -> Response:
            try:
                with self._inicis.store.tx():
                    return JSONResponse(effect(raw))
            except InicisRefusal as refusal:
                return answer(refusal)

        response = await self._inicis.faults.around(
            "inicis", operation, effect=run, refuse=lambda code: answer(InicisRefusal(code or "9999"))
        )
        self._inicis.store.note_call(
            at=epoch(self._inicis.clock.now()), party="inicis", operation=operation, subject="",
            outcome=str(response.status_code),
        )  # fmt: skip
        return response


def router(inicis: Inicis) -> APIRouter:
    api = APIRouter(prefix="/inicis", tags=["KG Inicis"])
    door = Door(inicis)

    @api.post("/api/payAuth")
    async def pay_auth(request: Request) -> Response:
        """Approve: a form with mid, authToken, timestamp, signature, charset and format=JSON."""

        def effect(raw: str) -> dict[str, Any]:
            body = inicis.approval.approve(_form(raw))
            payment = inicis.ledger.of_tid(body["tid"], body["mid"])
            if payment is not None and payment.open_account:
                inicis.notices.issued(payment)
            return body

        return await door.take(request, "pay_auth", FORM, effect, window_answer)

    @api.post("/api/netCancel")
    async def net_cancel(request: Request) -> Response:
        """Undo an approval: the very fields of it."""
        return await door.take(
            request, "net_cancel", FORM, lambda raw: inicis.approval.net_cancel(_form(raw)), window_answer
        )

    _iniapi_v1(api, door, inicis)
    _iniapi_v2(api, door, inicis)
    return api


def _iniapi_v1(api: APIRouter, door: Door, inicis: Inicis) -> None:
    @api.post("/api/v1/refund")
    async def refund(request: Request) -> Response:
        """Refund or PartialRefund. A form: JSON is not read."""

        def effect(raw: str) -> dict[str, Any]:
            form = _form(raw)
            in_part = form.get("type") == "PartialRefund"
            if form.get("type") not in ("Refund", "PartialRefund"):
                raise InicisRefusal("400103")
            sums = ("price", "confirmPrice") if in_part else ()
            merchant = _hashed_v1(inicis, form, ("tid", *sums, "refundAcctNum"))
            return inicis.refunds.refund(merchant, _wish(form, in_part=in_part, paymethod=form.get("paymethod", "")))

        return await door.take(request, "refund", FORM, effect, iniapi_answer)

    @api.post("/api/v1/extra")
    async def extra(request: Request) -> Response:
        """type=Extra, paymethod=Inquiry: one letter for where a payment stands."""

        def effect(raw: str) -> dict[str, Any]:
            form = _form(raw)
            if (form.get("type"), form.get("paymethod")) != ("Extra", "Inquiry"):
                raise InicisRefusal("400103")
            merchant = _hashed_v1(inicis, form, ())
            tid, oid = form.get("originalTid"), form.get("oid", "")
            found = inicis.ledger.of_tid(tid, merchant.mid) if tid else inicis.ledger.of_order(oid, merchant.mid)
            return inquiry.shown_v1(found) if found else inquiry.NONE_V1

        return await door.take(request, "inquiry_v1", FORM, effect, iniapi_answer)


def _iniapi_v2(api: APIRouter, door: Door, inicis: Inicis) -> None:
    async def take(request: Request, kind: str, act: Callable[[Merchant, dict[str, Any]], dict[str, Any]]) -> Response:
        def effect(raw: str) -> dict[str, Any]:
            merchant, data = _hashed_v2(inicis, raw, kind)
            return act(merchant, data)

        operation = {"inquiry": "inquiry", "settlement": "settlement"}.get(kind, "refund")
        return await door.take(request, operation, JSON, effect, iniapi_answer)

    @api.post("/v2/pg/refund")
    async def refund(request: Request) -> Response:
        return await take(
            request, "refund", lambda merchant, data: inicis.refunds.refund(merchant, _wish(data, in_part=False))
        )

    @api.post("/v2/pg/partialRefund")
    async def partial_refund(request: Request) -> Response:
        return await take(
            request, "partialRefund", lambda merchant, data: inicis.refunds.refund(merchant, _wish(data, in_part=True))
        )

    @api.post("/v2/pg/inquiry")
    async def look_up(request: Request) -> Response:
        """By tid or by oid, never both. Success is called SUCCESS here, and 00 everywhere else."""

        def look(merchant: Merchant, data: dict[str, Any]) -> dict[str, Any]:
            tid, oid = data.get("tid"), data.get("oid")
            if bool(tid) == bool(oid):
                return {"resultCode": "FAIL", "resultMsg": "tid 와 oid 중 하나만 입력해 주세요."}
            found = (
                inicis.ledger.of_tid(str(tid), merchant.mid) if tid else inicis.ledger.of_order(str(oid), merchant.mid)
            )
            return inquiry.shown_v2(found) if found else {"resultCode": "FAIL", "resultMsg": "거래내역이 없습니다."}

        return await take(request, "inquiry", look)

    @api.post("/v2/pg/settlement")
    async def settlement(request: Request) -> Response:
        """memory: address and shape are the sandbox's own guess at such a list."""

        def listed(merchant: Merchant, data: dict[str, Any]) -> dict[str, Any]:
            rows = inicis.ledger.settled(merchant.mid, str(data.get("date", "")))
            return {"resultCode": "00", "resultMsg": "정상", "settlementList": rows}

        return await take(request, "settlement", listed)


def _form(raw: str) -> dict[str, str]:
    return dict(parse_qsl(raw, keep_blank_values=True))


def _hashed_v1(inicis: Inicis, form: Mapping[str, str], more: tuple[str, ...]) -> Merchant:
    """The merchant, once the hash over the fields in their order is right; what is not sent is not hashed."""
    merchant = inicis.settings.merchant(form.get("mid", ""))
    if merchant is None:
        raise InicisRefusal("400102")
    names = ("type", "paymethod", "timestamp", "clientIp", "mid", *more)
    expected = signing.sha512(merchant.api_key + "".join(form.get(name, "") for name in names))
    if not signing.same(form.get("hashData", ""), expected) or not _is_stamp(form.get("timestamp", "")):
        raise InicisRefusal("400101")
    return merchant


def _hashed_v2(inicis: Inicis, raw: str, kind: str) -> tuple[Merchant, dict[str, Any]]:
    """The same for v2, over the very bytes of `data`."""
    try:
        body = json.loads(raw)
        data, text = signing.data_of(raw)
    except ValueError:
        raise InicisRefusal("400103") from None
    if not isinstance(body, dict) or body.get("type") != kind:
        raise InicisRefusal("400103")
    merchant = inicis.settings.merchant(str(body.get("mid")))
    if merchant is None:
        raise InicisRefusal("400102")
    stamp = str(body.get("timestamp", ""))
    expected = signing.sha512(f"{merchant.api_key}{merchant.mid}{kind}{stamp}{text}")
    if not signing.same(str(body.get("hashData", "")), expected) or not _is_stamp(stamp):
        raise InicisRefusal("400101")
    return merchant, data


def _wish(fields: Mapping[str, Any], *, in_part: bool, paymethod: str | None = None) -> Wish:
    def text(name: str) -> str | None:
        value = fields.get(name)
        return str(value) if value not in (None, "") else None

    sums = (text("price") or "", text("confirmPrice") or "") if in_part else ()
    if not all(value.isascii() and value.isdigit() for value in sums):
        raise InicisRefusal("500604")
    price, confirm = (int(sums[0]), int(sums[1])) if sums else (None, None)
    return Wish(
        tid=text("tid") or "", note=text("msg") or "", paymethod=paymethod, price=price, confirm_price=confirm,
        account=text("refundAcctNum"), bank=text("refundBankCode"), holder=text("refundAcctName"),
    )  # fmt: skip


def _is_stamp(value: str) -> bool:
    return len(value) == 14 and value.isascii() and value.isdigit()
