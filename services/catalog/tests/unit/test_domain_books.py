"""Any sequence of facts about orders, against a shelf in memory: no unit is promised or sold twice."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from services.catalog.tests.builders import MALL, NOW

from catalog.commands import CancelUnits, ConfirmReservation, HoldStock, SellReservation
from catalog.domain import reservation
from catalog.domain.reservation import HOLDING, Status
from catalog.domain.stock import Level, not_there
from catalog.errors import ReservationClosed, ReservationDiffers, Shortage
from common import ids

SKUS = ("A", "B")
ORDERS = [ids.new_id() for _ in range(4)]
CANCELS = [ids.new_id() for _ in range(3)]
UNITS = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1)
STEPS = st.tuples(
    st.sampled_from(["hold", "release", "expire", "placed", "paid", "part", "whole"]),
    st.sampled_from(ORDERS),
    UNITS,
    st.sampled_from(CANCELS),
    st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4)),
)


class Shelf:
    """Takes all or nothing, as the database does."""

    def __init__(self, units):
        self.on_hand = dict.fromkeys(SKUS, units)
        self.reserved = dict.fromkeys(SKUS, 0)
        self.reservations = {}
        self.missed = dict.fromkeys(SKUS, 0)

    def levels(self):
        return {sku: Level(sku, MALL, self.on_hand[sku], self.reserved[sku], 0) for sku in SKUS}

    def do(self, decision, *, refuse, missing=None):
        short = [
            Shortage(sku, wanted, self.on_hand[sku] - self.reserved[sku])
            for sku, wanted in decision.take.items()
            if self.on_hand[sku] - self.reserved[sku] < wanted
        ]
        if short and refuse:
            return
        if short:
            decision = reservation.fall_short(decision, tuple(short))
        for sku, wanted in decision.take.items():
            self.reserved[sku] += wanted
        lost = not_there(decision.moves, missing or {}, self.levels())
        for move in lost:
            self.missed[move.sku] -= move.delta_on_hand
        for move in (*decision.moves, *lost):
            self.on_hand[move.sku] += move.delta_on_hand
            self.reserved[move.sku] += move.delta_reserved
        self.reservations[decision.state.order_id] = decision.state

    def step(self, name, order_id, lines, cancel_id, missing):
        current = self.reservations.get(order_id)
        later = NOW + timedelta(hours=1)
        if name == "hold":
            try:
                self.do(reservation.hold(current, HoldStock(order_id, MALL, lines, later), NOW), refuse=True)
            except (ReservationClosed, ReservationDiffers):
                return
        elif name == "placed":
            self.do(reservation.confirm(current, ConfirmReservation(order_id, MALL, lines)), refuse=False)
        elif name == "paid":
            self.do(reservation.sell(current, SellReservation(order_id, MALL, lines)), refuse=False)
        elif name in ("part", "whole"):
            command = CancelUnits(order_id, MALL, cancel_id, name == "whole", lines)
            self.do(reservation.cancel(current, command), refuse=False, missing=missing)
        elif current is not None:
            decided = reservation.release(current) if name == "release" else reservation.expire(current, later)
            self.do(decided, refuse=False)

    def open_units(self, sku, statuses):
        held = [found for found in self.reservations.values() if found.status in statuses]
        return sum(found.open_units.get(sku, 0) for found in held)


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=40))
def test_units_are_on_hand_reserved_or_sold_and_never_two_of_these(sequence):
    shelf = Shelf(5)
    for step in sequence:
        shelf.step(*step)
        for sku in SKUS:
            assert 0 <= shelf.reserved[sku] <= shelf.on_hand[sku]
            assert shelf.reserved[sku] == shelf.open_units(sku, HOLDING)
            assert shelf.on_hand[sku] + shelf.open_units(sku, {Status.SOLD}) + shelf.missed[sku] == 5
