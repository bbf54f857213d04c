"""Reservations over HTTP, from events and against the clock, on real PostgreSQL."""

from datetime import timedelta

import pytest
from services.catalog.tests.asking import a_hold, at, balanced, numbers, put, status
from services.catalog.tests.builders import (
    a_mall,
    a_stored_product,
    order_cancelled,
    order_paid,
    order_placed,
)
from sqlalchemy import text

from catalog import consumer, jobs
from common import ids
from common.clock import Clock
from common.testing import deliver, published
from contracts.stock import StockChanged, StockUnavailable

pytestmark = pytest.mark.integration


class TestHold:
    async def test_reserves_every_line_and_merges_lines_of_one_sku(self, http, internal, shelf):
        body = a_hold(A=2, B=1)
        body["lines"].append({"sku": "A", "quantity": 3})
        answer = await http.put(f"/internal/reservations/{ids.new_id()}", headers=internal, json=body)
        assert answer.status_code == 200
        assert answer.json()["status"] == "held"
        assert await numbers(shelf, "A") == (10, 5, 0)
        assert await numbers(shelf, "B") == (10, 1, 0)

    async def test_two_lines_of_one_sku_cannot_oversell_it_together(self, http, internal, shelf):
        body = a_hold(A=6)
        body["lines"].append({"sku": "A", "quantity": 6})
        answer = await http.put(f"/internal/reservations/{ids.new_id()}", headers=internal, json=body)
        assert answer.status_code == 409
        assert answer.json()["lines"] == [{"sku": "A", "wanted": 12, "available": 10}]

    async def test_the_same_order_again_gets_the_same_answer_and_no_more_units(self, http, internal, shelf):
        order_id = ids.new_id()
        first = await put(http, internal, order_id, A=2)
        again = await put(http, internal, order_id, A=2)
        assert (again.status_code, again.json()) == (200, first.json())
        assert await numbers(shelf, "A") == (10, 2, 0)

    async def test_other_lines_for_the_same_order_change_nothing(self, http, internal, shelf):
        order_id = ids.new_id()
        await put(http, internal, order_id, A=2)
        other = await put(http, internal, order_id, A=3)
        assert (other.status_code, other.json()["code"]) == (409, "reservation.differs")
        assert await numbers(shelf, "A") == (10, 2, 0)

    async def test_all_or_nothing_with_every_short_line(self, http, internal, shelf):
        await a_stored_product(shelf, "C", units=1)
        answer = await put(http, internal, ids.new_id(), A=11, B=1, C=2)
        assert (answer.status_code, answer.json()["code"]) == (409, "stock.insufficient")
        assert answer.json()["lines"] == [
            {"sku": "A", "wanted": 11, "available": 10},
            {"sku": "C", "wanted": 2, "available": 1},
        ]
        assert [await numbers(shelf, sku) for sku in "ABC"] == [(10, 0, 0), (10, 0, 0), (1, 0, 0)]
        assert await balanced(shelf)

    async def test_an_unknown_sku_or_one_of_another_mall_is_unknown(self, http, internal, shelf):
        await a_mall(shelf, "livestore")
        for body in (a_hold(A=1, NOPE=1), a_hold(mall_id="livestore", A=1)):
            answer = await http.put(f"/internal/reservations/{ids.new_id()}", headers=internal, json=body)
            assert (answer.status_code, answer.json()["code"]) == (422, "sku.unknown")
        assert await numbers(shelf, "A") == (10, 0, 0)

    @pytest.mark.parametrize("quantity", [0, -1, 1.5, "2", True, 10_000])
    async def test_refuses_what_is_not_a_quantity(self, http, internal, shelf, quantity):
        answer = await put(http, internal, ids.new_id(), A=quantity)
        assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")

    async def test_strangers_are_refused(self, http, shelf):
        for headers in ({}, {"X-Internal-Key": "guess"}):
            answer = await http.put(f"/internal/reservations/{ids.new_id()}", headers=headers, json=a_hold(A=1))
            assert answer.status_code == 401

    async def test_the_last_unit_is_told_as_sold_out(self, http, internal, shelf):
        await put(http, internal, ids.new_id(), A=9)
        assert await published(shelf) == []
        order_id = ids.new_id()
        await put(http, internal, order_id, A=1)
        (told,) = await published(shelf)
        assert isinstance(told, StockChanged)
        assert (told.sku, told.reason, told.available, told.reference) == ("A", "sold_out", 0, str(order_id))

    async def test_units_given_back_a_moment_ago_can_be_had_before_the_counters_know(self, http, internal, shelf):
        first = ids.new_id()
        await put(http, internal, first, A=10)
        await http.delete(f"/internal/reservations/{first}", headers=internal)
        answer = await put(http, internal, ids.new_id(), A=10)
        assert answer.status_code == 200
        assert await balanced(shelf)


class TestOrderLife:
    async def test_placed_and_paid_sells_what_was_held(self, http, internal, shelf):
        order_id = ids.new_id()
        await put(http, internal, order_id, A=2, B=1)
        await deliver(shelf, consumer.handlers(), order_placed(order_id, A=2, B=1))
        assert await status(http, internal, order_id) == "confirmed"
        await deliver(shelf, consumer.handlers(), order_paid(order_id, A=2, B=1))
        assert await status(http, internal, order_id) == "sold"
        assert await numbers(shelf, "A") == (8, 0, 2)
        assert await jobs.post_movements(shelf) == 2
        assert {(told.sku, told.on_hand, told.reason) for told in await published(shelf)} == {
            ("A", 8, "sold"),
            ("B", 9, "sold"),
        }
        assert await balanced(shelf)

    async def test_the_same_facts_in_new_messages_change_nothing(self, http, internal, shelf):
        order_id, cancel_id = ids.new_id(), ids.new_id()
        await put(http, internal, order_id, A=3)
        facts = [
            order_placed(order_id, A=3),
            order_paid(order_id, A=3),
            order_cancelled(order_id, was_paid=True, whole=False, cancel_id=cancel_id, A=1),
        ]
        await deliver(shelf, consumer.handlers(), *(fact for fact in facts for _ in range(3)))
        await deliver(shelf, consumer.handlers(), *reversed(facts))
        assert await numbers(shelf, "A") == (8, 0, 2)
        assert await balanced(shelf)

    async def test_paid_before_placed_was_seen_sells_a_held_reservation(self, http, internal, shelf):
        order_id = ids.new_id()
        await put(http, internal, order_id, A=2)
        await deliver(shelf, consumer.handlers(), order_paid(order_id, A=2), order_placed(order_id, A=2))
        assert await status(http, internal, order_id) == "sold"
        assert await numbers(shelf, "A") == (8, 0, 2)

    async def test_two_lines_of_one_sku_are_sold_once_each(self, http, internal, shelf):
        order_id = ids.new_id()
        await put(http, internal, order_id, A=3)
        placed = order_placed(order_id, A=1)
        placed = placed.model_copy(update={"lines": placed.lines + order_placed(order_id, A=2).lines})
        await deliver(shelf, consumer.handlers(), placed, order_paid(order_id, A=3))
        assert await numbers(shelf, "A") == (7, 0, 3)

    async def test_an_unpaid_cancel_releases(self, http, internal, shelf):
        order_id = ids.new_id()
        await put(http, internal, order_id, A=10)
        await deliver(
            shelf,
            consumer.handlers(),
            order_placed(order_id, A=10),
            order_cancelled(order_id, was_paid=False, A=10),
        )
        assert await status(http, internal, order_id) == "released"
        await jobs.post_movements(shelf)
        assert [told.reason for told in await published(shelf)] == ["sold_out", "available"]
        assert await numbers(shelf, "A") == (10, 0, 0)

    async def test_a_paid_cancel_restocks_by_line(self, http, internal, shelf):
        order_id = ids.new_id()
        await put(http, internal, order_id, A=2, B=2)
        await deliver(
            shelf,
            consumer.handlers(),
            order_placed(order_id, A=2, B=2),
            order_paid(order_id, A=2, B=2),
            order_cancelled(order_id, was_paid=True, whole=False, A=1),
            order_cancelled(order_id, was_paid=True, whole=True, A=1, B=2),
        )
        assert await numbers(shelf, "A") == (10, 0, 0)
        assert await numbers(shelf, "B") == (10, 0, 0)
        assert await balanced(shelf)

    async def test_a_replayed_order_placed_after_its_cancel_takes_nothing(self, http, internal, shelf):
        order_id = ids.new_id()
        await deliver(
            shelf,
            consumer.handlers(),
            order_cancelled(order_id, was_paid=False, A=2),
            order_placed(order_id, A=2),
            order_paid(order_id, A=2),
        )
        assert await numbers(shelf, "A") == (10, 0, 0)
        assert (await put(http, internal, order_id, A=2)).json()["code"] == "reservation.closed"

    async def test_a_delete_after_the_order_was_placed_releases_nothing(self, http, internal, shelf):
        order_id = ids.new_id()
        await put(http, internal, order_id, A=2)
        await deliver(shelf, consumer.handlers(), order_placed(order_id, A=2))
        answer = await http.delete(f"/internal/reservations/{order_id}", headers=internal)
        assert (answer.status_code, answer.json()["status"]) == (200, "confirmed")
        assert await numbers(shelf, "A") == (10, 2, 0)

    async def test_a_delete_is_idempotent_even_for_what_never_was(self, http, internal, shelf):
        order_id = ids.new_id()
        assert (await http.delete(f"/internal/reservations/{order_id}", headers=internal)).status_code == 200
        await put(http, internal, order_id, A=2)
        for _ in range(3):
            answer = await http.delete(f"/internal/reservations/{order_id}", headers=internal)
            assert answer.json()["status"] == "released"
        assert await numbers(shelf, "A") == (10, 0, 0)
        missing = await http.get(f"/internal/reservations/{ids.new_id()}", headers=internal)
        assert (missing.status_code, missing.json()["code"]) == (404, "reservation.not_found")


class TestExpiry:
    async def _expired(self, http, internal, shelf, **units):
        order_id = ids.new_id()
        await put(http, internal, order_id, **units)
        assert await jobs.expire_holds(at(shelf, Clock().now() + timedelta(minutes=31))) == 1
        assert await status(http, internal, order_id) == "expired"
        return order_id

    async def test_frees_what_ran_out_and_nothing_else(self, http, internal, shelf):
        kept = ids.new_id()
        await http.put(f"/internal/reservations/{kept}", headers=internal, json=a_hold(B=1, expires_in_seconds=7200))
        await self._expired(http, internal, shelf, A=2)
        assert await status(http, internal, kept) == "held"
        assert await numbers(shelf, "A") == (10, 0, 0)
        assert await numbers(shelf, "B") == (10, 1, 0)
        assert await jobs.expire_holds(shelf) == 0

    async def test_a_confirmed_reservation_never_runs_out(self, http, internal, shelf):
        order_id = ids.new_id()
        await put(http, internal, order_id, A=2)
        await deliver(shelf, consumer.handlers(), order_placed(order_id, A=2))
        assert await jobs.expire_holds(at(shelf, Clock().now() + timedelta(days=9))) == 0
        assert await numbers(shelf, "A") == (10, 2, 0)

    async def test_a_hold_somebody_works_on_is_left_for_the_next_turn(self, http, internal, shelf):
        order_id = ids.new_id()
        await put(http, internal, order_id, A=2)
        later = at(shelf, Clock().now() + timedelta(minutes=31))
        async with shelf.transaction() as tx:
            await tx.connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"reservation {order_id}"}
            )
            await jobs.expire_holds(later)
            assert await status(http, internal, order_id) == "held"
        await jobs.expire_holds(later)
        assert await status(http, internal, order_id) == "expired"

    @pytest.mark.parametrize(("fact", "after"), [(order_placed, "confirmed"), (order_paid, "sold")])
    async def test_an_order_that_comes_too_late_takes_its_units_again(self, http, internal, shelf, fact, after):
        order_id = await self._expired(http, internal, shelf, A=2)
        await deliver(shelf, consumer.handlers(), fact(order_id, A=2))
        assert await status(http, internal, order_id) == after
        assert await balanced(shelf)

    @pytest.mark.parametrize("fact", [order_placed, order_paid])
    async def test_an_order_whose_units_are_gone_is_told_to_orders_once(self, http, internal, shelf, fact):
        order_id = await self._expired(http, internal, shelf, A=2, B=1)
        await put(http, internal, ids.new_id(), A=9)
        await published(shelf, clear=True)
        await deliver(shelf, consumer.handlers(), fact(order_id, A=2, B=1), fact(order_id, A=2, B=1))
        (told,) = await published(shelf)
        assert isinstance(told, StockUnavailable)
        assert told.key == str(order_id)
        assert [(short.sku, short.wanted, short.available) for short in told.shortages] == [("A", 2, 1)]
        assert await status(http, internal, order_id) == "short"
        assert await numbers(shelf, "B") == (10, 0, 0)
        await deliver(
            shelf,
            consumer.handlers(),
            order_paid(order_id, A=2, B=1),
            order_cancelled(order_id, was_paid=True, A=2, B=1),
        )
        assert await numbers(shelf, "B") == (10, 0, 0)
        assert await balanced(shelf)

    async def test_an_order_nobody_reserved_for_takes_its_units_or_falls_short(self, http, internal, shelf):
        first, second = ids.new_id(), ids.new_id()
        await deliver(shelf, consumer.handlers(), order_placed(first, A=8), order_placed(second, A=8, NOPE=1))
        assert await status(http, internal, first) == "confirmed"
        assert await status(http, internal, second) == "short"
        assert await balanced(shelf)
