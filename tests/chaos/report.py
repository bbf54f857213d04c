"""Writes the results of whole runs into docs/reliability.md.

    python -m tests.chaos --seeds 5 --json first.json
    python -m tests.chaos.report first.json [second.json ...]

Several files count as one run: of the same commit, on the same machine. A scenario that broke is shown as broken.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

console = Console(highlight=False, markup=False, soft_wrap=True)

_PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- runs -->", "<!-- end of runs -->"
_HEAD = """\
| | scenario | seeds | orders | events | came twice | lag 0 after, at most | auditor and history found |
|--:|---|---|--:|--:|--:|--:|--:|
"""


def table(results: Sequence[dict[str, Any]]) -> str:
    """One line per scenario, and a last one for all."""
    runs: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for result in results:
        runs[result["number"], result["scenario"]].append(result)
    lines = [_line(f"{number}", f"`{name}`", runs[number, name]) for number, name in sorted(runs)]
    return _HEAD + "\n".join([*lines, _line("", "**all**", results, seeds=f"{len(results)} runs")]) + "\n"


def _line(number: str, name: str, runs: Sequence[dict[str, Any]], *, seeds: str = "") -> str:
    broken = sum(bool(run["problems"]) for run in runs)
    lags = [run["lag_seconds"] for run in runs]
    cells = [
        number,
        name,
        seeds or ", ".join(str(seed) for seed in sorted(run["seed"] for run in runs)),
        f"{sum(run['orders'] for run in runs):,}",
        f"{sum(run['events'] for run in runs):,}",
        f"{sum(run['copies'] for run in runs):,}",
        "never" if None in lags else f"{max(lags):.1f} s",
        f"**{broken} runs broken**" if broken else "0",
    ]
    return "| " + " | ".join(cells) + " |"


def write(page: str, content: str) -> str:
    """The page with the block between its marks replaced. Raises ValueError when a mark is gone."""
    before, mark, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not mark or not end:
        raise ValueError(f"{_PAGE.name} has lost its marks {_BEGIN} and {_END}")
    return f"{before}{_BEGIN}\n{content}{_END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.report", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="what --json wrote")
    options = parser.parse_args()
    results = [result for file in options.files for result in json.loads(file.read_text())]
    _PAGE.write_text(write(_PAGE.read_text(encoding="utf-8"), table(results)), encoding="utf-8")
    broken = [result for result in results if result["problems"]]
    for result in broken:
        console.print(f"broken: {result['scenario']} seed {result['seed']}: {result['problems'][0]}")
    console.print(f"{len(results)} runs written to docs/{_PAGE.name}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
