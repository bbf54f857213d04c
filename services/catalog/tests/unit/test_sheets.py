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

    def test_every_wrong_cell_has_a_line(self):
        problems = self._of(
            ("g", "x" * 201, "", "", "", "1.5", "", "A", "", "12900", "", ""),
            ("g", "", "", "", "", "", "", "/", "", "12.9", "", "none"),
        )
        assert [(each.row, each.column) for each in problems] == [
            (2, "name"), (2, "rank"), (3, "sku"), (3, "price"), (3, "tax"),
        ]  # fmt: skip


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
        if not cell.startswith("'"):
            assert sheets.as_meant(sheets.harmless(cell)) == cell
