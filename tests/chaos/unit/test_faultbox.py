"""Wishes are taken once, by whom they are for; and patches hit what is there."""

from pathlib import Path

import pytest
from tests.chaos import customers
from tests.chaos.faultbox import FaultBox
from tests.chaos.patching import patch


@pytest.fixture
def box(tmp_path: Path) -> FaultBox:
    return FaultBox(tmp_path)


def test_a_wish_is_taken_as_often_as_it_counts(box: FaultBox) -> None:
    box.arm("orders", "before_commit", count=2, do="sleep", seconds=3)
    first, second = box.take("orders", "before_commit"), box.take("orders", "before_commit")
    assert first is not None
    assert second is not None
    assert (first["seconds"], second["count"]) == (3, 1)
    assert box.take("orders", "before_commit") is None
    assert len(box.hits("orders", "before_commit")) == 2


def test_a_wish_is_for_one_service_and_point(box: FaultBox) -> None:
    box.arm("orders", "before_commit")
    assert box.take("payments", "before_commit") is None
    assert box.take("orders", "mid_batch") is None
    assert box.take("orders", "before_commit") is not None


def test_a_narrowed_wish_waits_for_what_it_names(box: FaultBox) -> None:
    box.arm("scm", "handler_fails", type="order-paid", key="7")
    assert box.take("scm", "handler_fails", type="order-paid", key="8") is None
    assert box.take("scm", "handler_fails") is None
    assert box.take("scm", "handler_fails", type="order-paid", key="7", topic="any") is not None


def test_without_a_count_it_stands_until_disarmed(box: FaultBox) -> None:
    box.arm("scm", "handler_fails", count=None)
    assert all(box.take("scm", "handler_fails") for _ in range(3))
    assert box.disarm("scm", "handler_fails")
    assert not box.disarm("scm", "handler_fails")
    assert box.take("scm", "handler_fails") is None


def test_disarming_all_takes_every_wish_back(box: FaultBox) -> None:
    box.arm("scm", "handler_fails", count=None)
    box.arm("orders", "before_commit")
    box.disarm_all()
    assert box.take("orders", "before_commit") is None
    assert box.standing("scm", "handler_fails") is None


def test_a_mutation_is_remembered_until_taken_back(box: FaultBox) -> None:
    assert box.mutation() is None
    box.mutate("no_inbox")
    assert box.mutation() == "no_inbox"
    box.mutate(None)
    assert box.mutation() is None


def test_nothing_is_patched_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="is gone"):
        patch(customers, "no_such_name", None)
