from hypothesis import given
from hypothesis import strategies as st

from console.traces.axis import axis

SECOND = 1_000_000_000


class TestAxis:
    def test_without_quiet_time_is_linear(self):
        line = axis([(0, 50), (40, 100)])
        assert [line.place(time) for time in (0, 25, 100)] == [0, 25, 100]
        assert line.folds == []

    def test_folds_a_long_quiet_stretch(self):
        line = axis([(0, SECOND), (61 * SECOND, 62 * SECOND)])
        (fold,) = line.folds
        assert fold.milliseconds == 60_000
        assert fold.width < 5
        assert line.place(SECOND) == fold.left
        assert line.place(61 * SECOND) == fold.left + fold.width

    def test_does_not_fold_less_than_a_second(self):
        assert axis([(0, 10), (SECOND // 2, SECOND)]).folds == []

    def test_a_trace_of_no_length_has_an_axis(self):
        assert axis([(5, 5)]).place(5) == 0

    def test_many_folds_leave_most_of_the_width_to_what_happened(self):
        line = axis([(number * 10 * SECOND, number * 10 * SECOND + SECOND) for number in range(100)])
        assert sum(fold.width for fold in line.folds) < 40

    @given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**10)), min_size=1, max_size=30))
    def test_keeps_order_and_stays_on_the_page(self, stretches):
        spans = [(begin, begin + length) for begin, length in stretches]
        line = axis(spans)
        times = sorted({time for span in spans for time in span})
        places = [line.place(time) for time in times]
        assert places == sorted(places)
        assert all(0 <= place <= 100.000001 for place in places)

    @given(st.floats(0, 100))
    def test_a_label_stands_where_its_time_is(self, place):
        line = axis([(0, SECOND), (61 * SECOND, 62 * SECOND)])
        assert abs(line.place(line.time(place)) - place) < 0.001
