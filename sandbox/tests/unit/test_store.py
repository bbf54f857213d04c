from pathlib import Path

import pytest

from sandbox.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "deep" / "sandbox.sqlite3")


def approved(store: Store) -> int:
    row = store.row("SELECT count(*) FROM solapi_templates")
    assert row is not None
    return int(row[0])


def approve(store: Store, name: str) -> None:
    store.run("INSERT INTO solapi_templates (template_id, data) VALUES (?, '{}')", name)


class TestTx:
    def test_keeps_everything_or_nothing(self, store: Store) -> None:
        with pytest.raises(RuntimeError), store.tx():
            approve(store, "one")
            raise RuntimeError
        assert approved(store) == 0

    def test_an_inner_transaction_falls_with_the_outer(self, store: Store) -> None:
        with pytest.raises(RuntimeError), store.tx():
            with store.tx():
                approve(store, "one")
            raise RuntimeError
        assert approved(store) == 0

    def test_an_inner_failure_caught_outside_leaves_nothing(self, store: Store) -> None:
        with pytest.raises(RuntimeError), store.tx(), store.tx():
            approve(store, "one")
            raise RuntimeError
        with store.tx():
            approve(store, "two")
        assert approved(store) == 1


class TestNextNumber:
    def test_never_repeats_across_a_reopening(self, tmp_path: Path) -> None:
        path = tmp_path / "sandbox.sqlite3"
        first = Store(path)
        assert [first.next_number("slips"), first.next_number("slips")] == [1, 2]
        first.close()
        again = Store(path)
        assert again.next_number("slips") == 3
        assert again.next_number("others") == 1
