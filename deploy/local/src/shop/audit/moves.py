"""Every step that orders, payments and shipments may take: the auditor's own tables, which tests hold against the
services' own. A table maps a state to those that may follow; the empty word stands for the beginning."""

from __future__ import annotations

from collections.abc import Mapping

Moves = Mapping[str, frozenset[str]]


def _moves(**following: str) -> Moves:
    """`start` is the beginning."""
    return {"" if state == "start" else state: frozenset(words.split()) for state, words in following.items()}


# States in the tables.
ORDER: Moves = _moves(
    start="pending_payment",
    pending_payment="paid cancelled",
    paid="preparing shipped delivered cancelled",
    preparing="shipped delivered cancelled",
    shipped="delivered",
    delivered="completed returned",
    completed="returned",
)
PAYMENT: Moves = _moves(
    start="created",
    created="open waiting_for_deposit confirmed failed cancelled",
    open="confirming confirmed failed expired cancelled",
    confirming="open confirmed waiting_for_deposit unknown failed cancelled",
    unknown="open confirmed waiting_for_deposit failed cancelled",
    waiting_for_deposit="confirmed failed expired cancelled",
    confirmed="partially_refunded refunded reversed",
    partially_refunded="refunded",
    failed="confirmed",
    expired="confirmed",
    cancelled="confirmed",
    reversed="confirmed",
)

# What events tell. A cancel of some lines is no state of its order; a payment that nobody waits for ends untold.
TOLD: Mapping[str, Moves] = {
    "order": _moves(start="placed", placed="paid cancelled", paid="cancelled completed"),
    "payment": _moves(
        start="pending confirmed failed expired",
        pending="confirmed failed expired",
        confirmed="refunded reversed",
        refunded="refunded",
        failed="confirmed",
        expired="confirmed",
        reversed="confirmed",
    ),
    # A parcel begins as shipped. Units that a centre gave back are requested, accepted or rejected anew.
    "shipment": _moves(
        start="requested shipped",
        requested="requested accepted rejected shipped in_transit delivered cancelled",
        accepted="requested accepted rejected shipped cancelled",
        rejected="requested accepted rejected shipped in_transit delivered cancelled",
        shipped="in_transit delivered",
        in_transit="delivered",
    ),
}


def pairs(moves: Moves) -> list[tuple[str, str]]:
    return [(before, after) for before, following in moves.items() for after in sorted(following)]


def as_values(moves: Moves) -> str:
    """For `IN (VALUES …)`: our own words, none of which needs quoting."""
    return ", ".join(f"('{before}', '{after}')" for before, after in pairs(moves))
