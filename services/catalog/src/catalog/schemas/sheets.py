"""Files of products: what is read out of CSV and XLSX, and what is written into them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from catalog.domain.product import Tax
from catalog.domain.sheets import COLUMNS, Line, Problem, as_meant, harmless
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
    """The product that these rows describe, or what is wrong with them. Its facts are in the first row."""
    first = lines[0].cells
    body: dict[str, Any] = {
        "mall_id": mall_id,
        "slug": first.get("slug", ""),
        "name": first.get("name") or first.get("slug", ""),
        "description": first.get("description", ""),
        "category_id": first.get("category_id") or None,
        "tags": [tag.strip() for tag in first.get("tags", "").split(",") if tag.strip()],
        "rank": _number(first.get("rank", "")) if first.get("rank") else 0,
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
    }
    if cells.get("list_price"):
        variant["list_price"] = {"amount": _number(cells["list_price"]), "currency": currency}
    return variant


def _number(text: str) -> int | str:
    """The number, with or without commas between thousands; what is none stays as it is and is refused later."""
    bare = text.replace(",", "")
    return int(bare) if bare.lstrip("-").isdecimal() and bare.isascii() and len(bare) <= 15 else text


def _problem(where: tuple[int | str, ...], detail: str, lines: Sequence[Line]) -> Problem:
    at_variant = len(where) > 2 and where[0] == "variants" and isinstance(where[1], int)
    line = lines[int(where[1])] if at_variant else lines[0]
    column = str(where[2] if at_variant else where[0])
    if at_variant and column == "name":
        column = "variant_name"
    return Problem(line.row, column if column in COLUMNS else None, "request.invalid", detail)


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
