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

from benchmarks import backbone, floors, machine, report, scenes
from benchmarks.system import Shop, pin_generator, running
from shop import instance, ports, testing

CLIENTS = (1, 8, 32)
_OPTIONS: dict[str, Any] = {"trace_sample_ratio": 0.01, "edge_tracing": False}
console = Console(highlight=False)


def bench(
    seconds: Annotated[float, typer.Option(help="how long each load runs")] = 15,
    rate: Annotated[float, typer.Option(help="orders per second of the reaction scenes")] = 50,
    products: Annotated[int, typer.Option(help="clones of the sample catalogue before reading")] = 76,
    growth: Annotated[int, typer.Option(help="how many times larger the shop is made at the end")] = 10,
    only: Annotated[str, typer.Option(help="floors, backbone, reactions, shop: comma separated")] = "",
    out: Annotated[Path, typer.Option(help="folder of the report")] = Path(__file__).parent,
) -> None:
    """Measures and writes report.json, report.md and the pictures."""
    pin_generator()
    # A `kill` must not leave a shop behind.
    signal.signal(signal.SIGTERM, _end)
    wanted = set(only.split(",")) if only else {"floors", "backbone", "reactions", "shop"}
    found: dict[str, Any] = {"machine": machine.describe(), "settings": {"seconds": seconds, **_OPTIONS}}
    parts: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "floors": lambda: _floors(seconds),
        "backbone": lambda: _backbone(seconds),
        "reactions": lambda: _reactions(rate, seconds),
        "shop": lambda: _shop(seconds, products, growth),
    }
    for name, measure in parts.items():
        if name in wanted:
            console.print(f"measuring: {name}")
            found[name] = asyncio.run(_noted(measure()))
            (out / "report.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    report.write(found, out)
    console.print(report.table(found))


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


async def _shop(seconds: float, products: int, growth: int) -> dict[str, Any]:
    async with running(**_OPTIONS) as shop:
        await asyncio.sleep(20)
        memory = {"idle_mb": _rounded(shop.memory_mb())}
        idle = await _idle_cpu(shop)
        await scenes.prepare(shop)
        checkout = await scenes.checkouts(shop, CLIENTS, seconds)
        memory["after_load_mb"] = _rounded(shop.memory_mb())
        rows = await scenes.grown(shop, products, "a")
        reads = await scenes.reads(shop, CLIENTS, seconds / 3)
        small = await scenes.checkouts(shop, (8,), seconds)
        more = await scenes.grown(shop, growth, "b")
        return {
            "memory": memory,
            "idle_cpu_share": idle,
            "checkouts": checkout,
            "reads": reads,
            "growth": [
                {"rows": rows, "checkouts": small, "reads": [read for read in reads if read["clients"] == 8]},
                {
                    "rows": more,
                    "checkouts": await scenes.checkouts(shop, (8,), seconds),
                    "reads": await scenes.reads(shop, (8,), seconds / 3),
                },
            ],
        }


async def _idle_cpu(shop: Shop, seconds: float = 10) -> dict[str, float]:
    before = shop.cpu()
    await asyncio.sleep(seconds)
    return {part: round(spent / seconds, 4) for part, spent in shop.cpu().since(before).items()}


def _rounded(values: dict[str, float]) -> dict[str, int]:
    return {**{part: round(value) for part, value in values.items()}, "total": round(sum(values.values()))}


if __name__ == "__main__":
    typer.run(bench)
