"""The auditor's own tables against the services': it must not share their mistakes, and must not fall behind them."""

from datetime import timedelta

import pytest

import cart.consumer
import catalog.consumer
import notify.consumer
import orders.consumer
import payments.consumer
import scm.consumer
import stats.consumer
from contracts.registry import EVENTS
from contracts.topics import TOPICS
from orders.domain.status import TRANSITIONS as ORDER_TRANSITIONS
from payments.domain.patience import Patience
from payments.domain.status import TRANSITIONS as PAYMENT_TRANSITIONS
from scm.domain.shipment import TRANSITIONS as SHIPMENT_TRANSITIONS
from shop.audit import moves
from shop.audit.heard import HEARD
from shop.audit.topics import telling
from shop.services import SERVICES


def nothing():
    """Wakes nobody."""


REGISTRIES = {
    "catalog": catalog.consumer.handlers,
    "cart": cart.consumer.handlers_of,
    "orders": orders.consumer.handlers_by_event,
    "payments": lambda: payments.consumer.handlers(
        patience=Patience(timedelta(0)), wake_refunds=nothing, wake_settling=nothing
    ),
    "scm": lambda: scm.consumer.handlers(None, scm.consumer.Policy(None, cancel_after_accept=False)),
    "notify": lambda: notify.consumer.handlers(None, None, nothing),
    "stats": stats.consumer.handlers_of,
}


class TestHeard:
    @pytest.mark.parametrize("service", REGISTRIES)
    def test_is_what_the_service_handles(self, service):
        assert sorted(HEARD[service]) == sorted(event.type for event in REGISTRIES[service]())

    def test_every_service_is_there_and_every_type_is_defined(self):
        assert HEARD.keys() == REGISTRIES.keys() == {service.name for service in SERVICES}
        assert {name for types in HEARD.values() for name in types} <= EVENTS.keys()

    def test_the_owner_of_a_topic_is_the_service_that_publishes_to_it(self):
        """Members are not there yet."""
        assert {spec.owner for spec in TOPICS.values()} - {"members"} <= HEARD.keys()


def following(table, state):
    return {str(after) for after in table[state]} - {str(state)}


class TestMoves:
    def test_of_orders_are_those_of_orders(self):
        theirs = {str(state): following(ORDER_TRANSITIONS, state) for state in ORDER_TRANSITIONS}
        assert {state: set(moves.ORDER.get(state, ())) for state in theirs} == theirs
        assert moves.ORDER[""] == {"pending_payment"}

    def test_of_payments_are_those_of_payments(self):
        theirs = {str(state): following(PAYMENT_TRANSITIONS, state) for state in PAYMENT_TRANSITIONS}
        assert {state: set(moves.PAYMENT.get(state, ())) for state in theirs} == theirs

    def test_every_step_a_shipment_may_take_can_be_told(self):
        """A part of a shipment is never `partly_shipped`: that is what the whole of them is."""
        told = moves.TOLD["shipment"]
        for before, afters in SHIPMENT_TRANSITIONS.items():
            theirs = {str(after) for after in afters} - {"partly_shipped"}
            if str(before) != "partly_shipped":
                assert theirs <= told.get(str(before), frozenset()), before

    def test_nothing_follows_an_end(self):
        assert {"delivered", "cancelled"}.isdisjoint(moves.TOLD["shipment"])
        assert {"completed", "cancelled"}.isdisjoint(moves.TOLD["order"])

    def test_pairs_stand_in_a_query_as_values(self):
        assert (
            moves.as_values({"": frozenset({"b"}), "b": frozenset({"d", "c"})}) == "('', 'b'), ('b', 'c'), ('b', 'd')"
        )


class TestTelling:
    def test_looks_into_types_that_there_are_and_into_no_personal_data(self):
        read = telling._READ
        assert read.keys() <= EVENTS.keys()
        assert not [name for name in read if TOPICS[EVENTS[name].topic].personal]

    @pytest.mark.parametrize(
        "payload",
        [
            None,
            b"",
            b"{",
            b"[]",
            b"{}",
            b'{"order_id": null}',
            b'{"order_id": 7, "completed_at": "2026-11-22T00:00:00Z"}',
            b'"text"',
        ],
    )
    @pytest.mark.parametrize(
        "wire_type", ["order-placed", "order-cancelled", "shipment-updated", "order-contact-recorded"]
    )
    def test_a_text_that_is_not_what_its_type_promises_says_nothing(self, wire_type, payload):
        assert telling.telling(wire_type, payload) == telling.Telling()
