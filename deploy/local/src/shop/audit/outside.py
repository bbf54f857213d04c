"""The shop's books against the books of the companies it deals with: the sandbox keeps them like they do."""

from __future__ import annotations

from collections import Counter
from typing import Any

import asyncpg
import httpx

from shop.audit.findings import Finding

_HELD = """
SELECT p.id::text AS id, p.status, coalesce(sum(x.amount), 0)::bigint AS held
FROM payments.payments p
LEFT JOIN payments.journals j ON j.payment_id = p.id
LEFT JOIN payments.postings x ON x.journal_id = j.id AND x.account LIKE 'provider_receivable:%'
GROUP BY p.id, p.status
"""
_WAYBILLS = "SELECT waybill FROM scm.parcels"


async def compare(database: asyncpg.Connection, http: httpx.AsyncClient, sandbox: str) -> list[Finding]:
    """Money at the bank, messages at the messenger, parcels at the centres."""
    bank = (await http.get(f"{sandbox}/toss/_sandbox/books")).raise_for_status().json()
    messenger = (await http.get(f"{sandbox}/solapi/_sandbox/messages")).raise_for_status().json()
    centres = (await http.get(f"{sandbox}/logistics/_sandbox/books")).raise_for_status().json()
    return [
        _money(bank["payments"], {_plain(row["id"]): row["held"] for row in await database.fetch(_HELD)}),
        _messages(messenger["messages"]),
        _releases(centres["releases"]),
        _parcels(centres["parcels"], {row["waybill"] for row in await database.fetch(_WAYBILLS)}),
    ]


def _plain(payment_id: str) -> str:
    return payment_id.replace("-", "").lower()


def _money(bank: list[dict[str, Any]], held: dict[str, int]) -> Finding:
    at_bank: Counter[str] = Counter()
    for payment in bank:
        at_bank[_plain(payment["orderId"])] += payment["balance"]
    names = at_bank.keys() | held.keys()
    wrong = sorted(
        f"{name}: the bank holds {at_bank[name]}, the ledger {held.get(name, 0)}"
        for name in names
        if at_bank[name] != held.get(name, 0)
    )
    return Finding("unbalanced", "every won at the bank is in the ledger, and the other way round", tuple(wrong))


def _messages(sent: list[dict[str, Any]]) -> Finding:
    """A message that failed may be followed by another try; of those that left, each delivery has one."""
    left: Counter[str] = Counter()
    for message in sent:
        fields = message.get("customFields") or {}
        name = next(iter(fields.values()), None)
        if name and message["statusCode"] in {"2000", "3000", "4000"}:
            left[f"{name} {message['type']}"] += 1
    doubled = tuple(sorted(name for name, times in left.items() if times > 1))
    return Finding("doubled", "each notification left once", doubled)


def _releases(releases: list[dict[str, Any]]) -> Finding:
    numbers = Counter(str(release.get("ordNo")) for release in releases if release.get("status") != "CANCEL")
    doubled = tuple(sorted(name for name, times in numbers.items() if times > 1))
    return Finding("doubled", "each shipment was released to its centre once", doubled)


def _parcels(parcels: list[dict[str, Any]], known: set[str]) -> Finding:
    unknown = tuple(sorted(parcel["waybill"] for parcel in parcels if parcel["waybill"] not in known))
    return Finding("lost", "every waybill a centre issued is known here", unknown)
