"""Messages taken, their way to the phone, and the reports about it."""

import json
import secrets
import sqlite3
import string
from datetime import UTC
from typing import Any

from sandbox.clock import Clock, epoch
from sandbox.courier import Courier, Manner, Sent
from sandbox.settings import Settings, listed
from sandbox.solapi.checks import LMS_BYTES, STATUS, Checks, text_bytes, text_kind
from sandbox.store import Store

ACCOUNT_ID = "26112200001"
NETWORKS = ("SKT", "KTF", "LGT")


class Messages:
    def __init__(self, *, settings: Settings, clock: Clock, store: Store, courier: Courier, checks: Checks) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._courier = courier
        self._checks = checks
        retry = tuple(float(minutes) * settings.minute_seconds for minutes in listed(settings.solapi_retry_minutes))
        courier.register("solapi", Manner(retry, self._dress))

    def take(self, group_id: str, fields: dict[str, Any], *, duplicate: bool, forced: str | None) -> dict[str, Any]:
        """One message into the books: accepted (2000), or refused with a 1xxx code."""
        draft = self._checks.draft(fields)
        code = forced or ("1026" if duplicate else None) or self._checks.refusal(draft)
        now = self._now()
        seq = self._store.next_number("solapi_messages")
        message = {
            "messageId": _id("M4V", self._clock, 7),
            "groupId": group_id,
            "accountId": ACCOUNT_ID,
            "type": draft.kind,
            "to": str(fields.get("to") or ""),
            "from": str(fields.get("from") or ""),
            "text": draft.text,
            "subject": draft.subject or None,
            "country": str(fields.get("country") or "82"),
            "kakaoOptions": fields.get("kakaoOptions"),
            "customFields": fields.get("customFields") or {},
            "autoTypeDetect": bool(fields.get("autoTypeDetect", True)),
            "replacement": False,
            "statusCode": code or "2000",
            "networkCode": None,
            "dateCreated": now,
            "dateUpdated": now,
            "dateProcessed": None,
            "dateReported": None,
            "dateReceived": None,
            "log": [
                {"createAt": now, "message": "메시지가 접수되었습니다." if code is None else STATUS.get(code, code)}
            ],
        }
        next_at = None if code else epoch(self._clock.now()) + self._settings.solapi_send_seconds
        self._store.run(
            "INSERT INTO solapi_messages (message_id, seq, group_id, created_at, next_at, data) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            message["messageId"], seq, group_id, epoch(self._clock.now()), next_at,
            _dump({**message, "fallsBack": draft.falls_back}),
        )  # fmt: skip
        return message

    def tick(self) -> None:
        """Move every message whose next moment has come: to the carrier, then to its end."""
        now = epoch(self._clock.now())
        for row in self._store.rows("SELECT * FROM solapi_messages WHERE next_at <= ? ORDER BY seq LIMIT 500", now):
            message = json.loads(row["data"])
            with self._store.tx():
                if message["statusCode"] == "2000":
                    self._to_carrier(message)
                else:
                    self._finish(message)

    def _to_carrier(self, message: dict[str, Any]) -> None:
        message |= {"statusCode": "3000", "dateProcessed": self._now(), "networkCode": secrets.choice(NETWORKS)}
        self._save(message, epoch(self._clock.now()) + self._settings.solapi_deliver_seconds)

    def _finish(self, message: dict[str, Any]) -> None:
        code = self._fate(message)
        if code == "3104" and message["fallsBack"] and not message["replacement"]:
            self._fall_back(message)
            return
        now = self._now()
        message |= {"statusCode": code, "dateReported": now, "dateReceived": now if code == "4000" else None}
        message["log"].append({"createAt": now, "message": STATUS.get(code, code)})
        self._save(message, None)
        self._report(message)

    def _fate(self, message: dict[str, Any]) -> str:
        if message["type"] == "ATA" and message["to"].endswith(listed(self._settings.solapi_no_kakao_suffix)):
            return "3104"
        if message["to"].endswith(listed(self._settings.solapi_unreachable_suffix)):
            return "3040"
        size = text_bytes(message["text"])
        if message["replacement"] and (size is None or size > LMS_BYTES):
            return "3011"
        return "4000"

    def _fall_back(self, message: dict[str, Any]) -> None:
        """The same message again as a text: one id, one final report."""
        kind = text_kind(message["text"], message["subject"] or "")
        note = {
            "createAt": self._now(),
            "message": f"카카오톡 미사용자: {kind}(으)로 대체 발송합니다.",
            "statusCode": "3104",
        }
        message["log"].append(note)
        message |= {"type": kind, "replacement": True, "statusCode": "3000"}
        self._save(message, epoch(self._clock.now()) + self._settings.solapi_deliver_seconds)

    def _save(self, message: dict[str, Any], next_at: float | None) -> None:
        message["dateUpdated"] = self._now()
        self._store.run(
            "UPDATE solapi_messages SET next_at = ?, data = ? WHERE message_id = ?",
            next_at, _dump(message), message["messageId"],
        )  # fmt: skip

    def _report(self, message: dict[str, Any]) -> None:
        names = (
            "messageId", "groupId", "type", "to", "from", "statusCode", "dateProcessed", "dateReported",
            "dateReceived", "networkCode", "customFields", "kakaoOptions",
        )  # fmt: skip
        item = {name: message[name] for name in names}
        item["statusMessage"] = STATUS.get(message["statusCode"], "")
        self._courier.owe(
            party="solapi",
            event="report",
            subject=message["messageId"],
            transmission=secrets.token_hex(12),
            url=self._settings.solapi_webhook_url,
            body=item,
        )

    def _dress(self, row: sqlite3.Row, attempt: int) -> Sent:
        """A list of items; the official SDK reads each as {eventDataId, data, retryCount}."""
        item = json.loads(row["body"])
        if self._settings.solapi_report_shape == "event":
            item = {"eventDataId": row["transmission"], "data": item, "retryCount": attempt}
        return Sent({}, [item])

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(row["data"]) for row in self._store.rows("SELECT data FROM solapi_messages ORDER BY seq")]

    def some(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Those a search can only be about; all of them when neither message nor group is named."""
        if "messageId" in query:
            rows = self._store.rows("SELECT data FROM solapi_messages WHERE message_id = ?", query["messageId"])
        elif "groupId" in query:
            sql = "SELECT data FROM solapi_messages WHERE group_id = ? ORDER BY seq"
            rows = self._store.rows(sql, query["groupId"])
        else:
            return self.all()
        return [json.loads(row["data"]) for row in rows]

    def _now(self) -> str:
        return utc_stamp(self._clock)


def utc_stamp(clock: Clock) -> str:
    return clock.now().astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def new_group_id(clock: Clock) -> str:
    return _id("G4V", clock, 7)


def _id(prefix: str, clock: Clock, extra: int) -> str:
    letters = string.ascii_uppercase + string.digits
    return f"{prefix}{clock.now():%Y%m%d%H%M%S}" + "".join(secrets.choice(letters) for _ in range(8 + extra))


def _dump(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)
