"""Sales that begin and end by themselves, pre-orders, and the histories of prices and units, on real PostgreSQL."""

from datetime import timedelta

import pytest
from services.catalog.tests.asking import at, balanced, numbers, put
from services.catalog.tests.builders import MEDIA, a_mall, a_stored_product, order_paid, order_placed, receive
from sqlalchemy import text

from catalog import consumer, jobs
from common import ids
from common.clock import Clock
from common.testing import deliver, published
from contracts.products import PriceChanged, ProductChanged
from contracts.stock import StockChanged

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)


def won(amount):
    return {"amount": amount, "currency": "KRW"}


@pytest.fixture
async def granola(database):
    await a_mall(database)
    await a_stored_product(database, "A", slug="granola", units=2)
    await published(database, clear=True)
    return database


async def prices_told(database):
    return [(told.old_price, told.new_price) for told in await published(database) if isinstance(told, PriceChanged)]


class TestSale:
    async def test_begins_and_ends_by_itself_and_is_told_once_each(self, http, staff, granola):
        now = Clock().now()
        sale = {"price": won(9_900), "starts_at": (now + HOUR).isoformat(), "ends_at": (now + 2 * HOUR).isoformat()}
        answer = await http.put("/v1/variants/A/sale", headers=staff, json=sale)
        assert answer.status_code == 200, answer.text
        assert answer.json()["variants"][0]["sale"]["running"] is False
        await published(granola, clear=True)
        assert await jobs.turn_offers(granola, MEDIA) == 0
        for _ in range(2):
            await jobs.turn_offers(at(granola, now + HOUR), MEDIA)
        (variant,) = (await http.get("/v1/products/granola")).json()["variants"]
        assert (variant["price"], variant["list_price"]) == (won(9_900), won(12_900))
        assert variant["sale"]["ends_at"] is not None
        assert await prices_told(granola) == [(12_900, 9_900)]
        for _ in range(2):
            await jobs.turn_offers(at(granola, now + 2 * HOUR), MEDIA)
        assert await prices_told(granola) == [(12_900, 9_900), (9_900, 12_900)]
        snapshots = [told.variants[0].price for told in await published(granola) if isinstance(told, ProductChanged)]
        assert snapshots == [9_900, 12_900]
        history = (await http.get("/v1/variants/A/prices", headers=staff, params={"limit": 2})).json()
        assert [entry["reason"] for entry in history["items"]] == ["sale_ended", "sale_started"]
        rest = await http.get(
            "/v1/variants/A/prices", headers=staff, params={"limit": 2, "cursor": history["next_cursor"]}
        )
        assert [entry["reason"] for entry in rest.json()["items"]] == ["added"]

    async def test_can_be_taken_off_and_says_who_did(self, http, staff, granola):
        await http.put("/v1/variants/A/sale", headers=staff, json={"price": won(100)})
        ended = await http.delete("/v1/variants/A/sale", headers=staff)
        assert ended.json()["variants"][0]["price"] == won(12_900)
        assert await prices_told(granola) == [(12_900, 100), (100, 12_900)]
        latest = (await http.get("/v1/variants/A/prices", headers=staff)).json()["items"][0]
        assert (latest["reason"], latest["staff"]) == ("sale_ended", "hana")

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"price": won(12_900)}, 422, "price.invalid"),
            ({"price": won(1), "ends_at": "2020-01-01T00:00:00Z"}, 422, "price.invalid"),
            ({"price": won(1), "ends_at": "2020-01-01T00:00:00"}, 422, "request.invalid"),
            ({"price": won(1), "ends_at": "9999-12-31T23:59:59-14:00"}, 422, "request.invalid"),
            ({"price": {"amount": 1, "currency": "USD"}}, 422, "price.invalid"),
        ],
    )
    async def test_refuses_and_changes_nothing(self, http, staff, granola, body, status, code):
        answer = await http.put("/v1/variants/A/sale", headers=staff, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert await published(granola) == []


class TestPreorder:
    async def test_sells_up_to_its_limit_and_owes_what_has_not_come_in(self, http, staff, internal, granola):
        release = Clock().now() + HOUR
        body = {"release_at": release.isoformat(), "limit": 3}
        assert (await http.put("/v1/variants/A/preorder", headers=staff, json=body)).status_code == 200
        (variant,) = (await http.get("/v1/products/granola")).json()["variants"]
        assert (variant["availability"], variant["preorder"] is not None) == ("pre_order", True)
        order_id = ids.new_id()
        assert (await put(http, internal, order_id, A=5)).status_code == 200
        refused = await put(http, internal, ids.new_id(), A=1)
        assert refused.json()["lines"] == [{"sku": "A", "wanted": 1, "available": 0}]
        await deliver(granola, consumer.handlers(), order_placed(order_id, A=5), order_paid(order_id, A=5))
        await jobs.post_movements(granola)
        assert await numbers(granola, "A") == (-3, 0, 5)
        body = {"release_at": release.isoformat(), "limit": 2}
        less = await http.put("/v1/variants/A/preorder", headers=staff, json=body)
        assert (less.status_code, less.json()["code"], less.json()["promised"]) == (422, "preorder.invalid", 3)
        await jobs.turn_offers(at(granola, release), MEDIA)
        assert (await http.get("/v1/products/granola")).json()["variants"][0]["preorder"] is None
        await receive(granola, A=4)
        assert (await http.get("/v1/stock/A", headers=staff)).json()["available"] == 1
        assert await balanced(granola)
        told = [each.available for each in await published(granola) if isinstance(each, StockChanged)]
        assert told[-1] == 1

    async def test_what_a_closed_preorder_promised_stays_promised_and_nothing_is_available(
        self, http, staff, internal, granola
    ):
        body = {"release_at": (Clock().now() + HOUR).isoformat(), "limit": 3}
        await http.put("/v1/variants/A/preorder", headers=staff, json=body)
        assert (await put(http, internal, ids.new_id(), A=4)).status_code == 200
        await published(granola, clear=True)
        await http.delete("/v1/variants/A/preorder", headers=staff)
        found = (await http.get("/v1/stock/A", headers=staff)).json()
        assert (found["on_hand"], found["reserved"], found["available"], found["preorder"]) == (2, 4, 0, 0)
        (told,) = [each for each in await published(granola) if isinstance(each, StockChanged)]
        assert (told.on_hand, told.reserved, told.available, told.reason) == (2, 4, 0, "sold_out")
        assert (await put(http, internal, ids.new_id(), A=1)).status_code == 409
        assert await balanced(granola)

    async def test_opening_and_closing_a_sold_out_sku_is_told(self, http, staff, internal, granola):
        await put(http, internal, ids.new_id(), A=2)
        await published(granola, clear=True)
        body = {"release_at": (Clock().now() + HOUR).isoformat(), "limit": 3}
        await http.put("/v1/variants/A/preorder", headers=staff, json=body)
        await http.delete("/v1/variants/A/preorder", headers=staff)
        told = [(each.available, each.preorder) for each in await published(granola) if isinstance(each, StockChanged)]
        assert told == [(3, 3), (0, 0)]


async def test_every_movement_of_a_sku_can_be_read(http, staff, internal, granola):
    order_id = ids.new_id()
    await put(http, internal, order_id, A=1)
    await http.delete(f"/internal/reservations/{order_id}", headers=internal)
    await jobs.post_movements(granola)
    page = (await http.get("/v1/stock/A/movements", headers=staff, params={"limit": 2})).json()
    assert [entry["reason"] for entry in page["items"]] == ["released", "reserved"]
    rest = await http.get("/v1/stock/A/movements", headers=staff, params={"cursor": page["next_cursor"]})
    assert [entry["reason"] for entry in rest.json()["items"]] == ["received"]


async def test_bodies_of_an_older_version_are_prepared_anew(http, granola):
    async with granola.engine.begin() as connection:
        await connection.execute(text("UPDATE products SET prepared = 0, body = '\\x7b7d', search_text = ''"))
    assert await jobs.prepare_bodies(granola) == 1
    assert await jobs.prepare_bodies(granola) == 0
    assert (await http.get("/v1/products/granola")).json()["tags"] == []
    assert await published(granola) == []


async def test_tags_and_the_shopkeepers_order(http, staff, database):
    await a_mall(database)
    first = await a_stored_product(database, "A", tags=("비건", "새벽배송"), rank=2)
    second = await a_stored_product(database, "B", tags=("비건",), rank=1)
    await a_stored_product(database, "C", rank=0)
    asked = {"mall": "intake", "tag": "비건", "sort": "recommended", "limit": 1}
    page = (await http.get("/v1/products", params=asked)).json()
    assert [item["id"] for item in page["items"]] == [str(second)]
    page = (await http.get("/v1/products", params=asked | {"cursor": page["next_cursor"]})).json()
    assert [item["id"] for item in page["items"]] == [str(first)]
    changed = await http.patch(f"/v1/products/{second}", headers=staff, json={"tags": ["a", "a"], "rank": 9})
    assert (changed.json()["tags"], changed.json()["rank"]) == (["a"], 9)
