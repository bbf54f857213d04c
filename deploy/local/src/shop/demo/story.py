"""The event log as a story: every event of every topic, printed as it arrives."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console

from contracts.topics import TOPICS

_COLOURS = {
    "catalog": "green",
    "cart": "bright_black",
    "orders": "cyan",
    "payments": "yellow",
    "scm": "magenta",
    "notify": "blue",
    "stats": "white",
}
_QUIET = {"cart-changed", "product-published", "product-changed", "price-changed", "mall-changed"}


class Story:
    """Tells what happens from `start` on. `counts` has how often each event was seen."""

    def __init__(self, bootstrap: str, console: Console, *, tell: bool = True) -> None:
        self._bootstrap = bootstrap
        self._console = console
        self._tell = tell
        self._numbers: dict[str, str] = {}
        self._began = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self.counts: Counter[str] = Counter()

    async def start(self) -> None:
        """Returns once the ends of all topics are known: everything said later is told."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        await consumer.start()
        partitions = [
            TopicPartition(spec.name, number) for spec in TOPICS.values() for number in range(spec.partitions)
        ]
        consumer.assign(partitions)
        for partition, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, end)
        self._task = asyncio.create_task(self._follow(consumer), name="story")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        try:
            async for message in consumer:
                headers = {name: (value or b"").decode() for name, value in message.headers}
                self._one(headers, message)
        finally:
            await consumer.stop()

    def _one(self, headers: dict[str, str], message: Any) -> None:
        kind = headers.get("ce_type", "?")
        self.counts[kind] += 1
        if not self._tell or kind in _QUIET:
            return
        data = orjson.loads(message.value or b"{}")
        self._console.print(
            self._line(kind, headers.get("ce_source", ""), message.topic, data), highlight=False, soft_wrap=True
        )

    def _line(self, kind: str, source: str, topic: str, data: dict[str, Any]) -> str:
        order_id = str(data.get("order_id", ""))
        if number := data.get("order_number"):
            self._numbers[order_id] = number
        subject = self._numbers.get(order_id) or data.get("sku") or data.get("mall_id") or ""
        service = source.rsplit("/", 1)[-1]
        colour = _COLOURS.get(service, "white")
        seconds = time.monotonic() - self._began
        return (
            f"[dim]{seconds:7.2f} s[/]  [{colour}]{service:<9}[/] [bold]{kind:<24}[/] {subject:<20} "
            f"[dim]{_detail(kind, data):<44}{topic}[/]"
        )


def _detail(kind: str, data: dict[str, Any]) -> str:
    """A few words about the event. Never a name, an address or a number to call."""
    if kind in _DETAILS:
        return _DETAILS[kind](data)
    if "total_amount" in data:
        return f"{data['total_amount']:,} {data['currency']}"
    if "amount" in data:
        return f"{data['amount']:,} by {data.get('method', '?')}"
    return str(data.get("reason") or "")


def _notification(data: dict[str, Any]) -> str:
    return f"{data['template']} by {data['channel']}"


_DETAILS: dict[str, Callable[[dict[str, Any]], str]] = {
    "shipment-updated": lambda data: " ".join(
        data[name] for name in ("status", "carrier", "waybill") if data.get(name)
    ),
    "stock-changed": lambda data: f"on hand {data['on_hand']}, reserved {data['reserved']} ({data['reason']})",
    "notification-delivered": _notification,
    "notification-failed": _notification,
    "payment-refunded": lambda data: f"{data['refund_amount']:,} back",
}
