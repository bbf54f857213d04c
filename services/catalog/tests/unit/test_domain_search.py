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


def finds(name: str, question: str, *, loose: bool = False) -> bool:
    asked = search.ask(question)
    if loose:
        asked = search.without_particles(asked) or asked
    indexed = search.index(name)
    return set(asked.grams) <= set(indexed.grams) and all(word in indexed.text for word in asked.words)


class TestInitials:
    @pytest.mark.parametrize("question", ["ㄱㄹㄴㄹ", "ㅇㄱㄴ", "ㄱㄴㄱㄹ", "ㅎㅅ ㄱㄹㄴㄹ", "ㄱ", "그래ㄴ", "ㅎ"])
    def test_find_a_name(self, question):
        assert finds("유기농 홍삼 그래놀라", question) or finds("유기농 그래놀라 홍삼", question)

    def test_joined_by_the_keyboard_are_two(self):
        assert finds("감사 선물", "ㄱㅅ")
        assert finds("감사 선물", "ㄳ")

    @pytest.mark.parametrize("question", ["ㄹㄱ", "ㅋㅋ", "ㅏ"])
    def test_do_not_find_what_is_not_there(self, question):
        assert not finds("유기농 그래놀라", question)

    def test_are_not_found_across_the_texts(self):
        assert not finds("가나", "나ㄱ나")


class TestParticles:
    @pytest.mark.parametrize(
        "question", ["그래놀라를", "홍삼은", "그래놀라에서는 홍삼이", "유기농으로", "홍삼과 그래놀라"]
    )
    def test_are_left_out(self, question):
        assert finds("유기농 홍삼 그래놀라", question, loose=True)

    @pytest.mark.parametrize("question", ["포도", "사과", "500g", "홍삼"])
    def test_a_word_keeps_two_letters(self, question):
        assert search.without_particles(search.ask(question)) is None


class TestOneSyllable:
    @pytest.mark.parametrize(
        ("word", "stem"),
        [
            *(("밥을", "밥"), ("밥이", "밥"), ("김이", "김"), ("귤은", "귤"), ("콩과", "콩"), ("밥으로", "밥")),
            *(("쌀로", "쌀"), ("무를", "무"), ("차와", "차"), ("차로", "차"), ("떡도", "떡"), ("떡까지", "떡")),
            *(("가을", None), ("사과", None), ("오이", None), ("밥를", None), ("무을", None), ("밥로", None)),
            *(("밥", None), ("비빔밥을", None), ("a를", None), ("홍삼", None)),
        ],
    )
    def test_stands_beside_the_particle_that_goes_with_it(self, word, stem):
        assert search.one_syllable(word) == stem


class TestMisspellings:
    KNOWN = search.words("유기농 그래놀라 홍삼 두유", "granola 현미누룽지")

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("그레놀라", "그래놀라"),
            ("그래놀ㄹ", "그래놀라"),
            ("구래놀라", "그래놀라"),
            ("홍사", "홍삼"),
            ("헝삼", "홍삼"),
            ("유기눙", "유기농"),
            ("granoal", "granola"),
            ("현미누릉지", "현미누룽지"),
            ("바나나", None),
            ("두부김치", None),
            ("홍", None),
        ],
    )
    def test_the_nearest_word_is_meant(self, typed, meant):
        (word,) = (search.boil_down(typed),)
        misspelt = search.misspelling(word)
        assert (misspelt and search.nearest(misspelt, self.KNOWN)) == meant

    @given(st.text("ㄱㅏㄴ", max_size=6), st.text("ㄱㅏㄴ", max_size=6), st.integers(0, 3))
    def test_the_distance_is_symmetric_bounded_and_zero_for_the_same(self, left, right, most):
        found = search.distance(left, right, most)
        assert found == search.distance(right, left, most)
        assert 0 <= found <= most + 1
        assert (found == 0) == (left == right)
        assert found > most or found >= abs(len(left) - len(right))

    def test_a_swap_and_a_slip_are_one_each(self):
        assert [search.distance("abcd", other, 2) for other in ("abdc", "abxd", "abd", "abcde", "badc", "wxyz")] == [
            1, 1, 1, 1, 2, 3,
        ]  # fmt: skip


@given(st.text(max_size=40))
def test_boiling_down_twice_changes_nothing(text):
    boiled = search.boil_down(text)
    assert search.boil_down(boiled) == boiled


def test_what_is_read_of_a_name_is_bounded():
    assert len(search.ask(" ".join(f"word{n}" for n in range(50))).words) == 10
