"""Islands and Jeju."""

import pytest
from services.cart.tests.builders import INTERNAL_KEY, refusal, staff_headers

from common import ids

pytestmark = pytest.mark.integration

URL = "/v1/shipping-rules/intake/surcharges"
STAFF = staff_headers("promotions")
JEJU = {"first": "63000", "last": "63644", "label": "제주", "fee": 3000, "source": None}
ULLEUNG = {"first": "40200", "last": "40240", "label": "울릉", "fee": 7000, "source": "carrier 2026-11"}


async def sets(shop, *ranges, currency="KRW"):
    return await shop.http.put(URL, json={"currency": currency, "ranges": ranges}, headers=STAFF)


class TestQuote:
    async def test_asks_more_for_a_postcode_in_a_range_and_tells_it_apart(self, shop):
        await sets(shop, JEJU, ULLEUNG)
        path, holder = await shop.fills()
        for zonecode, extra in (("63000", 3000), ("63644", 3000), ("63645", 0), ("40220", 7000), ("06236", 0)):
            cart = (await shop.http.get(f"{path}?zonecode={zonecode}", headers=holder)).json()
            assert cart["surcharge_amount"]["amount"] == extra
            assert cart["shipping_amount"]["amount"] == 3000 + extra
        assert (await shop.http.get(path, headers=holder)).json()["surcharge_amount"]["amount"] == 0
        assert refusal(await shop.http.get(f"{path}?zonecode=6300", headers=holder)) == (422, "request.invalid")

    async def test_is_frozen_for_where_the_order_goes(self, shop):
        await sets(shop, JEJU)
        frozen = (await shop.freezes(*await shop.fills(quantity=4), ship_to_zonecode="63100")).json()
        assert (frozen["shipping_amount"], frozen["surcharge_amount"]) == (3000, 3000)
        assert (frozen["shipping_discount_amount"], frozen["total_amount"]) == (3000, 54600)
        assert frozen["free_shipping_from"] == 50000
        paid = (await shop.freezes(*await shop.fills(), ship_to_zonecode="63100")).json()
        assert (paid["shipping_amount"], paid["free_shipping_from"]) == (6000, 0)
        assert refusal(await shop.freezes(*await shop.fills(), ship_to_zonecode="jeju")) == (422, "request.invalid")


class TestTable:
    async def test_is_replaced_whole_and_given_up(self, shop):
        assert (await shop.http.get(URL, headers=STAFF)).json()["own"] is False
        assert (await sets(shop, JEJU, ULLEUNG)).json()["ranges"] == [ULLEUNG, JEJU]
        assert (await sets(shop)).json() | {"set_at": None} == {
            "mall_id": "intake",
            "own": True,
            "set_by": "kim",
            "set_at": None,
            "ranges": [],
        }
        assert (await shop.http.delete(URL, headers=STAFF)).json()["own"] is False

    @pytest.mark.parametrize(
        ("ranges", "currency", "code"),
        [
            ((JEJU, JEJU | {"first": "63644", "last": "63700"}), "KRW", "surcharges.invalid"),
            ((JEJU | {"first": "63001", "last": "63000"},), "KRW", "surcharges.invalid"),
            ((JEJU,), "USD", "surcharges.invalid"),
            ((JEJU | {"fee": -1},), "KRW", "request.invalid"),
            ((JEJU | {"first": "6300"},), "KRW", "request.invalid"),
        ],
    )
    async def test_refuses_bad_ranges_and_keeps_what_it_has(self, shop, ranges, currency, code):
        await sets(shop, ULLEUNG)
        assert refusal(await sets(shop, *ranges, currency=currency)) == (422, code)
        assert (await shop.http.get(URL, headers=STAFF)).json()["ranges"] == [ULLEUNG]

    async def test_only_staff_who_price(self, shop):
        assert refusal(await shop.http.get(URL)) == (401, "auth.required")
        stranger = await shop.http.put(URL, json={}, headers=staff_headers("stats"))
        assert refusal(stranger) == (403, "auth.forbidden")


class TestCommonTable:
    URL = "/v1/shipping-rules/*/surcharges"

    async def test_is_replaced_whole_and_counts_where_a_mall_has_none(self, shop):
        assert (await shop.http.get(self.URL, headers=STAFF)).json()["ranges"] == []
        changed = await shop.http.put(self.URL, json={"currency": "KRW", "ranges": [ULLEUNG]}, headers=STAFF)
        assert changed.json()["ranges"] == [ULLEUNG]
        assert (changed.json()["mall_id"], changed.json()["set_by"]) == ("*", "kim")
        path, holder = await shop.fills()
        for zonecode, extra in (("40220", 7000), ("63000", 0)):
            cart = (await shop.http.get(f"{path}?zonecode={zonecode}", headers=holder)).json()
            assert cart["surcharge_amount"]["amount"] == extra
            told = await shop.http.get(
                f"/internal/surcharges/intake/{zonecode}", headers={"X-Internal-Key": INTERNAL_KEY}
            )
            assert told.json() == {"amount": extra}
        await sets(shop, JEJU)
        cart = (await shop.http.get(f"{path}?zonecode=40220", headers=holder)).json()
        assert cart["surcharge_amount"]["amount"] == 0

    async def test_overlapping_ranges_change_nothing(self, shop):
        before = (await shop.http.get(self.URL, headers=STAFF)).json()
        refused = await shop.http.put(self.URL, json={"currency": "KRW", "ranges": [JEJU, JEJU]}, headers=STAFF)
        assert refusal(refused) == (422, "surcharges.invalid")
        assert (await shop.http.get(self.URL, headers=STAFF)).json() == before
        assert refusal(await shop.http.put(self.URL, json={}, headers=staff_headers("stats"))) == (
            403,
            "auth.forbidden",
        )

    async def test_costs_nothing_for_an_order_whose_coupon_frees_it(self, shop):
        await shop.http.put(self.URL, json={"currency": "KRW", "ranges": [JEJU]}, headers=STAFF)
        asked, key = f"/internal/surcharges/intake/{JEJU['first']}", {"X-Internal-Key": INTERNAL_KEY}
        told = {}
        for too in (False, True):
            await shop.promotes({"kind": "free_shipping", "surcharge_too": too}, priority=int(too))
            order = ids.new_id()
            assert (await shop.freezes(*await shop.fills(), order)).json()["shipping_amount"] == 0
            told[too] = (await shop.http.get(f"{asked}?order_id={order}", headers=key)).json()["amount"]
        assert told == {True: 0, False: JEJU["fee"]}
        for nobody in ("", f"?order_id={ids.new_id()}"):
            assert (await shop.http.get(asked + nobody, headers=key)).json() == {"amount": JEJU["fee"]}

    async def test_what_a_place_costs_is_for_the_shop_itself(self, shop):
        assert (await shop.http.get("/internal/surcharges/intake/63000")).status_code == 401
