"""Files of products: what is read out of CSV and XLSX, and what is written into them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from catalog.domain import sheets
from catalog.domain.product import Tax
from catalog.domain.sheets import COLUMNS, OPTIONS, Line, Problem, as_meant, harmless
from catalog.errors import SheetUnfit
from catalog.schemas.products import NewProduct

# An XLSX is a zip: what it says it holds is looked at before anything is unpacked.
_MAX_UNPACKED = 100 * 1024 * 1024
_MAX_MEMBERS = 200


def read(content: bytes, kind: str) -> list[list[str]]:
    """All rows as text. Raises `SheetUnfit` for what is no sheet of this kind."""
    return _read_csv(content) if kind == "csv" else _read_xlsx(content)


def _read_csv(content: bytes) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What a Korean Excel writes when it is asked for CSV.
        try:
            text = content.decode("cp949")
        except UnicodeDecodeError as error:
            raise SheetUnfit("the file is neither UTF-8 nor CP949") from error
    try:
        return [[as_meant(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""), strict=True)]
    except csv.Error as error:
        raise SheetUnfit(f"the file is no CSV: {error}") from error


def _read_xlsx(content: bytes) -> list[list[str]]:
    from python_calamine import CalamineError, load_workbook

    try:
        members = zipfile.ZipFile(io.BytesIO(content)).infolist()
        if len(members) > _MAX_MEMBERS or sum(member.file_size for member in members) > _MAX_UNPACKED:
            raise SheetUnfit("the file unpacks to more than a sheet of products has")
        rows = load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (zipfile.BadZipFile, CalamineError, ValueError, IndexError, OSError) as error:
        raise SheetUnfit("the file is no XLSX") from error
    return [[_cell(cell) for cell in row] for row in rows]


def _cell(cell: Any) -> str:
    """Whole numbers are without a point: a spreadsheet keeps all numbers alike."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def to_body(mall_id: str, currency: str, lines: Sequence[Line]) -> NewProduct | list[Problem]:
    """The product that these rows describe, or what is wrong with them."""
    facts, slug = sheets.facts_of(lines), lines[0].cells.get("slug", "")
    body: dict[str, Any] = {
        "mall_id": mall_id,
        "slug": slug,
        "name": facts.get("name", slug),
        "description": facts.get("description", ""),
        "category_id": facts.get("category_id"),
        "tags": sheets.tags_of(facts.get("tags", "")),
        "rank": _number(facts["rank"]) if "rank" in facts else 0,
        "variants": [_variant(line, currency) for line in lines],
    }
    try:
        return NewProduct.model_validate(body)
    except ValidationError as error:
        return [_problem(each["loc"], each["msg"], lines) for each in error.errors()]


def _variant(line: Line, currency: str) -> dict[str, Any]:
    cells = line.cells
    variant: dict[str, Any] = {
        "sku": cells.get("sku", ""),
        "name": cells.get("variant_name") or None,
        "price": {"amount": _number(cells.get("price", "")), "currency": currency},
        "tax": cells.get("tax") or Tax.TAXABLE,
        "options": [{"name": cells.get(name, ""), "value": cells.get(value, "")} for name, value in _options_in(line)],
    }
    if cells.get("list_price"):
        variant["list_price"] = {"amount": _number(cells["list_price"]), "currency": currency}
    return variant


def _options_in(line: Line) -> list[tuple[str, str]]:
    """The pairs of columns that the row has something in."""
    return [pair for pair in OPTIONS if any(line.cells.get(column) for column in pair)]


def _number(text: str) -> int | str:
    """The number, with or without commas between thousands; what is none stays as it is and is refused later."""
    bare = text.replace(",", "")
    return int(bare) if bare.lstrip("-").isdecimal() and bare.isascii() and len(bare) <= 15 else text


def _problem(where: tuple[int | str, ...], detail: str, lines: Sequence[Line]) -> Problem:
    if len(where) > 2 and where[0] == "variants" and isinstance(where[1], int):
        line = lines[where[1]]
        column = _column_of(line, where[2:])
    else:
        column = str(where[0])
        line = next((line for line in lines if line.cells.get(column)), lines[0])
    return Problem(line.row, column if column in COLUMNS else None, "request.invalid", detail)


def _column_of(line: Line, where: tuple[int | str, ...]) -> str:
    match where:
        case ("name", *_):
            return "variant_name"
        case ("options", int(number), str(part), *_):
            return _options_in(line)[number][part == "value"]
        case _:
            return str(where[0])


def to_row(stored: Any) -> tuple[str | int | None, ...]:
    """A row of the sheet from a row of `rows_of`: a cell for each column."""
    of_variant = (stored.sku, stored.variant_name, stored.price, stored.list_price, stored.tax)
    options = [cell for pair in stored.options for cell in pair]
    empty = [None] * (2 * len(OPTIONS) - len(options))
    about = (stored.name, stored.description, stored.category_id, sheets.cell_of(stored.tags), stored.rank)
    return (stored.slug, *about, stored.on_sale, *of_variant, *options, *empty)


def write(path: Path, kind: str, rows: Iterable[Sequence[str | int | None]]) -> None:
    """Writes a sheet. No cell can be taken for a formula."""
    if kind == "csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.writer(file)
            out.writerow(COLUMNS)
            out.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
        return
    import xlsxwriter  # type: ignore[import-untyped]

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("products")
    sheet.write_row(0, 0, COLUMNS)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell)
            elif cell is not None:
                sheet.write_number(number, column, cell)
    book.close()
