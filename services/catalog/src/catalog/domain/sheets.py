"""Products as rows of a sheet: which columns there are, and what a cell may do to the program that opens it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.errors import SheetUnfit

COLUMNS = (
    *("slug", "name", "description", "category_id", "tags", "rank", "on_sale"),
    *("sku", "variant_name", "price", "list_price", "tax"),
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
    row: int
    cells: Mapping[str, str]


def harmless(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def as_meant(cell: str) -> str:
    """The cell without the sign that `harmless` put before it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_DANGEROUS) else cell


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
        named = {heading: cell.strip() for heading, cell in zip(headings, cells, strict=False)}
        if any(named.values()):
            found.append(Line(number, named))
    if len(found) > MAX_ROWS:
        raise SheetUnfit(f"a sheet has at most {MAX_ROWS} rows", rows=len(found))
    return found


def by_product(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The rows of each slug, the slugs sorted: two imports at once queue up and never wait for each other."""
    groups: dict[str, list[Line]] = {}
    for line in sorted(lines, key=lambda line: (line.cells.get("slug", ""), line.row)):
        groups.setdefault(line.cells.get("slug", ""), []).append(line)
    return groups
