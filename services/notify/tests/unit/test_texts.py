from datetime import UTC, datetime

import pytest

from notify.domain import texts


class TestPlain:
    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("김민지님 주문", "김민지님 주문"),
            ("감사합니다 😀", "감사합니다 ?"),
            ("가족 👨‍👩‍👧 세트", "가족 ? 세트"),
            ("❤️", "?"),
            ("₩12,900", "원12,900"),
            ("1–2일", "1-2일"),
            ("café", "caf?"),
            ("줄\n바꿈\t\x00", "줄\n바꿈"),
            ("\u1100\u1161\u11a8", "각"),  # decomposed Hangul, as some phones send it
            ("똠방각하", "똠방각하"),  # outside EUC-KR, inside cp949
        ],
    )
    def test_shows_what_a_phone_can_show(self, given: str, shown: str) -> None:
        assert texts.plain(given) == shown

    def test_is_encodable_whatever_comes(self) -> None:
        every = "".join(chr(code) for code in range(0x20, 0x30000) if not 0xD800 <= code <= 0xDFFF)
        texts.plain(every).encode("cp949")


class TestLengths:
    def test_counts_as_carriers_do(self) -> None:
        assert texts.text_bytes("가a") == 3

    def test_ninety_bytes_are_an_sms(self) -> None:
        assert not texts.is_long("가" * 45)
        assert texts.is_long("가" * 45 + "a")

    @pytest.mark.parametrize("most", range(4, 12))
    def test_never_cuts_a_letter_in_half(self, most: int) -> None:
        made = texts.cut("가나다라마바사", most)
        assert texts.text_bytes(made) <= most
        assert made.endswith("..")
        assert "가나다라마바사".startswith(made[:-2])

    def test_leaves_what_fits(self) -> None:
        assert texts.cut("가나다", 6) == "가나다"


class TestAddresses:
    @pytest.mark.parametrize(
        ("given", "usable"),
        [
            ("010-1234-5678", "01012345678"),
            ("010 1234 5678", "01012345678"),
            ("+82 10-1234-5678", "01012345678"),
            ("+82 (0)10-1234-5678", "01012345678"),
            ("02-1599-0000", "0215990000"),
            ("1234", None),
            ("010-1234-567a", None),
            ("", None),
            (None, None),
            ("+1 415 555 0100", None),
        ],
    )
    def test_phone(self, given: str | None, usable: str | None) -> None:
        assert texts.usable_phone(given) == usable

    @pytest.mark.parametrize(
        ("given", "usable"),
        [
            (" minji@example.com ", "minji@example.com"),
            ("a+b.c@mail.example.co.kr", "a+b.c@mail.example.co.kr"),
            ("minji@example.com\nBcc: all@example.com", None),
            ("minji", None),
            ("민지@example.com", None),
            ("a@b..c", None),
            (None, None),
        ],
    )
    def test_email(self, given: str | None, usable: str | None) -> None:
        assert texts.usable_email(given) == usable

    @pytest.mark.parametrize(
        ("given", "shown"),
        [
            ("minji.kim@example.com", "m***@example.com"),
            ("01012345678", "010****5678"),
            ("0215990000", "021***0000"),
            (None, None),
        ],
    )
    def test_masked(self, given: str | None, shown: str | None) -> None:
        assert texts.masked(given) == shown


class TestWriting:
    def test_moments_are_korean_time(self) -> None:
        when = datetime(2026, 11, 22, 15, 5, tzinfo=UTC)
        assert texts.moment(when) == "2026년 11월 23일(월) 00:05"
        assert texts.short_moment(when) == "11/23(월) 00:05"

    def test_money(self) -> None:
        assert texts.money(12_900, "KRW") == "12,900원"
        assert texts.money(0, "KRW") == "0원"
        assert texts.money(1_290, "JPY") == "1,290 JPY"

    def test_shortened(self) -> None:
        assert texts.shortened("가나다라", 4) == "가나다라"
        assert texts.shortened("가나다라마", 4) == "가나다…"
