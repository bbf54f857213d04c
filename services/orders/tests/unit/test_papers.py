"""What is printed can be read: every letter has its shape, long papers go on, and what is gone is told."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from services.orders.tests.builders import a_contact, a_quote, a_quote_line, an_order

from orders.clients.sets import SetPart
from orders.domain import Line, Order, Status
from orders.repository.contacts import StoredContact
from orders.schemas.lettering import FIRST, MISSING, Lettering, lettering, letters_of
from orders.schemas.papers import Papers

PAPERS = Papers.load({"intake": ["(주)인테이크", "000-00-00000"]})


def order_of(lines: int) -> Order:
    return an_order(Status.PAID, a_quote(*(a_quote_line(f"SKU-{number}") for number in range(lines))))


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def contact_of(**changes: str) -> StoredContact:
    return StoredContact(replace(a_contact(), **changes), {}, {})


def test_every_word_and_every_syllable_of_korean_has_its_shape_in_the_first_font():
    wanted = set("".join(PAPERS.words.values())) | {chr(code) for code in range(ord("가"), ord("힣") + 1)} | set("□·×₩")
    assert sorted(letter for letter in wanted - {MISSING} if ord(letter) not in letters_of(FIRST)) == []


@pytest.mark.parametrize(
    ("told", "fonts"),
    [
        ("김하늘 サトウ 山田", ()),
        ("José Peña, Łódź", ("letters",)),
        ("नई दिल्ली", ("letters",)),
        ("محمد علي", ("arabic",)),
        ("บ้านเลขที่ 5", ("thai",)),
        ("张伟", ("chinese",)),
    ],
)
def test_names_and_addresses_of_other_scripts_are_printed(told, fonts):
    assert lettering(told) == Lettering(told, fonts, lost=False)


@pytest.mark.parametrize(
    ("told", "printed"),
    [
        ("😀 🏠 5호", f"{MISSING} {MISSING} 5호"),
        ("👩\u200d🚀", f"{MISSING}{MISSING}"),
        ("\ue000\U0010fffd", f"{MISSING}{MISSING}"),
    ],
)
def test_a_letter_without_a_shape_leaves_a_mark_that_has_one(told, printed):
    found = lettering(told)
    assert (found.text, found.lost) == (printed, True)
    assert lettering(printed) == Lettering(printed, found.fonts, lost=False)


@pytest.mark.parametrize(
    ("told", "printed"),
    [
        (unicodedata.normalize("NFD", "서울 한강로"), "서울 한강로"),
        ("a\u200bb\ufe0f\u202ec\ufeff", "abc"),
        ("한 줄\t또\r\n한 줄", "한 줄 또 \n한 줄"),
    ],
)
def test_what_has_no_shape_of_its_own_is_no_loss(told, printed):
    assert lettering(told) == Lettering(printed, (), lost=False)


def test_the_printer_is_given_no_letter_that_it_would_leave_out(caplog):
    order = order_of(1)
    order = replace(order, lines=(replace(order.lines[0], product_name="선물 🎁 محمد"),))
    contact = contact_of(recipient="محمد علي", road_address="😀 🏠", detail="บ้านเลขที่ 5", memo="{nb} 张伟")
    for printed in (PAPERS.invoice(order, contact), PAPERS.packing_list(order, contact)):
        assert pages(printed) == 1
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == []


@pytest.mark.parametrize(("lines", "most"), [(1, 1), (60, 3)])
def test_long_papers_go_on_over_pages(lines, most):
    order = order_of(lines)
    for printed in (PAPERS.invoice(order, None), PAPERS.packing_list(order, None)):
        assert 1 <= pages(printed) <= most
        assert (pages(printed) > 1) == (most > 1)


def test_a_packing_list_names_the_parts_of_a_set_and_counts_what_is_taken_off_the_shelves():
    line: Line = replace(order_of(1).lines[0], product_name="선물", variant_name=None, sku="GIFT")
    parts = (
        SetPart(sku="A", product_name="귀리", variant_name="500 g", quantity=2),
        SetPart(sku="B", product_name="컵", quantity=1),
    )
    assert PAPERS._picked(line, 3, parts) == [
        ("[세트] 선물", "GIFT", 3, False),
        ("· 귀리 500 g", "A", 6, True),
        ("· 컵", "B", 3, True),
    ]
    assert PAPERS._picked(line, 3, ()) == [("선물", "GIFT", 3, True)]
    assert PAPERS.packing_list(order_of(1), None, {"SKU-0": parts}).startswith(b"%PDF-")


def test_what_is_cancelled_or_came_back_is_told_beside_its_line():
    line: Line = replace(order_of(1).lines[0], quantity=5, cancelled=1, returned=2)
    assert PAPERS._gone(line) == "\n(취소 1, 반품 2)"
    assert PAPERS._gone(replace(line, cancelled=0, returned=0)) == ""


def test_the_sums_are_the_orders_own():
    order = replace(order_of(2), refunded_amount=1_000)
    sums = dict(PAPERS._sums(order))
    assert sums["합계"] == f"{order.total_amount:,} KRW"
    assert sums["결제 잔액"] == f"{order.total_amount - 1_000:,} KRW"
    worth = order.worth
    assert sums["공급가액"] == f"{worth.amount - worth.vat - worth.tax_free:,} KRW"
