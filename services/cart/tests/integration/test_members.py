"""Members' carts: one per mall, on every device; a guest's cart goes into it."""

import asyncio
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from services.cart.tests.builders import (
    STAFF_KEY,
    a_mall_changed,
    a_product_published,
    a_variant,
    an_order_placed,
    member_headers,
    refusal,
    staff_headers,
)

from cart.jobs import jobs
from common import ids
from common.testing import published
from contracts.carts import CartAbandoned, CartChanged

pytestmark = pytest.mark.integration

BODY = {"mall_id": "intake", "channel": "pc"}
KIM, LEE = ids.new_id(), ids.new_id()


async def opens(shop, who=KIM, **changes):
    answer = await shop.http.post("/v1/carts", json=BODY | changes, headers=member_headers(who))
    assert answer.status_code in (200, 201), answer.text
    return answer


async def merges(shop, cart, who=KIM, **claims):
    path, holder = cart
    return await shop.http.post(f"{path}/merge", headers={**holder, **member_headers(who, **claims)})


def contents(cart):
    return [(line["sku"], line["quantity"]) for line in cart["lines"]]


@pytest.fixture
async def goods(shop):
    await shop.hears(*(a_product_published(a_variant(f"S{number}", 1000)) for number in range(4)))


class TestMine:
    async def test_one_open_cart_on_every_device(self, shop):
        first = await opens(shop)
        second = await opens(shop, channel="mobile")
        assert (first.status_code, second.status_code) == (201, 200)
        assert (first.json()["id"], first.json()["token"]) == (second.json()["id"], second.json()["token"])
        assert (second.json()["channel"], second.json()["member"]) == ("mobile", True)
        mine = (await shop.http.get("/v1/carts/mine?mall=intake", headers=member_headers(KIM))).json()
        assert mine == second.json()

    async def test_opened_at_once_on_many_devices_is_one(self, shop):
        answers = await asyncio.gather(*(opens(shop) for _ in range(6)))
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]

    async def test_with_the_members_token_or_the_carts_own_and_nobody_elses(self, shop):
        made = (await opens(shop)).json()
        path, line = f"/v1/carts/{made['id']}", {"sku": "GR-500", "quantity": 1}
        by_member = await shop.http.post(f"{path}/lines", json=line, headers=member_headers(KIM))
        by_token = await shop.http.post(f"{path}/lines", json=line, headers={"X-Cart-Token": made["token"]})
        assert (by_member.status_code, by_token.json()["lines"][0]["quantity"]) == (201, 2)
        assert refusal(await shop.http.get(path, headers=member_headers(LEE))) == (404, "cart.not_found")
        assert refusal(await shop.freezes(path, member_headers(LEE))) == (404, "cart.not_found")
        assert (await shop.freezes(path, {"X-Cart-Token": made["token"]})).status_code == 200

    async def test_after_an_order_the_next_one_is_empty(self, shop):
        made = (await opens(shop)).json()
        path = f"/v1/carts/{made['id']}"
        await shop.http.post(f"{path}/lines", json={"sku": "GR-500", "quantity": 1}, headers=member_headers(KIM))
        order = ids.new_id()
        await shop.freezes(path, member_headers(KIM), order)
        await shop.hears(an_order_placed(order))
        mine = await shop.http.get("/v1/carts/mine?mall=intake", headers=member_headers(KIM))
        assert refusal(mine) == (404, "cart.not_found")
        again = await opens(shop)
        assert (again.status_code, again.json()["lines"]) == (201, [])

    async def test_each_mall_has_its_own(self, shop):
        await shop.hears(a_mall_changed("livestore"))
        await opens(shop)
        other = await shop.http.get("/v1/carts/mine?mall=livestore", headers=member_headers(KIM))
        assert refusal(other) == (404, "cart.not_found")

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer nonsense"},
            staff_headers("admin"),
            member_headers("kim"),
            member_headers(KIM, typ="staff"),
            member_headers(KIM, aud="staff"),
            member_headers(KIM, exp=datetime(2020, 1, 1, tzinfo=UTC)),
        ],
        ids=["none", "nonsense", "staff", "no member", "typ", "audience", "over"],
    )
    async def test_needs_a_members_token(self, shop, headers):
        assert refusal(await shop.http.get("/v1/carts/mine?mall=intake", headers=headers)) == (401, "auth.required")

    async def test_a_members_token_is_no_staff_token(self, shop):
        claims = {"sub": str(KIM), "typ": "staff", "aud": "member", "exp": datetime(2100, 1, 1, tzinfo=UTC)}
        token = jwt.encode(claims | {"roles": ["admin"]}, STAFF_KEY, algorithm="HS256")
        for headers in (member_headers(KIM), {"Authorization": f"Bearer {token}"}):
            assert refusal(await shop.http.get("/v1/promotions?mall=intake", headers=headers)) == (401, "auth.required")


class TestTier:
    async def test_counts_as_the_token_says_it_now(self, shop):
        await shop.promotes({"kind": "amount_off", "amount": 500}, tiers=["gold"])
        made = (await opens(shop)).json()
        path = f"/v1/carts/{made['id']}"
        line = {"sku": "GR-500", "quantity": 1}
        plain = await shop.http.post(f"{path}/lines", json=line, headers=member_headers(KIM))
        assert plain.json()["discount_amount"]["amount"] == 0
        gold = await shop.http.get("/v1/carts/mine?mall=intake", headers=member_headers(KIM, tier="gold"))
        assert gold.json()["discount_amount"]["amount"] == 500
        assert (await shop.http.get(path, headers=member_headers(KIM))).json()["discount_amount"]["amount"] == 500
        assert (await shop.freezes(path, {"X-Cart-Token": made["token"]})).json()["discount_amount"] == 500


class TestMerge:
    async def test_keeps_the_members_lines_adds_the_guests_and_the_larger_quantity_of_both(self, shop, goods):
        mine = f"/v1/carts/{(await opens(shop)).json()['id']}"
        for sku, quantity in (("S0", 5), ("S1", 1)):
            await shop.http.post(f"{mine}/lines", json={"sku": sku, "quantity": quantity}, headers=member_headers(KIM))
        guest = await shop.fills("S1", 3)
        for sku in ("S2", "S3"):
            await shop.http.post(f"{guest[0]}/lines", json={"sku": sku, "quantity": 1}, headers=guest[1])
        merged = (await merges(shop, guest)).json()
        assert contents(merged) == [("S0", 5), ("S1", 3), ("S2", 1)]
        assert (f"/v1/carts/{merged['id']}", merged["left_out"]) == (mine, ["S3"])
        closed = (await shop.http.get(guest[0], headers=guest[1])).json()
        assert (closed["status"], closed["lines"]) == ("merged", [])
        refused = await shop.http.post(f"{guest[0]}/lines", json={"sku": "S0", "quantity": 1}, headers=guest[1])
        assert refusal(refused) == (409, "cart.merged")
        assert refusal(await shop.freezes(*guest)) == (409, "cart.merged")

    async def test_tells_both_carts_once_however_often_it_is_asked(self, shop, database):
        guest = await shop.fills(quantity=2)
        await published(database, clear=True)
        first, *again = [await merges(shop, guest) for _ in range(3)]
        assert [answer.json() for answer in again] == [first.json()] * 2
        emptied, filled = [event for event in await published(database) if isinstance(event, CartChanged)]
        assert (emptied.lines, emptied.member_id) == ((), None)
        assert ([line.quantity for line in filled.lines], filled.member_id) == ([2], KIM)

    async def test_at_once_from_many_devices_loses_and_doubles_nothing(self, shop, goods):
        guests = [await shop.fills(f"S{number}", 2) for number in range(3)]
        answers = await asyncio.gather(*(merges(shop, guest) for guest in (*guests, *guests)))
        assert {answer.status_code for answer in answers} == {200}
        mine = (await shop.http.get("/v1/carts/mine?mall=intake", headers=member_headers(KIM))).json()
        assert sorted(contents(mine)) == [("S0", 2), ("S1", 2), ("S2", 2)]

    async def test_of_two_members_at_once_one_gets_it(self, shop):
        guest = await shop.fills()
        answers = await asyncio.gather(merges(shop, guest, KIM), merges(shop, guest, LEE))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert refusal(max(answers, key=lambda answer: answer.status_code))[1] == "cart.merged"

    async def test_waits_while_an_order_of_the_guests_cart_is_being_placed(self, shop, clock):
        guest = await shop.fills()
        order = ids.new_id()
        await shop.freezes(*guest, order)
        assert refusal(await merges(shop, guest)) == (409, "cart.busy")
        await shop.hears(an_order_placed(order))
        assert refusal(await merges(shop, guest)) == (409, "cart.already_ordered")

    async def test_needs_both_tokens(self, shop):
        path, holder = await shop.fills()
        assert refusal(await shop.http.post(f"{path}/merge", headers=holder)) == (401, "auth.required")
        stranger = await shop.http.post(f"{path}/merge", headers=member_headers(KIM))
        assert refusal(stranger) == (404, "cart.not_found")

    async def test_brings_the_coupons_along_and_a_members_coupon_counts_once_per_member(self, shop):
        promotion = await shop.promotes({"kind": "amount_off", "amount": 700}, needs_coupon=True)
        await shop.makes_coupon(promotion, code="WELCOME", per_member=1)
        path = f"/v1/carts/{(await opens(shop)).json()['id']}"
        put_in = {"url": f"{path}/coupons", "json": {"code": "WELCOME"}, "headers": member_headers(KIM)}
        assert (await shop.http.post(**put_in)).status_code == 201
        await merges(shop, await shop.fills())
        order = ids.new_id()
        assert (await shop.freezes(path, member_headers(KIM), order)).json()["discount_amount"] == 700
        await shop.hears(an_order_placed(order))
        second = f"/v1/carts/{(await opens(shop)).json()['id']}"
        refused = await shop.http.post(**put_in | {"url": f"{second}/coupons"})
        assert refusal(refused) == (409, "coupon.not_usable")
        assert refused.json()["reason"] == "already_used"


class TestAbandoned:
    async def test_names_the_member_and_the_rest_but_nothing_personal(self, shop, database, clock):
        await merges(shop, await shop.fills())
        rested = clock.now()
        await published(database, clear=True)
        clock.advance(timedelta(hours=2))
        (job,) = [
            job
            for job in jobs(database, idle=timedelta(hours=1), kept=timedelta(90), held=timedelta(1))
            if job.name == "abandoned-carts"
        ]
        await job.run()
        await job.run()
        (event,) = await published(database)
        assert isinstance(event, CartAbandoned)
        assert (event.member_id, event.resting_since) == (KIM, rested)
        assert set(event.model_dump()) == {
            "cart_id", "mall_id", "channel", "member_id", "lines", "occurred_at", "resting_since",
        }  # fmt: skip
