"""korea.md 3.1, invoice checks: CJ 12 digits int(digits 3-11) % 7 == digit 12; Lotte int(first 11) % 7 == last."""

from pathlib import Path

import pytest

from sandbox.logistics.waybills import new_waybill
from sandbox.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "sandbox.sqlite3")


class TestNewWaybill:
    def test_cj_numbers_pass_the_cj_rule(self, store: Store) -> None:
        for _ in range(50):
            number = new_waybill(store, "kr.cjlogistics")
            assert len(number) == 12
            assert number.isdigit()
            assert int(number[2:11]) % 7 == int(number[11])

    def test_lotte_numbers_pass_the_lotte_rule(self, store: Store) -> None:
        for _ in range(50):
            number = new_waybill(store, "kr.lotte")
            assert len(number) == 12
            assert int(number[:11]) % 7 == int(number[11])

    def test_no_number_comes_twice(self, store: Store) -> None:
        numbers = [new_waybill(store, carrier) for carrier in ("kr.cjlogistics", "kr.lotte", "kr.hanjin") * 30]
        assert len(set(numbers)) == len(numbers)
