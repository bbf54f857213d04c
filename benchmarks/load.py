"""Closed loop: so many clients, each asking again as soon as it is answered; and what that cost the shop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.figures import percentiles
from benchmarks.system import OUTSIDE, Shop


async def closed_loop(clients: int, seconds: float, one: Callable[[], Awaitable[Any]]) -> tuple[list[float], float]:
    """Seconds per answer, and for how long it ran. The first failure ends it."""
    took: list[float] = []
    began = time.perf_counter()
    end = began + seconds

    async def client() -> None:
        while time.perf_counter() < end:
            asked = time.perf_counter()
            await one()
            took.append(time.perf_counter() - asked)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return took, time.perf_counter() - began


async def measured(
    shop: Shop, clients: int, seconds: float, one: Callable[[], Awaitable[Any]], *, reactions: bool = False
) -> dict[str, Any]:
    """Rate, delays and CPU per answer of the whole shop; with `reactions`, until every reaction is done as well."""
    before = shop.cpu()
    began = time.perf_counter()
    took, ran = await closed_loop(clients, seconds, one)
    if reactions:
        await shop.settle()
        ran = time.perf_counter() - began
    spent = {part: cpu for part, cpu in shop.cpu().since(before).items() if part not in OUTSIDE}
    count = len(took)
    return {
        "clients": clients,
        "count": count,
        "per_second": round(count / ran, 2),
        **percentiles(took),
        "cpu_ms_each": round(sum(spent.values()) / count * 1000, 2),
        "cpu_ms_by_part": {part: round(cpu / count * 1000, 2) for part, cpu in sorted(spent.items(), key=_most)},
        "shop_core_busy": round(sum(spent.values()) / ran, 2),
    }


def _most(item: tuple[str, float]) -> float:
    return -item[1]
