from __future__ import annotations

from datetime import timedelta

import pytest
from services.scm.tests.builders import NOW

from scm.domain import tracking
from scm.domain.tracking import Reading, Track, TrackEvent

HOUR = timedelta(hours=1)


def at(hours: float, code: str) -> TrackEvent:
    return TrackEvent(NOW + hours * HOUR, code)


class TestRead:
    @pytest.mark.parametrize(
        "code", ["AT_PICKUP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "ATTEMPT_FAIL", "AVAILABLE_FOR_PICKUP", "EXCEPTION"]
    )
    def test_a_scan_means_that_it_moves(self, code):
        reading = tracking.read(Track(at(1, code), (at(1, code),)), NOW)
        assert (reading.moving, reading.delivered_at) == (True, None)

    @pytest.mark.parametrize("code", ["UNKNOWN", "INFORMATION_RECEIVED", "SOMETHING_NEW"])
    def test_a_label_is_not_a_parcel_on_its_way(self, code):
        reading = tracking.read(Track(at(1, code)), NOW)
        assert (reading.moving, reading.delivered_at) == (False, None)

    def test_delivered_when_the_last_event_says_so_and_at_its_time(self):
        reading = tracking.read(Track(at(9, "DELIVERED"), (at(9, "DELIVERED"), at(1, "AT_PICKUP"))), NOW)
        assert reading.delivered_at == NOW + 9 * HOUR
        assert [event.code for event in reading.events] == ["AT_PICKUP", "DELIVERED"]

    def test_goes_by_the_last_event_and_not_by_the_end_of_the_list(self):
        events = (at(9, "DELIVERED"), at(3, "IN_TRANSIT"))
        assert tracking.read(Track(at(9, "DELIVERED"), events), NOW).delivered_at == NOW + 9 * HOUR

    def test_events_of_an_earlier_parcel_with_the_same_number_count_for_nothing(self):
        old = TrackEvent(NOW - timedelta(days=200), "DELIVERED")
        assert tracking.read(Track(old, (old,)), NOW) == Reading(moving=False, delivered_at=None, events=())

    def test_a_scan_before_the_waybill_was_posted_is_ours(self):
        # Centres post their waybills in the evening, after the pickup; only the time of the request is a safe border.
        assert tracking.read(Track(at(0, "DELIVERED")), NOW).delivered_at == NOW

    def test_an_event_without_a_time_counts_for_nothing(self):
        nameless = TrackEvent(None, "DELIVERED")
        assert tracking.read(Track(nameless, (nameless,)), NOW) == Reading(False, None, ())

    def test_nothing_is_known_yet(self):
        assert tracking.read(Track(None), NOW) == Reading(False, None, ())


class TestNextLook:
    def test_waits_longer_after_each_miss_and_no_longer_than_six_hours(self):
        minute, far = timedelta(minutes=1), NOW + timedelta(days=30)
        waits = [tracking.next_look(NOW, 10 * minute, misses, far) - NOW for misses in (0, 1, 2, 5, 6, 40)]
        assert waits == [10 * minute, 20 * minute, 40 * minute, 320 * minute, 360 * minute, 360 * minute]

    def test_gives_up_on_an_old_parcel(self):
        assert tracking.next_look(NOW, HOUR, 0, NOW + HOUR / 2) is None
