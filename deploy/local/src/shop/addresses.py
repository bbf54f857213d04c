"""The closing table of `shop up` and `shop status`: where to look now."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shop.instance import Instance
from shop.supervisor.runner import UP

# Address on the edge, and which part must be up for it.
_PAGES = (
    ("Shop API", "/v1/products", "edge"),
    ("Developer console", "/dev", "console"),
    ("API docs", "/dev/docs", "console"),
    ("Mail inbox", "/dev/mail", "console"),
    ("Traces", "/dev/traces", "console"),
    ("Outside world", "/sandbox", "sandbox"),
)


def show(console: Console, current: Instance, picture: dict[str, Any]) -> None:
    """Prints the addresses of what is up."""
    up = {part["name"] for part in picture["parts"] if part["state"] in UP}
    table = Table(box=None, show_header=False, pad_edge=False)
    for title, path, needed in _PAGES:
        if needed in up and "edge" in up:
            table.add_row(title, f"{current.edge_url}{path}")
    if "postgres" in up:
        table.add_row("PostgreSQL", f"127.0.0.1:{current.ports['postgres']} (shop env prints the URLs)")
    if picture["broker"]:
        table.add_row("Broker", picture["broker"])
    if "edge" in up:
        table.add_row("Staff token", f"shop token staff{instance_flag(current)}")
    console.print(table)
    if picture["notice"]:
        console.print(f"[yellow]{escape(picture['notice'])}[/]")


def instance_flag(current: Instance) -> str:
    """What a command line needs to mean this instance."""
    return "" if current.name == "main" else f" --instance {current.name}"
