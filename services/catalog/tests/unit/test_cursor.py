import base64
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.catalog.tests.builders import NOW

from catalog.domain.search import Question
from catalog.errors import CursorInvalid
from catalog.repository.listing import Position
from catalog.schemas import cursor

# Fixed, so that every worker collects the same tests.
ANY_ID = UUID("01a204fc-4fd6-7004-9dfa-7ecfe0d130e8")


@pytest.mark.parametrize(
    ("sort", "value"),
    [("newest", NOW), ("price_asc", 0), ("price_desc", 12_900), ("name", "귀리"), ("recommended", -3)],
)
def test_a_cursor_comes_back_as_it_went(sort, value):
    position = Position(value, ANY_ID)
    assert cursor.to_products(cursor.of_products(sort, position), sort) == (position, None)
    corrected = Question(("그래놀라",))
    assert cursor.to_products(cursor.of_products(sort, position, corrected), sort) == (position, corrected)


def test_a_cursor_belongs_to_its_sort_order():
    made = cursor.of_products("price_asc", Position(1, ANY_ID))
    with pytest.raises(CursorInvalid):
        cursor.to_products(made, "price_desc")


def forged(*parts):
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode()


@pytest.mark.parametrize(
    ("sort", "forgery"),
    [
        ("newest", ""),
        ("newest", "!!!"),
        ("newest", "한글"),
        ("newest", forged("newest")),
        ("newest", forged("newest", "yesterday", str(ANY_ID))),
        ("newest", forged("newest", 5, str(ANY_ID))),
        ("newest", forged("newest", "2026-11-22T00:00:00", str(ANY_ID))),
        ("newest", forged("newest", "0001-01-01T00:00:00+14:00", str(ANY_ID))),
        ("price_asc", forged("price_asc", "1", str(ANY_ID))),
        ("price_asc", forged("price_asc", 1.5, str(ANY_ID))),
        ("price_asc", forged("price_asc", True, str(ANY_ID))),
        ("price_asc", forged("price_asc", 2**63, str(ANY_ID))),
        ("price_asc", forged("price_asc", 1, "not an id")),
        ("price_asc", forged("price_asc", 1, None)),
        ("name", forged("name", "\x00", str(ANY_ID))),
        ("name", forged("name", {"a": 1}, str(ANY_ID))),
        ("recommended", forged("recommended", 2**31, str(ANY_ID))),
        ("name", forged("name", "a", str(ANY_ID), "word")),
        ("name", forged("name", "a", str(ANY_ID), ["100%"])),
        ("name", forged("name", "a", str(ANY_ID), [])),
        ("name", forged("name", "a", str(ANY_ID), [""])),
        ("name", forged("name", "a", str(ANY_ID), None, None)),
    ],
)
def test_a_forged_cursor_is_refused(sort, forgery):
    with pytest.raises(CursorInvalid):
        cursor.to_products(forgery, sort)


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-22T00:00:00", 5])
def test_a_forged_cursor_of_counts_is_refused(moment):
    with pytest.raises(CursorInvalid):
        cursor.to_counts(forged(moment, str(ANY_ID), "A"))


@given(st.text(max_size=60))
def test_no_text_breaks_it(text):
    with pytest.raises(CursorInvalid):
        cursor.to_products(text, "newest")
