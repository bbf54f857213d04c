"""What is printed can be read: every letter has its shape, long papers go on, and what is gone is told."""

from __future__ import annotations

import re
from dataclasses import replace

import pylopdf_fonts_ko
import pytest
from fontTools.ttLib import TTFont
from services.orders.tests.builders import a_quote, a_quote_line, an_order

from orders.clients.sets import SetPart
from orders.domain import Line, Order, Status
from orders.schemas.papers import Papers

PAPERS = Papers.load({"intake": ["(주)인테이크", "000-00-00000"]})


def order_of(lines: int) -> Order:
    return an_order(Status.PAID, a_quote(*(a_quote_line(f"SKU-{number}") for number in range(lines))))


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_every_word_and_every_syllable_of_korean_has_its_shape():
    with TTFont(pylopdf_fonts_ko.sans_path(), fontNumber=0, lazy=True) as font:
        known = font.getBestCmap()
    wanted = set("".join(PAPERS.words.values())) | {chr(code) for code in range(ord("가"), ord("힣") + 1)} | set("□·×₩")
    assert sorted(letter for letter in wanted if ord(letter) not in known) == []


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
