"""Coupons: made, put in, held by an order, used, and given back, in whatever order the events come."""

import asyncio
from datetime import timedelta

import pytest
from services.cart.tests.builders import NOW, an_order_cancelled, an_order_placed, refusal, staff_headers

from cart.jobs import jobs
from common import ids

pytestmark = pytest.mark.integration

STAFF = staff_headers("promotions")
OFF = {"kind": "amount_off", "amount": 1000}


@pytest.fixture
async def promotion(shop):
    return await shop.promotes(OFF, needs_coupon=True)


async def put_in(shop, cart, code):
    path, holder = cart
    return await shop.http.post(f"{path}/coupons", json={"code": code}, headers=holder)


async def with_coupon(shop, code="SPRING"):
    cart = await shop.fills()
    answer = await put_in(shop, cart, code)
    assert answer.status_code == 201, answer.text
    return cart


class TestMake:
    async def test_one_code_or_many(self, shop, promotion):
        single = await shop.makes_coupon(promotion, code="Spring", most_uses=3)
        assert (single["kind"], single["code"], single["codes"], single["taken"]) == ("single", "SPRING", 1, 0)
        many = await shop.makes_coupon(promotion, count=25)
        url = f"/v1/promotions/{promotion['id']}/coupons"
        page = (await shop.http.get(f"{url}/{many['id']}/codes?limit=20", headers=STAFF)).json()
        rest = (await shop.http.get(f"{url}/{many['id']}/codes?cursor={page['next_cursor']}", headers=STAFF)).json()
        codes = [each["code"] for each in (*page["items"], *rest["items"])]
        assert len(set(codes)) == 25
        assert {len(code) for code in codes} == {12}
        assert len((await shop.http.get(url, headers=STAFF)).json()["items"]) == 2

    async def test_refuses_a_code_twice_and_a_promotion_that_needs_none(self, shop, promotion):
        await shop.makes_coupon(promotion, code="SPRING")
        headers = {**STAFF, "Idempotency-Key": "again"}
        url = f"/v1/promotions/{promotion['id']}/coupons"
        taken = await shop.http.post(url, json={"label": "x", "code": "spring"}, headers=headers)
        assert refusal(taken) == (409, "coupon.code_taken")
        open_to_all = await shop.promotes(OFF)
        headers["Idempotency-Key"] = "third"
        url = f"/v1/promotions/{open_to_all['id']}/coupons"
        assert refusal(await shop.http.post(url, json={"label": "x", "count": 1}, headers=headers)) == (
            422,
            "promotion.invalid",
        )
        neither = await shop.http.post(url, json={"label": "x"}, headers=headers | {"Idempotency-Key": "4"})
        assert refusal(neither) == (422, "request.invalid")

    async def test_what_is_not_there_is_not_found(self, shop, promotion):
        url = f"/v1/promotions/{promotion['id']}/coupons/{ids.new_id()}"
        assert refusal(await shop.http.post(f"{url}/stop", headers=STAFF)) == (404, "coupon.not_found")
        assert refusal(await shop.http.get(f"{url}/codes", headers=STAFF)) == (404, "coupon.not_found")


class TestInACart:
    async def test_counts_with_the_code_only_and_not_after_it_is_taken_out(self, shop, promotion):
        await shop.makes_coupon(promotion, code="SPRING")
        path, holder = await shop.fills()
        assert (await shop.http.get(path, headers=holder)).json()["discount_amount"]["amount"] == 0
        cart = (await put_in(shop, (path, holder), " spring ")).json()
        assert (cart["discount_amount"]["amount"], cart["coupons"][0]["applied"]) == (1000, True)
        assert (await put_in(shop, (path, holder), "SPRING")).json()["coupons"] == cart["coupons"]
        left = await shop.http.delete(f"{path}/coupons/spring", headers=holder)
        assert (left.json()["discount_amount"]["amount"], left.json()["coupons"]) == (0, [])
        again = await shop.http.delete(f"{path}/coupons/SPRING", headers=holder)
        assert refusal(again) == (404, "cart.coupon_not_found")

    async def test_one_that_does_not_count_yet_is_kept_and_says_why(self, shop):
        dear = await shop.promotes(OFF, needs_coupon=True, min_amount=20000)
        await shop.makes_coupon(dear, code="SPRING")
        path, holder = await with_coupon(shop)
        coupon = (await shop.http.get(path, headers=holder)).json()["coupons"][0]
        assert (coupon["applied"], coupon["reason"]) == (False, "minimum_amount")
        frozen = (await shop.freezes(path, holder)).json()
        assert (frozen["discount_amount"], frozen["coupon_codes"], frozen["coupon_uses"]) == (0, [], [])
        assert await shop.taken() == [("coupon", 0, 0)]

    async def test_refuses_what_will_never_count(self, shop, promotion):
        await shop.makes_coupon(promotion, code="OVER", valid_to=NOW.isoformat())
        await shop.makes_coupon(promotion, code="MEMBER", per_member=1)
        stopped = await shop.makes_coupon(promotion, code="STOPPED")
        await shop.http.post(f"/v1/promotions/{promotion['id']}/coupons/{stopped['id']}/stop", headers=STAFF)
        cart = await shop.fills()
        assert refusal(await put_in(shop, cart, "NOWHERE")) == (422, "coupon.unknown")
        for code, reason in (("OVER", "over"), ("MEMBER", "members_only"), ("STOPPED", "stopped")):
            answer = await put_in(shop, cart, code)
            assert refusal(answer) == (409, "coupon.not_usable")
            assert answer.json()["reason"] == reason

    async def test_a_coupon_that_is_over_by_the_time_of_the_order_is_refused_by_name(self, shop, promotion, clock):
        await shop.makes_coupon(promotion, code="SPRING", valid_to=(NOW + timedelta(minutes=1)).isoformat())
        path, holder = await with_coupon(shop)
        clock.advance(timedelta(minutes=1))
        answer = await shop.freezes(path, holder)
        assert refusal(answer) == (409, "coupon.not_usable")
        assert (answer.json()["coupon"], answer.json()["reason"]) == ("SPRING", "over")


class TestUses:
    async def test_held_by_the_frozen_quote_used_by_the_placed_order_given_back_by_the_cancelled_one(
        self, shop, promotion
    ):
        await shop.makes_coupon(promotion, code="SPRING", most_uses=1)
        path, holder = await with_coupon(shop)
        rival = await with_coupon(shop)
        order = ids.new_id()
        quote = (await shop.freezes(path, holder, order)).json()
        assert (quote["discount_amount"], quote["coupon_codes"], len(quote["coupon_uses"])) == (1000, ["SPRING"], 1)
        assert refusal(await shop.freezes(*rival)) == (409, "coupon.not_usable")
        assert (await shop.http.get(path, headers=holder)).json()["coupons"][0]["applied"] is True
        await shop.hears(an_order_placed(order), an_order_placed(order))
        assert await shop.taken() == [("coupon", 1, 1)]
        assert (await shop.freezes(path, holder, order)).json() == quote
        await shop.hears(an_order_cancelled(order, whole=False))
        assert await shop.taken() == [("coupon", 1, 1)]
        await shop.hears(an_order_cancelled(order), an_order_cancelled(order))
        assert await shop.taken() == [("coupon", 0, 0)]
        assert (await shop.freezes(*rival)).status_code == 200

    async def test_cancelled_before_placed_is_heard_stays_given_back(self, shop, promotion):
        await shop.makes_coupon(promotion, code="SPRING", most_uses=1)
        cart = await with_coupon(shop)
        order = ids.new_id()
        await shop.freezes(*cart, order)
        await shop.hears(an_order_cancelled(order), an_order_placed(order), an_order_cancelled(order))
        assert await shop.taken() == [("coupon", 0, 0)]

    async def test_released_gives_back_and_the_same_order_takes_it_again(self, shop, promotion):
        await shop.makes_coupon(promotion, code="SPRING", most_uses=1)
        path, holder = await with_coupon(shop)
        rival = await with_coupon(shop)
        order = ids.new_id()
        quote = (await shop.freezes(path, holder, order)).json()
        await shop.releases(path, order)
        assert await shop.taken() == [("coupon", 0, 0)]
        assert (await shop.freezes(path, holder, order)).json() == quote
        assert await shop.taken() == [("coupon", 1, 1)]
        await shop.releases(path, order)
        await shop.freezes(*rival)
        assert refusal(await shop.freezes(path, holder, order)) == (409, "coupon.not_usable")

    async def test_a_hold_nobody_places_lapses_and_an_order_heard_late_counts_all_the_same(
        self, shop, promotion, database, clock
    ):
        await shop.makes_coupon(promotion, code="SPRING", most_uses=1)
        cart = await with_coupon(shop)
        order = ids.new_id()
        await shop.freezes(*cart, order)
        all_jobs = jobs(database, idle=timedelta(1), kept=timedelta(90), held=timedelta(minutes=60))
        (lapsed,) = [job for job in all_jobs if job.name == "lapsed-holds"]
        clock.advance(timedelta(minutes=60))
        await lapsed.run()
        assert await shop.taken() == [("coupon", 1, 1)]
        clock.advance(timedelta(seconds=1))
        await lapsed.run()
        assert await shop.taken() == [("coupon", 0, 0)]
        await shop.hears(an_order_placed(order))
        assert await shop.taken() == [("coupon", 1, 1)]

    async def test_another_order_of_the_same_cart_does_not_get_the_held_coupon(self, shop, promotion, clock):
        await shop.makes_coupon(promotion, code="SPRING", most_uses=1)
        path, holder = await with_coupon(shop)
        first = ids.new_id()
        await shop.freezes(path, holder, first)
        clock.advance(timedelta(minutes=2))
        assert refusal(await shop.freezes(path, holder)) == (409, "cart.busy")
        await shop.releases(path, first)
        assert (await shop.freezes(path, holder)).status_code == 200
        assert await shop.taken() == [("coupon", 1, 1)]


class TestAtTheSameTime:
    async def test_of_many_orders_exactly_as_many_use_it_as_may(self, shop, promotion):
        await shop.makes_coupon(promotion, code="SPRING", most_uses=3)
        carts = [await with_coupon(shop) for _ in range(8)]
        answers = await asyncio.gather(*(shop.freezes(*cart) for cart in carts))
        assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 5
        assert await shop.taken() == [("coupon", 3, 3)]

    async def test_a_generated_code_in_two_carts_is_used_once(self, shop, promotion):
        coupon = await shop.makes_coupon(promotion, count=1)
        url = f"/v1/promotions/{promotion['id']}/coupons/{coupon['id']}/codes"
        code = (await shop.http.get(url, headers=STAFF)).json()["items"][0]["code"]
        carts = [await with_coupon(shop, code) for _ in range(4)]
        answers = await asyncio.gather(*(shop.freezes(*cart) for cart in carts))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        assert await shop.taken() == [("code", 1, 1), ("coupon", 1, 1)]
