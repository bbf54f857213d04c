"""Guests who look their order up, and what staff notes."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from services.orders.tests.fakes import TOKEN_KEY, staff
from services.orders.tests.stored import order_token, place

from common import ids
from common.clock import FixedClock
from common.db import Database
from orders.domain import Order
from orders.handlers import forget_look_ups
from orders.handlers.desk import MOST_TRIES, MOST_TRIES_OF_ALL
from orders.repository import guests

pytestmark = pytest.mark.integration

STAFF = staff("orders")


async def look_up(http, order: Order, *, address: str = "203.0.113.9", **known: str):
    headers = {"X-Forwarded-For": address}
    return await http.post("/v1/orders/look-up", json={"order_number": order.number} | known, headers=headers)


class TestLookUp:
    @pytest.mark.parametrize("known", [{"email": " Haneul@Example.com"}, {"phone": "+82 10-1234-5678"}])
    async def test_the_orderer_gets_the_token(self, http, database: Database, known):
        order = await place(database)
        answer = await look_up(http, order, **known)
        assert answer.json() == {
            "order_id": str(order.order_id),
            "token": order_token(TOKEN_KEY, order.order_id),
        }
        assert answer.headers["cache-control"] == "no-store"

    async def test_nobody_learns_which_orders_there_are(self, http, database: Database):
        order = await place(database)
        wrong = await look_up(http, order, email="other@example.com")
        recipient = await look_up(http, order, phone="010-8765-4321")
        unknown = await http.post(
            "/v1/orders/look-up", json={"order_number": "20200101-00000001", "email": "haneul@example.com"}
        )
        async with database.engine.begin() as connection:
            await connection.exec_driver_sql("DELETE FROM order_contacts")
        erased = await look_up(http, order, email="haneul@example.com")
        assert {answer.status_code for answer in (wrong, recipient, unknown, erased)} == {404}
        assert len({answer.content for answer in (wrong, recipient, unknown, erased)}) == 1

    @pytest.mark.parametrize("known", [{}, {"email": "a@b.kr", "phone": "010-1234-5678"}, {"email": "x"}])
    async def test_one_of_the_two_is_needed(self, http, database: Database, known):
        assert (await look_up(http, await place(database), **known)).status_code == 422

    async def test_guessing_ends_soon_for_orders_that_exist_and_for_others(
        self, http, database: Database, clock: FixedClock
    ):
        order = await place(database)
        nobody = {"order_number": "20200101-00000001", "phone": "010-1234-5678"}
        for _ in range(MOST_TRIES):
            assert (await look_up(http, order, email="other@example.com")).status_code == 404
            assert (await http.post("/v1/orders/look-up", json=nobody)).status_code == 404
        late = await look_up(http, order, email="haneul@example.com")
        assert (late.status_code, late.json()["code"]) == (429, "order.look_ups_exhausted")
        assert late.headers["retry-after"] == "900"
        assert (await http.post("/v1/orders/look-up", json=nobody)).json() == late.json()
        clock.advance(timedelta(minutes=16))
        assert (await look_up(http, order, email="haneul@example.com")).status_code == 200
        clock.advance(timedelta(hours=1))
        async with database.transaction() as tx:
            assert await forget_look_ups(tx) == 4

    async def test_who_guesses_locks_only_themselves_out(self, http, database: Database):
        order = await place(database)
        for number in range(MOST_TRIES + 2):
            wrong = await look_up(http, order, address=f"198.51.100.{number}, 203.0.113.8", phone="010-0000-0000")
        assert wrong.status_code == 429, "what the caller wrote before its own address proves nothing"
        assert (await look_up(http, order, email="haneul@example.com")).status_code == 200

    async def test_guessing_from_everywhere_ends_too(self, http, database: Database):
        order = await place(database)
        name = hashlib.sha256(f"{order.number} ".encode()).digest()
        async with database.transaction() as tx:
            await guests.count(tx.connection, name, tx.now, timedelta(minutes=15))
            await tx.connection.exec_driver_sql(f"UPDATE order_look_ups SET tries = {MOST_TRIES_OF_ALL}")
        assert (await look_up(http, order, email="haneul@example.com")).status_code == 429


async def test_staff_notes_are_staffs_alone(http, database: Database):
    order = await place(database)
    path, note = f"/v1/orders/{order.order_id}/notes", {"text": "고객 통화\n경비실에 맡김"}
    headers = STAFF | {"Idempotency-Key": "note"}
    first, again = [await http.post(path, json=note, headers=headers) for _ in range(2)]
    assert (first.status_code, first.content) == (201, again.content)
    (kept,) = (await http.get(path, headers=STAFF)).json()["items"]
    assert (kept["author"], kept["text"]) == ("ji-won", note["text"])
    token = {"X-Order-Token": order_token(TOKEN_KEY, order.order_id)}
    assert (await http.get(path, headers=token)).status_code == 401
    assert (await http.get(f"/v1/orders/{ids.new_id()}/notes", headers=STAFF)).status_code == 404
    assert (await http.post(path, json={"text": "a\x00b"}, headers=headers)).status_code == 422


async def test_orders_are_searched_by_channel_and_day(http, database: Database):
    order = await place(database)
    for query, found in (
        ("channel=pc", 1),
        ("channel=naver", 0),
        ("from=2026-11-22&to=2026-11-22", 1),
        ("from=2026-11-23", 0),
        ("to=2026-11-21", 0),
    ):
        items = (await http.get(f"/v1/orders?{query}", headers=STAFF)).json()["items"]
        assert [item["order_number"] for item in items] == [order.number] * found, query
