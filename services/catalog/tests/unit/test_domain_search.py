import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.domain import search


def hits(name: str, question: str) -> bool:
    """What the database does with grams and boiled-down text."""
    boiled, asked = search.boil_down(name), search.ask(question)
    return set(asked.grams) <= set(search.grams(boiled)) and all(word in boiled for word in asked.words)


class TestAsk:
    @pytest.mark.parametrize(
        "question", ["홍삼", "그래놀라", "유기농 홍삼", "홍", "삼그", "유기농홍삼그래놀라", "500G", "500ｇ"]
    )
    def test_finds_korean_words_of_any_length_with_and_without_spaces(self, question):
        assert hits("유기농 홍삼 그래놀라 500g", question)

    @pytest.mark.parametrize("question", ["인삼", "홍삼 우유", "삼홍", "501g"])
    def test_does_not_find_what_is_not_there(self, question):
        assert not hits("유기농 홍삼 그래놀라 500g", question)

    def test_pairs_alone_are_not_a_hit(self):
        name = "가나 나다"
        assert set(search.ask("나나").grams) <= set(search.grams(search.boil_down(name)))
        assert hits(name, "나나")  # spaces do not count, on purpose
        assert not hits("다나 나가나", "가나다")

    def test_a_name_typed_on_a_mac_is_found(self):
        assert hits(unicodedata.normalize("NFD", "홍삼 진액"), "홍삼")

    def test_signs_alone_are_no_question(self):
        assert search.ask("%% __ !!").words == ()

    @given(st.text(max_size=30), st.integers(0, 30), st.integers(1, 30))
    def test_every_part_of_a_name_finds_it(self, name, start, length):
        boiled = search.boil_down(name)
        part = boiled[start : start + length]
        if part:
            assert hits(boiled, part)

    @given(st.text(max_size=50))
    def test_a_boiled_down_word_is_a_pattern_as_it_is(self, text):
        assert not set(search.boil_down(text)) & set("%_\\")
