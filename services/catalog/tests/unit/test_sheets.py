import io
import zipfile

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from catalog.domain import sheets
from catalog.domain.sheets import COLUMNS
from catalog.errors import SheetUnfit
from catalog.schemas import sheets as files
from catalog.schemas.products import NewProduct

CELLS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20)


def xlsx(rows):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return out.getvalue()


class TestRead:
    def test_csv_as_spreadsheets_write_it(self):
        text = 'slug,sku,price\r\n그래놀라,A,"12,900"\r\n'
        for encoding in ("utf-8", "utf-8-sig", "cp949"):
            assert files.read(text.encode(encoding), "csv") == [["slug", "sku", "price"], ["그래놀라", "A", "12,900"]]

    def test_whole_numbers_of_xlsx_are_without_a_point(self):
        assert files.read(xlsx([["price"], [12900], [99.5], ["007"]]), "xlsx") == [
            ["price"], ["12900"], ["99.5"], ["007"],
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (b"\xff\xff\xff", "csv"),
            (b'a,"b', "csv"),
            (b"a,b\n1,\x00", "csv"),
            (b"", "xlsx"),
            (b"slug,sku", "xlsx"),
            (xlsx([["a"]])[:-40], "xlsx"),
        ],
    )
    def test_what_is_no_sheet_is_refused(self, content, kind):
        try:
            table = files.read(content, kind)
        except SheetUnfit:
            return
        with pytest.raises(SheetUnfit):
            sheets.lines_of(table)

    def test_an_xlsx_that_unpacks_to_too_much_is_not_unpacked(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("xl/workbook.xml", b"0" * 101 * 1024 * 1024)
        assert len(out.getvalue()) < 200_000
        with pytest.raises(SheetUnfit, match="unpacks"):
            files.read(out.getvalue(), "xlsx")


class TestLines:
    def test_headings_in_any_order_empty_rows_left_out(self):
        lines = sheets.lines_of([["Price", "sku", "slug", ""], ["1", "A", "s", ""], ["", ""], ["2", "B", "s"]])
        assert [(line.row, line.cells["sku"]) for line in lines] == [(2, "A"), (4, "B")]

    @pytest.mark.parametrize(
        "table",
        [[], [["slug", "sku"]], [["slug", "sku", "price", "colour"]], [["slug", "sku", "price", "sku"]]],
    )
    def test_refuses_other_headings(self, table):
        with pytest.raises(SheetUnfit):
            sheets.lines_of(table)

    def test_refuses_too_many_rows(self):
        with pytest.raises(SheetUnfit):
            sheets.lines_of([["slug", "sku", "price"], *([["s", "A", "1"]] * (sheets.MAX_ROWS + 1))])


class TestBody:
    def _of(self, *rows):
        return files.to_body("intake", "KRW", sheets.lines_of([list(COLUMNS), *map(list, rows)]))

    def test_rows_of_one_slug_are_one_product(self):
        body = self._of(
            ("g", "그래놀라", "", "food", "비건, 아침", "3", "yes", "A", "500 g", "12,900", "15900", "tax_free"),
            ("g", "", "", "", "", "", "", "B", "", "0", "", ""),
        )
        assert isinstance(body, NewProduct)
        assert (body.name, body.tags, body.rank) == ("그래놀라", ["비건", "아침"], 3)
        first, second = body.variants
        assert (first.price.amount, first.list_price.amount, first.tax) == (12_900, 15_900, "tax_free")
        assert (second.sku, second.list_price, second.tax) == ("B", None, "taxable")

    def test_options_stand_in_pairs_of_columns(self):
        made = ("g", "그래놀라", "", "", "", "", "", "A", "", "1", "", "", "맛", "초코", "", "", "크기", "큰")
        body = self._of(made)
        assert isinstance(body, NewProduct)
        assert [(each.name, each.value) for each in body.variants[0].options] == [("맛", "초코"), ("크기", "큰")]
        (problem,) = self._of((*made[:-1], ""))
        assert (problem.row, problem.column) == (2, "option3_value")

    def test_facts_may_stand_in_any_row_of_the_product(self):
        body = self._of(
            ("g", "", "", "", "", "", "", "A", "", "1", "", ""),
            ("g", "그래놀라", "", "", "비건", "x", "", "B", "", "1", "", ""),
        )
        assert [(each.row, each.column) for each in body] == [(3, "rank")]

    def test_every_wrong_cell_has_a_line(self):
        problems = self._of(
            ("g", "x" * 201, "", "", "", "1.5", "", "A", "", "12900", "", ""),
            ("g", "", "", "", "", "", "", "/", "", "12.9", "", "none"),
        )
        assert [(each.row, each.column) for each in problems] == [
            (2, "name"), (2, "rank"), (3, "sku"), (3, "price"), (3, "tax"),
        ]  # fmt: skip


class TestContradictions:
    def _of(self, *rows):
        headings = ["slug", "sku", "price", "name", "on_sale"]
        return sheets.contradictions(sheets.lines_of([headings, *map(list, rows)]))

    def test_rows_that_say_the_same_or_nothing_are_fine(self):
        assert (
            self._of(("g", "A", "1", "그래놀라", "yes"), ("g", "B", "1", "", ""), ("g", "C", "1", "그래놀라", "")) == []
        )

    def test_whatever_would_be_left_out_has_a_line(self):
        found = self._of(
            ("g", "A", "1", "그래놀라", "yes"),
            ("g", "B", "1", "다른 이름", "no"),
            ("g", "A", "2", "", "", "", "beside"),
        )
        assert [(each.row, each.column, each.code) for each in found] == [
            (3, "name", "row.contradicts"),
            (3, "on_sale", "row.contradicts"),
            (4, "sku", "row.repeats"),
            (4, None, "row.no_heading"),
        ]
        assert "column 7" in found[-1].detail

    def test_a_row_with_nothing_under_headings_is_no_empty_row(self):
        (found,) = self._of(("", "", "", "", "", "x"))
        assert found.code == "row.no_heading"


class TestTags:
    @given(st.lists(st.text(st.characters(blacklist_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=30)))
    def test_come_back_as_they_were(self, tags):
        assert sheets.tags_of(sheets.cell_of(tags)) == tags

    def test_as_people_write_them(self):
        assert sheets.tags_of(' 비건,아침,, 12" 접시 ') == ["비건", "아침", '12" 접시']
        assert sheets.tags_of("a\nb") == ["a\nb"]


class TestWrite:
    @pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")'])
    def test_no_cell_is_a_formula_and_comes_back_as_it_was(self, tmp_path, cell):
        for kind in ("csv", "xlsx"):
            path = tmp_path / f"out.{kind}"
            files.write(path, kind, [("s", cell, 1, None)])
            content = path.read_bytes()
            assert files.read(content, kind)[1][:3] == ["s", cell, "1"]
            if kind == "csv":
                assert f"'{cell[0]}".encode() in content
            else:
                assert b"<f>" not in zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml")

    @given(CELLS)
    def test_a_guarded_cell_comes_back(self, cell):
        assert not sheets.harmless(cell).startswith(("=", "+", "-", "@"))
        assert sheets.as_meant(sheets.harmless(cell)) == cell

    @pytest.mark.parametrize("cell", ["'=x", "''=x", "'", "'quoted'"])
    def test_the_guard_is_taken_off_once_and_only_where_it_was_put(self, cell):
        assert sheets.as_meant(sheets.harmless(cell)) == cell
