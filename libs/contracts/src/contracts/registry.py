"""Importing this module knows every event: `EVENTS` maps a wire type to its class."""

from contracts import carts, claims, notifications, orders, payments, products, reports, shipments, stock
from contracts.envelope import EVENTS, Event

__all__ = [
    "EVENTS",
    "Event",
    "carts",
    "claims",
    "notifications",
    "orders",
    "payments",
    "products",
    "reports",
    "shipments",
    "stock",
]
