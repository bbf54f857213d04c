"""The topics of the shop. One topic per aggregate family, because order exists only inside a topic."""

from __future__ import annotations

from dataclasses import dataclass

PARTITIONS = 12

ORDERS = "shop.orders.v1"
ORDER_CONTACTS = "shop.order-contacts.v1"
PAYMENTS = "shop.payments.v1"
SHIPMENTS = "shop.shipments.v1"
PRODUCTS = "shop.products.v1"
STOCK = "shop.stock.v1"
CARTS = "shop.carts.v1"
MEMBERS = "shop.members.v1"
NOTIFICATIONS = "shop.notifications.v1"
REPORTS = "shop.reports.v1"

_FOREVER = -1
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class TopicSpec:
    """How a topic is created. `retention_ms` of -1 keeps it for ever, so that figures can be rebuilt from it."""

    name: str
    key: str
    owner: str
    retention_ms: int = _FOREVER
    partitions: int = PARTITIONS
    personal: bool = False


TOPICS: dict[str, TopicSpec] = {
    spec.name: spec
    for spec in (
        TopicSpec(ORDERS, key="order_id", owner="orders"),
        # Names, phones and addresses: only notify and scm read it, and it is not kept longer than they need.
        TopicSpec(ORDER_CONTACTS, key="order_id", owner="orders", retention_ms=30 * _DAY_MS, personal=True),
        TopicSpec(PAYMENTS, key="payment_id", owner="payments"),
        TopicSpec(SHIPMENTS, key="order_id", owner="scm"),
        TopicSpec(PRODUCTS, key="product_id", owner="catalog"),
        TopicSpec(STOCK, key="sku", owner="catalog"),
        TopicSpec(CARTS, key="cart_id", owner="cart", retention_ms=90 * _DAY_MS),
        TopicSpec(MEMBERS, key="member_id", owner="members"),
        TopicSpec(NOTIFICATIONS, key="delivery_id", owner="notify", retention_ms=90 * _DAY_MS),
        TopicSpec(REPORTS, key="mall_id", owner="stats", retention_ms=90 * _DAY_MS),
    )
}


def dead_letter_topic(group: str, topic: str) -> str:
    """Where `group` reports events of `topic` that it will never be able to handle."""
    return f"{group}.{topic}.dlq"
