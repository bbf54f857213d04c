"""Search and facets over HTTP: particles, misspellings, initial consonants, counts; on real PostgreSQL."""

import asyncio

import pytest
from services.catalog.tests.asking import put
from services.catalog.tests.builders import a_category, a_mall, a_stored_product, receive

from catalog import jobs
from common import ids

pytestmark = pytest.mark.integration


@pytest.fixture
async def mall(database):
    await a_mall(database)
    await a_category(database, "food")
    await a_category(database, "cereal", "food")
    facts = [
        ("G1", "유기농 그래놀라", "cereal", 12_900, ("비건", "아침")),
        ("G2", "초코 그래놀라", "cereal", 9_900, ("아침",)),
        ("H1", "6년근 홍삼 진액", "food", 55_000, ()),
    ]
    for sku, name, category, price, tags in facts:
        await a_stored_product(database, sku, name=name, category_id=category, price=price, tags=tags)
    await a_stored_product(database, "D1", name="비밀 신제품", publish=False)
    await receive(database, G1=3, H1=1)
    while await jobs.learn_words(database):
        pass
    await jobs.follow_availability(database)
    return database


async def look(http, **params):
    answer = await http.get("/v1/products", params={"mall": "intake", "sort": "name"} | params)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    return [item["name"] for item in page["items"]], page["searched_for"]


class TestSearch:
    @pytest.mark.parametrize(
        ("question", "found", "searched_for"),
        [
            ("홍삼", ["6년근 홍삼 진액"], None),
            ("ㄱㄹㄴㄹ", ["유기농 그래놀라", "초코 그래놀라"], None),
            ("ㅎㅅ", ["6년근 홍삼 진액"], None),
            ("그래놀라를", ["유기농 그래놀라", "초코 그래놀라"], ["그래놀라"]),
            ("그레놀라", ["유기농 그래놀라", "초코 그래놀라"], ["그래놀라"]),
            ("초코 그레놀라", ["초코 그래놀라"], ["초코", "그래놀라"]),
            ("비건", ["유기농 그래놀라"], None),
            ("비밀", [], None),
            ("비멸", [], None),
            ("고양이모래", [], None),
            ("%%", [], None),
        ],
    )
    async def test_finds_what_is_meant(self, http, mall, question, found, searched_for):
        assert await look(http, q=question) == (found, searched_for)

    @pytest.mark.parametrize(
        ("question", "found", "searched_for"),
        [
            ("김이", ["구운 김"], ["김"]),
            ("구운 김을", ["구운 김"], ["구운", "김"]),
            ("기미", [], None),
            ("삼은", [], None),
        ],
    )
    async def test_a_word_of_one_syllable_is_found_beside_its_particle(self, http, mall, question, found, searched_for):
        await a_stored_product(mall, "K1", name="구운 김")
        await jobs.learn_words(mall)
        assert await look(http, q=question) == (found, searched_for)

    async def test_the_next_page_goes_on_with_the_corrected_words(self, http, mall):
        asked = {"mall": "intake", "sort": "name", "q": "그레놀라", "limit": 1}
        first = (await http.get("/v1/products", params=asked)).json()
        second = (await http.get("/v1/products", params=asked | {"cursor": first["next_cursor"]})).json()
        assert [item["name"] for item in second["items"]] == ["초코 그래놀라"]
        assert (second["searched_for"], second["next_cursor"]) == (["그래놀라"], None)

    async def test_filters_by_price_and_availability(self, http, mall):
        assert await look(http, min_price=10_000, max_price=20_000) == (["유기농 그래놀라"], None)
        assert await look(http, available=True) == (["6년근 홍삼 진액", "유기농 그래놀라"], None)


class TestFacets:
    async def test_counts_what_fits(self, http, mall):
        answer = await http.get("/v1/products/facets", params={"mall": "intake"})
        assert answer.status_code == 200, answer.text
        facets = answer.json()
        assert facets["total"] == 3
        assert facets["categories"] == [{"id": "food", "count": 3}, {"id": "cereal", "count": 2}]
        assert facets["tags"] == [{"tag": "아침", "count": 2}, {"tag": "비건", "count": 1}]
        assert [(step["from_price"], step["to_price"], step["count"]) for step in facets["prices"]] == [
            (5_000, 10_000, 1),
            (10_000, 20_000, 1),
            (50_000, 100_000, 1),
        ]
        assert facets["availability"] == {"available": 2, "sold_out": 1}
        again = await http.get(
            "/v1/products/facets", params={"mall": "intake"}, headers={"If-None-Match": answer.headers["etag"]}
        )
        assert again.status_code == 304

    async def test_of_a_misspelt_question_are_those_of_the_corrected_one(self, http, mall):
        facets = (await http.get("/v1/products/facets", params={"q": "그레놀라"})).json()
        assert (facets["total"], facets["searched_for"]) == (2, ["그래놀라"])
        assert (await http.get("/v1/products/facets", params={"q": "고양이모래"})).json()["total"] == 0
        assert (await http.get("/v1/products/facets", params={"q": "%"})).json()["total"] == 0

    async def test_a_set_and_its_parts_follow_the_last_unit(self, http, internal, mall):
        await a_stored_product(mall, "SET", name="홍삼 세트", parts={"H1": 1})
        await jobs.tell_sets(mall)
        await jobs.follow_availability(mall)
        assert (await look(http, q="홍삼", available=True))[0] == ["6년근 홍삼 진액", "홍삼 세트"]
        await put(http, internal, ids.new_id(), SET=1)
        await jobs.tell_sets(mall)
        await asyncio.gather(*(jobs.follow_availability(mall) for _ in range(3)))
        assert (await look(http, q="홍삼", available=True))[0] == []
