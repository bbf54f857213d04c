"""Promotions as staff make them, seen from a cart."""

from datetime import timedelta

import pytest
from services.cart.tests.builders import NOW, a_mall_changed, a_product_published, a_variant, refusal, staff_headers

from common import ids

pytestmark = pytest.mark.integration

STAFF = staff_headers("promotions")
TEN_PERCENT = {"kind": "percent_off", "basis_points": 1000}
GIFT = {"kind": "gift", "sku": "CUP"}
BODY = {"mall_id": "intake", "label": "봄맞이", "currency": "KRW", "benefit": TEN_PERCENT}


def keyed(key="one"):
    return {**STAFF, "Idempotency-Key": key}


async def total(shop, path, holder):
    return (await shop.http.get(path, headers=holder)).json()["total_amount"]["amount"]


class TestWho:
    async def test_only_staff_of_promotions(self, shop):
        some = ids.new_id()
        for method, url in (
            ("POST", "/v1/promotions"),
            ("GET", "/v1/promotions?mall=intake"),
            ("GET", f"/v1/promotions/{some}"),
            ("PUT", f"/v1/promotions/{some}"),
            ("POST", "/v1/promotions/dry-run"),
            ("GET", f"/v1/promotions/{some}/coupons"),
        ):
            assert refusal(await shop.http.request(method, url)) == (401, "auth.required")
            stranger = await shop.http.request(method, url, headers=staff_headers("catalog"))
            assert refusal(stranger) == (403, "auth.forbidden")


class TestLife:
    async def test_a_draft_counts_nowhere_until_it_is_active_and_not_after_it_is_stopped(self, shop):
        path, holder = await shop.fills()
        made = (await shop.http.post("/v1/promotions", json=BODY, headers=keyed())).json()
        assert (made["status"], made["version"], made["gifts_taken"]) == ("draft", 1, 0)
        assert await total(shop, path, holder) == 15900
        url = f"/v1/promotions/{made['id']}"
        for version, status, expected in ((1, "active", 14610), (2, "stopped", 15900)):
            body = BODY | {"status": status, "version": version}
            answer = await shop.http.put(url, json=body, headers=STAFF)
            assert (answer.status_code, answer.json()["version"]) == (200, version + 1)
            assert await total(shop, path, holder) == expected
        assert refusal(await shop.http.put(url, json=BODY | {"version": 1}, headers=STAFF)) == (
            409,
            "promotion.changed",
        )

    async def test_a_repeat_of_the_request_makes_one(self, shop):
        first = await shop.http.post("/v1/promotions", json=BODY, headers=keyed())
        again = await shop.http.post("/v1/promotions", json=BODY, headers=keyed())
        assert first.json() == again.json()
        listed = (await shop.http.get("/v1/promotions?mall=intake", headers=STAFF)).json()
        assert [each["id"] for each in listed["items"]] == [first.json()["id"]]
        assert (await shop.http.get("/v1/promotions?mall=intake&status=active", headers=STAFF)).json()["items"] == []

    async def test_pages(self, shop):
        made = [(await shop.promotes(TEN_PERCENT))["id"] for _ in range(3)]
        first = (await shop.http.get("/v1/promotions?mall=intake&limit=2", headers=STAFF)).json()
        second = (
            await shop.http.get(f"/v1/promotions?mall=intake&limit=2&cursor={first['next_cursor']}", headers=STAFF)
        ).json()
        assert [each["id"] for each in (*first["items"], *second["items"])] == made
        assert second["next_cursor"] is None

    async def test_every_kind_is_stored_and_read_as_it_was_sent(self, shop):
        for benefit in (
            TEN_PERCENT | {"at_most": 5000},
            {"kind": "amount_off", "amount": 1000, "each": True},
            {
                "kind": "quantity_steps",
                "steps": [{"from_quantity": 2, "basis_points": 500, "unit_amount": 10}],
                "together": False,
            },
            {"kind": "free_shipping", "surcharge_too": True},
            {"kind": "gift", "sku": "GR-500", "quantity": 2, "every": 3, "at_most": 4},
        ):
            changes = {
                "scope": {"skus": ["A"], "products": [str(ids.new_id())], "categories": ["c"], "except_skus": ["B"]},
                "channels": ["pc"],
                "tiers": ["gold"],
                "members_only": True,
                "priority": 7,
                "stacking": "exclusive",
                "min_amount": 1,
                "min_quantity": 2,
                "valid_from": "2026-11-22T03:00:00Z",
                "valid_to": "2026-12-22T03:00:00Z",
            }
            made = await shop.promotes(benefit, **changes)
            assert made["benefit"] == benefit
            assert {name: made[name] for name in changes} == changes
            assert (await shop.http.get(f"/v1/promotions/{made['id']}", headers=STAFF)).json() == made

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"mall_id": "nowhere"}, "mall.unknown"),
            ({"currency": "USD"}, "promotion.invalid"),
            ({"benefit": {"kind": "gift", "sku": "NOTHING"}}, "sku.unknown"),
            ({"benefit": {"kind": "percent_off", "basis_points": 10001}}, "request.invalid"),
            ({"benefit": {"kind": "bogus"}}, "request.invalid"),
            ({"benefit": {"kind": "quantity_steps", "steps": [{"from_quantity": 2}]}}, "request.invalid"),
            ({"gift_stock": 5}, "request.invalid"),
            ({"valid_from": NOW.isoformat(), "valid_to": NOW.isoformat()}, "request.invalid"),
            ({"valid_to": (NOW - timedelta(days=1)).isoformat()}, "promotion.invalid"),
        ],
    )
    async def test_refuses_what_makes_no_sense(self, shop, changes, code):
        assert refusal(await shop.http.post("/v1/promotions", json=BODY | changes, headers=keyed())) == (422, code)
        assert (await shop.http.get("/v1/promotions?mall=intake", headers=STAFF)).json()["items"] == []

    async def test_what_is_not_there_is_not_found(self, shop):
        url = f"/v1/promotions/{ids.new_id()}"
        assert refusal(await shop.http.get(url, headers=STAFF)) == (404, "promotion.not_found")
        put = await shop.http.put(url, json=BODY | {"version": 1}, headers=STAFF)
        assert refusal(put) == (404, "promotion.not_found")


class TestQuote:
    async def test_explains_every_won_and_freezes_the_same(self, shop):
        await shop.promotes(TEN_PERCENT)
        await shop.promotes({"kind": "gift", "sku": "GR-500"}, label="사은품")
        path, holder = await shop.fills(quantity=2)
        seen = (await shop.http.get(path, headers=holder)).json()
        assert (
            sum(entry["amount"]["amount"] for entry in seen["explanation"]) == seen["total_amount"]["amount"] == 26220
        )
        frozen = (await shop.freezes(path, holder)).json()
        assert (frozen["total_amount"], frozen["discount_amount"]) == (26220, 2580)
        item, gift = frozen["lines"]
        assert [off["amount"] for off in item["promotions"]] == [2580]
        assert (gift["kind"], gift["unit_price"], gift["amount"], gift["gift_of"]) == ("gift", 0, 0, [])
        assert gift["line_id"] == seen["lines"][1]["id"] != item["line_id"]

    async def test_a_gift_line_is_not_the_customers_to_change(self, shop):
        await shop.promotes({"kind": "gift", "sku": "GR-500"})
        path, holder = await shop.fills()
        gift = (await shop.http.get(path, headers=holder)).json()["lines"][1]["id"]
        answer = await shop.http.delete(f"{path}/lines/{gift}", headers=holder)
        assert refusal(answer) == (404, "cart.line_not_found")

    async def test_of_another_mall_or_another_time_counts_for_nothing(self, shop, clock):
        await shop.hears(a_mall_changed("livestore"))
        await shop.promotes(TEN_PERCENT, mall_id="livestore")
        await shop.promotes(TEN_PERCENT, valid_from=(NOW + timedelta(hours=1)).isoformat())
        path, holder = await shop.fills()
        assert await total(shop, path, holder) == 15900
        clock.advance(timedelta(hours=1))
        assert await total(shop, path, holder) == 14610


class TestDryRun:
    async def test_changes_nothing_and_shows_both_totals(self, shop):
        await shop.promotes({"kind": "amount_off", "amount": 900})
        body = {
            "promotion": BODY | {"needs_coupon": True, "tiers": ["gold"]},
            "lines": [{"sku": "GR-500", "quantity": 2}],
            "tier": "gold",
            "ship_to_zonecode": "63100",
        }
        answer = await shop.http.post("/v1/promotions/dry-run", json=body, headers=STAFF)
        seen = answer.json()
        assert answer.status_code == 200, answer.text
        assert (seen["applied"], seen["reason"], seen["difference"]["amount"]) == (True, None, -2490)
        assert seen["without"]["total_amount"]["amount"] - 2490 == seen["within"]["total_amount"]["amount"]
        assert len((await shop.http.get("/v1/promotions?mall=intake", headers=STAFF)).json()["items"]) == 1

    async def test_a_stored_draft_on_a_customers_cart_at_another_time(self, shop):
        path, _holder = await shop.fills()
        begins = (NOW + timedelta(days=1)).isoformat()
        draft = await shop.promotes(TEN_PERCENT, status="draft", valid_from=begins)
        body = {"promotion_id": draft["id"], "cart_id": path.rsplit("/", 1)[1]}
        early = (await shop.http.post("/v1/promotions/dry-run", json=body, headers=STAFF)).json()
        assert (early["applied"], early["reason"]) == (False, "not_begun")
        later = (await shop.http.post("/v1/promotions/dry-run", json=body | {"at": begins}, headers=STAFF)).json()
        assert later["difference"]["amount"] == -1290

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({}, (422, "request.invalid")),
            ({"promotion": BODY}, (422, "request.invalid")),
            ({"promotion_id": str(ids.new_id()), "cart_id": str(ids.new_id())}, (404, "promotion.not_found")),
            ({"promotion": BODY, "cart_id": str(ids.new_id())}, (404, "cart.not_found")),
            (
                {"promotion": BODY, "lines": [{"sku": "GR-500", "quantity": 1}], "channel": "fax"},
                (422, "channel.unknown"),
            ),
        ],
    )
    async def test_refuses(self, shop, body, expected):
        assert refusal(await shop.http.post("/v1/promotions/dry-run", json=body, headers=STAFF)) == expected

    async def test_unknown_goods_in_lines_are_shown_as_not_available(self, shop):
        body = {"promotion": BODY, "lines": [{"sku": "NOTHING", "quantity": 1}]}
        seen = (await shop.http.post("/v1/promotions/dry-run", json=body, headers=STAFF)).json()
        assert (seen["applied"], seen["reason"]) == (False, "nothing_covered")
        assert seen["within"]["lines"][0]["available"] is False


class TestGiftStock:
    @pytest.fixture
    async def cup(self, shop):
        await shop.hears(a_product_published(a_variant("CUP", 9000), name="컵"))

    async def test_the_last_gifts_go_to_the_orders_that_froze_first(self, shop, cup):
        made = await shop.promotes(GIFT, gift_stock=1)
        first, second = await shop.fills(), await shop.fills()
        order = ids.new_id()
        assert [line["sku"] for line in (await shop.freezes(*first, order)).json()["lines"]] == ["GR-500", "CUP"]
        assert [line["sku"] for line in (await shop.freezes(*second)).json()["lines"]] == ["GR-500"]
        seen = (await shop.http.get(f"/v1/promotions/{made['id']}", headers=STAFF)).json()
        assert (seen["gift_stock"], seen["gifts_taken"]) == (1, 1)
        await shop.releases(first[0], order)
        assert await shop.taken() == [("gift", 0, 0)]

    async def test_frozen_again_without_gifts_that_cannot_be_had(self, shop, cup):
        await shop.promotes(GIFT, gift_stock=5)
        path, holder = await shop.fills()
        order = ids.new_id()
        first = (await shop.freezes(path, holder, order)).json()
        less = (await shop.freezes(path, holder, order, without_gifts=["CUP"])).json()
        assert less == {**first, "lines": first["lines"][:1]}
        assert (await shop.freezes(path, holder, order)).json() == less
        assert await shop.taken() == [("gift", 0, 0)]
        other = (await shop.freezes(*await shop.fills(), without_gifts=["CUP", "ELSE"])).json()
        assert len(other["lines"]) == 1
