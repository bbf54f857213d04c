from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from orders.domain import Fact


def test_a_fact_without_a_story_cannot_be_made():
    @dataclass(frozen=True, slots=True)
    class Untold(Fact):
        name: ClassVar[str] = "untold"

    with pytest.raises(TypeError, match="story"):
        Untold()
