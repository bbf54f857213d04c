import importlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

# This folder's parent is named like the package, and pytest has just filed it under that name as `sandbox.tests`'s
# parent: put the package itself back in its place.
if getattr(sys.modules.get("sandbox"), "__file__", None) is None:
    sys.modules.pop("sandbox", None)
importlib.import_module("sandbox")
sys.path.insert(0, str(Path(__file__).parent))

from sandbox_world import Running, sandbox  # noqa: E402 - found through the line above


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A sandbox with honest defaults."""
    async with sandbox(tmp_path) as one:
        yield one
