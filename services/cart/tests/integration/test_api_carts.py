import asyncio
import unicodedata

import pytest
from services.cart.tests.builders import a_mall_changed, a_product_changed, a_product_published, a_variant, refusal
from sqlalchemy import text

from common import ids
from common.testing import published
from contracts.carts import CartChanged

pytestmark = pytest.mark.integration

BODY = {"mall_id": "intake", "channel": "pc"}
KEY = {"Idempotency-Key": "a-key-that-only-this-guest-knows"}


def won(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "KRW"}


async def count(database, table: str) -> int:
    async with database.read() as connection:
        return await connection.scalar(text(f"SELECT count(*) FROM {table}"))


class TestOpen:
    async def test_answers_the_empty_cart_with_its_token(self, shop):
        answer = await shop.http.post("/v1/carts", json=BODY)
        made = answer.json()
        assert answer.status_code == 201
        assert len(made["token"]) >= 40
        assert (made["status"], made["lines"], made["total_amount"]) == ("open", [], won(0))

    async def test_stores_no_token_anywhere(self, shop, database):
        made = (await shop.http.post("/v1/carts", json=BODY, headers=KEY)).json()
        async with database.read() as connection:
            stored = str((await connection.execute(text("SELECT * FROM carts"))).all())
            stored += str((await connection.execute(text("SELECT key, response FROM idempotency_keys"))).all())
        assert made["id"] in stored
        assert made["token"] not in stored
        assert KEY["Idempotency-Key"] not in stored

    async def test_a_repeat_with_the_same_key_gets_the_same_cart_and_token(self, shop, database):
        first = await shop.http.post("/v1/carts", json=BODY, headers=KEY)
        second = await shop.http.post("/v1/carts", json=BODY, headers=KEY)
        assert first.json() == second.json()
        assert second.headers["idempotent-replayed"] == "true"
        assert await count(database, "carts") == 1
        made = first.json()
        read = await shop.http.get(f"/v1/carts/{made['id']}", headers={"X-Cart-Token": made["token"]})
        assert read.status_code == 200

    async def test_the_same_key_with_another_body_is_refused(self, shop):
        await shop.http.post("/v1/carts", json=BODY, headers=KEY)
        answer = await shop.http.post("/v1/carts", json={**BODY, "channel": "mobile"}, headers=KEY)
        assert refusal(answer) == (422, "idempotency.key_reused")

    async def test_a_key_two_guests_might_both_choose_is_refused(self, shop):
        answer = await shop.http.post("/v1/carts", json=BODY, headers={"Idempotency-Key": "1"})
        assert refusal(answer) == (422, "idempotency.key_invalid")

    async def test_without_a_key_every_request_opens_another_cart(self, shop, database):
        await shop.http.post("/v1/carts", json=BODY)
        await shop.http.post("/v1/carts", json=BODY)
        assert await count(database, "carts") == 2

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"mall_id": "nowhere", "channel": "pc"}, "mall.unknown"),
            ({"mall_id": "intake", "channel": "fax"}, "channel.unknown"),
            ({"mall_id": "In Take", "channel": "pc"}, "request.invalid"),
            ({"mall_id": "intake"}, "request.invalid"),
            ({"mall_id": "intake", "channel": "pc", "token": "mine"}, "request.invalid"),
        ],
    )
    async def test_refuses_bad_input(self, shop, database, body, code):
        assert refusal(await shop.http.post("/v1/carts", json=body)) == (422, code)
        assert await count(database, "carts") == 0

    async def test_refuses_what_is_no_json_and_what_is_too_large(self, shop):
        headers = {"content-type": "application/json"}
        assert refusal(await shop.http.post("/v1/carts", content=b"{", headers=headers)) == (400, "request.malformed")
        large = b'{"mall_id": "' + b"x" * 1_100_000 + b'"}'
        assert refusal(await shop.http.post("/v1/carts", content=large, headers=headers)) == (413, "request.too_large")


class TestWhoMaySee:
    ASKS = (
        ("GET", "", None),
        ("POST", "/lines", {"sku": "GR-500", "quantity": 1}),
        ("PATCH", "/lines/{line}", {"quantity": 2}),
        ("DELETE", "/lines/{line}", None),
    )

    @pytest.mark.parametrize(("method", "path", "body"), ASKS)
    @pytest.mark.parametrize(
        ("headers", "expected"),
        [({}, (401, "auth.required")), ({"X-Cart-Token": "not-the-token"}, (404, "cart.not_found"))],
        ids=["no token", "wrong token"],
    )
    async def test_nobody_without_the_token(self, shop, method, path, body, headers, expected):
        cart, holder = await shop.fills()
        line = (await shop.http.get(cart, headers=holder)).json()["lines"][0]
        answer = await shop.http.request(method, cart + path.format(line=line["id"]), json=body, headers=headers)
        assert refusal(answer) == expected
        assert (await shop.http.get(cart, headers=holder)).json()["lines"] == [line]

    async def test_not_the_holder_of_another_cart(self, shop):
        mine, _ = await shop.fills()
        _, thief = await shop.opens()
        assert refusal(await shop.http.get(mine, headers=thief)) == (404, "cart.not_found")

    async def test_a_line_of_another_cart_is_not_there(self, shop):
        mine, holder = await shop.fills()
        line = (await shop.http.get(mine, headers=holder)).json()["lines"][0]["id"]
        other, thief = await shop.fills()
        assert refusal(await shop.http.delete(f"{other}/lines/{line}", headers=thief)) == (404, "cart.line_not_found")
        assert len((await shop.http.get(mine, headers=holder)).json()["lines"]) == 1

    async def test_a_cart_that_is_not_there(self, shop):
        path = f"/v1/carts/{ids.new_id()}"
        assert refusal(await shop.http.get(path, headers={"X-Cart-Token": "any"})) == (404, "cart.not_found")
        assert refusal(await shop.http.get("/v1/carts/7", headers={"X-Cart-Token": "any"})) == (422, "request.invalid")


class TestAddLine:
    async def test_a_sku_typed_on_a_mac_is_the_same(self, shop):
        await shop.hears(a_product_published(a_variant("귀리-500")))
        path, holder = await shop.opens()
        body = {"sku": unicodedata.normalize("NFD", "귀리-500"), "quantity": 2}
        answer = await shop.http.post(f"{path}/lines", json=body, headers=holder)
        assert (answer.status_code, answer.json()["lines"][0]["sku"]) == (201, "귀리-500")

    async def test_answers_the_whole_cart_with_every_won_explained(self, shop):
        path, holder = await shop.opens()
        answer = await shop.http.post(f"{path}/lines", json={"sku": "GR-500", "quantity": 2}, headers=holder)
        cart = answer.json()
        assert answer.status_code == 201
        line = cart["lines"][0]
        assert (line["product_name"], line["variant_name"], line["quantity"]) == ("그래놀라", "500g", 2)
        assert (line["unit_price"], line["amount"], line["discount_amount"]) == (won(12900), won(25800), won(0))
        assert (line["available"], line["sold_out"]) == (True, False)
        assert cart["items_amount"] == won(25800)
        assert cart["discount_amount"] == won(0)
        assert cart["shipping_amount"] == won(3000)
        assert cart["total_amount"] == won(28800)
        assert cart["vat_amount"] == won(2345 + 273)
        assert cart["adjustments"] == [
            {
                "kind": "shipping",
                "code": "shipping.fee",
                "label": "배송비",
                "amount": won(3000),
                "promotion_id": None,
            }
        ]
        assert (await shop.http.get(path, headers=holder)).json() == cart

    async def test_tells_the_cart_as_it_is_now(self, shop, database):
        await published(database, clear=True)
        path, _ = await shop.fills(quantity=2)
        (event,) = await published(database)
        assert isinstance(event, CartChanged)
        assert (str(event.cart_id), event.mall_id, event.channel) == (path.rsplit("/", 1)[1], "intake", "pc")
        assert [(line.sku, line.quantity) for line in event.lines] == [("GR-500", 2)]

    async def test_the_same_sku_adds_up(self, shop):
        path, holder = await shop.fills(quantity=2)
        again = await shop.http.post(f"{path}/lines", json={"sku": "GR-500", "quantity": 3}, headers=holder)
        assert [line["quantity"] for line in again.json()["lines"]] == [5]

    async def test_a_repeat_with_the_same_key_adds_once(self, shop, database):
        path, holder = await shop.opens()
        body, headers = {"sku": "GR-500", "quantity": 2}, {**holder, "Idempotency-Key": "1"}
        first = await shop.http.post(f"{path}/lines", json=body, headers=headers)
        second = await shop.http.post(f"{path}/lines", json=body, headers=headers)
        assert second.json() == first.json()
        assert (await shop.http.get(path, headers=holder)).json()["lines"][0]["quantity"] == 2
        thief = {"X-Cart-Token": "wrong", "Idempotency-Key": "1"}
        assert refusal(await shop.http.post(f"{path}/lines", json=body, headers=thief)) == (404, "cart.not_found")

    async def test_many_at_once_lose_nothing(self, shop):
        path, holder = await shop.opens()
        body = {"sku": "GR-500", "quantity": 1}
        answers = await asyncio.gather(*(shop.http.post(f"{path}/lines", json=body, headers=holder) for _ in range(12)))
        assert {answer.status_code for answer in answers} == {201}
        assert [line["quantity"] for line in (await shop.http.get(path, headers=holder)).json()["lines"]] == [12]

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ({"sku": "NOBODY-KNOWS", "quantity": 1}, "sku.unknown"),
            ({"sku": "OTHER-MALL", "quantity": 1}, "sku.unknown"),
            ({"sku": "HIDDEN", "quantity": 1}, "sku.not_for_sale"),
            ({"sku": "GR-500", "quantity": 0}, "request.invalid"),
            ({"sku": "GR-500", "quantity": -1}, "request.invalid"),
            ({"sku": "GR-500", "quantity": 1.5}, "request.invalid"),
            ({"sku": "GR-500", "quantity": 1.0}, "request.invalid"),
            ({"sku": "GR-500", "quantity": "1"}, "request.invalid"),
            ({"sku": "GR-500", "quantity": True}, "request.invalid"),
            ({"sku": "GR-500", "quantity": None}, "request.invalid"),
            ({"sku": "GR-500", "quantity": 100}, "cart.quantity_too_large"),
            ({"sku": "GR-500", "quantity": 2**31}, "request.invalid"),
            ({"sku": "", "quantity": 1}, "request.invalid"),
            ({"sku": "GR\x00500", "quantity": 1}, "request.invalid"),
            ({"sku": "GR-500", "quantity": 1, "unit_price": 1}, "request.invalid"),
            ({"sku": "GR-500"}, "request.invalid"),
        ],
    )
    async def test_refuses_bad_input_and_changes_nothing(self, shop, database, line, code):
        await shop.hears(
            a_mall_changed("livestore"),
            a_product_published(a_variant("OTHER-MALL"), mall_id="livestore"),
            a_product_changed(a_variant("HIDDEN"), status="hidden"),
        )
        path, holder = await shop.fills()
        before = (await shop.http.get(path, headers=holder)).json()
        await published(database, clear=True)
        assert refusal(await shop.http.post(f"{path}/lines", json=line, headers=holder)) == (422, code)
        assert (await shop.http.get(path, headers=holder)).json() == before
        assert await published(database) == []

    async def test_adding_up_past_the_limit_is_refused(self, shop):
        path, holder = await shop.fills(quantity=99)
        answer = await shop.http.post(f"{path}/lines", json={"sku": "GR-500", "quantity": 1}, headers=holder)
        assert refusal(answer) == (422, "cart.quantity_too_large")
        assert answer.json()["max_quantity"] == 99

    async def test_one_line_too_many_is_refused(self, shop):
        await shop.hears(a_product_published(*(a_variant(f"V{index}") for index in range(4))))
        path, holder = await shop.opens()
        for index in range(3):
            await shop.http.post(f"{path}/lines", json={"sku": f"V{index}", "quantity": 1}, headers=holder)
        answer = await shop.http.post(f"{path}/lines", json={"sku": "V3", "quantity": 1}, headers=holder)
        assert refusal(answer) == (422, "cart.too_many_lines")
        assert len((await shop.http.get(path, headers=holder)).json()["lines"]) == 3


class TestChangeAndRemove:
    async def test_changes_how_many(self, shop):
        path, holder = await shop.fills()
        line = (await shop.http.get(path, headers=holder)).json()["lines"][0]["id"]
        changed = await shop.http.patch(f"{path}/lines/{line}", json={"quantity": 4}, headers=holder)
        assert changed.status_code == 200
        assert changed.json()["items_amount"] == won(51600)
        assert changed.json()["shipping_amount"] == won(0)
        assert [(each["code"], each["amount"]) for each in changed.json()["adjustments"]] == [
            ("shipping.fee", won(3000)),
            ("shipping.free", won(-3000)),
        ]

    async def test_the_same_quantity_tells_nobody(self, shop, database):
        path, holder = await shop.fills(quantity=4)
        line = (await shop.http.get(path, headers=holder)).json()["lines"][0]["id"]
        await published(database, clear=True)
        await shop.http.patch(f"{path}/lines/{line}", json={"quantity": 4}, headers=holder)
        assert await published(database) == []

    @pytest.mark.parametrize("quantity", [0, -3, 1.5, "2", None, 2**31])
    async def test_refuses_bad_quantities(self, shop, quantity):
        path, holder = await shop.fills()
        line = (await shop.http.get(path, headers=holder)).json()["lines"][0]["id"]
        answer = await shop.http.patch(f"{path}/lines/{line}", json={"quantity": quantity}, headers=holder)
        assert refusal(answer) == (422, "request.invalid")

    async def test_refuses_more_than_the_limit(self, shop):
        path, holder = await shop.fills()
        line = (await shop.http.get(path, headers=holder)).json()["lines"][0]["id"]
        answer = await shop.http.patch(f"{path}/lines/{line}", json={"quantity": 100}, headers=holder)
        assert refusal(answer) == (422, "cart.quantity_too_large")

    async def test_takes_a_line_out_and_tells_the_empty_cart(self, shop, database):
        path, holder = await shop.fills()
        line = (await shop.http.get(path, headers=holder)).json()["lines"][0]["id"]
        await published(database, clear=True)
        answer = await shop.http.delete(f"{path}/lines/{line}", headers=holder)
        assert (answer.status_code, answer.json()["lines"], answer.json()["total_amount"]) == (200, [], won(0))
        (event,) = await published(database)
        assert event.lines == ()
        gone = await shop.http.delete(f"{path}/lines/{line}", headers=holder)
        assert refusal(gone) == (404, "cart.line_not_found")
