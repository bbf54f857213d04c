"""The outside world in tests: a real SMTP server on loopback, and Solapi as korea.md describes it."""

import asyncio
import hashlib
import hmac
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import httpx
from aiosmtpd.smtp import SMTP, Envelope, Session

from common.clock import Clock
from notify.flows.rendering import FOLDER

API_KEY, API_SECRET, PF_ID, SENDER = "NCSTEST", "a-secret-of-tests", "KA01PF0000TEST", "0215990000"


@dataclass
class MailServer:
    """Keeps what it took. `answers` are given to RCPT in turn, then 250; `break_after_data` takes and hangs up."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    data_answers: list[str] = field(default_factory=list)
    break_after_data: int = 0
    on_mail: Callable[[], None] = lambda: None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.data_answers.pop(0) if self.data_answers else "250 OK"
        if not answer.startswith("250"):
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.on_mail()
        if self.break_after_data > 0:
            self.break_after_data -= 1
            assert server.transport is not None
            server.transport.abort()
        return answer

    @property
    def distinct(self) -> set[str]:
        """Message-IDs: what a mailbox that knows copies would show."""
        return {str(mail["Message-ID"]) for mail in self.mails}

    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    handler = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="mail.test", loop=loop, enable_SMTPUTF8=False), "127.0.0.1", 0
    )
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()
        await server.wait_closed()


def _approved() -> dict[str, str]:
    entries = json.loads((FOLDER / "alimtalk.json").read_text(encoding="utf-8"))
    return {entry["templateId"]: entry["content"] for entry in entries}


class FakeSolapi:
    """Checks what the provider checks. `refuse` gives codes to the next messages; `lose_answers` takes and times out;

    `down` refuses the connection; `statuses` answers the next calls with these HTTP statuses before looking at them.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.messages: dict[str, dict[str, Any]] = {}
        self.refuse: list[str] = []
        self.lose_answers = 0
        self.statuses: list[int] = []
        self.down = False
        self.calls: list[httpx.Request] = []
        self.malformed: set[str] = set()
        self.on_send: Callable[[], None] = lambda: None
        self._signatures: set[str] = set()
        self._numbers = itertools.count(1)
        self._templates = _approved()

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._handle))

    def taken(self) -> list[dict[str, Any]]:
        """Messages that reach a phone, oldest first."""
        return [message for message in self.messages.values() if message["statusCode"] in {"2000", "3000", "4000"}]

    def finish(self, message: dict[str, Any], code: str, kind: str | None = None) -> dict[str, Any]:
        """The message comes to its end; the item of the report about it."""
        message |= {"statusCode": code, "type": kind or message["type"]}
        names = ("messageId", "groupId", "type", "to", "from", "statusCode", "customFields")
        return {name: message[name] for name in names}

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("connection refused", request=request)
        self.calls.append(request)
        if self.statuses:
            return httpx.Response(self.statuses.pop(0), json={"errorCode": "Injected", "errorMessage": ""})
        refusal = self._check_signature(request.headers.get("authorization", ""))
        if refusal is not None:
            return httpx.Response(403, json={"errorCode": refusal, "errorMessage": refusal})
        if request.url.path.endswith("/list"):
            return httpx.Response(200, json=self._page(dict(request.url.params)))
        body = json.loads(request.content)
        if any(message["to"] in self.malformed for message in body["messages"]):
            return httpx.Response(400, json={"errorCode": "ValidationError", "errorMessage": ""})
        answer = self._take(body)
        self.on_send()
        if self.lose_answers > 0:
            self.lose_answers -= 1
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(200, json=answer)

    def _check_signature(self, header: str) -> str | None:
        found = dict(re.findall(r"(\w+)=([^,\s]+)", header))
        expected = hmac.new(API_SECRET.encode(), (found["date"] + found["salt"]).encode(), hashlib.sha256).hexdigest()
        if not header.startswith("HMAC-SHA256 ") or found["apiKey"] != API_KEY or found["signature"] != expected:
            return "SignatureDoesNotMatch"
        if abs(datetime.fromisoformat(found["date"]) - self.clock.now()) > timedelta(minutes=15):
            return "RequestTimeTooSkewed"
        if not 12 <= len(found["salt"]) <= 64 or found["signature"] in self._signatures:
            return "DuplicatedSignature"
        self._signatures.add(found["signature"])
        return None

    def _take(self, body: dict[str, Any]) -> dict[str, Any]:
        every = [self._message(message) for message in body["messages"]]
        failed = [message for message in every if message["statusCode"] != "2000"]
        count = {"total": len(every), "registeredSuccess": len(every) - len(failed), "registeredFailed": len(failed)}
        return {
            "groupInfo": {"groupId": "G4V1", "count": count},
            "failedMessageList": failed,
            "messageList": every if body.get("showMessageList") else None,
        }

    def _message(self, given: dict[str, Any]) -> dict[str, Any]:
        code = self.refuse.pop(0) if self.refuse else self._fault(given) or "2000"
        message = {
            **given,
            "messageId": f"M4V{next(self._numbers):06}",
            "groupId": "G4V1",
            "statusCode": code,
            "dateCreated": self.clock.now().isoformat(),
        }
        self.messages[message["messageId"]] = message
        return message

    def _fault(self, given: dict[str, Any]) -> str | None:
        if given["from"] != SENDER:
            return "1062"
        if not re.fullmatch(r"\d{8,12}", given["to"]):
            return "1011"
        if given["type"] == "ATA":
            return self._alimtalk_fault(given["text"], given["kakaoOptions"])
        try:
            size = len(given["text"].encode("cp949"))
        except UnicodeEncodeError:
            return "1029"
        if given["type"] == "SMS":
            return "1013" if "subject" in given else "1031" if size > 90 else None
        return "1014" if len(given["subject"].encode("cp949")) > 40 else "1031" if size > 2000 else None

    def _alimtalk_fault(self, text: str, kakao: dict[str, Any]) -> str | None:
        if kakao["pfId"] != PF_ID:
            return "1041"
        content = self._templates.get(kakao["templateId"])
        if content is None:
            return "1042"
        if not all(isinstance(value, str) for value in kakao["variables"].values()):
            return "1011"
        filled = re.sub(r"#\{[^{}]+\}", lambda found: kakao["variables"][found[0]], content)
        return "1043" if filled != text else None

    def _page(self, query: dict[str, str]) -> dict[str, Any]:
        found = [message for message in reversed(self.messages.values()) if _matches(message, query)]
        keys = [message["messageId"] for message in found]
        start = keys.index(query["startKey"]) if "startKey" in query else 0
        limit = int(query["limit"])
        shown, rest = found[start : start + limit], found[start + limit :]
        return {
            "messageList": {message["messageId"]: message for message in shown},
            "nextKey": rest[0]["messageId"] if rest else None,
        }


def _matches(message: dict[str, Any], query: dict[str, str]) -> bool:
    if any(message[name] != query[name] for name in ("messageId", "to") if name in query):
        return False
    created = datetime.fromisoformat(message["dateCreated"])
    since, until = query.get("startDate"), query.get("endDate")
    return (since is None or created >= datetime.fromisoformat(since)) and (
        until is None or created <= datetime.fromisoformat(until)
    )
