"""The two centres: what the one whose job asks us was given, what the one that we ask holds, and what both shipped.

Other centres keep their books elsewhere, and staff keep none: what waits for them and what they told is theirs to know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx

from shop.audit.findings import ALWAYS, AT_REST, Check, Finding, finding
from shop.audit.outside.party import Party, Rows, document
from shop.audit.places import Places
from shop.seed import POLL_CENTRE, PULL_CENTRE

# Those that the sandbox plays: only their books lie before us.
_FETCHES, _PLAYED = PULL_CENTRE, frozenset({PULL_CENTRE, POLL_CENTRE})

_HELD = ("ORDER", "WORKING", "PARTDONE", "DONE")

_RELEASES = """
SELECT r.order_no, r.slip_no, r.state, r.shipment_id::text FROM scm.releases r
"""
_PARCELS = """
SELECT waybill, shipment_id::text, told_by FROM scm.parcels
"""
_SHIPMENTS = """
SELECT s.id::text, s.status, s.centre, k.recipient IS NOT NULL AND s.held_until IS NULL AS offered
FROM scm.shipments s LEFT JOIN scm.shipment_contacts k USING (order_id)
"""
# A centre is asked for the parts of a set.
_UNITS = """
SELECT l.shipment_id::text, coalesce(p.sku, l.sku) AS sku, sum(l.quantity * coalesce(p.quantity, 1))::bigint AS units
FROM scm.shipment_lines l LEFT JOIN catalog.set_components p ON p.set_sku = l.sku GROUP BY 1, 2
"""
_RETURNS = """
SELECT r.claim_id::text, r.status, r.centre, k.recipient IS NOT NULL AS addressed
FROM scm.returns r LEFT JOIN scm.shipment_contacts k USING (order_id)
"""
_FOUND = """
SELECT claim_id::text, line_id::text, resellable, damaged, missing FROM scm.return_lines
WHERE resellable + damaged + missing > 0
"""


async def _books(http: httpx.AsyncClient, places: Places) -> Any:
    return await document(http, f"{places.sandbox}/logistics/_sandbox/books?calls=0")


def _judge(books: Mapping[str, Any], rows: Rows) -> Iterable[Finding]:
    slips = {str(slip["ordNo"]): slip for slip in books["releases"]}
    requests = {str(request["id"]): request for request in books["requests"]}
    issued = {parcel["waybill"] for parcel in books["parcels"]}
    labelled = issued | {parcel["waybill"] for request in requests.values() for parcel in request["waybills"]}
    yield _held(slips, rows)
    yield _released_once(slips, rows)
    yield _settled(slips, rows)
    reached = (
        row["id"]
        for row in rows["shipments"]
        if row["centre"] == _FETCHES and row["status"] == "requested" and row["offered"] and row["id"] not in requests
    )
    yield finding("stuck", "every open request has reached the centre that fetches it", reached, AT_REST)
    told = {row["waybill"] for row in rows["parcels"] if row["told_by"] in _PLAYED}
    yield finding("lost", "every waybill that a centre told us was issued by it", told - labelled, ALWAYS)
    yield finding("lost", "every waybill of a parcel that left is known here", _unheard(slips, rows), AT_REST)
    untouched = {row["id"] for row in rows["shipments"] if row["status"] == "requested"}
    forgotten = (name for name, request in requests.items() if name in untouched and any(_agreed(request)))
    yield finding("lost", "what a centre was told it may work on is not waiting to be taken", forgotten, AT_REST)
    yield from _returned(books, rows)


def _unheard(slips: Mapping[str, Any], rows: Rows) -> Iterator[str]:
    """A person who enters what left ends the release, maybe under the number of another box of it."""
    ours = {row["waybill"] for row in rows["parcels"]}
    by_hand = {row["shipment_id"] for row in rows["parcels"] if row["told_by"] is None}
    entered = {row["order_no"] for row in rows["releases"] if row["shipment_id"] in by_hand}
    for number, slip in slips.items():
        if slip["status"] == "DONE" and slip["waybill"] not in ours and number not in entered:
            yield slip["waybill"]


def _returned(books: Mapping[str, Any], rows: Rows) -> Iterable[Finding]:
    """`returns` is missing in the books of a centre that was never given one."""
    returns = {str(one["id"]): one for one in books.get("returns", ())}
    unreached = (
        row["claim_id"]
        for row in rows["returns"]
        if row["centre"] == _FETCHES
        and row["status"] == "requested"
        and row["addressed"]
        and row["claim_id"] not in returns
    )
    yield finding("stuck", "every return has reached the centre that fetches it", unreached, AT_REST)
    here = {(row["claim_id"], row["line_id"]): row for row in rows["found"]}
    told = {
        (claim, str(line["line_id"])): line
        for claim, one in returns.items()
        for _, sent in _agreed(one, "received")
        for line in sent["lines"]
    }
    names = ("resellable", "damaged", "missing")
    differing = {
        claim for (claim, line_id), line in told.items() if [line[name] for name in names]
        != [here.get((claim, line_id), {}).get(name) for name in names]
    }  # fmt: skip
    yield finding("unbalanced", "what a centre found of returned goods is what was written here", differing, ALWAYS)


def _held(slips: Mapping[str, Any], rows: Rows) -> Finding:
    gone = (
        row["order_no"]
        for row in rows["releases"]
        if row["state"] in ("released", "shipped", "stopped")
        and row["slip_no"]
        and str(slips.get(row["order_no"], {}).get("slipNo")) != row["slip_no"]
    )
    return finding("lost", "every release that a centre took is in its books", gone, ALWAYS)


def _released_once(slips: Mapping[str, Any], rows: Rows) -> Finding:
    """By units: the rest of a request may rightly be released after a part of it."""
    shipment_of = {row["order_no"]: row["shipment_id"] for row in rows["releases"]}
    released: Counter[tuple[str, str]] = Counter()
    for number, slip in slips.items():
        if slip["status"] in _HELD and number in shipment_of:
            for goods in slip["godCds"]:
                released[shipment_of[number], goods["cstGodCd"]] += goods["ordQty"]
    wanted = {(row["shipment_id"], row["sku"]): row["units"] for row in rows["units"]}
    doubled = (
        f"{shipment} {sku}" for (shipment, sku), units in released.items() if units > wanted.get((shipment, sku), 0)
    )
    return finding("doubled", "no centre was asked to send a unit twice", doubled, ALWAYS)


def _settled(slips: Mapping[str, Any], rows: Rows) -> Finding:
    wanted = {"DONE": "shipped", "CANCEL": "stopped"}
    differing = (
        f"{row['order_no']}: {slips[row['order_no']]['status']} there, {row['state']} here"
        for row in rows["releases"]
        if row["order_no"] in slips and wanted.get(slips[row["order_no"]]["status"], row["state"]) != row["state"]
    )
    return finding("stuck", "what became of a release at its centre is known here", differing, AT_REST)


def _strangers(books: Mapping[str, Any], rows: Rows) -> Iterable[str]:
    releases = {row["order_no"] for row in rows["releases"]}
    shipments = {row["id"] for row in rows["shipments"]}
    waybills = {row["waybill"] for row in rows["parcels"]}
    yield from (f"release {slip['ordNo']}" for slip in books["releases"] if str(slip["ordNo"]) not in releases)
    yield from (f"request {request['id']}" for request in books["requests"] if str(request["id"]) not in shipments)
    taken = (sent["waybill"] for request in books["requests"] for did, sent in _agreed(request) if did == "waybill")
    yield from (f"waybill {waybill}" for waybill in taken if waybill not in waybills)
    returns = {row["claim_id"] for row in rows["returns"]}
    yield from (f"return {one['id']}" for one in books.get("returns", ()) if str(one["id"]) not in returns)


def _agreed(request: Mapping[str, Any], *verbs: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What the centre's job did with our consent. It also takes a 409 for a yes whose answer was lost; we do not."""
    for entry in request["log"]:
        if entry["did"] in (verbs or ("accept", "waybill")) and entry["answer"].startswith("2"):
            yield entry["did"], entry["sent"]


CENTRES = Party(
    name="the centres' books",
    books=_books,
    ours={
        "releases": _RELEASES,
        "parcels": _PARCELS,
        "shipments": _SHIPMENTS,
        "units": _UNITS,
        "returns": _RETURNS,
        "found": _FOUND,
    },
    judge=_judge,
    strangers=_strangers,
    known=Check(
        "lost",
        "all that centres were given, and every waybill we took from them, is known here",
        """SELECT name FROM (SELECT 'release ' || order_no AS name FROM scm.releases
             UNION ALL SELECT 'request ' || id FROM scm.shipments
             UNION ALL SELECT 'return ' || claim_id FROM scm.returns
             UNION ALL SELECT 'waybill ' || waybill FROM scm.parcels) known WHERE name = ANY($1)""",
    ),
)
