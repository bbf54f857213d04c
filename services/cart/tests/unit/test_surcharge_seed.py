"""The ranges a new installation starts with."""

import importlib.util
from pathlib import Path

from cart.domain.shipping import SurchargeRange, overlapping

_FILE = Path(__file__).parents[2] / "migrations" / "versions" / "0004_surcharges.py"


def seeded() -> list[SurchargeRange]:
    spec = importlib.util.spec_from_file_location("surcharges_0004", _FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [SurchargeRange(first, last, label, fee) for first, last, (label, fee), _place in module.SEED]


def of(zonecode: str) -> list[int]:
    return [each.fee for each in seeded() if each.first <= zonecode <= each.last]


class TestSeed:
    def test_ranges_do_not_overlap(self):
        assert overlapping(seeded()) is None

    def test_jeju_ulleung_and_the_mainland(self):
        assert (of("63122"), of("40240"), of("63365")) == ([3000], [5000], [5000])
        assert (of("06236"), of("48058"), of("63645")) == ([], [], [])
