"""Products as rows of a sheet: which columns there are, and what a cell may do to the program that opens it."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.errors import SheetUnfit

# Of the product: said in one of its rows, or alike in several.
FACTS = ("name", "description", "category_id", "tags", "rank", "on_sale")
# Pairs of an option's name and what the row's variant has of it.
OPTIONS = tuple((f"option{number}_name", f"option{number}_value") for number in range(1, 6))
COLUMNS = (
    *("slug", *FACTS, "sku", "variant_name", "price", "list_price", "tax"),
    *(column for pair in OPTIONS for column in pair),
)
NEEDED = ("slug", "sku", "price")
MAX_ROWS = 5_000
MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_PROBLEMS = 1_000
# With these a spreadsheet takes a cell for a formula.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row; `row` counts as the spreadsheet does, the first below the headings is 2."""

    row: int
    column: str | None
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Line:
    """`stray`: the number of the first column without a heading that the row has something in; 0: none."""

    row: int
    cells: Mapping[str, str]
    stray: int = 0


def harmless(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula. One that looks guarded already is guarded again."""
    return f"'{cell}" if cell.lstrip("'").startswith(_DANGEROUS) else cell


def as_meant(cell: str) -> str:
    """The cell without the sign that `harmless` put before it."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_DANGEROUS) else cell


def cell_of(tags: Sequence[str]) -> str:
    """Tags in one cell, commas between them. A tag that has a comma or a quote stands in quotes, as in CSV."""
    return ", ".join('"' + tag.replace('"', '""') + '"' if "," in tag or '"' in tag else tag for tag in tags)


def tags_of(cell: str) -> list[str]:
    """The tags that `cell_of` or a person wrote. What cannot be read stays one tag, and is refused as one."""
    try:
        found = next(csv.reader([cell], skipinitialspace=True), [])
    except csv.Error:
        return [cell]
    return [tag.strip() for tag in found if tag.strip()]


def facts_of(lines: Sequence[Line]) -> dict[str, str]:
    """What the rows of a product say about it: of each fact the first cell that has it."""
    return {name: cell for line in reversed(lines) for name, cell in line.cells.items() if cell and name in FACTS}


def contradictions(lines: Sequence[Line]) -> list[Problem]:
    """What is not clear about the rows of a product, each of which would have to be left out silently otherwise."""
    facts, seen, found = facts_of(lines), set(), []
    for line in lines:
        for name in FACTS:
            if line.cells.get(name, "") not in ("", facts.get(name)):
                detail = f"another row of {line.cells['slug']} says otherwise"
                found.append(Problem(line.row, name, "row.contradicts", detail))
        sku = line.cells.get("sku", "")
        if sku and sku in seen:
            found.append(Problem(line.row, "sku", "row.repeats", f"{sku} has a row above"))
        seen.add(sku)
        if line.stray:
            detail = f"there is something in column {line.stray}, which has no heading"
            found.append(Problem(line.row, None, "row.no_heading", detail))
    return found


def lines_of(table: Sequence[Sequence[str]]) -> list[Line]:
    """The rows below the headings, without empty ones. Raises `SheetUnfit` for a sheet that is none of products."""
    if not table:
        raise SheetUnfit("the sheet is empty")
    if any("\x00" in cell for row in table for cell in row):
        raise SheetUnfit("the sheet has a cell that is no text")
    headings = [cell.strip().lower() for cell in table[0]]
    while headings and not headings[-1]:
        headings.pop()
    unknown = [heading for heading in headings if heading not in COLUMNS]
    if unknown or len(set(headings)) != len(headings):
        raise SheetUnfit(f"the headings are, each once and in any order: {', '.join(COLUMNS)}", unknown=unknown[:20])
    missing = [heading for heading in NEEDED if heading not in headings]
    if missing:
        raise SheetUnfit(f"there is no column {', '.join(missing)}", missing=missing)
    found = []
    for number, cells in enumerate(table[1:], 2):
        named = {heading: _content(heading, cell) for heading, cell in zip(headings, cells, strict=False)}
        beyond = enumerate(cells[len(headings) :], len(headings) + 1)
        stray = next((column for column, cell in beyond if cell.strip()), 0)
        if stray or any(named.values()):
            found.append(Line(number, named, stray))
    if len(found) > MAX_ROWS:
        raise SheetUnfit(f"a sheet has at most {MAX_ROWS} rows", rows=len(found))
    return found


def _content(heading: str, cell: str) -> str:
    """A description is kept to the last blank; nothing else has blanks around it."""
    if heading == "description":
        return cell if cell.strip() else ""
    return unicodedata.normalize("NFC", cell.strip())


def by_product(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The rows of each slug, the slugs sorted: two imports at once queue up and never wait for each other."""
    groups: dict[str, list[Line]] = {}
    for line in sorted(lines, key=lambda line: (line.cells.get("slug", ""), line.row)):
        groups.setdefault(line.cells.get("slug", ""), []).append(line)
    return groups
