"""Solapi's API as the mall sees it, under /solapi/messages/v4."""

import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from sandbox.clock import epoch
from sandbox.solapi.auth import SolapiRefusal, refuse
from sandbox.solapi.checks import STATUS
from sandbox.solapi.listing import page
from sandbox.solapi.messages import ACCOUNT_ID, new_group_id, utc_stamp
from sandbox.solapi.parts import Solapi
from sandbox.wire import read_json

MOST_MESSAGES = 10_000
FAILED_FIELDS = ("to", "from", "type", "country", "messageId", "statusCode", "accountId", "customFields")


class Door:
    """One request through the signature check and whatever fault is waiting."""

    def __init__(self, solapi: Solapi) -> None:
        self._solapi = solapi

    async def take(self, request: Request, operation: str, effect: Callable[[], Response]) -> Response:
        try:
            self._solapi.auth.check(request.headers.get("authorization", ""))
            await request.body()
            response = await self._solapi.faults.around("solapi", operation, effect=effect, refuse=refuse)
        except SolapiRefusal as refusal:
            response = refuse(refusal.code, refusal.message)
        self._solapi.store.note_call(
            at=epoch(self._solapi.clock.now()), party="solapi", operation=operation, subject="",
            outcome=str(response.status_code),
        )  # fmt: skip
        return response


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = read_json(raw)
    except ValueError:
        raise SolapiRefusal("ValidationError") from None
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not 0 < len(messages) <= MOST_MESSAGES:
        raise SolapiRefusal("ValidationError", "messages는 1건 이상 10,000건 이하여야 합니다.")
    if not all(isinstance(message, dict) for message in messages):
        raise SolapiRefusal("ValidationError")
    return dict(body)


def _send(solapi: Solapi, body: dict[str, Any], forced: str | None) -> dict[str, Any]:
    group_id = new_group_id(solapi.clock)
    seen: set[Any] = set()
    taken = []
    with solapi.store.tx():
        for message in body["messages"]:
            receiver = str(message.get("to"))
            duplicate = receiver in seen and body.get("allowDuplicates") is not True
            seen.add(receiver)
            taken.append(solapi.messages.take(group_id, message, duplicate=duplicate, forced=forced))
        group = _group(solapi, group_id, taken, body)
        solapi.store.run(
            "INSERT INTO solapi_groups (group_id, data) VALUES (?, ?)",
            group_id, json.dumps(group, ensure_ascii=False),
        )  # fmt: skip
    failed = [message for message in taken if message["statusCode"] != "2000"]
    answer: dict[str, Any] = {"failedMessageList": [_failed(message) for message in failed], "groupInfo": group}
    if body.get("showMessageList") is True:
        answer["messageList"] = [
            {
                "messageId": message["messageId"],
                "statusCode": message["statusCode"],
                "statusMessage": STATUS.get(message["statusCode"], ""),
                "customFields": message["customFields"],
            }
            for message in taken
        ]
    return answer


def _failed(message: dict[str, Any]) -> dict[str, Any]:
    return {name: message[name] for name in FAILED_FIELDS} | {
        "statusMessage": STATUS.get(message["statusCode"], message["statusCode"])
    }


def _group(solapi: Solapi, group_id: str, taken: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    good = sum(message["statusCode"] == "2000" for message in taken)
    now = utc_stamp(solapi.clock)
    nothing = {"requested": 0, "replacement": 0, "refund": 0, "sum": 0}
    return {
        "groupId": group_id,
        "accountId": ACCOUNT_ID,
        "masterAccountId": None,
        "apiVersion": "4",
        "status": "SENDING",
        "allowDuplicates": body.get("allowDuplicates") is True,
        "isRefunded": False,
        "count": {
            "total": len(taken), "sentTotal": 0, "sentFailed": 0, "sentSuccess": 0, "sentPending": 0,
            "sentReplacement": 0, "refund": 0, "registeredFailed": len(taken) - good, "registeredSuccess": good,
        },
        "countForCharge": {},
        "balance": nothing,
        "point": nothing,
        "app": {"profit": {}, "appId": None},
        "log": [{"createAt": now, "message": "메시지를 발송했습니다."}],
        "price": {},
        "scheduledDate": body.get("scheduledDate"),
        "dateCreated": now,
        "dateUpdated": now,
        "dateSent": now,
        "dateCompleted": None,
    }  # fmt: skip


def router(solapi: Solapi) -> APIRouter:
    api = APIRouter(prefix="/solapi/messages/v4", tags=["Solapi"])
    door = Door(solapi)

    @api.post("/send-many/detail")
    async def send(request: Request) -> Response:
        """Take messages. What is refused stands in failedMessageList, and the answer is 200 all the same."""
        raw = await request.body()

        def effect() -> Response:
            # A fault with a 4-digit code fails every message of the call with it.
            forced = solapi.faults.take("solapi", "message", ("error",))
            return JSONResponse(_send(solapi, _body(raw), (forced.code or "1024") if forced else None))

        return await door.take(request, "send", effect)

    @api.get("/list")
    async def listed(request: Request) -> Response:
        """Messages taken, newest first: by messageId(s), groupId, to, from, type, statusCode, dates, or criteria."""
        query = dict(request.query_params)
        ids = request.query_params.getlist("messageIds") + request.query_params.getlist("messageIds[]")
        return await door.take(request, "list", lambda: JSONResponse(page(solapi.messages.some(query), query, ids)))

    return api
