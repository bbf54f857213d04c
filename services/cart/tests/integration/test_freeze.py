import asyncio
from datetime import timedelta

import pytest
from services.cart.tests.builders import (
    NOW,
    a_product_changed,
    a_product_published,
    a_stock_changed,
    a_variant,
    an_order_placed,
    refusal,
)
from sqlalchemy import text

from common import ids
from contracts.products import TaxClass

pytestmark = pytest.mark.integration


class TestFreeze:
    async def test_answers_what_the_order_will_cost(self, shop):
        await shop.hears(a_product_published(a_variant("MILK", 5000, tax=TaxClass.TAX_FREE, name=None)))
        path, holder = await shop.fills(quantity=2)
        await shop.http.post(f"{path}/lines", json={"sku": "MILK", "quantity": 1}, headers=holder)
        seen = (await shop.http.get(path, headers=holder)).json()
        answer = await shop.freezes(path, holder)
        quote = answer.json()
        assert answer.status_code == 200
        assert (quote["cart_id"], quote["mall_id"], quote["channel"], quote["currency"]) == (
            seen["id"],
            "intake",
            "pc",
            "KRW",
        )
        assert (quote["items_amount"], quote["discount_amount"], quote["shipping_amount"]) == (30800, 0, 3000)
        assert quote["total_amount"] == 33800 == seen["total_amount"]["amount"]
        granola, milk = quote["lines"]
        assert granola == {
            "line_id": seen["lines"][0]["id"],
            "sku": "GR-500",
            "product_id": seen["lines"][0]["product_id"],
            "product_name": "그래놀라",
            "variant_name": "500g",
            "category_ids": ["food", "granola"],
            "quantity": 2,
            "unit_price": 12900,
            "discount_amount": 0,
            "amount": 25800,
            "vat_amount": 2345,
            "tax_free_amount": 0,
            "kind": "item",
            "gift_of": [],
            "promotions": [],
        }
        assert (milk["amount"], milk["vat_amount"], milk["tax_free_amount"]) == (5000, 0, 5000)

    async def test_the_same_order_gets_the_same_quote_whatever_changed_since(self, shop, clock):
        path, holder = await shop.fills()
        order = ids.new_id()
        first = (await shop.freezes(path, holder, order)).json()
        product = first["lines"][0]["product_id"]
        clock.advance(timedelta(hours=1))
        await shop.hears(a_product_changed(a_variant(price=99), product_id=product, occurred_at=clock.now()))
        await shop.http.post(f"{path}/lines", json={"sku": "GR-500", "quantity": 5}, headers=holder)
        assert (await shop.freezes(path, holder, order)).json() == first
        clock.advance(timedelta(minutes=1))
        assert (await shop.freezes(path, holder)).json()["lines"][0]["unit_price"] == 99

    async def test_many_at_once_for_one_order_get_one_quote(self, shop, database):
        path, holder = await shop.fills()
        order = ids.new_id()
        answers = await asyncio.gather(*(shop.freezes(path, holder, order) for _ in range(8)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        async with database.read() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM frozen_quotes")) == 1

    async def test_of_many_orders_at_once_one_gets_the_cart(self, shop):
        path, holder = await shop.fills()
        answers = await asyncio.gather(*(shop.freezes(path, holder) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
        assert {refusal(answer)[1] for answer in answers if answer.status_code == 409} == {"cart.busy"}

    async def test_another_order_has_the_cart_after_a_minute(self, shop, clock):
        path, holder = await shop.fills()
        await shop.freezes(path, holder)
        clock.advance(timedelta(seconds=59))
        assert refusal(await shop.freezes(path, holder)) == (409, "cart.busy")
        clock.advance(timedelta(seconds=1))
        assert (await shop.freezes(path, holder)).status_code == 200

    async def test_another_order_has_the_cart_at_once_when_it_was_released(self, shop):
        path, holder = await shop.fills()
        order = ids.new_id()
        await shop.freezes(path, holder, order)
        assert (await shop.releases(path, order)).status_code == 204
        assert (await shop.releases(path, order)).status_code == 204
        assert (await shop.freezes(path, holder)).status_code == 200

    async def test_releasing_another_orders_hold_or_an_unknown_cart_does_nothing(self, shop):
        path, holder = await shop.fills()
        await shop.freezes(path, holder)
        assert (await shop.releases(path, ids.new_id())).status_code == 204
        assert (await shop.releases(f"/v1/carts/{ids.new_id()}", ids.new_id())).status_code == 204
        assert refusal(await shop.freezes(path, holder)) == (409, "cart.busy")

    async def test_another_order_has_the_cart_at_once_when_it_was_changed(self, shop):
        path, holder = await shop.fills(quantity=2)
        await shop.freezes(path, holder)
        line = (await shop.http.get(path, headers=holder)).json()["lines"][0]["id"]
        await shop.http.patch(f"{path}/lines/{line}", json={"quantity": 1}, headers=holder)
        assert (await shop.freezes(path, holder)).json()["lines"][0]["quantity"] == 1

    async def test_an_empty_cart_is_refused(self, shop):
        path, holder = await shop.opens()
        assert refusal(await shop.freezes(path, holder)) == (409, "cart.empty")

    async def test_a_line_off_sale_is_refused_and_named(self, shop):
        path, holder = await shop.fills()
        line = (await shop.http.get(path, headers=holder)).json()["lines"][0]
        await shop.hears(a_product_changed(product_id=line["product_id"], status="hidden"))
        answer = await shop.freezes(path, holder)
        assert refusal(answer) == (409, "cart.line_unavailable")
        assert answer.json()["lines"] == [{"line_id": line["id"], "sku": "GR-500"}]

    async def test_a_refused_freeze_holds_nothing(self, shop):
        path, holder = await shop.opens()
        await shop.freezes(path, holder)
        await shop.http.post(f"{path}/lines", json={"sku": "GR-500", "quantity": 1}, headers=holder)
        assert (await shop.freezes(path, holder)).status_code == 200

    async def test_sold_out_is_left_to_the_reservation(self, shop):
        path, holder = await shop.fills()
        await shop.hears(a_stock_changed(available=0))
        assert (await shop.http.get(path, headers=holder)).json()["lines"][0]["sold_out"] is True
        assert (await shop.freezes(path, holder)).status_code == 200

    async def test_an_order_id_of_another_cart_is_refused(self, shop):
        order = ids.new_id()
        await shop.freezes(*await shop.fills(), order)
        other, holder = await shop.fills()
        assert refusal(await shop.freezes(other, holder, order)) == (409, "cart.order_id_reused")

    async def test_a_quote_frozen_before_there_were_promotions_is_read_as_it_was(self, shop, database):
        path, holder = await shop.fills()
        order = ids.new_id()
        first = (await shop.freezes(path, holder, order)).json()
        async with database.transaction() as tx:
            await tx.connection.execute(
                text(
                    "UPDATE frozen_quotes SET"
                    " adjustments = jsonb_set(adjustments, '{0}', (adjustments->0) - 'promotion_id'),"
                    " lines = jsonb_set(lines, '{0}', (lines->0) - 'kind' - 'gift_of' - 'promotions')"
                    " #- '{0,item,limit}'"
                )
            )
        assert (await shop.freezes(path, holder, order)).json() == first

    async def test_needs_the_carts_token_and_the_shops_key(self, shop):
        path, holder = await shop.fills()
        assert refusal(await shop.freezes(path, {})) == (404, "cart.not_found")
        assert refusal(await shop.freezes(path, {"X-Cart-Token": "wrong"})) == (404, "cart.not_found")
        body = {"order_id": str(ids.new_id())}
        url = f"{path.replace('/v1/', '/internal/')}/freeze"
        assert refusal(await shop.http.post(url, json=body, headers=holder)) == (401, "auth.required")
        assert refusal(await shop.http.delete(f"{url}/{ids.new_id()}")) == (401, "auth.required")

    async def test_the_database_refuses_a_quote_that_does_not_add_up(self, shop, database):
        path, holder = await shop.fills()
        await shop.freezes(path, holder)
        with pytest.raises(Exception, match="frozen_quotes_check"):
            async with database.transaction() as tx:
                await tx.connection.execute(text("UPDATE frozen_quotes SET total_amount = total_amount - 1"))


class TestOrdered:
    async def test_a_placed_order_closes_its_cart(self, shop):
        path, holder = await shop.fills()
        order = ids.new_id()
        quote = (await shop.freezes(path, holder, order)).json()
        placed = an_order_placed(order)
        await shop.hears(placed)
        await shop.hears(placed)
        cart = (await shop.http.get(path, headers=holder)).json()
        assert (cart["status"], cart["order_id"]) == ("ordered", str(order))
        line = cart["lines"][0]["id"]
        asks = [
            shop.http.post(f"{path}/lines", json={"sku": "GR-500", "quantity": 1}, headers=holder),
            shop.http.patch(f"{path}/lines/{line}", json={"quantity": 2}, headers=holder),
            shop.http.delete(f"{path}/lines/{line}", headers=holder),
            shop.freezes(path, holder),
        ]
        for ask in asks:
            assert refusal(await ask) == (409, "cart.already_ordered")
        assert (await shop.freezes(path, holder, order)).json() == quote

    async def test_shows_what_it_cost_when_it_was_ordered(self, shop):
        path, holder = await shop.fills()
        order = ids.new_id()
        await shop.freezes(path, holder, order)
        before = (await shop.http.get(path, headers=holder)).json()
        later = NOW + timedelta(days=1)
        product = before["lines"][0]["product_id"]
        await shop.hears(
            an_order_placed(order), a_product_changed(a_variant(price=99), product_id=product, occurred_at=later)
        )
        after = (await shop.http.get(path, headers=holder)).json()
        assert {**after, "status": "open", "order_id": None} == before

    async def test_orders_from_elsewhere_close_nothing(self, shop):
        path, holder = await shop.fills()
        await shop.hears(an_order_placed(ids.new_id()))
        assert (await shop.http.get(path, headers=holder)).json()["status"] == "open"

    async def test_the_first_of_two_orders_keeps_the_cart(self, shop, clock):
        path, holder = await shop.fills()
        first, second = ids.new_id(), ids.new_id()
        await shop.freezes(path, holder, first)
        clock.advance(timedelta(minutes=2))
        await shop.freezes(path, holder, second)
        await shop.hears(an_order_placed(first), an_order_placed(second))
        assert (await shop.http.get(path, headers=holder)).json()["order_id"] == str(first)
        assert refusal(await shop.freezes(path, holder, second)) == (409, "cart.already_ordered")
