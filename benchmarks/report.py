"""The report as a table for people and a picture."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby, islice
from pathlib import Path
from typing import Any

GOALS = {"checkouts_per_second": 60, "list_reads_per_second": 1600, "relay_events_per_second": 10_000, "idle_mb": 1500}


def write(found: dict[str, Any], folder: Path) -> None:
    """report.json, report.md and, when a shop was measured, checkout-cpu.svg and reads.svg."""
    (folder / "report.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    (folder / "report.md").write_text(table(found))
    if "shop" in found:
        _draw(found, folder)


def table(found: dict[str, Any]) -> str:
    """Markdown."""
    machine = found["machine"]
    lines = [
        "# Benchmark",
        "",
        f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, {machine['postgresql']}. The shop on",
        "one core, the generator, the payment provider and the console on the other. Ratios hold within this run only.",
        "",
    ]
    for name, rows in (
        ("Floors", _floors(found)),
        ("Checkouts and reads", _loads(found)),
        ("Backbone", _backbone(found)),
        ("Until the last reaction", _reactions(found)),
        ("Growth", _growth(found.get("shop", {}))),
        ("A large shop", _growth(found.get("large", {}))),
        ("What the large shop's hot paths read", _plans(found)),
        ("Memory, MB (PSS)", _memory(found)),
    ):
        lines += _section(name, list(rows))
    return "\n".join(lines)


def _section(name: str, rows: list[tuple[Any, ...]]) -> list[str]:
    if len(rows) < 2:
        return []
    head, *body = rows
    return [
        f"## {name}",
        "",
        "| " + " | ".join(map(str, head)) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(_shown(cell) for cell in row) + " |" for row in body),
        "",
    ]


def _shown(cell: Any) -> str:
    if isinstance(cell, float):
        return f"{cell:,.1f}" if cell < 100 else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


# The costliest of each path; all are in report.json.
_PLANS = {"a whole checkout": 15}
_PLANS_OF_A_READ = 2
_DELAYS = ("p50_ms", "p95_ms", "p99_ms")


def _floors(found: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    yield ("floor", "clients", "per second", "p50 ms", "p95 ms", "p99 ms")
    floors = found.get("floors")
    if not floors:
        return
    for name, title in (("ping", "bare FastAPI ping"), ("write", "bare FastAPI + asyncpg: a row and an outbox row")):
        for row in floors[name]:
            yield (title, row["clients"], row["per_second"], *(row[key] for key in _DELAYS))
    yield ("pgbench, TPC-B-like, prepared", 8, floors["pgbench"]["transactions_per_second"], "", "", "")
    if floors["producer"]:
        yield ("Kafka's producer test", 1, floors["producer"]["records_per_second"], "", "", "")


def _loads(found: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    yield ("scene", "clients", "per second", "p50 ms", "p95 ms", "p99 ms", "CPU ms each", "of the floor")
    shop = found.get("shop")
    if not shop:
        return
    floors = found.get("floors", {})
    for row in (*shop["checkouts"], *shop["reads"]):
        checkout = row["scene"] == "checkout"
        floor = _at(floors.get("write" if checkout else "ping", []), row["clients"])
        scene = row["scene"] if checkout else f"product {row['scene']}, {row['by']}"
        ratio = f"1/{floor / row['per_second']:.1f}" if floor else ""
        yield (
            scene, row["clients"], row["per_second"], *(row[key] for key in _DELAYS), row["cpu_ms_each"], ratio,
        )  # fmt: skip


def _at(rows: list[dict[str, Any]], clients: int) -> float:
    return next((row["per_second"] for row in rows if row["clients"] == clients), 0.0)


def _backbone(found: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    yield ("what", "events per second", "p50 ms", "p95 ms", "p99 ms", "CPU µs per event")
    measured = found.get("backbone")
    if not measured:
        return
    relay = measured["relay"]
    yield ("one relay empties an outbox", relay["events_per_second"], "", "", "", relay["cpu_us_per_event"])
    for row in measured["commit_to_effect"]:
        yield (
            f"commit → effect at {row['asked_per_second']}/s", row["reached_per_second"],
            *(row[key] for key in _DELAYS), row["worker_cpu_us_per_event"],
        )  # fmt: skip


def _reactions(found: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    yield ("load", "event", "events", "p50 ms", "p95 ms", "p99 ms")
    measured = found.get("reactions", {})
    for name, scene in [(kind, each) for kind in ("orders", "checkouts") for each in measured.get(kind, [])]:
        load = f"{scene['asked_per_second']:g} {name}/s"
        count = scene.get("placed", scene.get("checked_out"))
        yield (load, "(the answer itself)", count, *(scene["answer"].get(key, "") for key in _DELAYS))
        for kind, row in scene["until_last_reaction"].items():
            yield (load, kind, row["events"], *(row[key] for key in _DELAYS))


def _growth(measured: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    yield ("products, orders", "scene", "per second", "p50 ms", "p99 ms", "CPU ms each")
    for step in measured.get("growth", []):
        rows = f"{step['size']['products']:,}, {step['size']['orders']:,}"
        for row in (*step["checkouts"], *step["reads"]):
            scene = row["scene"] if "by" not in row else f"{row['scene']}, {row['by']}"
            yield (rows, scene, row["per_second"], row["p50_ms"], row["p99_ms"], row["cpu_ms_each"])


def _plans(found: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    yield ("path", "service", "statement", "runs", "ms", "blocks", "rows read in vain", "by (rows)")
    for path, rows in groupby(found.get("large", {}).get("plans", []), lambda row: row["path"]):
        for row in islice(rows, _PLANS.get(path, _PLANS_OF_A_READ)):
            text = row["statement"].replace("|", "\\|")
            text = text if len(text) <= 110 else f"{text[:60]} … {text[-46:]}"
            told = (row[name] for name in ("runs", "milliseconds", "blocks", "rows_read_in_vain"))
            yield (path, row["service"], text, *told, ", ".join(row["reads"]))


def _memory(found: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    memory = found.get("shop", {}).get("memory")
    yield ("part", "idle", "after the load")
    if memory:
        for part, idle in memory["idle_mb"].items():
            yield (part, idle, memory["after_load_mb"].get(part, ""))


def _draw(found: dict[str, Any], folder: Path) -> None:
    import pygal

    shop = found["shop"]
    parts = pygal.HorizontalBar(title="CPU ms of one whole checkout, by part", height=400, show_legend=False)
    spent = shop["checkouts"][-1]["cpu_ms_by_part"]
    parts.x_labels = list(spent)[::-1]
    parts.add("ms", list(spent.values())[::-1])
    parts.render_to_file(str(folder / "checkout-cpu.svg"))
    reads = pygal.Bar(title="Reads per second on one core, by clients", height=400)
    reads.x_labels = [str(row["clients"]) for row in shop["reads"] if (row["scene"], row["by"]) == ("list", "edge")]
    for scene, place in (("list", "edge"), ("list", "service"), ("detail", "edge"), ("detail", "service")):
        rows = [row for row in shop["reads"] if (row["scene"], row["by"]) == (scene, place)]
        reads.add(f"{scene}, {place}", [row["per_second"] for row in rows])
    reads.render_to_file(str(folder / "reads.svg"))
