import pytest
from services.catalog.tests.builders import a_category, a_mall, a_staff_token, a_stored_product
from sqlalchemy import event

from common import ids

pytestmark = pytest.mark.integration


@pytest.fixture
async def mall(database):
    await a_mall(database)
    return database


async def listed(http, **query):
    return (await http.get("/v1/products", params=query)).json()


async def names(http, **query):
    return [item["name"] for item in (await listed(http, **query))["items"]]


async def every_page(http, **query):
    found, cursor, pages = [], None, 0
    while True:
        page = await listed(http, **(query | ({"cursor": cursor} if cursor else {})))
        found += [item["slug"] for item in page["items"]]
        pages += 1
        cursor = page["next_cursor"]
        if cursor is None:
            return found, pages


class TestList:
    async def test_shows_published_products_only(self, http, mall):
        await a_stored_product(mall, "A", name="귀리")
        await a_stored_product(mall, "B", name="초안", publish=False)
        assert await names(http, mall="intake") == ["귀리"]
        assert await names(http, mall="livestore") == []

    async def test_other_services_read_what_is_hidden_too(self, http, internal, mall):
        hidden = await a_stored_product(mall, "B", name="초안", publish=False)
        path = f"/internal/products/{hidden}"
        found = (await http.get(path, headers=internal)).json()
        assert [variant["sku"] for variant in found["variants"]] == ["B"]
        assert (await http.get(path)).status_code == 401
        assert (await http.get(f"/internal/products/{ids.new_id()}", headers=internal)).status_code == 404

    async def test_an_item_is_the_whole_product_with_its_availability(self, http, mall):
        await a_category(mall, "food")
        await a_category(mall, "granola", "food")
        await a_stored_product(mall, "A", slug="granola", category_id="granola", units=3)
        (item,) = (await listed(http))["items"]
        assert item["categories"] == [{"id": "food", "name": "food"}, {"id": "granola", "name": "granola"}]
        assert item["variants"][0]["price"] == {"amount": 12_900, "currency": "KRW"}
        assert item["variants"][0]["availability"] == "low"
        assert (await http.get("/v1/products/granola")).json() == item

    @pytest.mark.parametrize(
        "word", ["홍삼", "그래", "래놀", "홍", "유기농 그래놀라", "유기농그래놀라", "진액 홍삼", "500G"]
    )
    async def test_finds_words_of_the_name(self, http, mall, word):
        await a_stored_product(mall, "A", name="6년근 홍삼 진액 500g")
        await a_stored_product(mall, "B", name="유기농 그래놀라 500g")
        await a_stored_product(mall, "C", name="현미 누룽지")
        found = await names(http, q=word)
        assert found
        assert "현미 누룽지" not in found

    @pytest.mark.parametrize("word", ["인삼", "%", "_", "홍_삼밭", "' OR 1=1 --", "!!!", "\\"])
    async def test_finds_nothing_that_is_not_there(self, http, mall, word):
        await a_stored_product(mall, "A", name="6년근 홍삼 진액")
        assert await names(http, q=word) == []

    async def test_a_changed_name_is_found_by_its_new_words_only(self, http, staff, mall):
        product_id = await a_stored_product(mall, "A", name="홍삼 진액")
        await http.patch(f"/v1/products/{product_id}", headers=staff, json={"name": "도라지 진액"})
        assert await names(http, q="도라지") == ["도라지 진액"]
        assert await names(http, q="홍삼") == []

    async def test_a_category_has_everything_below_it(self, http, mall):
        await a_category(mall, "food")
        await a_category(mall, "granola", "food")
        await a_category(mall, "tea")
        await a_stored_product(mall, "A", name="그래놀라", category_id="granola")
        await a_stored_product(mall, "B", name="녹차", category_id="tea")
        assert await names(http, category="food") == ["그래놀라"]
        assert await names(http, category="granola", mall="intake") == ["그래놀라"]
        assert await names(http, category="nothing") == []

    async def test_sorts(self, http, mall):
        for sku, name, price in [("A", "나", 300), ("B", "가", 100), ("C", "다", 200)]:
            await a_stored_product(mall, sku, name=name, price=price)
        assert await names(http) == ["다", "가", "나"]
        assert await names(http, sort="name") == ["가", "나", "다"]
        assert await names(http, sort="price_asc") == ["가", "다", "나"]
        assert await names(http, sort="price_desc") == ["나", "다", "가"]

    @pytest.mark.parametrize("sort", ["newest", "name", "price_asc", "price_desc"])
    @pytest.mark.parametrize("mall_id", ["intake", None])
    async def test_pages_show_every_product_once_even_where_all_are_equal(self, http, mall, sort, mall_id):
        slugs = {f"p-{number}" for number in range(7)}
        for slug in sorted(slugs):
            await a_stored_product(mall, slug, slug=slug, name="같은 이름")
        found, pages = await every_page(http, sort=sort, limit=3, **({"mall": mall_id} if mall_id else {}))
        assert (len(found), set(found), pages) == (7, slugs, 3)

    async def test_a_full_last_page_has_no_next(self, http, mall):
        for sku in "ABCD":
            await a_stored_product(mall, sku)
        assert (await every_page(http, limit=2))[1] == 2

    async def test_is_one_query_however_long_the_page(self, http, mall):
        for number in range(12):
            await a_stored_product(mall, f"S{number}-1", f"S{number}-2")
        statements = []
        engine = mall.engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
        await listed(http, limit=2)
        short = len(statements)
        await listed(http, limit=12)
        assert (short, len(statements)) == (1, 2)

    @pytest.mark.parametrize(
        "query",
        [
            {"limit": 0},
            {"limit": 101},
            {"limit": "x"},
            {"sort": "best"},
            {"cursor": "garbage"},
            {"mall": "Not A Mall"},
            {"q": "가" * 101},
        ],
    )
    async def test_refuses_bad_questions_in_words(self, http, mall, query):
        answer = await http.get("/v1/products", params=query)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"


class TestCaching:
    async def test_an_unchanged_answer_is_304_until_something_changes(self, http, staff, mall):
        product_id = await a_stored_product(mall, "A", slug="granola", units=1)
        for path in ("/v1/products", "/v1/products/granola", "/v1/categories?mall=intake", "/v1/malls/intake"):
            first = await http.get(path)
            assert first.headers["cache-control"] == "public, max-age=5"
            tag = first.headers["etag"]
            for known in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
                again = await http.get(path, headers={"If-None-Match": known})
                assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
            assert (await http.get(path, headers={"If-None-Match": '"other"'})).status_code == 200
        tag = (await http.get("/v1/products/granola")).headers["etag"]
        await http.patch(f"/v1/products/{product_id}", headers=staff, json={"description": "새 설명"})
        assert (await http.get("/v1/products/granola", headers={"If-None-Match": tag})).status_code == 200

    async def test_selling_out_changes_the_answer(self, http, internal, mall):
        await a_stored_product(mall, "A", slug="granola", units=1)
        before = await http.get("/v1/products/granola")
        hold = {"mall_id": "intake", "lines": [{"sku": "A", "quantity": 1}]}
        await http.put(f"/internal/reservations/{ids.new_id()}", headers=internal, json=hold)
        after = await http.get("/v1/products/granola", headers={"If-None-Match": before.headers["etag"]})
        assert before.json()["variants"][0]["availability"] == "low"
        assert after.json()["variants"][0]["availability"] == "sold_out"


class TestRead:
    async def test_by_id_and_by_slug_of_any_script(self, http, mall):
        product_id = await a_stored_product(mall, "A", slug="유기농-그래놀라")
        assert (await http.get(f"/v1/products/{product_id}")).json()["slug"] == "유기농-그래놀라"
        assert (await http.get("/v1/products/유기농-그래놀라")).json()["id"] == str(product_id)

    async def test_a_slug_of_two_malls_needs_its_mall(self, http, mall):
        await a_mall(mall, "livestore")
        await a_stored_product(mall, "A", slug="granola")
        other = await a_stored_product(mall, "B", slug="granola", mall_id="livestore")
        answer = await http.get("/v1/products/granola")
        assert (answer.status_code, answer.json()["code"]) == (422, "product.ambiguous")
        assert (await http.get("/v1/products/granola?mall=livestore")).json()["id"] == str(other)

    async def test_drafts_and_hidden_ones_are_for_staff_only(self, http, staff, mall):
        product_id = await a_stored_product(mall, "A", publish=False)
        answer = await http.get(f"/v1/products/{product_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "product.not_found")
        seen = await http.get(f"/v1/products/{product_id}", headers=staff)
        assert seen.json()["status"] == "draft"
        assert seen.headers["cache-control"] == "private, no-store"
        stranger = {"Authorization": f"Bearer {a_staff_token('orders')}"}
        assert (await http.get(f"/v1/products/{product_id}", headers=stranger)).status_code == 403

    async def test_nothing_and_nonsense_are_not_found(self, http, mall):
        for name in (ids.new_id(), "nothing", "00000000-0000-0000-0000-000000000000"):
            assert (await http.get(f"/v1/products/{name}")).status_code == 404


class TestCategories:
    async def test_come_as_a_tree(self, http, mall):
        await a_category(mall, "food")
        await a_category(mall, "granola", "food")
        await a_category(mall, "tea")
        tree = (await http.get("/v1/categories?mall=intake")).json()["items"]
        assert [(node["id"], [child["id"] for child in node["children"]]) for node in tree] == [
            ("food", ["granola"]),
            ("tea", []),
        ]

    async def test_an_unknown_mall_is_not_found(self, http, mall):
        assert (await http.get("/v1/categories?mall=nowhere")).json()["code"] == "mall.not_found"
        assert (await http.get("/v1/malls/nowhere")).status_code == 404
