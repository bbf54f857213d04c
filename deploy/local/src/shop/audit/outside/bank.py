"""The money: what the payment providers took and gave back, won for won."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from shop.audit.findings import ALWAYS, AT_REST, Check, Finding, finding
from shop.audit.outside.party import Party, Rows
from shop.audit.outside.tills import PROVIDERS, Money, Till, books

# What the ledger says came and was taken back, what refunds say went back, and whose the rest is. `surplus` lies at the
# provider and belongs to no order; `odd`: there was some once.
_OURS = """
SELECT p.provider || ' ' || p.id AS id, coalesce(b.received, 0)::bigint AS received,
       coalesce(b.reversed, 0)::bigint AS reversed, coalesce(b.surplus, 0)::bigint AS surplus,
       coalesce(b.odd, false) AS odd, coalesce(r.done, '{}') AS done,
       coalesce(o.keeps, 0)::bigint AS keeps, coalesce(r.promised, 0)::bigint AS promised
FROM payments.payments p
LEFT JOIN (
    SELECT j.payment_id, sum(x.amount) FILTER (WHERE j.kind = 'received') AS received,
           -sum(x.amount) FILTER (WHERE j.kind = 'deposit_reversed') AS reversed,
           sum(x.amount) FILTER (WHERE x.account LIKE 'provider_surplus:%') AS surplus,
           bool_or(x.account LIKE 'provider_surplus:%') AS odd
    FROM payments.journals j JOIN payments.postings x ON x.journal_id = j.id
    WHERE x.account LIKE 'provider_receivable:%' OR x.account LIKE 'provider_surplus:%'
    GROUP BY 1) b ON b.payment_id = p.id
LEFT JOIN (
    SELECT payment_id, array_agg(amount) FILTER (WHERE status = 'done' AND NOT by_hand) AS done,
           -- What we sent by hand, the provider still owes us.
           sum(amount) FILTER (WHERE by_hand OR status IN ('requested', 'needs_account', 'executing', 'unknown'))
             AS promised
    FROM payments.refunds GROUP BY 1) r ON r.payment_id = p.id
LEFT JOIN (
    SELECT o.payment_id, sum(o.total_amount - coalesce(c.owed, 0)) AS keeps FROM orders.orders o
    LEFT JOIN (SELECT order_id, sum(refund_amount) AS owed FROM (
                 SELECT order_id, refund_amount FROM orders.order_cancels WHERE status = 'accepted'
                 UNION ALL SELECT order_id, refund_amount FROM orders.order_claims) d GROUP BY 1) c USING (order_id)
    WHERE o.deposit_reversed_at IS NULL GROUP BY 1) o ON o.payment_id = p.id
"""


def judge(bank: Till, rows: Rows) -> Iterable[Finding]:
    ours = {row["id"]: row for row in rows["payments"]}
    nothing = Money()
    told, unheard, twice, nobodys = [], [], [], []
    for name, row in ours.items():
        there = bank.get(name, nothing)
        done: Counter[int] = Counter(row["done"])
        ahead, behind = _compared(row, there)
        if ahead or done - there.refunds:
            told.append(name)
        if behind:
            unheard.append(name)
        if there.refunds - done:
            twice.append(name)
        promised = row["promised"] + row["surplus"]
        if there.balance != row["keeps"] + promised:
            nobodys.append(f"{name}: {there.balance} there, {row['keeps']} kept, {promised} promised back")
    yield finding("unbalanced", "what the ledger says came and went, came and went at its provider", told, ALWAYS)
    yield finding("unbalanced", "all that came to a provider is in the ledger", unheard, AT_REST)
    yield finding("doubled", "the provider paid every refund once", twice, AT_REST)
    yield finding("unbalanced", "every won at a provider belongs to one order, or is promised back", nobodys, AT_REST)


def _compared(row: Mapping[str, int], there: Money) -> tuple[bool, bool]:
    """Whether our ledger says more than the provider's books, and less.

    Deposits of other sums than the price are many at the provider and steps of their own with us, so of those only what
    is left counts, and a reversal not heard of yet is no lie.
    """
    if row["odd"]:
        ours = row["received"] - row["reversed"] + row["surplus"]
        return False, ours != there.taken - there.reversed
    ahead = row["received"] > there.taken or row["reversed"] > there.reversed
    return ahead, row["received"] < there.taken or row["reversed"] < there.reversed


def strangers(bank: Till, rows: Rows) -> Iterable[str]:
    known = {row["id"] for row in rows["payments"]}
    return (name for name, money in bank.items() if money.taken and name not in known)


def _numbers(bank: Till) -> Mapping[str, int]:
    """How much of each provider was looked at."""
    counted = Counter(name.partition(" ")[0] for name, money in bank.items() if money.taken)
    return {f"payments that {provider} took money for": counted[provider] for provider in PROVIDERS}


BANK = Party(
    name="the payment providers' books",
    books=books,
    ours={"payments": _OURS},
    judge=judge,
    strangers=strangers,
    known=Check(
        "lost",
        "providers took money for payments of ours only",
        "SELECT provider || ' ' || id FROM payments.payments WHERE provider || ' ' || id = ANY($1)",
    ),
    numbers=_numbers,
)
