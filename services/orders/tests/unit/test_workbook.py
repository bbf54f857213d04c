"""The spreadsheet that is written as it is sent, read back by another's reader."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest
from python_calamine import load_workbook

from orders.schemas.workbook import Workbook

COLUMNS = ("name", "units")


def written(rows: list[tuple[object, ...]], **limits: int) -> bytes:
    book = Workbook("orders", COLUMNS, **limits)
    return book.begin() + book.add(rows) + book.done()


def sheets(content: bytes) -> dict[str, list[list[object]]]:
    book = load_workbook(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


@pytest.mark.parametrize(
    "text", ["제주 감귤 <3kg> & '귤'", "=1+1", "  both ends  ", "tab\tand\nline", "😀 한글", "0012", '"quoted"']
)
def test_text_comes_out_as_it_went_in(text):
    assert sheets(written([(text, 3)])) == {"orders": [["name", "units"], [text, 3.0]]}


def test_what_xml_cannot_say_is_left_out():
    assert sheets(written([("a\x00b\x1fc\ufffe", None)]))["orders"][1][0] == "abc"


def test_more_rows_than_fit_go_on_the_next_sheet_under_the_same_head():
    found = sheets(written([(f"r{number}", number) for number in range(5)], most_rows=3))
    assert list(found) == ["orders", "orders 2", "orders 3"]
    assert [rows[0] for rows in found.values()] == [["name", "units"]] * 3
    assert [row[1] for rows in found.values() for row in rows[1:]] == [0, 1, 2, 3, 4]


def test_without_rows_it_has_a_head():
    assert sheets(written([])) == {"orders": [["name", "units"]]}


def test_nothing_is_kept_that_was_sent():
    book = Workbook("orders", COLUMNS)
    batch = [(f"row {number}", number) for number in range(500)]
    book.begin()
    book.add(batch)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    sent = sum(len(book.add(batch)) for _ in range(40))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 0
    assert after - before < 100_000


def test_the_zip_is_whole():
    with zipfile.ZipFile(io.BytesIO(written([("a", 1)]))) as found:
        assert found.testzip() is None
        assert found.namelist()[-1] == "[Content_Types].xml"
