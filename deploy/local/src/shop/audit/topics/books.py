"""What the database says about events, copied into the notebook out of one snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from common.ids import derived_id
from contracts.topics import TOPICS
from shop.audit.topics.entry import Named, Page
from shop.audit.topics.store import Store

_ROWS = 5_000

# Per service; `{s}` is its schema.
_SEQUENCES = "SELECT '{s}', aggregateid, last_seq FROM {s}.event_sequences"
_SETTLED = "SELECT '{s}', event_id::text FROM {s}.inbox"
_WAITING = "SELECT event_id::text AS id, topic, aggregateid AS key, seq, type, payload FROM {s}.outbox"
_KEPT = (
    "SELECT '{s}', event_id::text, 'parked' FROM {s}.parked_events UNION ALL"
    " SELECT '{s}', event_id::text, CASE status WHEN 'open' THEN 'dead' ELSE status END"
    " FROM {s}.dead_letters WHERE status <> 'replayed'"
)
_OLDEST_INBOX = (
    "SELECT min(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \\(''([^'']+)''\\)'))"
    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = '{s}.inbox'::regclass AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'"
)

# What was done and has to be told in the same transaction (true), or may have been told (false).
DONE: dict[str, str] = {
    "orders": (
        "SELECT 'order placed', order_id::text, true FROM orders.orders"
        " UNION ALL SELECT 'order paid', order_id::text, true FROM orders.orders WHERE payment_id IS NOT NULL"
        " UNION ALL SELECT 'order completed', order_id::text, true FROM orders.orders WHERE completed_at IS NOT NULL"
        " UNION ALL SELECT 'order cancelled', cancel_id::text, true FROM orders.order_cancels WHERE status = 'accepted'"
        " UNION ALL SELECT 'option changed', change_id::text, true FROM orders.order_option_changes"
        " WHERE status = 'accepted'"
        " UNION ALL SELECT 'replacement stopped', stop_id::text, true FROM orders.order_claims"
        " WHERE stop_status = 'accepted'"
        " UNION ALL SELECT 'refund asked', refund_id::text, true FROM orders.order_unwanted_payments"
    ),
    "payments": (
        "SELECT 'payment confirmed', id::text, true FROM payments.payments WHERE confirmed_at IS NOT NULL"
        " UNION ALL SELECT 'payment refunded', id::text, true FROM payments.refunds WHERE status = 'done'"
    ),
    "scm": (
        "SELECT 'shipment requested', id::text, true FROM scm.shipments"
        " UNION ALL SELECT 'parcel shipped', id::text, true FROM scm.parcels"
        " UNION ALL SELECT 'parcel delivered', id::text, true FROM scm.parcels WHERE status = 'delivered'"
        " UNION ALL SELECT 'option decided', change_id::text, true FROM scm.option_changes"
        # The answer to an order that was over already goes to nobody.
        " UNION ALL SELECT CASE WHEN claim_id IS NULL THEN 'cancel decided' ELSE 'replacement stop decided' END,"
        " cancel_id::text, NOT final AND state <> 'pending' FROM scm.cancels"
    ),
    "notify": "SELECT 'message delivered', id::text, true FROM notify.deliveries WHERE status = 'delivered'",
}
# Refunds are named after their cancel; once a reversed deposit came again, after the reversal too.
_REFUNDED_CANCELS = (
    "SELECT c.cancel_id FROM orders.order_cancels c WHERE c.status = 'accepted' AND c.refund_amount > 0"
    " AND NOT EXISTS (SELECT FROM orders.order_history h WHERE h.order_id = c.order_id AND h.name = 'deposit-restored')"
)

_LIVE = "generation = (SELECT generation FROM stats.live_generation)"
_AT = "(extract(epoch FROM at) * 1000000)::bigint"
_SELLER = "order_id, mall_id, channel, currency"
FIGURES = (
    f"SELECT kind || ' ' || fact_id, concat_ws('|', {_SELLER}, goods_amount, shipping_amount, total_amount, whole,"  # noqa: S608
    f" was_paid, {_AT}) FROM stats.order_facts WHERE {_LIVE}"
    f" UNION ALL SELECT kind || ' ' || fact_id || ' ' || line_id, concat_ws('|', {_SELLER}, sku, product_id,"
    " coalesce(product_name, ''), coalesce(variant_name, ''), coalesce(category_id, ''), quantity, amount,"
    f" {_AT}) FROM stats.line_facts WHERE {_LIVE}"
    " UNION ALL SELECT 'refund ' || refund_id, concat_ws('|', payment_id, order_id, mall_id, currency, amount,"
    f" {_AT}) FROM stats.refund_facts WHERE {_LIVE}"
)


async def copy_service(connection: asyncpg.Connection, store: Store, service: str) -> None:
    """Call inside the snapshot's transaction. Raises asyncpg's errors; then nothing of the service counts."""
    oldest = await connection.fetchval(_OLDEST_INBOX.format(s=service))
    page = Page()
    async for row in _rows(connection, _WAITING.format(s=service)):
        page.note("waiting", service, row["key"], row["seq"], row["id"])
        if row["topic"] in TOPICS:
            page.tell(Named(service, row["key"], row["seq"], row["id"]), row["type"], row["payload"])
    page.write(store)
    for table, query in (("sequences", _SEQUENCES), ("settled", _SETTLED), ("kept", _KEPT)):
        await _copy(connection, store, table, query.format(s=service))
    if service in DONE:
        await _copy(connection, store, "done", DONE[service])
    if service == "orders":
        refunded: list[UUID] = [row[0] for row in await connection.fetch(_REFUNDED_CANCELS)]
        asked = [("refund asked", str(derived_id("refund", str(cancel_id))), True) for cancel_id in refunded]
        store.add("done", asked)
    if service == "stats":
        await _copy(connection, store, "figures", FIGURES)
    # Last: a service counts as looked at only with all of its books.
    store.add("inboxes", [(service, oldest or str(UUID(int=0)))])


async def _copy(connection: asyncpg.Connection, store: Store, table: str, query: str) -> None:
    cursor = await connection.cursor(query)
    while rows := await cursor.fetch(_ROWS):
        store.add(table, [tuple(row) for row in rows])


async def _rows(connection: asyncpg.Connection, query: str) -> AsyncIterator[Any]:
    cursor = await connection.cursor(query)
    while rows := await cursor.fetch(_ROWS):
        for row in rows:
            yield row


def keepers(services: Sequence[str]) -> list[tuple[str, str]]:
    """Topic and the service that publishes to it."""
    return [(spec.name, spec.owner) for spec in TOPICS.values() if spec.owner in services]
