"""Which allowances get units back when units of an order are cancelled or come back."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from services.cart.tests.builders import an_item

from cart.commands import GoneUnits
from cart.domain import returning
from cart.domain.promotions.allowances import State, Taken, part
from cart.domain.quote import LinePromotion, Quote, QuoteLine, Use
from common import ids

OFFER, COUPON, CODE = (ids.derived_id("test", name) for name in ("offer", "coupon", "code"))


@pytest.fixture
def quote() -> Quote:
    item = an_item()
    bought = QuoteLine(ids.new_id(), item.sku, 3, item, available=True, unit_price=100)
    also = replace(bought, line_id=ids.new_id(), sku="GR-300", quantity=1)
    gift = QuoteLine(
        ids.new_id(), "CUP", 2, an_item("CUP"), available=True, kind="gift", promotions=(LinePromotion(OFFER, "컵", 0),)
    )
    uses = (Use(OFFER, 2, OFFER), Use(COUPON, 1, OFFER, "HELLO"), Use(CODE, 1, OFFER, "HELLO"))
    return Quote("KRW", (bought, also, gift), (), uses=uses)


def test_what_is_gone_was_not_bought_whether_it_can_be_sold_again_or_not(quote):
    bought, also, _ = quote.lines
    gone = [GoneUnits(bought.line_id, 2, 0), GoneUnits(also.line_id, 1, 1)]
    assert returning.parts(quote, gone) == {bought.item.product_id: 3}


def test_a_gift_is_given_again_only_if_it_can_be(quote):
    gift = quote.lines[2]
    assert returning.parts(quote, [GoneUnits(gift.line_id, 2, 1)]) == {OFFER: 1}
    assert returning.parts(quote, [GoneUnits(gift.line_id, 2, 0)]) == {}


def test_a_line_that_was_not_in_the_cart_gives_nothing(quote):
    assert returning.parts(quote, [GoneUnits(ids.new_id(), 1, 1)]) == {}


def test_a_coupon_and_its_code_belong_together(quote):
    assert returning.of_coupons(quote) == {COUPON, CODE}


@pytest.mark.parametrize(
    ("state", "returned", "asked", "given"),
    [
        (State.USED, 0, 2, 2),
        (State.HELD, 0, 2, 2),
        (State.USED, 2, 2, 1),
        (State.USED, 3, 2, 0),
        (State.CANCELLED, 0, 2, 0),
        (State.RETURNED, 0, 2, 0),
    ],
)
def test_no_more_is_given_back_than_is_counted(state, returned, asked, given):
    taken = Taken(ids.new_id(), OFFER, 3, state, datetime(2026, 11, 22, tzinfo=UTC), returned)
    assert part(taken, asked) == given
