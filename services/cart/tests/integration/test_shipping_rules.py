from datetime import timedelta

import pytest
from services.cart.tests.builders import (
    NOW,
    a_mall_changed,
    a_product_published,
    a_variant,
    refusal,
    staff_headers,
)

pytestmark = pytest.mark.integration

PATH = "/v1/shipping-rules/intake"
STAFF = staff_headers("promotions")


def won(amount: int, currency: str = "KRW") -> dict[str, object]:
    return {"amount": amount, "currency": currency}


def a_rule(**changes) -> dict[str, object]:
    return {"label": "배송비", "fee": won(2500), "free_from": won(30000)} | changes


class TestWho:
    @pytest.mark.parametrize("method", ["GET", "PUT"])
    async def test_only_staff_with_a_role_for_it(self, shop, method):
        body = a_rule() if method == "PUT" else None
        assert refusal(await shop.http.request(method, PATH, json=body)) == (401, "auth.required")
        stranger = await shop.http.request(method, PATH, json=body, headers=staff_headers("stats"))
        assert refusal(stranger) == (403, "auth.forbidden")
        for role in ("catalog", "promotions", "admin"):
            answer = await shop.http.request(method, PATH, json=body, headers=staff_headers(role))
            assert answer.status_code == 200


class TestRules:
    async def test_the_settings_decide_until_a_mall_has_its_own(self, shop):
        answer = (await shop.http.get(PATH, headers=STAFF)).json()
        assert answer["in_force"]["fee"] == won(3000)
        assert answer["in_force"]["valid_from"] is None

    async def test_a_new_rule_counts_for_every_open_cart_at_once(self, shop):
        path, holder = await shop.fills(quantity=3)
        assert (await shop.http.get(path, headers=holder)).json()["shipping_amount"] == won(3000)
        answer = await shop.http.put(PATH, json=a_rule(), headers=STAFF)
        assert answer.json()["in_force"] == {
            "label": "배송비",
            "fee": won(2500),
            "free_from": won(30000),
            "valid_from": NOW.isoformat().replace("+00:00", "Z"),
            "valid_to": None,
        }
        assert (await shop.http.get(path, headers=holder)).json()["shipping_amount"] == won(0)

    async def test_a_rule_to_come_waits_for_its_time_and_ends_at_its_end(self, shop, clock):
        path, holder = await shop.fills()
        begins, ends = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
        rule = a_rule(fee=won(0), valid_from=begins.isoformat(), valid_to=ends.isoformat())
        answer = (await shop.http.put(PATH, json=rule, headers=STAFF)).json()
        assert (answer["in_force"]["fee"], [each["fee"] for each in answer["coming"]]) == (won(3000), [won(0)])
        fees = []
        for moment in (begins - timedelta(seconds=1), begins, ends):
            clock.advance(moment - clock.now())
            fees.append((await shop.http.get(path, headers=holder)).json()["shipping_amount"]["amount"])
        assert fees == [3000, 0, 3000]

    async def test_the_same_beginning_again_replaces_the_rule(self, shop):
        begins = (NOW + timedelta(hours=1)).isoformat()
        await shop.http.put(PATH, json=a_rule(valid_from=begins), headers=STAFF)
        answer = await shop.http.put(PATH, json=a_rule(fee=won(1), valid_from=begins), headers=STAFF)
        assert [each["fee"] for each in answer.json()["coming"]] == [won(1)]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"fee": won(-1)}, "request.invalid"),
            ({"fee": {"amount": 2500.5, "currency": "KRW"}}, "request.invalid"),
            ({"fee": 2500}, "request.invalid"),
            ({"free_from": won(-1)}, "request.invalid"),
            ({"label": ""}, "request.invalid"),
            ({"valid_from": "2026-11-22T00:00:00"}, "request.invalid"),
            ({"fee": won(25, "USD"), "free_from": None}, "shipping_rule.invalid"),
            ({"free_from": won(300, "USD")}, "shipping_rule.invalid"),
            ({"valid_from": (NOW - timedelta(seconds=1)).isoformat()}, "shipping_rule.invalid"),
            ({"valid_to": NOW.isoformat()}, "shipping_rule.invalid"),
        ],
    )
    async def test_refuses_bad_rules(self, shop, changes, code):
        assert refusal(await shop.http.put(PATH, json=a_rule(**changes), headers=STAFF)) == (422, code)
        assert (await shop.http.get(PATH, headers=STAFF)).json()["in_force"]["valid_from"] is None

    async def test_a_mall_nobody_knows_has_no_rules(self, shop):
        assert refusal(await shop.http.get("/v1/shipping-rules/nowhere", headers=STAFF)) == (422, "mall.unknown")
        answer = await shop.http.put("/v1/shipping-rules/nowhere", json=a_rule(), headers=STAFF)
        assert refusal(answer) == (422, "mall.unknown")


class TestMallInAnotherCurrency:
    async def test_sells_nothing_until_it_has_a_rule(self, shop):
        await shop.hears(
            a_mall_changed("usa", currency="USD"),
            a_product_published(a_variant("BAR", 450), mall_id="usa", currency="USD"),
        )
        made = (await shop.http.post("/v1/carts", json={"mall_id": "usa", "channel": "pc"})).json()
        path, holder = f"/v1/carts/{made['id']}", {"X-Cart-Token": made["token"]}
        line = {"sku": "BAR", "quantity": 2}
        refused = await shop.http.post(f"{path}/lines", json=line, headers=holder)
        assert refusal(refused) == (409, "shipping_rule.missing")
        assert (await shop.http.get(path, headers=holder)).json()["lines"] == []
        rule = a_rule(fee=won(500, "USD"), free_from=None)
        await shop.http.put("/v1/shipping-rules/usa", json=rule, headers=STAFF)
        cart = (await shop.http.post(f"{path}/lines", json=line, headers=holder)).json()
        assert cart["total_amount"] == won(1400, "USD")
