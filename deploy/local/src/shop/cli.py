"""The `shop` command line. Each group of commands is a module with `register(app)`; add it to GROUPS."""

from __future__ import annotations

from importlib import import_module

import typer

GROUPS = (
    "shop.lifecycle",
    "shop.inspection",
    "shop.doctor",
    "shop.tokens",
    "shop.events",
    "shop.testing",
)

app = typer.Typer(name="shop", no_args_is_help=True, add_completion=False, help="The whole shop on one machine.")
for _group in GROUPS:
    import_module(_group).register(app)


@app.callback()
def _root() -> None:
    """Makes typer keep sub-commands even when there is only one."""


if __name__ == "__main__":
    app()
