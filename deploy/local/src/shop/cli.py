"""The `shop` command line. Each group of commands is a module with `register(app)`; add it to GROUPS with its words."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

GROUPS: dict[str, tuple[str, ...]] = {
    "shop.lifecycle": ("up", "down", "reset"),
    "shop.inspection": ("status", "logs", "restart", "kill", "stop", "start", "env"),
    "shop.doctor": ("doctor",),
    "shop.tokens": ("token",),
    "shop.events": ("events",),
    "shop.demo.run": ("demo",),
    "shop.audit": ("audit",),
    "shop.testing": ("test-platform",),
    "shop.system": ("test-system",),
}


def modules_for(arguments: Sequence[str]) -> list[str]:
    """The module of the command that was called; all of them for `--help` and for words nobody knows.

    What `shop events` imports would cost `shop up` half a second.
    """
    word = arguments[0] if arguments else ""
    return [module for module, words in GROUPS.items() if word in words] or list(GROUPS)


app = typer.Typer(name="shop", no_args_is_help=True, add_completion=False, help="The whole shop on one machine.")
for _module in modules_for(sys.argv[1:]):
    import_module(_module).register(app)


@app.callback()
def _root() -> None:
    """Makes typer keep sub-commands even when there is only one."""


if __name__ == "__main__":
    app()
