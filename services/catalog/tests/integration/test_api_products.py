import unicodedata

import pytest
from services.catalog.tests.builders import a_category, a_mall, a_staff_token, a_stored_product

from common.testing import published
from contracts.products import MallChanged, PriceChanged, ProductChanged, ProductPublished

pytestmark = pytest.mark.integration


def won(amount):
    return {"amount": amount, "currency": "KRW"}


def a_body(**changes):
    variant = {"sku": "GRANOLA-500", "name": "500 g", "price": won(12_900), "list_price": won(15_900)}
    return {
        "mall_id": "intake",
        "slug": "organic-granola",
        "name": "유기농 그래놀라",
        "variants": [variant],
    } | changes


class TestOpenMall:
    async def test_opens_tells_and_can_be_read(self, http, staff, database):
        answer = await http.post(
            "/v1/malls",
            headers=staff,
            json={
                "id": "intake",
                "name": "인테이크",
                "storefront_url": "https://intake.test",
                "support_phone": "1588-0000",
            },
        )
        assert answer.status_code == 201
        read = await http.get("/v1/malls/intake")
        assert read.json() == answer.json()
        assert read.json()["currency"] == "KRW"
        (told,) = await published(database)
        assert isinstance(told, MallChanged)
        assert (told.mall_id, told.name, told.storefront_url) == ("intake", "인테이크", "https://intake.test/")

    async def test_refuses_a_second_of_the_same_id(self, http, staff, database):
        await a_mall(database)
        answer = await http.post("/v1/malls", headers=staff, json={"id": "intake", "name": "x"})
        assert (answer.status_code, answer.json()["code"]) == (409, "mall.already_exists")

    async def test_a_change_keeps_what_was_not_sent(self, http, staff, database):
        body = {"id": "intake", "name": "인테이크", "support_email": "help@intake.test"}
        await http.post("/v1/malls", headers=staff, json=body)
        changed = await http.patch("/v1/malls/intake", headers=staff, json={"support_phone": "02-123-4567"})
        assert changed.json()["support_email"] == "help@intake.test"
        assert changed.json()["name"] == "인테이크"
        assert [type(event) for event in await published(database)] == [MallChanged, MallChanged]

    async def test_the_same_facts_again_are_not_told(self, http, staff, database):
        await a_mall(database)
        await published(database, clear=True)
        await http.patch("/v1/malls/intake", headers=staff, json={"name": "인테이크"})
        assert await published(database) == []


class TestCategories:
    async def test_a_path_leads_down_to_the_category(self, http, staff, database):
        await a_mall(database)
        await a_category(database, "food")
        answer = await http.post(
            "/v1/categories",
            headers=staff,
            json={"mall_id": "intake", "id": "granola", "name": "그래놀라", "parent_id": "food"},
        )
        assert (answer.status_code, answer.json()["path"]) == (201, ["food", "granola"])

    async def test_refuses_an_unknown_parent_a_second_one_and_a_sixth_level(self, http, staff, database):
        await a_mall(database)
        for level in range(5):
            await a_category(database, f"c{level}", f"c{level - 1}" if level else None)

        async def add(category_id, parent_id):
            body = {"mall_id": "intake", "id": category_id, "name": "x", "parent_id": parent_id}
            answer = await http.post("/v1/categories", headers=staff, json=body)
            return answer.status_code, answer.json()["code"]

        assert await add("new", "nope") == (422, "category.not_found")
        assert await add("c1", "c0") == (409, "category.already_exists")
        assert await add("c5", "c4") == (422, "category.too_deep")

    @pytest.mark.parametrize(("position", "status"), [(2**31 - 1, 201), (-(2**31), 201), (2**31, 422), (-(2**63), 422)])
    async def test_a_position_is_a_number_that_can_be_kept(self, http, staff, database, position, status):
        await a_mall(database)
        body = {"mall_id": "intake", "id": "food", "name": "식품", "position": position}
        assert (await http.post("/v1/categories", headers=staff, json=body)).status_code == status


class TestAddProduct:
    async def test_a_draft_is_told_to_nobody_and_starts_with_no_stock(self, http, staff, database):
        await a_mall(database)
        await published(database, clear=True)
        answer = await http.post("/v1/products", headers=staff, json=a_body())
        assert answer.status_code == 201
        assert answer.json()["status"] == "draft"
        assert answer.json()["variants"][0]["list_price"] == won(15_900)
        assert (await http.get("/v1/stock/GRANOLA-500", headers=staff)).json()["on_hand"] == 0
        assert await published(database) == []

    async def test_a_repeated_key_makes_one_product(self, http, staff, database):
        await a_mall(database)
        key = {"Idempotency-Key": "seed-1"}
        first = await http.post("/v1/products", headers=staff | key, json=a_body())
        again = await http.post("/v1/products", headers=staff | key, json=a_body())
        assert again.json() == first.json()
        assert again.headers["idempotent-replayed"] == "true"

    async def test_decomposed_and_composed_are_the_same_words(self, http, staff, database):
        await a_mall(database)
        slug, sku, tag = (
            unicodedata.normalize("NFD", word) for word in ("오랜-시간-구운-그래놀라" * 4, "귀리-500", "비건")
        )
        variant = {"sku": sku, "price": won(1)}
        made = await http.post("/v1/products", headers=staff, json=a_body(slug=slug, tags=[tag], variants=[variant]))
        assert made.status_code == 201, made.text
        assert made.json()["variants"][0]["sku"] == "귀리-500"
        again = await http.post("/v1/products", headers=staff, json=a_body(slug="other", variants=[variant]))
        assert again.json()["code"] == "sku.taken"
        await http.post(f"/v1/products/{made.json()['id']}/publish", headers=staff)
        for asked in (slug, made.json()["slug"]):
            assert (await http.get(f"/v1/products/{asked}")).json()["id"] == made.json()["id"]
        for asked in (tag, "비건"):
            assert len((await http.get("/v1/products", params={"tag": asked})).json()["items"]) == 1
        receipt = {"reference": "r", "items": [{"sku": sku, "quantity": 3}]}
        assert (await http.post("/v1/stock/receipts", headers=staff, json=receipt)).status_code == 201
        assert (await http.get(f"/v1/stock/{sku}", headers=staff)).json()["on_hand"] == 3

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"mall_id": "nowhere"}, 404, "mall.not_found"),
            ({"category_id": "nothing"}, 422, "category.not_found"),
            ({"slug": "taken"}, 409, "product.slug_taken"),
            ({"variants": [{"sku": "TAKEN", "price": won(1)}]}, 409, "sku.taken"),
            ({"variants": [{"sku": "X", "price": won(1)}, {"sku": "X", "price": won(1)}]}, 422, "product.invalid"),
            ({"variants": [{"sku": "X", "price": {"amount": 1, "currency": "USD"}}]}, 422, "price.invalid"),
            ({"variants": [{"sku": "X", "price": won(2), "list_price": won(1)}]}, 422, "price.invalid"),
            ({"variants": [{"sku": "X", "price": won(1)}, {"sku": "Y", "price": won(1)}]}, 422, "product.invalid"),
            ({"name": "\u200b"}, 422, "request.invalid"),
            ({"tags": ["\u3164"]}, 422, "request.invalid"),
            ({"variants": [{"sku": "X", "name": "\u2800\u0301", "price": won(1)}]}, 422, "request.invalid"),
            ({"variants": [{"sku": "\u3164", "price": won(1)}]}, 422, "request.invalid"),
            ({"variants": []}, 422, "request.invalid"),
            ({"variants": [{"sku": "X", "price": won(-1)}]}, 422, "request.invalid"),
            ({"variants": [{"sku": "X", "price": won(99.5)}]}, 422, "request.invalid"),
            ({"variants": [{"sku": "X", "price": won(10**9 + 1)}]}, 422, "request.invalid"),
            ({"variants": [{"sku": "X", "price": won("100")}]}, 422, "request.invalid"),
            ({"variants": [{"sku": "X", "price": 100}]}, 422, "request.invalid"),
            ({"slug": "Sp ace"}, 422, "request.invalid"),
            ({"colour": "red"}, 422, "request.invalid"),
        ],
    )
    async def test_refuses_and_leaves_nothing(self, http, staff, database, changes, status, code):
        await a_mall(database)
        await a_stored_product(database, "TAKEN", slug="taken")
        answer = await http.post("/v1/products", headers=staff, json=a_body(**changes))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await http.get("/v1/stock/X", headers=staff)).status_code == 404

    async def test_one_taken_sku_refuses_the_whole_product(self, http, staff, database):
        await a_mall(database)
        await a_stored_product(database, "TAKEN")
        variants = [{"sku": "NEW", "price": won(1)}, {"sku": "TAKEN", "price": won(1)}]
        answer = await http.post("/v1/products", headers=staff, json=a_body(variants=variants))
        assert answer.json()["skus"] == ["TAKEN"]
        assert (await http.get("/v1/stock/NEW", headers=staff)).status_code == 404


class TestPublishAndChange:
    async def test_each_step_is_told_with_the_whole_product(self, http, staff, database):
        await a_mall(database)
        await a_category(database, "granola")
        await published(database, clear=True)
        product = (await http.post("/v1/products", headers=staff, json=a_body())).json()
        path = f"/v1/products/{product['id']}"
        assert (await http.post(f"{path}/publish", headers=staff)).json()["status"] == "published"
        await http.patch(path, headers=staff, json={"category_id": "granola"})
        price = {"price": won(9_900), "list_price": won(12_900)}
        assert (await http.patch("/v1/variants/GRANOLA-500", headers=staff, json=price)).status_code == 200
        assert (await http.post(f"{path}/hide", headers=staff)).json()["status"] == "hidden"
        assert (await http.get(path)).status_code == 404
        on_sale, changed, priced, moved, hidden = await published(database)
        assert isinstance(on_sale, ProductPublished)
        assert (on_sale.status, on_sale.category_ids, on_sale.variants[0].price) == ("published", (), 12_900)
        assert isinstance(changed, ProductChanged)
        assert changed.category_ids == ("granola",)
        assert (priced.variants[0].price, priced.variants[0].list_price) == (9_900, 12_900)
        assert isinstance(moved, PriceChanged)
        assert (moved.sku, moved.old_price, moved.new_price) == ("GRANOLA-500", 12_900, 9_900)
        assert (hidden.status, hidden.category_ids) == ("hidden", ("granola",))

    async def test_the_same_step_again_changes_and_tells_nothing(self, http, staff, database):
        await a_mall(database)
        product_id = await a_stored_product(database, "A")
        await published(database, clear=True)
        await http.post(f"/v1/products/{product_id}/publish", headers=staff)
        await http.patch(f"/v1/products/{product_id}", headers=staff, json={"name": "유기농 그래놀라"})
        await http.patch("/v1/variants/A", headers=staff, json={"price": won(12_900)})
        assert await published(database) == []

    async def test_a_price_shows_at_once_and_sorts(self, http, staff, database):
        await a_mall(database)
        await a_stored_product(database, "A", name="가", price=200)
        await a_stored_product(database, "B", name="나", price=100)
        await http.patch("/v1/variants/A", headers=staff, json={"price": won(50)})
        items = (await http.get("/v1/products?sort=price_asc")).json()["items"]
        assert [(item["name"], item["variants"][0]["price"]["amount"]) for item in items] == [("가", 50), ("나", 100)]

    @pytest.mark.parametrize(
        ("sku", "body", "status", "code"),
        [
            ("NOPE", {"price": won(1)}, 404, "sku.not_found"),
            ("A", {"price": {"amount": 1, "currency": "USD"}}, 422, "price.invalid"),
            ("A", {"price": won(2), "list_price": won(1)}, 422, "price.invalid"),
            ("A", {"price": won(0.5)}, 422, "request.invalid"),
            ("A", {"price": won(1), "list_price": {"amount": 2, "currency": "USD"}}, 422, "request.invalid"),
        ],
    )
    async def test_refuses_bad_prices(self, http, staff, database, sku, body, status, code):
        await a_mall(database)
        await a_stored_product(database, "A")
        answer = await http.patch(f"/v1/variants/{sku}", headers=staff, json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_null_is_no_name(self, http, staff, database):
        await a_mall(database)
        product_id = await a_stored_product(database, "A")
        for path in (f"/v1/products/{product_id}", "/v1/malls/intake"):
            answer = await http.patch(path, headers=staff, json={"name": None})
            assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


class TestWhoMayWrite:
    ROUTES = (
        ("POST", "/v1/malls"),
        ("PATCH", "/v1/malls/intake"),
        ("POST", "/v1/categories"),
        ("POST", "/v1/products"),
        ("PATCH", "/v1/products/01a204fc-4fd6-7004-9dfa-7ecfe0d130e8"),
        ("POST", "/v1/products/01a204fc-4fd6-7004-9dfa-7ecfe0d130e8/publish"),
        ("POST", "/v1/products/01a204fc-4fd6-7004-9dfa-7ecfe0d130e8/hide"),
        ("POST", "/v1/products/01a204fc-4fd6-7004-9dfa-7ecfe0d130e8/pictures"),
        ("PATCH", "/v1/variants/A"),
        ("POST", "/v1/stock/receipts"),
        ("GET", "/v1/stock/A"),
        ("GET", "/v1/stock/counts"),
        ("POST", "/v1/stock/counts/01a204fc-4fd6-7004-9dfa-7ecfe0d130e8/apply"),
        ("POST", "/v1/media/uploads"),
    )

    @pytest.mark.parametrize(("method", "path"), ROUTES)
    async def test_only_staff_with_the_role(self, http, database, method, path):
        assert (await http.request(method, path, json={})).status_code == 401
        stranger = {"Authorization": f"Bearer {a_staff_token('orders', 'stats')}"}
        assert (await http.request(method, path, json={}, headers=stranger)).status_code == 403
        admin = {"Authorization": f"Bearer {a_staff_token('admin')}"}
        assert (await http.request(method, path, json={}, headers=admin)).status_code not in (401, 403)
