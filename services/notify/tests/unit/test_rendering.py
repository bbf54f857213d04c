import json
import re
import shutil
from pathlib import Path

import pytest
from services.notify.tests.builders import a_letter

from notify.domain import texts
from notify.domain.messages import Kind, Mall
from notify.flows.rendering import FOLDER, TemplateFault, Templates

EVERY = pytest.mark.parametrize("kind", list(Kind))
APPROVED = {
    entry["kind"]: entry["content"] for entry in json.loads((FOLDER / "alimtalk.json").read_text(encoding="utf-8"))
}
LONG = Mall("intake", "아주아주 긴 이름을 가진 건강한 먹거리 쇼핑몰 인테이크 직영점 2호", None, None, None)
NASTY = "<b>{{ 7*7 }}</b>&"


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates()


class TestEmail:
    @EVERY
    def test_says_which_order(self, templates: Templates, kind: Kind) -> None:
        page = templates.email(a_letter(kind))
        assert page.subject.startswith("[인테이크] ")
        assert "\n" not in page.subject
        for words in (page.html, page.text):
            assert "20261122-00001234" in words
            assert "김민지" in words

    @EVERY
    def test_has_its_styles_inline_and_asks_nobody_for_more(self, templates: Templates, kind: Kind) -> None:
        html = templates.email(a_letter(kind)).html
        assert 'style="' in html.split("<body", 1)[1]
        assert re.search(r'class="fact-value" style="[^"]*text-align: right', html)
        assert not re.search(r"<link|<img|<script|@import|url\(", html)
        assert "{%" not in html
        assert not re.search(r"tag\d+tag|value\d+value", html)

    @EVERY
    def test_escapes_what_people_typed(self, templates: Templates, kind: Kind) -> None:
        page = templates.email(a_letter(kind, customer=NASTY))
        assert "&lt;b&gt;{{ 7*7 }}&lt;/b&gt;&amp;" in page.html
        assert NASTY in page.text

    def test_lists_the_lines_and_what_they_sum_to(self, templates: Templates) -> None:
        page = templates.email(a_letter(Kind.ORDER_PAID))
        for words in ("제주 그래놀라", "25,800원", "콜드브루 원액", "14,000원", "3,000원", "42,800원", "카드"):
            assert words in page.html
            assert words in page.text

    def test_deposit_wanted_says_where_how_much_and_until_when(self, templates: Templates) -> None:
        page = templates.email(a_letter(Kind.PAYMENT_PENDING))
        assert "11/24(화) 23:59까지" in page.subject
        for words in ("신한은행", "56211105948215", "인테이크", "42,800원", "2026년 11월 24일(화) 23:59"):
            assert words in page.html
            assert words in page.text

    def test_an_account_to_refund_to_is_asked_for_with_what_to_do(self, templates: Templates) -> None:
        page = templates.email(a_letter(Kind.REFUND_ACCOUNT_NEEDED))
        for words in ("12,900원", "https://intake.example 주문 조회에서 등록", "환불받으실 계좌를 알려 주세요"):
            assert words in page.html
            assert words in page.text
        assert "보내지 못" not in page.text
        again = templates.email(a_letter(Kind.REFUND_ACCOUNT_NEEDED, account_was_wrong=True))
        assert "보내지 못했습니다" in again.text
        assert "다른 계좌" in templates.alimtalk(a_letter(Kind.REFUND_ACCOUNT_NEEDED, account_was_wrong=True)).text

    def test_a_refund_that_failed_says_what_to_do(self, templates: Templates) -> None:
        letter = a_letter(Kind.REFUND_FAILED)
        page = templates.email(letter)
        for words in (page.html, page.text, templates.alimtalk(letter).text, templates.short_text(letter).text):
            for said in ("12,900원", "주문 조회에서 등록", "계좌를 알려 주"):
                assert said in words
        assert "카드" in page.text

    @pytest.mark.parametrize(
        ("reason", "why"), [("unwanted", "이미 취소되었거나 결제가 끝난 주문"), ("amount_mismatch", "다른 금액")]
    )
    def test_money_nobody_wants_is_explained(self, templates: Templates, reason: str, why: str) -> None:
        letter = a_letter(Kind.PAYMENT_UNWANTED, reason=reason)
        page = templates.email(letter)
        for words in (page.html, page.text, templates.alimtalk(letter).text):
            for said in (why, "42,800원", "2026년 11월 23일(월) 00:00"):
                assert said in words

    @pytest.mark.parametrize(("by_hand", "way"), [(True, "알려 주신 계좌로 송금"), (False, "카드"), (None, "카드")])
    def test_a_refund_by_hand_names_another_way(self, templates: Templates, by_hand: bool | None, way: str) -> None:
        letter = a_letter(Kind.PAYMENT_REFUNDED, **({} if by_hand is None else {"by_hand": by_hand}))
        page = templates.email(letter)
        for words in (page.html, page.text, templates.alimtalk(letter).text):
            assert way in words
        assert ("며칠" in page.text) is not bool(by_hand)

    def test_a_short_deposit_says_what_was_paid_and_what_is_owed(self, templates: Templates) -> None:
        letter = a_letter(Kind.DEPOSIT_SHORT)
        page = templates.email(letter)
        assert "2,800원 부족" in page.subject
        for words in (page.html, page.text, templates.alimtalk(letter).text, templates.short_text(letter).text):
            for amount in ("40,000원", "42,800원", "2,800원"):
                assert amount in words

    def test_a_surplus_says_what_goes_back_and_how(self, templates: Templates) -> None:
        letter = a_letter(Kind.DEPOSIT_SURPLUS)
        page = templates.email(letter)
        for words in (page.html, page.text, templates.alimtalk(letter).text):
            for said in ("42,900원", "100원", "주문 조회에서 등록"):
                assert said in words

    def test_shipped_links_to_the_tracking(self, templates: Templates) -> None:
        page = templates.email(a_letter(Kind.ORDER_SHIPPED))
        link = "https://trace.example/next/tracking.html?wblNo=688012345672"
        assert f'href="{link}"' in page.html
        assert link in page.text

    def test_shipped_only_shows_what_is_in_the_parcel(self, templates: Templates) -> None:
        letter = a_letter(Kind.ORDER_SHIPPED)
        parcel = [{"line_id": str(letter.order.lines[1].line_id), "quantity": 1}]
        page = templates.email(a_letter(Kind.ORDER_SHIPPED))
        assert "제주 그래놀라" in page.text
        letter.message.data["lines"] = parcel  # type: ignore[index]
        page = templates.email(letter)
        assert "콜드브루 원액" in page.text
        assert "제주 그래놀라" not in page.text

    def test_shipped_without_a_link_stays_whole(self, templates: Templates) -> None:
        page = templates.email(a_letter(Kind.ORDER_SHIPPED, tracking_url=None, carrier_name=None, waybill=None))
        assert "배송 조회" not in page.html
        assert "None" not in page.html + page.text

    def test_a_return_says_what_goes_back_and_an_exchange_what_comes(self, templates: Templates) -> None:
        page = templates.email(a_letter(Kind.CLAIM_COMPLETED))
        assert page.subject == "[인테이크] 반품 처리가 끝났습니다 (20261122-00001234)"
        exchange = a_letter(Kind.CLAIM_COMPLETED, claim_kind="exchange", refund_amount=0)
        for words in (templates.email(exchange).text, templates.alimtalk(exchange).text):
            assert "교환 상품을 보내 드립니다" in words
        for words in (page.text, templates.alimtalk(a_letter(Kind.CLAIM_COMPLETED)).text):
            assert "9,900원" in words

    def test_nothing_is_promised_for_goods_that_did_not_come(self, templates: Templates) -> None:
        letter = a_letter(Kind.CLAIM_COMPLETED, claim_kind="exchange", came=0, refund_amount=0)
        assert "보내 드립니다" not in templates.email(letter).text

    def test_an_address_that_stays_says_why(self, templates: Templates) -> None:
        assert "출고 준비가 시작되었습니다" in templates.email(a_letter(Kind.ADDRESS_KEPT)).text
        assert "확인할 수 없습니다" in templates.alimtalk(a_letter(Kind.ADDRESS_KEPT, reason="address_unknown")).text

    def test_an_option_says_what_it_was_and_what_it_is(self, templates: Templates) -> None:
        letter = a_letter(Kind.OPTION_CHANGED)
        for words in (templates.email(letter).text, templates.email(letter).html, templates.alimtalk(letter).text):
            assert "500g" in words
            assert "초코 500g" in words
        unnamed = a_letter(Kind.OPTION_CHANGED, variant_name=None, new_variant_name=None)
        assert "변경 후: SKU-3" in templates.alimtalk(unnamed).text

    def test_an_option_that_stays_says_why(self, templates: Templates) -> None:
        letter = a_letter(Kind.OPTION_KEPT)
        for words in (templates.email(letter).text, templates.short_text(letter).text):
            assert "출고 준비가 시작되었습니다" in words
        assert "준비할 수 없습니다" in templates.alimtalk(a_letter(Kind.OPTION_KEPT, reason="unknown_line")).text

    def test_a_pre_order_says_when_it_leaves(self, templates: Templates) -> None:
        letter = a_letter(Kind.PREORDER_HELD)
        for words in (templates.email(letter).text, templates.alimtalk(letter).text):
            assert "2026년 12월 10일(목) 09:00" in words
        assert templates.short_text(letter).subject is None

    def test_a_cancel_before_payment_promises_no_money(self, templates: Templates) -> None:
        page = templates.email(a_letter(Kind.ORDER_CANCELLED, refund_amount=0, reason="payment_expired"))
        assert "환불예정금액" not in page.text
        assert "입금 기한 경과" in page.text

    def test_what_a_customer_typed_as_reason_is_not_repeated(self, templates: Templates) -> None:
        page = templates.email(a_letter(Kind.ORDER_CANCELLED, reason="http://bad.example"))
        assert "bad.example" not in page.html + page.text

    def test_a_mall_without_contact_leaves_no_hole(self, templates: Templates) -> None:
        page = templates.email(a_letter(Kind.ORDER_PAID, mall=Mall("intake", "인테이크")))
        assert "None" not in page.html + page.text
        assert "바로가기" not in page.html


class TestAlimtalk:
    @EVERY
    def test_is_the_approved_text_to_the_letter(self, templates: Templates, kind: Kind) -> None:
        made = templates.alimtalk(a_letter(kind))
        assert re.sub(r"#\{[^{}]+\}", lambda found: made.variables[found[0]], APPROVED[kind]) == made.text
        assert "#{" not in made.text
        assert all(isinstance(value, str) and value for value in made.variables.values())

    @EVERY
    def test_can_be_shown_as_a_text_too(self, templates: Templates, kind: Kind) -> None:
        made = templates.alimtalk(a_letter(kind, customer="김😀민지" * 30, mall=LONG))
        assert texts.text_bytes(made.text) <= texts.LMS_BYTES
        assert len(made.text) <= texts.ALIMTALK_CHARS

    @EVERY
    def test_says_nothing_that_sells(self, kind: Kind) -> None:
        assert not re.search(r"광고|할인|쿠폰|이벤트|혜택|특가|지금 구매", APPROVED[kind])


class TestShortText:
    @EVERY
    def test_fits_its_kind(self, templates: Templates, kind: Kind) -> None:
        for mall in (None, LONG):
            made = templates.short_text(a_letter(kind, mall=mall))
            if made.subject is None:
                assert texts.text_bytes(made.text) <= texts.SMS_BYTES
            else:
                assert texts.text_bytes(made.text) <= texts.LMS_BYTES
                assert texts.text_bytes(made.subject) <= texts.SUBJECT_BYTES

    @pytest.mark.parametrize("kind", [Kind.ORDER_PLACED, Kind.ORDER_PAID, Kind.PAYMENT_REFUNDED])
    def test_the_usual_ones_are_a_cheap_sms(self, templates: Templates, kind: Kind) -> None:
        assert templates.short_text(a_letter(kind)).subject is None

    @EVERY
    def test_replaces_what_a_phone_cannot_show(self, templates: Templates, kind: Kind) -> None:
        made = templates.short_text(a_letter(kind, mall=Mall("intake", "인테이크💚")))
        assert "인테이크?" in made.text


class TestFaults:
    def given(self, tmp_path: Path, change: object) -> Path:
        path = tmp_path / "approved.json"
        entries = json.loads((FOLDER / "alimtalk.json").read_text(encoding="utf-8"))
        path.write_text(json.dumps(change(entries)), encoding="utf-8")  # type: ignore[operator]
        return path

    def test_a_message_without_a_text(self, tmp_path: Path) -> None:
        with pytest.raises(TemplateFault, match="has no text for payment-refunded"):
            Templates(approved=self.given(tmp_path, lambda entries: entries[:-1]))

    def test_a_variable_nobody_fills(self, tmp_path: Path) -> None:
        path = self.given(tmp_path, lambda entries: [{**entry, "content": "#{비밀}"} for entry in entries])
        with pytest.raises(TemplateFault, match="비밀"):
            Templates(approved=path)

    def test_a_text_too_long(self, tmp_path: Path) -> None:
        path = self.given(tmp_path, lambda entries: [{**entry, "content": "가" * 1001} for entry in entries])
        with pytest.raises(TemplateFault, match="too long"):
            Templates(approved=path)

    def test_other_ids_of_another_installation(self, tmp_path: Path) -> None:
        path = self.given(tmp_path, lambda entries: [{**entry, "templateId": "KA01TP"} for entry in entries])
        assert Templates(approved=path).alimtalk(a_letter(Kind.ORDER_PAID)).template_id == "KA01TP"

    def test_a_style_sheet_of_one_s_own(self, tmp_path: Path) -> None:
        folder = tmp_path / "templates"
        shutil.copytree(FOLDER, folder)
        style = folder / "email" / "style.css"
        style.write_text(style.read_text(encoding="utf-8").replace("#0f766e", "#aa0000"), encoding="utf-8")
        assert "color: #aa0000" in Templates(folder).email(a_letter(Kind.ORDER_PAID)).html
