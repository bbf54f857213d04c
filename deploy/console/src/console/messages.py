"""/dev/messages: what arrived on whose phone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.outside import Outside, OutsideAway
from console.pages import Pages, as_json

_HERE = "/dev/messages"
_PHONES_MOST = 60
_PER_PHONE_MOST = 40
_KINDS = {"ATA": "알림톡", "CTA": "친구톡", "SMS": "SMS", "LMS": "LMS", "MMS": "MMS"}


@dataclass(frozen=True)
class Bubble:
    """One message. `state` is good (arrived), warn (under way) or bad."""

    kind: str
    kakao: bool
    text: str
    subject: str
    at: str
    outcome: str
    state: str
    instead: bool
    buttons: list[tuple[str, str]]


@dataclass
class Phone:
    number: str
    bubbles: list[Bubble] = field(default_factory=list)


class MessagePages:
    def __init__(self, outside: Outside, pages: Pages) -> None:
        self._outside = outside
        self._pages = pages

    async def listed(self, request: Request) -> Response:
        search = request.query_params.get("q", "").strip()
        found, trouble = await self._found()
        phones = by_phone(found["messages"], search)
        return self._pages.show(
            "messages.html", here=_HERE, phones=phones, totals=found["totals"], trouble=trouble, search=search
        )

    async def listed_json(self, _request: Request) -> Response:
        found, trouble = await self._found()
        return as_json({**found, "trouble": trouble})

    async def _found(self) -> tuple[dict[str, Any], str]:
        try:
            return await self._outside.messages(), ""
        except OutsideAway as error:
            return {"messages": [], "totals": {}}, str(error)

    def routes(self) -> list[Route]:
        return [Route("/dev/messages", self.listed), Route("/dev/messages.json", self.listed_json)]


def by_phone(messages: list[dict[str, Any]], search: str = "") -> list[Phone]:
    """The phone that got the newest message first; its messages in the order of a chat, the last ones only."""
    phones: dict[str, Phone] = {}
    for message in reversed(messages):
        number = str(message.get("to") or "?")
        if search and search not in number and search not in str(message.get("text") or ""):
            continue
        phone = phones.setdefault(number, Phone(number))
        if len(phone.bubbles) < _PER_PHONE_MOST:
            phone.bubbles.insert(0, _bubble(message))
    return list(phones.values())[:_PHONES_MOST]


def _bubble(message: dict[str, Any]) -> Bubble:
    kind = str(message.get("type") or "?")
    code = str(message.get("statusCode") or "")
    options = message.get("kakaoOptions")
    buttons = options.get("buttons") if isinstance(options, dict) else None
    return Bubble(
        kind=_KINDS.get(kind, kind),
        kakao=kind in {"ATA", "CTA"},
        text=str(message.get("text") or ""),
        subject=str(message.get("subject") or ""),
        at=str(message.get("dateCreated") or ""),
        outcome=str(message.get("outcome") or code),
        state="good" if code == "4000" else "warn" if code in {"2000", "3000"} else "bad",
        instead=bool(message.get("replacement")),
        buttons=[_button(button) for button in buttons or [] if isinstance(button, dict)],
    )


def _button(button: dict[str, Any]) -> tuple[str, str]:
    """Its label and where it leads; only web addresses lead anywhere."""
    address = str(button.get("linkMo") or button.get("linkPc") or "")
    return str(button.get("buttonName") or "?"), address if address.startswith(("http://", "https://")) else ""
