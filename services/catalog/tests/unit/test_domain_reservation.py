"""Every status of a reservation × everything that can be asked of it."""

from datetime import timedelta

import pytest
from services.catalog.tests.builders import MALL, NOW, a_reservation

from catalog.commands import CancelUnits, ConfirmReservation, HoldStock, SellReservation
from catalog.domain import reservation
from catalog.domain.reservation import TRANSITIONS, FellShort, Line, Status
from catalog.domain.stock import Move, Reason
from catalog.errors import ReservationClosed, ReservationDiffers, Shortage
from common import ids

LINES = {"A": 2, "B": 1}
LATER = NOW + timedelta(hours=1)

FREED = {("A", 0, -2), ("B", 0, -1)}
SOLD = {("A", -2, -2), ("B", -1, -1)}
RESTOCKED = {("A", 2, 0), ("B", 1, 0)}


def hold(current, lines=None, expires_at=LATER):
    order_id = current.order_id if current else ids.new_id()
    return reservation.hold(current, HoldStock(order_id, MALL, lines or LINES, expires_at), NOW)


def confirm(current, lines=None):
    order_id = current.order_id if current else ids.new_id()
    return reservation.confirm(current, ConfirmReservation(order_id, MALL, lines or LINES))


def sell(current, lines=None):
    order_id = current.order_id if current else ids.new_id()
    return reservation.sell(current, SellReservation(order_id, MALL, lines or LINES))


def cancel(current, *, whole=True, lines=None, cancel_id=None):
    order_id = current.order_id if current else ids.new_id()
    units = LINES if lines is None else lines
    return reservation.cancel(current, CancelUnits(order_id, MALL, cancel_id or ids.new_id(), whole, units))


def expire(current):
    return reservation.expire(current, NOW)


def ran_out():
    return a_reservation(Status.HELD, expires_at=NOW)


def moves(decision):
    return {(move.sku, move.delta_on_hand, move.delta_reserved) for move in decision.moves}


# state, command -> status after, what is taken, what moves
TABLE = [
    (None, hold, Status.HELD, LINES, set()),
    (None, confirm, Status.CONFIRMED, LINES, set()),
    (None, sell, Status.SOLD, LINES, SOLD),
    (None, cancel, Status.RELEASED, {}, set()),
    (Status.HELD, hold, Status.HELD, {}, set()),
    (Status.HELD, reservation.release, Status.RELEASED, {}, FREED),
    (Status.HELD, expire, Status.HELD, {}, set()),
    (Status.HELD, confirm, Status.CONFIRMED, {}, set()),
    (Status.HELD, sell, Status.SOLD, {}, SOLD),
    (Status.HELD, cancel, Status.RELEASED, {}, FREED),
    (Status.CONFIRMED, hold, Status.CONFIRMED, {}, set()),
    (Status.CONFIRMED, reservation.release, Status.CONFIRMED, {}, set()),
    (Status.CONFIRMED, expire, Status.CONFIRMED, {}, set()),
    (Status.CONFIRMED, confirm, Status.CONFIRMED, {}, set()),
    (Status.CONFIRMED, sell, Status.SOLD, {}, SOLD),
    (Status.CONFIRMED, cancel, Status.RELEASED, {}, FREED),
    (Status.SOLD, hold, Status.SOLD, {}, set()),
    (Status.SOLD, reservation.release, Status.SOLD, {}, set()),
    (Status.SOLD, expire, Status.SOLD, {}, set()),
    (Status.SOLD, confirm, Status.SOLD, {}, set()),
    (Status.SOLD, sell, Status.SOLD, {}, set()),
    (Status.SOLD, cancel, Status.SOLD, {}, RESTOCKED),
    (Status.RELEASED, hold, Status.HELD, LINES, set()),
    (Status.RELEASED, reservation.release, Status.RELEASED, {}, set()),
    (Status.RELEASED, expire, Status.RELEASED, {}, set()),
    (Status.RELEASED, confirm, Status.CONFIRMED, LINES, set()),
    (Status.RELEASED, sell, Status.SOLD, LINES, SOLD),
    (Status.RELEASED, cancel, Status.RELEASED, {}, set()),
    (Status.EXPIRED, hold, Status.HELD, LINES, set()),
    (Status.EXPIRED, reservation.release, Status.EXPIRED, {}, set()),
    (Status.EXPIRED, expire, Status.EXPIRED, {}, set()),
    (Status.EXPIRED, confirm, Status.CONFIRMED, LINES, set()),
    (Status.EXPIRED, sell, Status.SOLD, LINES, SOLD),
    (Status.EXPIRED, cancel, Status.EXPIRED, {}, set()),
    (Status.SHORT, reservation.release, Status.SHORT, {}, set()),
    (Status.SHORT, expire, Status.SHORT, {}, set()),
    (Status.SHORT, confirm, Status.SHORT, {}, set()),
    (Status.SHORT, sell, Status.SHORT, {}, set()),
    (Status.SHORT, cancel, Status.SHORT, {}, set()),
]


@pytest.mark.parametrize(("status", "command", "after", "taken", "moved"), TABLE)
def test_every_status_and_command(status, command, after, taken, moved):
    decision = command(None if status is None else a_reservation(status))
    assert decision.state.status is after
    assert dict(decision.take) == taken
    assert moves(decision) == moved
    assert (decision.state.expires_at is not None) == (after is Status.HELD)


def test_the_table_has_every_status_and_command():
    commands = {hold, confirm, sell, cancel, reservation.release, expire}
    seen = {(status, command) for status, command, *_ in TABLE}
    wanted = {(status, command) for status in Status for command in commands} - {(Status.SHORT, hold)}
    assert wanted <= seen


@pytest.mark.parametrize("status", list(Status))
def test_a_transition_that_is_not_in_the_table_is_a_defect(status):
    for target in set(Status) - TRANSITIONS[status]:
        with pytest.raises(AssertionError):
            a_reservation(status).to(target)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("command", [confirm, sell])
def test_nothing_is_taken_for_an_order_that_is_over(status, command):
    over = cancel(a_reservation(status)).state
    decision = command(over)
    assert decision.state == over
    assert not decision.take
    assert not decision.moves


class TestHold:
    def test_the_same_lines_again_keep_the_first_time_limit(self):
        current = a_reservation(lines=LINES)
        assert hold(current, expires_at=LATER).state == current

    def test_asking_again_after_the_limit_but_before_the_job_renews_it(self):
        current = ran_out()
        decision = hold(current)
        assert decision.state.expires_at == LATER
        assert not decision.take

    @pytest.mark.parametrize("status", [Status.HELD, Status.CONFIRMED, Status.SOLD])
    def test_other_lines_for_the_same_order_are_refused(self, status):
        with pytest.raises(ReservationDiffers):
            hold(a_reservation(status), lines={"A": 3})

    @pytest.mark.parametrize("status", [Status.RELEASED, Status.EXPIRED])
    def test_other_lines_are_welcome_once_nothing_is_held(self, status):
        decision = hold(a_reservation(status), lines={"C": 5})
        assert decision.state.quantities == {"C": 5}
        assert decision.take == {"C": 5}

    def test_an_order_that_fell_short_or_is_over_gets_nothing(self):
        for current in (a_reservation(Status.SHORT), cancel(a_reservation(Status.HELD)).state):
            with pytest.raises(ReservationClosed):
                hold(current)


class TestExpire:
    def test_gives_back_what_ran_out(self):
        decision = expire(ran_out())
        assert decision.state.status is Status.EXPIRED
        assert decision.moves == (Move("A", 0, -2, Reason.EXPIRED), Move("B", 0, -1, Reason.EXPIRED))


class TestFallShort:
    @pytest.mark.parametrize("command", [confirm, sell])
    def test_holds_nothing_and_tells_orders(self, command):
        shortages = (Shortage("A", 2, 1),)
        decision = reservation.fall_short(command(a_reservation(Status.EXPIRED)), shortages)
        assert decision.state.status is Status.SHORT
        assert not decision.take
        assert not decision.moves
        assert decision.events == (FellShort(decision.state, shortages),)


class TestCancel:
    @pytest.mark.parametrize("status", [*Status])
    def test_the_same_cancel_twice_counts_once(self, status):
        cancel_id = ids.new_id()
        once = cancel(a_reservation(status), whole=False, lines={"A": 1}, cancel_id=cancel_id).state
        again = cancel(once, whole=False, lines={"A": 1}, cancel_id=cancel_id)
        assert again.state == once
        assert not again.moves

    def test_puts_back_only_the_cancelled_units_of_a_paid_order(self):
        decision = cancel(a_reservation(Status.SOLD), whole=False, lines={"A": 1})
        assert decision.moves == (Move("A", 1, 0, Reason.RESTOCKED),)
        assert decision.state.lines["A"] == Line(2, returned=1)
        assert not decision.state.over

    def test_never_puts_back_more_than_is_open(self):
        first = cancel(a_reservation(Status.SOLD), whole=False, lines={"A": 1}).state
        second = cancel(first, whole=True, lines={"A": 2, "B": 1, "C": 9})
        assert moves(second) == {("A", 1, 0), ("B", 1, 0)}

    def test_a_line_cancelled_before_the_payment_was_heard_of_is_not_sold(self):
        confirmed = a_reservation(Status.CONFIRMED)
        part = cancel(confirmed, whole=False, lines={"A": 1})
        assert moves(part) == {("A", 0, -1)}
        assert moves(sell(part.state)) == {("A", -1, -1), ("B", -1, -1)}

    def test_a_line_cancelled_while_nothing_was_held_is_not_taken_later(self):
        expired = cancel(a_reservation(Status.EXPIRED), whole=False, lines={"A": 2}).state
        assert sell(expired).take == {"B": 1}

    def test_an_unpaid_whole_cancel_gives_everything_back_whatever_its_lines_say(self):
        decision = cancel(a_reservation(Status.CONFIRMED), whole=True, lines={})
        assert moves(decision) == FREED

    def test_a_cancel_never_preceded_by_anything_closes_the_order(self):
        state = cancel(None).state
        assert state.over
        assert not confirm(state).take

    def test_a_part_cancelled_before_anything_was_heard_is_not_taken(self):
        state = cancel(None, whole=False, lines={"A": 1}).state
        assert sell(state).take == {"A": 1, "B": 1}
