"""The money: what Toss took and gave back, won for won.

Our payment's id is Toss's order id. Each try at its window is a payment there; the tries of one of ours count together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from shop.audit.findings import ALWAYS, AT_REST, Check, Finding, finding
from shop.audit.outside.party import Party, Rows, document
from shop.audit.places import Places


@dataclass
class Money:
    """Of one payment, in won. `refunds`: the single amounts that went back."""

    taken: int = 0
    reversed: int = 0
    refunds: Counter[int] = field(default_factory=Counter)

    @property
    def balance(self) -> int:
        return self.taken - self.reversed - self.refunds_total

    @property
    def refunds_total(self) -> int:
        return sum(amount * times for amount, times in self.refunds.items())


# What the ledger says came and was taken back, what refunds say went back, and whose the rest is.
_OURS = """
SELECT p.id::text, coalesce(b.received, 0)::bigint AS received, coalesce(b.reversed, 0)::bigint AS reversed,
       coalesce(r.done, '{}') AS done, coalesce(o.keeps, 0)::bigint AS keeps,
       coalesce(r.promised, 0)::bigint AS promised
FROM payments.payments p
LEFT JOIN (
    SELECT j.payment_id, sum(x.amount) FILTER (WHERE j.kind = 'received') AS received,
           -sum(x.amount) FILTER (WHERE j.kind = 'deposit_reversed') AS reversed
    FROM payments.journals j JOIN payments.postings x ON x.journal_id = j.id
    WHERE x.account LIKE 'provider_receivable:%' GROUP BY 1) b ON b.payment_id = p.id
LEFT JOIN (
    SELECT payment_id, array_agg(amount) FILTER (WHERE status = 'done') AS done,
           sum(amount) FILTER (WHERE status IN ('requested', 'needs_account', 'executing', 'unknown')) AS promised
    FROM payments.refunds GROUP BY 1) r ON r.payment_id = p.id
LEFT JOIN (
    SELECT o.payment_id, sum(o.total_amount - coalesce(c.owed, 0)) AS keeps FROM orders.orders o
    LEFT JOIN (SELECT order_id, sum(refund_amount) AS owed FROM orders.order_cancels
               WHERE status = 'accepted' GROUP BY 1) c USING (order_id)
    WHERE o.deposit_reversed_at IS NULL GROUP BY 1) o ON o.payment_id = p.id
"""


async def _books(http: httpx.AsyncClient, places: Places) -> dict[str, Money]:
    """Our payment's id → what happened there."""
    found: dict[str, Money] = defaultdict(Money)
    for payment in (await document(http, f"{places.sandbox}/toss/_sandbox/books"))["payments"]:
        money = found[_ours(payment["orderId"])]
        for moved in payment["movements"]:
            if moved["kind"] == "refund":
                money.refunds[-moved["amount"]] += 1
            elif moved["kind"] == "reversal":
                money.reversed -= moved["amount"]
            else:
                money.taken += moved["amount"]
    return dict(found)


def _ours(order_ref: str) -> str:
    """Ids may have lost their hyphens on the way."""
    try:
        return str(UUID(order_ref))
    except ValueError:
        return order_ref


def _judge(bank: dict[str, Money], rows: Rows) -> Iterable[Finding]:
    ours = {row["id"]: row for row in rows["payments"]}
    nothing = Money()
    told, unheard, twice, nobodys = [], [], [], []
    for name, row in ours.items():
        there = bank.get(name, nothing)
        done: Counter[int] = Counter(row["done"])
        if row["received"] > there.taken or row["reversed"] > there.reversed or done - there.refunds:
            told.append(name)
        if row["received"] < there.taken or row["reversed"] < there.reversed:
            unheard.append(name)
        if there.refunds - done:
            twice.append(name)
        if there.balance != row["keeps"] + row["promised"]:
            nobodys.append(f"{name}: {there.balance} there, {row['keeps']} kept, {row['promised']} promised back")
    yield finding("unbalanced", "what the ledger says came and went, came and went at the bank", told, ALWAYS)
    yield finding("unbalanced", "all that came to the bank is in the ledger", unheard, AT_REST)
    yield finding("doubled", "the bank paid every refund once", twice, AT_REST)
    yield finding("unbalanced", "every won at the bank belongs to one order, or is promised back", nobodys, AT_REST)


def _strangers(bank: dict[str, Money], rows: Rows) -> Iterable[str]:
    known = {row["id"] for row in rows["payments"]}
    return (name for name, money in bank.items() if money.taken and name not in known)


BANK = Party(
    name="the bank's books",
    books=_books,
    ours={"payments": _OURS},
    judge=_judge,
    strangers=_strangers,
    known=Check(
        "lost",
        "the bank took money for payments of ours only",
        "SELECT id::text FROM payments.payments WHERE id::text = ANY($1)",
    ),
)
