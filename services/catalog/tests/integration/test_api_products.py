import pytest
from services.catalog.tests.builders import a_mall

from common.testing import published
from contracts.products import MallChanged

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
