"""Gifts and coupons of orders whose units are cancelled or come back."""

import pytest
from services.cart.tests.builders import a_claim_completed, a_replacement_stopped, an_order_cancelled, an_order_placed

from common import ids

pytestmark = pytest.mark.integration


@pytest.fixture
async def bought(shop):
    """Two units with a coupon off and two gifts of their own stock; the order, its line and its gift's line."""
    await shop.promotes({"kind": "gift", "sku": "GR-500", "quantity": 2}, gift_stock=10, label="사은품")
    off = await shop.promotes({"kind": "amount_off", "amount": 1000}, needs_coupon=True)
    await shop.makes_coupon(off, code="HELLO", most_uses=5)
    path, holder = await shop.fills(quantity=2)
    assert (await shop.http.post(f"{path}/coupons", json={"code": "HELLO"}, headers=holder)).status_code == 201
    order = ids.new_id()
    frozen = (await shop.freezes(path, holder, order)).json()
    await shop.hears(an_order_placed(order))
    item, gift = frozen["lines"]
    assert (item["kind"], gift["kind"]) == ("item", "gift")
    assert await shop.taken() == [("coupon", 1, 1), ("gift", 2, 2)]
    return order, item["line_id"], gift["line_id"]


async def test_a_part_that_is_cancelled_keeps_the_coupon_and_the_gifts(shop, bought):
    order, item, _ = bought
    await shop.hears(an_order_cancelled(order, (item, 1), whole=False))
    assert await shop.taken() == [("coupon", 1, 1), ("gift", 2, 2)]


async def test_a_gift_is_there_again_only_if_it_came_whole(shop, bought):
    order, item, gift = bought
    claim = a_claim_completed(order, (item, 1, 0), (gift, 1, 1))
    for _ in range(2):
        await shop.hears(claim)
    assert await shop.taken() == [("coupon", 1, 1), ("gift", 1, 1)]


async def test_the_coupon_comes_back_with_the_last_of_the_order(shop, bought):
    order, item, gift = bought
    await shop.hears(an_order_cancelled(order, (item, 1), whole=False))
    last = a_claim_completed(order, (item, 0, 1), (gift, 2, 0), whole=True)
    for _ in range(2):
        await shop.hears(last)
    assert await shop.taken() == [("coupon", 0, 0), ("gift", 0, 0)]


async def test_a_cancel_of_the_rest_gives_back_what_is_left_and_no_more(shop, bought):
    order, _, gift = bought
    await shop.hears(an_order_cancelled(order, (gift, 1), whole=False), an_order_cancelled(order))
    assert await shop.taken() == [("coupon", 0, 0), ("gift", 0, 0)]


async def test_what_is_exchanged_is_given_back_once_it_is_not_sent(shop, bought):
    order, item, gift = bought
    await shop.hears(a_claim_completed(order, (item, 1, 0), (gift, 1, 1), kind="exchange"))
    assert await shop.taken() == [("coupon", 1, 1), ("gift", 2, 2)]
    stopped = a_replacement_stopped(order, (item, 1, 0), (gift, 2, 1))
    for _ in range(2):
        await shop.hears(stopped)
    assert await shop.taken() == [("coupon", 1, 1), ("gift", 1, 1)], "the damaged gift is not given again"


async def test_the_coupon_comes_back_when_the_last_of_the_order_is_not_sent(shop, bought):
    order, item, gift = bought
    await shop.hears(a_claim_completed(order, (item, 1, 0)))
    last = a_replacement_stopped(order, (item, 1, 1), (gift, 2, 2), whole=True)
    for _ in range(2):
        await shop.hears(last)
    assert await shop.taken() == [("coupon", 0, 0), ("gift", 0, 0)]


async def test_a_stop_and_a_return_of_one_order_give_back_each_their_own(shop, bought):
    order, _, gift = bought
    await shop.hears(a_claim_completed(order, (gift, 1, 0)), a_replacement_stopped(order, (gift, 1, 1)))
    assert await shop.taken() == [("coupon", 1, 1), ("gift", 0, 0)]
