"""Runs a service with the points, or a mutation, patched in: `python -m tests.chaos.launcher orders.main serve`."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from tests.chaos import mutations, versions
from tests.chaos.faultbox import FaultBox
from tests.chaos.points import Points


def main() -> None:
    module = sys.argv[1]
    service = module.partition(".")[0]
    box = FaultBox(Path(os.environ["SHOP_FAULTS"]))
    Points(box, service).install()
    versions.install(box, service)
    mutations.install(box.mutation(), service)
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
