"""Alimtalk and texts by Solapi v4.

It has no idempotency key. Every message carries our delivery id in `customFields`, and before anything of which the
outcome is unknown is sent again it is looked up by that id. A signature counts once, so each try signs afresh.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import httpx

from common import ids, log
from common.clock import Clock
from notify.clients import solapi_codes as codes
from notify.domain.outcomes import NotFound, Outcome, Refused, Retry, Unknown

_log = log.get(__name__)

OUR_ID = "notificationId"
_PAGE = 100
_MOST_PAGES = 20
_CLOCKS_APART = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Alimtalk:
    """`text` is the approved template with its variables filled in."""

    template_id: str
    text: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ShortText:
    """An SMS, or with a subject an LMS. Both plain."""

    text: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to one phone. Personal data."""

    delivery_id: UUID
    to: str
    content: Alimtalk | ShortText


@dataclass(frozen=True, slots=True)
class Question:
    """What became of a message? `since`: when it was first handed over."""

    delivery_id: UUID
    to: str
    since: datetime
    provider_id: str | None


class TextProvider(Protocol):
    async def send(self, messages: Sequence[Outgoing]) -> dict[UUID, Outcome]:
        """An outcome for every message."""
        ...

    async def ask(self, question: Question) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Account:
    """Our account. `sender` is the registered number, digits alone; `pf_id` the Kakao channel."""

    api_key: str
    api_secret: str
    pf_id: str
    sender: str


class Solapi:
    """`http` must not be traced: the address of a look-up holds a phone number."""

    def __init__(self, http: httpx.AsyncClient, url: str, account: Account, clock: Clock) -> None:
        self._http = http
        self._base = url.rstrip("/") + "/messages/v4"
        self._account = account
        self._clock = clock

    async def send(self, messages: Sequence[Outgoing]) -> dict[UUID, Outcome]:
        """One call for all. If the provider finds the call itself wrong, one call each, so that one cannot hurt all."""
        body = {
            "messages": [self._message(message) for message in messages],
            # Two orders of one customer are two messages; that none goes twice is our business.
            "allowDuplicates": True,
            "showMessageList": True,
        }
        try:
            response = await self._call("POST", "/send-many/detail", json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as failure:
            return _for_all(messages, Retry(type(failure).__name__))
        except httpx.HTTPError as failure:
            return _for_all(messages, Unknown(type(failure).__name__))
        if response.status_code == 400 and len(messages) > 1:
            alone = await asyncio.gather(*(self.send([message]) for message in messages))
            return {delivery_id: outcome for one in alone for delivery_id, outcome in one.items()}
        return _answers(messages, response)

    async def ask(self, question: Question) -> Outcome:
        """By the provider's id where we have it, else through what went to this number since then."""
        try:
            found = await self._look_up(question)
        except (httpx.HTTPError, ValueError) as failure:
            return Unknown(f"ask_{type(failure).__name__}")
        if found is None:
            return Unknown("ask_refused")
        return codes.best(
            codes.of_message(str(item.get("statusCode")), item.get("messageId"), item.get("type")) for item in found
        ) or NotFound()  # fmt: skip

    async def _look_up(self, question: Question) -> list[Mapping[str, Any]] | None:
        query: dict[str, str] = {"limit": str(_PAGE)}
        if question.provider_id is not None:
            query["messageId"] = question.provider_id
        else:
            query |= {
                "to": question.to,
                "startDate": _stamp(question.since - _CLOCKS_APART),
                "endDate": _stamp(self._clock.now() + _CLOCKS_APART),
            }
        ours: list[Mapping[str, Any]] = []
        for _ in range(_MOST_PAGES):
            response = await self._call("GET", "/list", params=query)
            if response.status_code != 200:
                _log.warning("the text provider does not answer a question", status=response.status_code)
                return None
            page = response.json()
            ours.extend(item for item in _items(page) if our_id(item) == question.delivery_id)
            if not page.get("nextKey"):
                return ours
            query["startKey"] = str(page["nextKey"])
        return ours or None

    async def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": self._signed()}
        return await self._http.request(method, self._base + path, headers=headers, **options)

    def _signed(self) -> str:
        date, salt = _stamp(self._clock.now()), ids.new_token()
        secret = self._account.api_secret.encode()
        signature = hmac.new(secret, (date + salt).encode(), hashlib.sha256).hexdigest()
        return f"HMAC-SHA256 apiKey={self._account.api_key}, date={date}, salt={salt}, signature={signature}"

    def _message(self, message: Outgoing) -> dict[str, Any]:
        content = message.content
        common = {
            "to": message.to,
            "from": self._account.sender,
            "country": "82",
            "text": content.text,
            "customFields": {OUR_ID: str(message.delivery_id)},
        }
        if isinstance(content, Alimtalk):
            kakao = {
                "pfId": self._account.pf_id,
                "templateId": content.template_id,
                "variables": dict(content.variables),
                # Whom Kakao cannot reach gets the same words as a text from the provider, under the same message id.
                "disableSms": False,
            }
            return common | {"type": "ATA", "kakaoOptions": kakao}
        if content.subject is not None:
            return common | {"type": "LMS", "subject": content.subject}
        return common | {"type": "SMS"}


def our_id(item: Mapping[str, Any]) -> UUID | None:
    """The delivery a message of the provider belongs to; None when it is not one of ours."""
    fields = item.get("customFields")
    try:
        return UUID(str(fields[OUR_ID])) if isinstance(fields, Mapping) else None
    except (KeyError, ValueError):
        return None


def _answers(messages: Sequence[Outgoing], response: httpx.Response) -> dict[UUID, Outcome]:
    status = response.status_code
    if status >= 500:
        return _for_all(messages, Unknown(f"http_{status}"))
    if status == 400:
        return _for_all(messages, Refused("http_400"))
    if status != 200:
        # Not let in (keys, clock, rate): nothing was registered.
        _log.error("the text provider refuses us", status=status)
        return _for_all(messages, Retry(f"http_{status}"))
    try:
        body = response.json()
        refused = {our_id(item): item for item in body.get("failedMessageList") or ()}
        taken = {our_id(item): item for item in body.get("messageList") or ()}
    except (ValueError, AttributeError, TypeError):
        return _for_all(messages, Unknown("unreadable_answer"))
    return {message.delivery_id: _answer(message.delivery_id, refused, taken) for message in messages}


def _answer(delivery_id: UUID, refused: Mapping[UUID | None, Any], taken: Mapping[UUID | None, Any]) -> Outcome:
    """A message the answer does not name was perhaps taken: it is asked for."""
    if delivery_id in refused:
        return codes.at_registration(str(refused[delivery_id].get("statusCode")))
    if delivery_id not in taken:
        return Unknown("not_in_answer")
    item = taken[delivery_id]
    return codes.of_message(str(item.get("statusCode", "2000")), item.get("messageId"), item.get("type"))


def _items(page: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The provider keys its list by message id; a plain list is read as well."""
    listed = page.get("messageList") or {}
    yield from listed.values() if isinstance(listed, Mapping) else listed


def _for_all(messages: Sequence[Outgoing], outcome: Outcome) -> dict[UUID, Outcome]:
    return {message.delivery_id: outcome for message in messages}


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
