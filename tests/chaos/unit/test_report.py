"""The page of results says what the runs said, and hides nothing that broke."""

from typing import Any

import pytest
from tests.chaos.report import table, write


def a_result(name: str = "poison", seed: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "scenario": name, "number": 13, "seed": seed, "orders": 10, "events": 1200, "copies": 3, "lag_seconds": 1.5,
        "problems": [],
    } | more  # fmt: skip


def test_the_runs_of_a_scenario_are_one_line_with_its_seeds_and_worst_lag() -> None:
    lines = table([a_result(seed=2, lag_seconds=4.0), a_result(seed=1)]).splitlines()
    assert lines[2] == "| 13 | `poison` | 1, 2 | 20 | 2,400 | 6 | 4.0 s | 0 |"
    assert lines[3] == "|  | **all** | 2 runs | 20 | 2,400 | 6 | 4.0 s | 0 |"


def test_a_broken_run_stands_out_and_so_does_a_lag_that_never_ended() -> None:
    shown = table([a_result(), a_result(seed=2, problems=["lost: 1"], lag_seconds=None)])
    assert shown.count("**1 runs broken**") == 2
    assert shown.count("never") == 2


def test_only_the_marked_block_of_the_page_changes() -> None:
    page = "before\n<!-- runs -->\nold\n<!-- end of runs -->\nafter\n"
    assert write(page, "new\n") == "before\n<!-- runs -->\nnew\n<!-- end of runs -->\nafter\n"
    with pytest.raises(ValueError, match="marks"):
        write("no marks", "new")
