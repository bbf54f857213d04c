from __future__ import annotations

import unicodedata

import pytest
from pydantic import ValidationError
from services.orders.tests.builders import a_body, a_contact, a_quote, a_quote_line, an_order

from common import ids
from orders.domain.access import order_token
from orders.schemas import (
    CancelBody,
    ClaimBody,
    LookUpBody,
    NoteBody,
    OptionBody,
    OrderBody,
    PayableView,
    RejectBody,
)
from orders.schemas.claims import ClaimLineBody
from orders.schemas.requests import normal_phone


class TestPhone:
    @pytest.mark.parametrize(
        ("written", "normal"),
        [
            ("010-1234-5678", "01012345678"),
            (" 010 1234 5678 ", "01012345678"),
            ("+82 10-1234-5678", "01012345678"),
            ("+82 010 1234 5678", "01012345678"),
            ("02-123-4567", "021234567"),
            ("(031) 123.4567", "0311234567"),
            ("1588-1234", "15881234"),
            ("+1 415 555 2671", "+14155552671"),
        ],
    )
    def test_is_written_one_way(self, written, normal):
        assert normal_phone(written) == normal

    @pytest.mark.parametrize(
        "written", ["", "010", "1234", "abc", "010-1234-567x", "++821012345678", "٠١٠١٢٣٤٥٦٧٨", "+0123456789"]
    )
    def test_what_cannot_be_dialled_is_refused(self, written):
        with pytest.raises(ValueError, match="phone"):
            normal_phone(written)


class TestOrderBody:
    def test_becomes_a_command(self):
        order_id, cart_id = ids.new_id(), ids.new_id()
        command = OrderBody.model_validate(a_body(cart_id)).to_command(order_id, "token")
        assert (command.order_id, command.cart_id, command.contact) == (order_id, cart_id, a_contact())

    @pytest.mark.parametrize(
        ("part", "field", "value"),
        [
            ("ship_to", "zonecode", "1234"),
            ("ship_to", "zonecode", "123456"),
            ("ship_to", "zonecode", "1234a"),
            ("ship_to", "zonecode", "٠٦٢٣٦"),
            ("ship_to", "road_address", "  "),
            ("ship_to", "detail", "a\x00b"),
            ("ship_to", "recipient", "가" * 51),
            ("ship_to", "unknown", "x"),
            ("orderer", "email", "no-at.example.com"),
            ("orderer", "email", "a@b"),
            ("orderer", "email", "a@b.c\r\nBcc: x@y.z"),
            ("orderer", "email", "a@" + "b" * 260 + ".com"),
            ("orderer", "name", ""),
            ("orderer", "phone", 1012345678),
        ],
    )
    def test_refuses_what_cannot_be_delivered_to(self, part, field, value):
        body = a_body(ids.new_id())
        body[part][field] = value
        with pytest.raises(ValidationError):
            OrderBody.model_validate(body)

    @pytest.mark.parametrize("amount", [1.5, "100", True, None])
    def test_refuses_a_fraction_of_a_won(self, amount):
        with pytest.raises(ValidationError):
            OrderBody.model_validate(a_body(ids.new_id(), expected_total={"amount": amount, "currency": "KRW"}))

    def test_shows_nothing_personal_when_printed(self):
        command = OrderBody.model_validate(a_body(ids.new_id())).to_command(ids.new_id(), "secret-cart-token")
        for secret in ("하늘", "haneul", "5678", "테헤란로", "secret-cart-token"):
            assert secret not in repr(command)


class TestCancelBody:
    @pytest.mark.parametrize("quantity", [0, -1, 1.5, "2", True, 10_000])
    def test_refuses_quantities_that_are_none(self, quantity):
        lines = [{"line_id": str(ids.new_id()), "quantity": quantity}]
        with pytest.raises(ValidationError):
            CancelBody.model_validate({"reason": "x", "lines": lines})

    def test_no_lines_is_not_everything(self):
        """`lines: []` is more likely a mistake than the wish to cancel all."""
        with pytest.raises(ValidationError):
            CancelBody.model_validate({"reason": "x", "lines": []})


def test_what_a_mac_wrote_in_letters_is_kept_in_syllables():
    """Looked up, compared and counted as what catalog keeps and others type."""
    typed = unicodedata.normalize("NFD", "현미")
    line_id = ids.new_id()
    assert OptionBody(sku=typed).sku == "현미"
    line = ClaimLineBody(line_id=line_id, quantity=1, sku=typed, replacement_sku=typed)
    assert (line.sku, line.replacement_sku) == ("현미", "현미")
    claim = ClaimBody(kind="return", reason="wrong_choice", lines=[line], note=typed)
    assert (claim.note, RejectBody(reason="used", note=typed).note) == ("현미", "현미")
    assert (CancelBody(reason=typed).reason, NoteBody(text=typed).text) == ("현미", "현미")
    assert LookUpBody(order_number="20261122-00001234", email=f"{typed}@example.com").email == "현미@example.com"
    body = a_body(ids.new_id())
    body["orderer"]["name"] = body["ship_to"]["recipient"] = unicodedata.normalize("NFD", "가" * 50)
    for field in ("road_address", "jibun_address", "detail", "memo"):
        body["ship_to"][field] = typed
    contact = OrderBody.model_validate(body).to_command(ids.new_id(), "token").contact
    assert (contact.orderer_name, contact.recipient) == ("가" * 50, "가" * 50)
    assert {contact.road_address, contact.jibun_address, contact.detail, contact.memo} == {"현미"}


class TestPayable:
    def test_names_the_order_by_its_first_product(self):
        one = an_order(quote=a_quote(a_quote_line("A")))
        three = an_order(quote=a_quote(a_quote_line("A"), a_quote_line("B"), a_quote_line("C")))
        pattern = "{first} 외 {more}건"
        assert PayableView.of(one, "김하늘", pattern).order_name == "상품 A"
        assert PayableView.of(three, "김하늘", pattern).order_name == "상품 A 외 2건"

    def test_tells_the_tax_parts_with_shipping_in_them(self):
        quote = a_quote(
            a_quote_line("A", unit_price=11000), a_quote_line("B", unit_price=5000, tax_free=True), shipping=3300
        )
        payable = PayableView.of(an_order(quote=quote), "김하늘", "{first}")
        assert (payable.amount, payable.vat_amount, payable.tax_free_amount) == (19300, 1300, 5000)


class TestToken:
    def test_is_the_same_for_an_order_and_another_for_any_other(self):
        order_id = ids.new_id()
        assert order_token("k" * 16, order_id) == order_token("k" * 16, order_id)
        assert order_token("k" * 16, order_id) != order_token("k" * 16, ids.new_id())
        assert order_token("k" * 16, order_id) != order_token("j" * 16, order_id)
