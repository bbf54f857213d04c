import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.deadletters import DlqLimit, DlqLimitReached


class TestDlqLimit:
    def test_allows_so_many_in_a_row_and_not_one_more(self):
        limit = DlqLimit(max_consecutive=3, max_ratio=1.0)
        for _ in range(3):
            limit.dead()
        with pytest.raises(DlqLimitReached):
            limit.dead()

    def test_a_handled_event_starts_the_row_again(self):
        limit = DlqLimit(max_consecutive=3, max_ratio=1.0)
        for _ in range(10):
            limit.dead()
            limit.dead()
            limit.handled()

    def test_halts_at_the_share_even_when_never_many_in_a_row(self):
        limit = DlqLimit(max_consecutive=100, max_ratio=0.3, window=100)
        with pytest.raises(DlqLimitReached):
            for _ in range(200):
                limit.handled()
                limit.dead()

    @given(st.lists(st.booleans(), max_size=300))
    def test_never_lets_more_than_the_allowed_row_through(self, outcomes):
        limit, row = DlqLimit(max_consecutive=5, max_ratio=1.0), 0
        for dead in outcomes:
            if not dead:
                limit.handled()
                row = 0
            elif row < 5:
                limit.dead()
                row += 1
            else:
                with pytest.raises(DlqLimitReached):
                    limit.dead()
                return
