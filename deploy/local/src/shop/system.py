"""The whole shop for the end-to-end tests: a throw-away instance on free ports, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from shop import ports

_NAME = "system"
_FIRST_PORT = 18080


def register(app: typer.Typer) -> None:
    """Adds `shop test-system`."""
    app.command("test-system", context_settings={"ignore_unknown_options": True})(test_system)


def test_system(
    command: Annotated[list[str], typer.Argument(help="the command and its arguments, after --")],
) -> None:
    """Run a command beside a throw-away shop (SHOP_TEST_EDGE; `shop` commands in it mean this shop)."""
    signal.signal(signal.SIGTERM, _end)
    state = Path(tempfile.mkdtemp(prefix="shop-system-"))
    # PostgreSQL may have to run as another user, who must be able to walk in.
    state.chmod(0o711)
    edge = _FIRST_PORT if not ports.taken(ports.derive(_FIRST_PORT)) else ports.free_edge_near(_FIRST_PORT)
    if edge is None:
        print("no free ports for a whole shop", file=sys.stderr)
        raise typer.Exit(1)
    env = os.environ | {"SHOP_STATE": str(state), "SHOP_INSTANCE": _NAME, "SHOP_PORT": str(edge)}
    shop = [sys.executable, "-m", "shop.cli"]
    code = 1
    try:
        if subprocess.run([*shop, "up", "--no-fsync"], env=env, check=False).returncode == 0:
            told = env | {"SHOP_TEST_EDGE": f"http://127.0.0.1:{edge}"}
            code = subprocess.run(command, env=told, check=False).returncode
            if code:
                _show_errors(state / _NAME / "logs")
    finally:
        subprocess.run([*shop, "reset", "--yes"], env=env, check=False)
        shutil.rmtree(state, ignore_errors=True)
    raise typer.Exit(code)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signal.SIGTERM)


def _show_errors(logs: Path) -> None:
    """The services' own errors, so that a failing test can be understood after the shop is gone."""
    for log in sorted(logs.glob("*.log")):
        errors = [line for line in log.read_text(errors="replace").splitlines() if '"level":"error"' in line]
        for line in errors[-5:]:
            print(f"{log.stem}: {line[:2000]}", file=sys.stderr)
