"""POST /v1/orders: one key, one order, whatever happens on the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from services.orders.tests.builders import NOW, a_body, a_quote, a_quote_line
from services.orders.tests.fakes import CART_TOKEN, post_order
from sqlalchemy import text

from common import ids, testing
from common.clock import FixedClock
from common.db import Database
from orders.flows import placing

pytestmark = pytest.mark.integration


async def count(database: Database, table: str) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


class TestPlace:
    async def test_answers_with_the_order_and_its_token(self, http, cart, catalog, database):
        quote = cart.fill()
        answer = await post_order(http, quote.cart_id, expected_total={"amount": quote.total_amount, "currency": "KRW"})
        assert answer.status_code == 201
        placed = answer.json()
        assert placed["status"] == "pending_payment"
        assert placed["order_number"] == "20261122-00000001"
        assert placed["total_amount"] == {"amount": quote.total_amount, "currency": "KRW"}
        assert [line["line_id"] for line in placed["lines"]] == [str(line.line_id) for line in quote.lines]
        assert placed["payment_due_at"] == (NOW + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
        seen = await http.get(f"/v1/orders/{placed['id']}", headers={"X-Order-Token": placed["token"]})
        assert seen.status_code == 200
        assert catalog.reserved[UUID(placed["id"])] == quote.units_by_sku()

    async def test_tells_the_others_in_the_same_transaction(self, http, cart, database):
        quote = cart.fill()
        placed = (await post_order(http, quote.cart_id)).json()
        said, contact = await testing.published(database)
        assert (said.type, contact.type) == ("order-placed", "order-contact-recorded")
        assert said.total_amount == quote.total_amount
        assert said.order_number == contact.order_number == placed["order_number"]
        assert contact.ship_to.phone == "01087654321"
        assert contact.access_token_hash == ids.token_hash(placed["token"]).hex()
        assert "김하늘" not in said.model_dump_json()

    async def test_two_lines_of_one_sku_are_one_claim_on_its_stock(self, http, cart, catalog):
        quote = cart.fill(a_quote(a_quote_line("A", quantity=2), a_quote_line("B"), a_quote_line("A", quantity=3)))
        placed = (await post_order(http, quote.cart_id)).json()
        assert catalog.reserved[UUID(placed["id"])] == {"A": 5, "B": 1}


class TestRefusals:
    async def test_a_price_that_changed_orders_nothing_and_frees_the_cart(self, http, cart, catalog, database):
        quote = cart.fill()
        shown = {"amount": quote.total_amount - 1, "currency": "KRW"}
        answer = await post_order(http, quote.cart_id, expected_total=shown)
        assert (answer.status_code, answer.json()["code"]) == (409, "price.changed")
        assert answer.json()["total"] == {"amount": quote.total_amount, "currency": "KRW"}
        assert catalog.asked == 0
        assert await count(database, "orders") == 0
        again = await post_order(http, quote.cart_id, expected_total=answer.json()["total"])
        assert again.status_code == 201

    async def test_missing_stock_is_passed_on_with_its_lines(self, http, cart, catalog, database):
        quote = cart.fill()
        catalog.stock = {"GRANOLA-500": 1, "OAT-1000": 2}
        answer = await post_order(http, quote.cart_id)
        assert (answer.status_code, answer.json()["code"]) == (409, "stock.insufficient")
        assert answer.json()["lines"] == [{"sku": "OAT-1000", "wanted": 3, "available": 2}]
        assert await count(database, "orders") == 0
        assert cart.held_by == {}

    async def test_gifts_that_are_gone_are_left_out(self, http, cart, catalog):
        item = a_quote_line("A", quantity=2)
        gifts = [replace(a_quote_line(sku, unit_price=0), kind="gift") for sku in ("A", "CUP")]
        quote = cart.fill(a_quote(item, *gifts))
        catalog.stock = {"A": 2, "CUP": 1}
        placed = (await post_order(http, quote.cart_id)).json()
        assert [(line["sku"], line["kind"]) for line in placed["lines"]] == [("A", "item"), ("CUP", "gift")]
        assert catalog.reserved[UUID(placed["id"])] == {"A": 2, "CUP": 1}
        short = cart.fill(a_quote(a_quote_line("A"), replace(a_quote_line("B", unit_price=0), kind="gift")))
        refused = await post_order(http, short.cart_id)
        assert (refused.status_code, refused.json()["code"]) == (409, "stock.insufficient")

    async def test_a_cart_is_ordered_once(self, http, cart, catalog, database):
        quote = cart.fill()
        assert (await post_order(http, quote.cart_id)).status_code == 201
        cart.held_by.clear()
        second = await post_order(http, quote.cart_id)
        assert (second.status_code, second.json()["code"]) == (409, "order.cart_already_ordered")
        assert await count(database, "orders") == 1
        assert len(catalog.reserved) == 1

    async def test_two_orders_of_one_cart_at_once_leave_one_order_and_one_reservation(
        self, http, cart, catalog, database
    ):
        quote = cart.fill()
        first = cart.freeze

        async def freeze_for_both(*args, **more):
            cart.held_by.clear()
            return await first(*args, **more)

        cart.freeze = freeze_for_both
        answers = await asyncio.gather(*(post_order(http, quote.cart_id) for _ in range(8)))
        codes = sorted(answer.json().get("code", "placed") for answer in answers)
        assert codes == ["order.cart_already_ordered"] * 7 + ["placed"]
        assert await count(database, "orders") == 1
        assert len(catalog.reserved) == 1

    async def test_a_cancelled_order_frees_its_cart(self, http, cart):
        quote = cart.fill()
        placed = (await post_order(http, quote.cart_id)).json()
        cancelled = await http.post(
            f"/v1/orders/{placed['id']}/cancel",
            json={"reason": "변심"},
            headers={"Idempotency-Key": "c", "X-Order-Token": placed["token"]},
        )
        assert cancelled.status_code == 200
        cart.held_by.clear()
        assert (await post_order(http, quote.cart_id)).status_code == 201

    async def test_a_wrong_cart_token_finds_no_cart(self, http, cart):
        quote = cart.fill()
        answer = await post_order(http, quote.cart_id, token="another")
        assert (answer.status_code, answer.json()["code"]) == (404, "cart.not_found")

    async def test_a_quote_that_does_not_add_up_is_never_ordered(self, http, cart, database):
        quote = cart.fill(a_quote(total_amount=1))
        answer = await post_order(http, quote.cart_id)
        assert (answer.status_code, answer.json()["code"]) == (503, "order.quote_inconsistent")
        assert await count(database, "orders") == 0

    async def test_there_is_no_order_of_nothing(self, http, cart):
        quote = cart.fill(a_quote(a_quote_line(unit_price=1000, discount=1000), shipping=0))
        answer = await post_order(http, quote.cart_id)
        assert (answer.status_code, answer.json()["code"]) == (409, "order.nothing_to_pay")
        assert "take a coupon off" in answer.json()["detail"]


class TestIdempotency:
    async def test_a_replay_is_byte_for_byte_the_first_answer(self, http, cart, database):
        quote = cart.fill()
        first = await post_order(http, quote.cart_id, key="k")
        again = await post_order(http, quote.cart_id, key="k")
        assert again.status_code == 201
        assert again.content == first.content
        assert again.headers["Idempotent-Replayed"] == "true"
        assert await count(database, "orders") == 1

    async def test_the_remembered_answer_holds_neither_token_nor_personal_data(self, http, cart, database):
        quote = cart.fill()
        placed = (await post_order(http, quote.cart_id, key="k")).json()
        async with database.read() as connection:
            stored = bytes(await connection.scalar(text("SELECT response FROM idempotency_keys"))).decode()
        for secret in (placed["token"], "김하늘", "haneul", "5678", "테헤란로"):
            assert secret not in stored

    async def test_another_cart_token_gets_no_replay(self, http, cart):
        """The answer holds the order's token: the key alone must not open it."""
        quote = cart.fill()
        await post_order(http, quote.cart_id, key="k")
        answer = await post_order(http, quote.cart_id, key="k", token="another")
        assert answer.status_code in {404, 409}
        assert "token" not in answer.json()

    async def test_the_same_key_with_another_body_is_refused(self, http, cart, database):
        quote = cart.fill()
        await post_order(http, quote.cart_id, key="k")
        answer = await post_order(http, cart.fill().cart_id, key="k")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.key_reused")
        assert await count(database, "orders") == 1

    async def test_a_key_is_needed(self, http, cart):
        body = a_body(cart.fill().cart_id)
        answer = await http.post("/v1/orders", json=body, headers={"X-Cart-Token": CART_TOKEN})
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.key_missing")

    async def test_duplicates_at_the_same_time_make_one_order_and_one_answer(self, http, cart, catalog, database):
        quote = cart.fill()

        async def until_answered() -> httpx.Response:
            for _ in range(200):
                answer = await post_order(http, quote.cart_id, key="k")
                if answer.json().get("code") != "idempotency.in_progress":
                    return answer
                await asyncio.sleep(0.01)
            raise AssertionError("never answered")

        answers = await asyncio.gather(*(until_answered() for _ in range(12)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert await count(database, "orders") == 1
        assert len(catalog.reserved) == 1


class TestCrashes:
    async def test_a_cart_that_is_down_leaves_the_key_usable(self, http, cart, database):
        quote = cart.fill()
        cart.down = True
        answer = await post_order(http, quote.cart_id, key="k")
        assert (answer.status_code, answer.json()["code"]) == (503, "upstream.unavailable")
        cart.down = False
        assert (await post_order(http, quote.cart_id, key="k")).status_code == 201
        assert await count(database, "orders") == 1

    async def test_a_crash_between_reservation_and_commit_ends_in_the_same_order(
        self, http, cart, catalog, database, monkeypatch
    ):
        quote = cart.fill()
        real = placing.handlers.place_order

        async def dies(*args):
            await real(*args)
            raise ConnectionError("the process died before its commit")

        monkeypatch.setattr(placing.handlers, "place_order", dies)
        assert (await post_order(http, quote.cart_id, key="k")).status_code == 503
        assert await count(database, "orders") == 0
        assert await count(database, "outbox") == 0
        (left,) = catalog.reserved
        monkeypatch.setattr(placing.handlers, "place_order", real)
        placed = await post_order(http, quote.cart_id, key="k")
        assert placed.status_code == 201
        assert UUID(placed.json()["id"]) == left
        assert list(catalog.reserved) == [left]

    async def test_prices_that_move_during_a_crash_do_not_change_the_order(self, http, cart, catalog):
        quote = cart.fill()
        catalog.down = True
        assert (await post_order(http, quote.cart_id, key="k")).status_code == 503
        catalog.down = False
        cart.carts[quote.cart_id] = a_quote(a_quote_line(unit_price=999_000), cart_id=quote.cart_id)
        placed = (await post_order(http, quote.cart_id, key="k")).json()
        assert placed["total_amount"]["amount"] == quote.total_amount

    async def test_a_lost_answer_is_found_again(self, http, cart, catalog, database, clock: FixedClock):
        """The first try committed although its claim had run out: the second finds the order and answers with it."""
        quote = cart.fill()
        first = (await post_order(http, quote.cart_id, key="k")).json()
        async with database.engine.begin() as connection:
            await connection.execute(text("UPDATE idempotency_keys SET status = NULL, response = NULL"))
        clock.advance(timedelta(seconds=40))
        again = await post_order(http, quote.cart_id, key="k")
        assert again.status_code == 201
        assert again.json() == first
        assert await count(database, "orders") == 1
        assert [event.type for event in await testing.published(database)].count("order-placed") == 1
