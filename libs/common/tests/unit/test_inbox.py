from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from common import ids
from common.inbox import month_bounds


@given(st.integers(1_600_000_000, 3_700_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_months_follow_each_other_without_a_gap(moment):
    _, low, high = month_bounds(moment)
    name, next_low, _ = month_bounds(datetime.fromtimestamp((high.int >> 80) / 1000, UTC))
    assert next_low == high
    assert low < high
    assert name.startswith("inbox_")


def test_an_id_made_now_lies_in_this_months_bounds():
    made = ids.new_id()
    moment = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
    _, low, high = month_bounds(moment)
    assert low <= made < high
