"""Alimtalk and texts: what Solapi took from us and what reached a phone. Our delivery's id travels with each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import httpx

from shop.audit.findings import ALWAYS, AT_REST, Check, Finding, finding
from shop.audit.outside.party import Party, Rows, document
from shop.audit.places import Places

_OUR_ID = "notificationId"
_ARRIVED = "4000"
# 1xxx: the messenger did not take it.
_NOT_TAKEN = "1"

Messages = dict[str, list[str]]


async def _books(http: httpx.AsyncClient, places: Places) -> Messages:
    """Delivery → status of every message under its id. Whom it went to is not looked at."""
    found: Messages = defaultdict(list)
    for message in (await document(http, f"{places.sandbox}/solapi/_sandbox/messages"))["messages"]:
        delivery_id = (message.get("customFields") or {}).get(_OUR_ID)
        if delivery_id:
            found[str(delivery_id)].append(str(message["statusCode"]))
    return dict(found)


def _judge(sent: Messages, rows: Rows) -> Iterable[Finding]:
    message_of: dict[str, Any] = {row["id"]: row["message_id"] for row in rows["deliveries"]}
    delivered = {row["id"] for row in rows["deliveries"] if row["status"] == "delivered"}
    left = Counter({name: sum(not code.startswith(_NOT_TAKEN) for code in codes) for name, codes in sent.items()})
    arrived = Counter({name: codes.count(_ARRIVED) for name, codes in sent.items()})
    reached: Counter[Any] = Counter()
    for name, times in arrived.items():
        reached[message_of.get(name)] += times
    reached.pop(None, None)
    yield finding(
        "doubled", "each delivery left once for a phone", (n for n, times in left.items() if times > 1), ALWAYS
    )
    yield finding(
        "doubled", "no message reached a phone twice", (m for m, times in reached.items() if times > 1), ALWAYS
    )
    yield finding(
        "lost", "what notify calls delivered to a phone arrived", (n for n in delivered if not arrived[n]), ALWAYS
    )
    unheard = (name for name, times in arrived.items() if times and name in message_of and name not in delivered)
    yield finding("lost", "what arrived at a phone is known to have arrived", unheard, AT_REST)


def _strangers(sent: Messages, rows: Rows) -> Iterable[str]:
    known = {row["id"] for row in rows["deliveries"]}
    return (name for name in sent if name not in known)


MESSENGER = Party(
    name="the messenger's books",
    books=_books,
    ours={
        "deliveries": "SELECT id::text, message_id::text, status FROM notify.deliveries"
        " WHERE channel IN ('alimtalk', 'sms')"
    },
    judge=_judge,
    strangers=_strangers,
    known=Check(
        "doubled",
        "the messenger got messages of ours only",
        "SELECT id::text FROM notify.deliveries WHERE id::text = ANY($1)",
    ),
)
