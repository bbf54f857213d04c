"""The pictures of a product: put in order and taken away."""

from dataclasses import replace

import pytest
from services.catalog.tests.builders import a_product

from catalog.domain import product as rules
from catalog.domain.product import Picture, Product, Status
from catalog.errors import PicturesDiffer
from common import ids

A, B, C = (ids.derived_id("picture", name) for name in "abc")


@pytest.fixture
def granola() -> Product:
    pictures = tuple(Picture(each, f"pictures/{each}.png", "") for each in (A, B, C))
    return replace(a_product(), status=Status.PUBLISHED, pictures=pictures)


def order(product: Product) -> list[object]:
    return [picture.id for picture in product.pictures]


def test_they_stand_in_the_order_that_is_named(granola):
    decision = rules.arrange_pictures(granola, [C, A, B])
    assert order(decision.state) == [C, A, B]
    assert len(decision.events) == 1


def test_the_order_they_have_tells_nobody_anything(granola):
    assert rules.arrange_pictures(granola, [A, B, C]).events == ()


@pytest.mark.parametrize("named", [[], [A, B], [A, B, C, C], [A, B, B], [A, B, ids.derived_id("picture", "x")]])
def test_each_is_named_once_or_nothing_moves(granola, named):
    with pytest.raises(PicturesDiffer) as refused:
        rules.arrange_pictures(granola, named)
    assert refused.value.fields["picture_ids"] == [str(A), str(B), str(C)]


def test_the_others_close_up_and_taking_it_again_changes_nothing(granola):
    decision = rules.remove_picture(granola, B)
    assert order(decision.state) == [A, C]
    assert len(decision.events) == 1
    again = rules.remove_picture(decision.state, B)
    assert (again.state, again.events) == (decision.state, ())
