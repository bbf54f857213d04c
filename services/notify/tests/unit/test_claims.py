"""What customers read once the centre has looked at the goods of a claim."""

from dataclasses import replace
from typing import Any

import pytest
from services.notify.tests.builders import a_letter, lines

from contracts.claims import ClaimKind, SettledLine
from notify.consumer.claims import found
from notify.domain import texts
from notify.domain.messages import Kind, Letter
from notify.flows.rendering import Templates

KINDS = pytest.mark.parametrize(("claim", "refund"), [("return", 9_900), ("exchange", 0)])
GRANOLA, COFFEE = "제주 그래놀라 (500g)", "콜드브루 원액"


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates()


def completed(claim: ClaimKind, refund: int, *settled: tuple[int, int, int]) -> Letter:
    """`settled`: resellable, damaged and missing units of each line of the order."""
    letter = a_letter(Kind.CLAIM_COMPLETED, claim_kind=claim, refund_amount=refund)
    parts = [
        SettledLine(
            line_id=line.line_id, sku=line.sku, product_id=line.product_id, quantity=sum(units),
            resellable=units[0], damaged=units[1], missing=units[2], amount=0,
        )
        for line, units in zip(lines(letter.order.order_id), settled, strict=False)
    ]  # fmt: skip
    data: dict[str, Any] = {**letter.message.data, **found(parts, claim)}
    return replace(letter, message=replace(letter.message, data=data))


def every_text(templates: Templates, letter: Letter) -> list[str]:
    page = templates.email(letter)
    return [page.text, page.html, templates.alimtalk(letter).text, templates.short_text(letter).text]


class TestAllCame:
    @KINDS
    def test_names_every_unit_and_says_nothing_of_others(
        self, templates: Templates, claim: ClaimKind, refund: int
    ) -> None:
        letter = completed(claim, refund, (1, 1, 0), (1, 0, 0))
        page = templates.email(letter)
        assert f"- {GRANOLA} 2개\n- {COFFEE} 1개" in page.text
        assert GRANOLA in page.html
        assert COFFEE in page.html
        assert not any("도착하지 않은" in words for words in every_text(templates, letter))

    @KINDS
    def test_stays_a_cheap_sms(self, templates: Templates, claim: ClaimKind, refund: int) -> None:
        assert templates.short_text(completed(claim, refund, (2, 0, 0))).subject is None


class TestSomeMissing:
    @KINDS
    def test_names_the_units_that_came(self, templates: Templates, claim: ClaimKind, refund: int) -> None:
        page = templates.email(completed(claim, refund, (0, 1, 1)))
        assert f"- {GRANOLA} 1개" in page.text
        for words in (page.text, page.html):
            assert "2개" not in words

    @KINDS
    def test_leaves_out_a_line_of_which_nothing_came(self, templates: Templates, claim: ClaimKind, refund: int) -> None:
        page = templates.email(completed(claim, refund, (2, 0, 0), (0, 0, 1)))
        for words in (page.text, page.html):
            assert GRANOLA in words
            assert COFFEE not in words
        assert f"- {GRANOLA} 2개" in page.text

    @KINDS
    def test_every_text_says_how_many_did_not_arrive(self, templates: Templates, claim: ClaimKind, refund: int) -> None:
        for words in every_text(templates, completed(claim, refund, (0, 1, 1), (0, 0, 1))):
            assert words.count("도착하지 않은 상품 2개는 제외되었습니다.") == 1

    @KINDS
    def test_fits_a_long_text(self, templates: Templates, claim: ClaimKind, refund: int) -> None:
        letter = completed(claim, refund, (0, 1, 1))
        made = templates.short_text(letter)
        assert texts.text_bytes(made.text) <= texts.LMS_BYTES
        assert made.subject is not None
        assert texts.text_bytes(made.subject) <= texts.SUBJECT_BYTES
        assert len(templates.alimtalk(letter).text) <= texts.ALIMTALK_CHARS


class TestNothingCame:
    """Orders rejects such a claim; where it is told all the same, no goods and no money are promised."""

    @pytest.mark.parametrize("claim", ["return", "exchange"])
    def test_names_and_promises_no_goods(self, templates: Templates, claim: ClaimKind) -> None:
        letter = completed(claim, 0, (0, 0, 2), (0, 0, 1))
        page = templates.email(letter)
        for words in (page.text, page.html):
            assert GRANOLA not in words
            assert COFFEE not in words
            assert "신청하신 상품이 없어" in words
        assert ">상품<" not in page.html
        for words in every_text(templates, letter):
            assert "보내 드립니다" not in words
            assert "환불해 드립니다" not in words
            assert "제외되었습니다" not in words


class TestToldBefore:
    def test_a_message_of_before_the_missing_were_counted_is_still_written(self, templates: Templates) -> None:
        letter = a_letter(Kind.CLAIM_COMPLETED, lines=[])
        assert "missing" not in letter.message.data
        assert not any("도착하지 않은" in words for words in every_text(templates, letter))
