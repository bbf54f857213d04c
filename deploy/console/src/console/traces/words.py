"""By which words a trace is found: ids and order numbers in its spans' attributes and in its events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from console.traces.span import Span

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b\d{8}-\d{8}\b")
_PATHS = ("url.path", "http.target", "url.full", "http.url", "http.route")
# In this order: a payment is found by its order too, but not the other way round through a SKU.
_NAMES = ("order_number", "payment_id", "refund_id", "cancel_id", "shipment_id", "request_id", "delivery_id", "waybill")
_MOST = 50


def words_of(span: Span) -> set[str]:
    """Lower-case. Ids in paths, the key of its message, and whatever is called `shop...`."""
    return set(list(_words_of(span))[:_MOST])


def _words_of(span: Span) -> Iterator[str]:
    for name in _PATHS:
        if value := span.attributes.get(name):
            yield from _ID.findall(str(value).lower())
    for name, value in span.attributes.items():
        if name == "messaging.kafka.message.key" or name.startswith("shop."):
            yield str(value).lower()


def names_of(data: Mapping[str, Any]) -> frozenset[str]:
    """By which other names the order of an event's payload is known."""
    found = (data.get(name) for name in _NAMES)
    return frozenset(str(value).lower() for value in found if value)
