"""What an event's text says to the auditor: facts by name, steps of a story, and the figures that follow from it.

Figures are worked out here anew and not by the code of stats, so that the two do not share a mistake. Texts with
personal data are never opened: their types are not in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# Facts that come true once: two events about one of them are one too many.
ONCE = (
    "order placed", "order paid", "order completed", "order cancelled", "refund asked", "payment pending",
    "payment refunded", "option changed", "parcel shipped", "parcel delivered", "cancel decided", "option decided",
    "replacement stop decided", "replacement stopped", "message delivered",
)  # fmt: skip


@dataclass
class Telling:
    """`facts`: (name, id). `steps`: (story, id, state). `figures`: (name of the fact, its content)."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    steps: list[tuple[str, str, str]] = field(default_factory=list)
    figures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """All of it is text."""
        return all(isinstance(word, str) for line in (*self.facts, *self.steps) for word in line)


def telling(wire_type: str, payload: bytes | None) -> Telling:
    """Nothing for types that are not looked into, and for texts that are not what their type promises."""
    read = _READ.get(wire_type)
    found = Telling()
    if read is None:
        return found
    try:
        data = orjson.loads(payload or b"")
        read(data, found)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Telling()
    return found if found.sound else Telling()


def _placed(data: Mapping[str, Any], found: Telling) -> None:
    found.facts.append(("order placed", data["order_id"]))
    found.steps.append(("order", data["order_id"], "placed"))
    found.figures.append(_order_fact("placed", data["order_id"], data, data["placed_at"]))


def _paid(data: Mapping[str, Any], found: Telling) -> None:
    order_id = data["order_id"]
    found.facts.append(("order paid", order_id))
    found.steps.append(("order", order_id, "paid"))
    found.figures.append(_order_fact("paid", order_id, data, data["paid_at"], was_paid=True))
    found.figures += _line_facts("sale", order_id, data, data["paid_at"])


def _cancelled(data: Mapping[str, Any], found: Telling) -> None:
    cancel_id, at = data["cancel_id"], data["cancelled_at"]
    found.facts.append(("order cancelled", cancel_id))
    if data["whole"]:
        found.steps.append(("order", data["order_id"], "cancelled"))
    fact = _order_fact("cancelled", cancel_id, data, at, whole=data["whole"], was_paid=data["was_paid"])
    found.figures.append(fact)
    if data["was_paid"]:
        found.figures += _line_facts("cancel", cancel_id, data, at)


def _option_changed(data: Mapping[str, Any], found: Telling) -> None:
    change_id, at = data["change_id"], data["changed_at"]
    found.facts.append(("option changed", change_id))
    new = {"sku": data["new_sku"], "variant_name": data.get("new_variant_name")}
    for kind, line in (("changed_from", data), ("changed_to", {**data, **new})):
        found.figures += _line_facts(kind, change_id, {**data, "lines": [line]}, at)


def _option_decided(data: Mapping[str, Any], found: Telling) -> None:
    found.facts.append(("option decided", data["change_id"]))


def _completed(data: Mapping[str, Any], found: Telling) -> None:
    found.facts.append(("order completed", data["order_id"]))
    found.steps.append(("order", data["order_id"], "completed"))
    found.figures.append(_order_fact("completed", data["order_id"], data, data["completed_at"], was_paid=True))


def _claimed(data: Mapping[str, Any], found: Telling) -> None:
    """What came back for money was not sold after all. An exchange sells nothing and takes nothing back, so what it
    brought comes back as what was sold.
    """
    claim_id, at, returned = data["claim_id"], data["completed_at"], data["kind"] == "return"
    found.facts.append(("claim completed", claim_id))
    lines = [
        {
            **line,
            "sku": line.get("bought_sku") or line["sku"],
            "quantity": units,
            "product_name": None,
            "variant_name": None,
        }
        for line in (data["lines"] if returned else ())
        if (units := line["resellable"] + line["damaged"])
    ]
    shipping = data.get("shipping_amount", 0) - data.get("fee_amount", 0) if lines else 0
    settled = {**data, "lines": lines, "shipping_amount": shipping}
    found.figures.append(_order_fact("cancelled", claim_id, settled, at, whole=False, was_paid=True))
    found.figures += _line_facts("cancel", claim_id, settled, at)


def _replacement_stopped(data: Mapping[str, Any], found: Telling) -> None:
    """It comes off what was bought: nothing else was ever sold."""
    stop_id, at = data["stop_id"], data["stopped_at"]
    found.facts.append(("replacement stopped", stop_id))
    nameless = {"product_name": None, "variant_name": None}
    lines = [{**line, "sku": line["bought_sku"], **nameless} for line in data["lines"]]
    settled = {**data, "lines": lines}
    found.figures.append(_order_fact("cancelled", stop_id, settled, at, whole=False, was_paid=True))
    found.figures += _line_facts("cancel", stop_id, settled, at)


def _refund_asked(data: Mapping[str, Any], found: Telling) -> None:
    found.facts.append(("refund asked", data["refund_id"]))


def _payment(name: str) -> Callable[[Mapping[str, Any], Telling], None]:
    def read(data: Mapping[str, Any], found: Telling) -> None:
        found.facts.append((f"payment {name}", data["payment_id"]))
        found.steps.append(("payment", data["payment_id"], name))

    return read


def _refunded(data: Mapping[str, Any], found: Telling) -> None:
    found.facts.append(("payment refunded", data["refund_id"]))
    found.steps.append(("payment", data["payment_id"], "refunded"))
    words = (data["payment_id"], data["order_id"], data["mall_id"], data["currency"], data["refund_amount"])
    found.figures.append((f"refund {data['refund_id']}", _content(*words, _moment(data["refunded_at"]))))


def _shipment(data: Mapping[str, Any], found: Telling) -> None:
    part, status = data["shipment_id"], data["status"]
    found.steps.append(("shipment", part, status))
    if status in {"shipped", "delivered"}:
        found.facts.append((f"parcel {status}", part))
    elif status == "requested":
        found.facts.append(("shipment requested", part))


def _decided(data: Mapping[str, Any], found: Telling) -> None:
    found.facts.append(("cancel decided", data["cancel_id"]))


def _stop_decided(data: Mapping[str, Any], found: Telling) -> None:
    found.facts.append(("replacement stop decided", data["stop_id"]))


def _notified(data: Mapping[str, Any], found: Telling) -> None:
    found.facts.append(("message delivered", data["delivery_id"]))


_READ: dict[str, Callable[[Mapping[str, Any], Telling], None]] = {
    "order-placed": _placed,
    "order-paid": _paid,
    "order-cancelled": _cancelled,
    "order-option-changed": _option_changed,
    "order-completed": _completed,
    "claim-completed": _claimed,
    "replacement-stopped": _replacement_stopped,
    "order-refund-requested": _refund_asked,
    "payment-pending": _payment("pending"),
    "payment-confirmed": _payment("confirmed"),
    "payment-failed": _payment("failed"),
    "payment-expired": _payment("expired"),
    "deposit-reversed": _payment("reversed"),
    "payment-refunded": _refunded,
    "shipment-updated": _shipment,
    "shipment-cancel-decided": _decided,
    "shipment-option-decided": _option_decided,
    "replacement-stop-decided": _stop_decided,
    "notification-delivered": _notified,
}


def _order_fact(
    kind: str, fact_id: str, data: Mapping[str, Any], at: str, *, whole: bool = True, was_paid: bool = False
) -> tuple[str, str]:
    goods = sum(line["amount"] for line in data.get("lines", ()))
    shipping = data.get("shipping_amount", 0)
    seller = (data["order_id"], data["mall_id"], data["channel"], data["currency"])
    return f"{kind} {fact_id}", _content(*seller, goods, shipping, goods + shipping, whole, was_paid, _moment(at))


def _line_facts(kind: str, fact_id: str, data: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    seller = (data["order_id"], data["mall_id"], data["channel"], data["currency"])
    for line in data["lines"]:
        categories = line.get("category_ids") or ()
        thing = (line["sku"], line["product_id"], line.get("product_name"), line.get("variant_name"))
        numbers = (line["quantity"], line["amount"], _moment(at))
        category = categories[-1] if categories else None
        yield f"{kind} {fact_id} {line['line_id']}", _content(*seller, *thing, category, *numbers)


def _moment(text: str) -> int:
    """Microseconds since 1970, as the database counts them."""
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def _content(*words: object) -> str:
    """The same text as PostgreSQL makes of the same values: `FIGURES` in `books`."""
    return "|".join(_word(word) for word in words)


def _word(word: object) -> str:
    if word is None:
        return ""
    if isinstance(word, bool):
        return "t" if word else "f"
    return str(word)
