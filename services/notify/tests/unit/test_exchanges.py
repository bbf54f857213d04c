"""What customers read of the goods that are sent in exchange, or are not sent after all."""

from dataclasses import replace
from typing import Any

import pytest
from services.notify.tests.builders import OTHER, a_letter, claim_events, lines, replacement_stopped

from common import ids
from contracts.claims import ClaimCompleted, SettledLine
from notify.consumer.claims import found, stopped
from notify.domain import options, texts
from notify.domain.messages import Kind, Letter
from notify.flows.rendering import Templates

KINDS = pytest.mark.parametrize(
    "kind", [Kind.CLAIM_REQUESTED, Kind.CLAIM_APPROVED, Kind.CLAIM_COMPLETED, Kind.EXCHANGE_SHIPPED]
)
OPTION = {"sku": "SKU-1", "variant_name": "500g", "new_sku": "SKU-3", "new_variant_name": "초코 500g"}
SAME = {"sku": "SKU-1", "variant_name": "500g", "new_sku": "SKU-1", "new_variant_name": None}


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates()


def exchange(kind: Kind, *each: dict[str, Any]) -> Letter:
    """`each`: what is exchanged for what of each line of the order, one unit."""
    about = {} if kind is Kind.EXCHANGE_SHIPPED else {"claim_kind": "exchange"}
    money = {"refund_amount": 0} if kind is Kind.CLAIM_COMPLETED else {}
    letter = a_letter(kind, **about, **money)
    units = [{"line_id": str(line.line_id), "quantity": 1} for line in letter.order.lines]
    parts = [one | more for one, more in zip(units, each, strict=False)]
    if kind is Kind.EXCHANGE_SHIPPED:
        message = replace(letter.message, data={**letter.message.data, "lines": units[: len(each)]})
        return replace(letter, message=message, claimed=parts)
    return replace(letter, message=replace(letter.message, data={**letter.message.data, "lines": parts}))


def every_text(templates: Templates, letter: Letter) -> list[str]:
    page = templates.email(letter)
    return [page.text, page.html, templates.alimtalk(letter).text, templates.short_text(letter).text]


class TestOptions:
    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (OPTION, "500g → 초코 500g"),
            (OPTION | {"variant_name": None}, "SKU-1 → 초코 500g"),
            (OPTION | {"new_variant_name": None}, "500g → SKU-3"),
            (OPTION | {"new_variant_name": ""}, "500g → SKU-3"),
            (SAME, None),
            ({"sku": "SKU-1", "new_sku": None}, None),
            ({}, None),
        ],
    )
    def test_change(self, said: dict[str, Any], told: str | None) -> None:
        assert options.change(said) == told

    def test_long_names_are_shortened(self) -> None:
        told = options.change(OPTION | {"variant_name": "가" * 99, "new_variant_name": "나" * 99})
        assert told == f"{'가' * 39}… → {'나' * 39}…"


class TestAnotherOption:
    @KINDS
    def test_is_named_on_every_channel(self, templates: Templates, kind: Kind) -> None:
        letter = exchange(kind, OPTION)
        for words in every_text(templates, letter):
            assert "500g → 초코 500g" in words
        assert "- 제주 그래놀라 (500g → 초코 500g) 1개" in templates.email(letter).text
        assert "■ 상품: 제주 그래놀라 (500g → 초코 500g)\n" in templates.alimtalk(letter).text

    @KINDS
    def test_goes_by_its_sku_without_a_name(self, templates: Templates, kind: Kind) -> None:
        for words in every_text(templates, exchange(kind, OPTION | {"new_variant_name": None})):
            assert "500g → SKU-3" in words

    @KINDS
    def test_of_one_line_among_others(self, templates: Templates, kind: Kind) -> None:
        letter = exchange(kind, SAME, OPTION | {"sku": "SKU-2", "variant_name": None})
        assert "- 제주 그래놀라 (500g) 1개\n- 콜드브루 원액 (SKU-2 → 초코 500g) 1개" in templates.email(letter).text
        assert "■ 상품: 콜드브루 원액 (SKU-2 → 초코 500g) 외 1건\n" in templates.alimtalk(letter).text
        assert "\nSKU-2 → 초코 500g\n" in templates.short_text(letter).text

    @KINDS
    def test_of_two_lines(self, templates: Templates, kind: Kind) -> None:
        letter = exchange(kind, OPTION, OPTION | {"sku": "SKU-2", "variant_name": "1L", "new_variant_name": "2L"})
        page = templates.email(letter)
        for words in (page.text, page.html):
            assert "500g → 초코 500g" in words
            assert "1L → 2L" in words
        assert "■ 상품: 제주 그래놀라 (500g → 초코 500g) 외 1건\n" in templates.alimtalk(letter).text
        assert "\n500g → 초코 500g 외 1건\n" in templates.short_text(letter).text

    @KINDS
    def test_with_the_longest_names_fits(self, templates: Templates, kind: Kind) -> None:
        letter = exchange(kind, OPTION | {"variant_name": "옵" * 200, "new_variant_name": "션" * 200})
        long = tuple(replace(line, product_name="상" * 200) for line in letter.order.lines)
        letter = replace(letter, order=replace(letter.order, lines=long))
        alimtalk, text = templates.alimtalk(letter), templates.short_text(letter)
        assert len(alimtalk.text) <= texts.ALIMTALK_CHARS
        assert len(alimtalk.variables["#{상품명}"]) <= 130
        assert texts.text_bytes(alimtalk.text) <= texts.LMS_BYTES
        assert texts.text_bytes(text.text) <= texts.LMS_BYTES

    @pytest.mark.parametrize("kind", [Kind.CLAIM_REQUESTED, Kind.CLAIM_COMPLETED])
    def test_stays_a_cheap_sms_where_names_are_short(self, templates: Templates, kind: Kind) -> None:
        assert templates.short_text(exchange(kind, OPTION)).subject is None

    def test_is_escaped_in_mails(self, templates: Templates) -> None:
        page = templates.email(exchange(Kind.CLAIM_REQUESTED, OPTION | {"new_variant_name": "<b>{{ 7*7 }}"}))
        assert "500g → &lt;b&gt;{{ 7*7 }}" in page.html


class TestTheSameAgain:
    @KINDS
    def test_says_nothing_of_options(self, templates: Templates, kind: Kind) -> None:
        letter = exchange(kind, SAME)
        assert not any("→" in words for words in every_text(templates, letter))
        assert "- 제주 그래놀라 (500g) 1개" in templates.email(letter).text
        assert "■ 상품: 제주 그래놀라 외 1건\n" in templates.alimtalk(letter).text

    def test_an_exchange_that_ended_as_a_return_names_what_came(self, templates: Templates) -> None:
        letter = a_letter(Kind.CLAIM_COMPLETED)
        told = claim_events(letter.order.order_id, "return", **OTHER)[-1]
        assert isinstance(told, ClaimCompleted)
        data = {**letter.message.data, **found(told.lines, told.kind)}
        letter = replace(letter, message=replace(letter.message, data=data))
        assert not any("→" in words for words in every_text(templates, letter))
        assert "- 제주 그래놀라 (500g) 1개" in templates.email(letter).text


class TestFound:
    def one(self, **changes: Any) -> SettledLine:
        line = lines(ids.new_id())[0]
        about = {"line_id": line.line_id, "sku": line.sku, "product_id": line.product_id, "quantity": 1}
        return SettledLine.model_validate(
            about | {"resellable": 1, "damaged": 0, "missing": 0, "amount": 0} | OTHER | changes
        )

    def test_an_exchange_tells_both_options(self) -> None:
        (part,) = found([self.one()], "exchange")["lines"]
        assert options.change(part) == "500g → 초코 500g"

    def test_an_event_of_before_tells_the_sku(self) -> None:
        (part,) = found([self.one(replacement_variant_name=None)], "exchange")["lines"]
        assert options.change(part) == "500g → SKU-3"

    @pytest.mark.parametrize("sku", [None, "SKU-1"])
    def test_the_same_again_is_told_as_such(self, sku: str | None) -> None:
        (part,) = found([self.one(replacement_sku=sku, replacement_variant_name=None)], "exchange")["lines"]
        assert options.change(part) is None
        assert part["new_sku"] == "SKU-1"


class TestReplacementsLeft:
    @pytest.mark.parametrize("told", [None, {}, {"line_id": "of another line"}])
    def test_without_word_of_the_exchange_no_option_is_named(
        self, templates: Templates, told: dict[str, Any] | None
    ) -> None:
        letter = exchange(Kind.EXCHANGE_SHIPPED, {})
        known = [{**letter.claimed[0], **told}] if told is not None else []
        page = templates.email(replace(letter, claimed=known))
        assert "- 제주 그래놀라 1개" in page.text
        assert "500g" not in page.text + page.html

    def test_names_as_many_as_are_in_the_parcel(self, templates: Templates) -> None:
        letter = exchange(Kind.EXCHANGE_SHIPPED, OPTION, SAME)
        claimed = [{**part, "quantity": 5} for part in letter.claimed]
        parcel = replace(letter.message, data={**letter.message.data, "lines": letter.message.data["lines"][:1]})
        page = templates.email(replace(letter, claimed=claimed, message=parcel))
        assert "- 제주 그래놀라 (500g → 초코 500g) 1개" in page.text
        assert "콜드브루" not in page.text

    def test_a_message_of_before_is_still_written(self, templates: Templates) -> None:
        for words in every_text(templates, a_letter(Kind.EXCHANGE_SHIPPED)):
            assert "→" not in words


class TestStopped:
    def letter(self, *units: dict[str, Any], refund: int = 12_900) -> Letter:
        """`units` change the stopped lines, each of the order's in turn."""
        letter = a_letter(Kind.REPLACEMENT_STOPPED, refund_amount=refund)
        each = zip(letter.order.lines, units or ({},), strict=False)
        changes = [{"line_id": line.line_id} | more for line, more in each]
        parts = [stopped(line) for line in replacement_stopped(letter.order.order_id, *changes).lines]
        return replace(letter, message=replace(letter.message, data={**letter.message.data, "lines": parts}))

    def test_says_on_every_channel_what_is_not_sent_and_what_goes_back(self, templates: Templates) -> None:
        for words in every_text(templates, self.letter()):
            assert "교환 상품을 보내 드릴 수 없" in words
            assert "환불해 드립니다" in words
            assert "제주 그래놀라 (초코 500g)" in words
            assert "12,900원" in words

    def test_says_so_without_a_sum_while_no_money_goes_back(self, templates: Templates) -> None:
        letter = self.letter(refund=0)
        for words in every_text(templates, letter):
            assert "반품으로 처리했습니다" in words
            assert "환불해 드립니다" not in words
            assert "원\n" not in words
        page = templates.email(letter)
        assert "환불예정" not in page.text + page.html + templates.short_text(letter).text
        assert "■ 환불예정금액: 없음" in templates.alimtalk(letter).text

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({}, "제주 그래놀라 (초코 500g)"),
            ({"variant_name": None}, "제주 그래놀라 (SKU-3)"),
            ({"sku": "SKU-1", "variant_name": None}, "제주 그래놀라 (500g)"),
            ({"sku": "SKU-1", "variant_name": "500g"}, "제주 그래놀라 (500g)"),
            ({"product_name": ""}, "제주 그래놀라 (초코 500g)"),
        ],
    )
    def test_names_what_was_to_be_sent(self, templates: Templates, changes: dict[str, Any], name: str) -> None:
        letter = self.letter(changes | {"quantity": 2})
        assert f"- {name} 2개" in templates.email(letter).text
        assert f"■ 상품: {name}\n" in templates.alimtalk(letter).text

    def test_names_every_line(self, templates: Templates) -> None:
        letter = self.letter({}, {"product_name": "콜드브루 원액", "variant_name": "2L", "sku": "SKU-4"})
        page = templates.email(letter)
        for words in (page.text, page.html):
            assert "제주 그래놀라 (초코 500g)" in words
            assert "콜드브루 원액 (2L)" in words
        assert "■ 상품: 제주 그래놀라 (초코 500g) 외 1건\n" in templates.alimtalk(letter).text

    def test_its_subject_names_the_order(self, templates: Templates) -> None:
        subject = templates.email(self.letter()).subject
        assert subject == "[인테이크] 교환 상품을 보내 드릴 수 없습니다 (20261122-00001234)"
