"""`make bench`: one run, one report. Everything that is compared is measured in the same run on the same machine."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import backbone, floors, machine, plans, report, scenes
from benchmarks.system import Shop, pin_generator, running
from shop import instance, ports, testing

CLIENTS = (1, 8, 32)
# What "small" is: a mall of ordinary size in its first weeks.
_PRODUCTS, _ORDERS = 1_000, 1_000
_OPTIONS: dict[str, Any] = {"trace_sample_ratio": 0.01, "edge_tracing": False}
console = Console(highlight=False)


def bench(
    seconds: Annotated[float, typer.Option(help="how long each load runs")] = 15,
    rate: Annotated[float, typer.Option(help="orders per second of the reaction scenes")] = 50,
    only: Annotated[str, typer.Option(help="floors, backbone, reactions, shop, large: comma separated")] = "",
    products: Annotated[int, typer.Option(help="how many the large shop has")] = 100_000,
    orders: Annotated[int, typer.Option(help="how many the large shop has behind it")] = 1_000_000,
    out: Annotated[Path, typer.Option(help="folder of the report")] = Path(__file__).parent,
) -> None:
    """Measures and writes report.json, report.md and the pictures."""
    pin_generator()
    # A `kill` must not leave a shop behind.
    signal.signal(signal.SIGTERM, _end)
    wanted = set(only.split(",")) if only else {"floors", "backbone", "reactions", "shop"}
    found = _kept(out / "report.json") if only else {}
    found |= {"machine": machine.describe(), "settings": {"seconds": seconds, **_OPTIONS}}
    parts: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "floors": lambda: _floors(seconds),
        "backbone": lambda: _backbone(seconds),
        "reactions": lambda: _reactions(rate, seconds),
        "shop": lambda: _shop(seconds),
        "large": lambda: _large(seconds, products, orders),
    }
    for name, measure in parts.items():
        if name in wanted:
            console.print(f"measuring: {name}")
            found[name] = asyncio.run(_noted(measure()))
            (out / "report.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    report.write(found, out)
    console.print(report.table(found))


def _kept(file: Path) -> dict[str, Any]:
    """What was measured before and is not now, if it was on a machine like this one."""
    before: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return before if before.get("machine") == machine.describe() else {}


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


async def _noted(measure: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """With how busy the machine was for others: a figure from a busy machine is worth little."""
    before = machine.load()
    return {**await measure, "load_average_before": before, "load_average_after": machine.load()}


async def _floors(seconds: float) -> dict[str, Any]:
    async with testing.platform() as platform:
        port = ports.unused()["edge"]
        kafka = platform.broker.startswith("apache-kafka")
        return {
            **await floors.web(platform, port, CLIENTS, seconds / 3),
            "pgbench": await floors.database(platform, round(seconds / 2)),
            "producer": await floors.broker(platform, instance.home() / ".shop", platform.directory / "tools.log")
            if kafka
            else None,
        }


async def _backbone(seconds: float) -> dict[str, Any]:
    async with testing.platform() as platform, backbone.probe(platform) as probe:
        numbers = ports.unused()
        first, second = numbers["edge"], numbers["catalog"]
        return {
            "relay": await backbone.relay_speed(probe, first),
            "commit_to_effect": [
                await backbone.latency(probe, (first, second), rate, seconds) for rate in backbone.RATES
            ],
        }


async def _reactions(rate: float, seconds: float) -> dict[str, Any]:
    async with running(**_OPTIONS) as shop:
        await scenes.prepare(shop)
        return {
            "orders": [await scenes.reaction_delays(shop, each, seconds) for each in (rate / 10, rate)],
            "checkouts": [await scenes.chain_delays(shop, rate / 25, seconds)],
        }


async def _shop(seconds: float) -> dict[str, Any]:
    async with running(**_OPTIONS) as shop:
        await asyncio.sleep(20)
        memory = {"idle_mb": _rounded(shop.memory_mb())}
        idle = await _idle_cpu(shop)
        await scenes.prepare(shop)
        checkout = await scenes.checkouts(shop, CLIENTS, seconds)
        memory["after_load_mb"] = _rounded(shop.memory_mb())
        size = await scenes.grown(shop, _PRODUCTS, _ORDERS, "a")
        reads = await scenes.reads(shop, CLIENTS, seconds / 3)
        small = {"size": size, "checkouts": await scenes.checkouts(shop, (8,), seconds), "reads": _at_8(reads)}
        return {
            "memory": memory,
            "idle_cpu_share": idle,
            "checkouts": checkout,
            "reads": reads,
            "growth": [
                small,
                await _at_size(shop, seconds, 10 * size["products"], 10 * size["orders"], "b"),
            ],
        }


async def _large(seconds: float, products: int, orders: int) -> dict[str, Any]:
    """The same shop small and large, and the plans of its hot paths when it is large."""
    async with running(**_OPTIONS) as shop:
        await scenes.prepare(shop)
        await scenes.checkouts(shop, (4,), seconds)
        growth = [
            await _at_size(shop, seconds, _PRODUCTS, _ORDERS, "a"),
            await _at_size(shop, seconds, products, orders, "b"),
        ]
        return {"growth": growth, "plans": await plans.of_hot_paths(shop)}


async def _at_size(shop: Shop, seconds: float, products: int, orders: int, tag: str) -> dict[str, Any]:
    """Checkouts and reads of eight clients, once there are at least so many products and past orders."""
    return {
        "size": await scenes.grown(shop, products, orders, tag),
        "checkouts": await scenes.checkouts(shop, (8,), seconds),
        "reads": await scenes.reads(shop, (8,), seconds / 3),
    }


def _at_8(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["clients"] == 8]


async def _idle_cpu(shop: Shop, seconds: float = 10) -> dict[str, float]:
    before = shop.cpu()
    await asyncio.sleep(seconds)
    return {part: round(spent / seconds, 4) for part, spent in shop.cpu().since(before).items()}


def _rounded(values: dict[str, float]) -> dict[str, int]:
    return {**{part: round(value) for part, value in values.items()}, "total": round(sum(values.values()))}


if __name__ == "__main__":
    typer.run(bench)
