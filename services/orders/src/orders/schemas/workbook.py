"""A spreadsheet that is written as it is sent: rows go in, bytes come out, and nothing of it is kept.

An XLSX is a zip of XML parts. The sheets are written first and the list of them last, so however many rows come, they
need no more memory than a batch. Text stands in its cell and is never taken for a formula.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO, Final
from xml.sax.saxutils import escape

MOST_ROWS: Final = 1_048_576
MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PROLOGUE = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# The first row stays in sight.
_BEGIN = (
    f'{_PROLOGUE}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
_END = "</sheetData></worksheet>"
# What XML cannot say.
_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Workbook:
    """Every method returns the bytes that are to be sent next. `name` is that of the first sheet."""

    def __init__(self, name: str, columns: Sequence[str], most_rows: int = MOST_ROWS) -> None:
        self._name = name
        self._columns = columns
        self._most = most_rows
        self._pipe = _Pipe()
        self._zip = zipfile.ZipFile(self._pipe, "w", zipfile.ZIP_DEFLATED)
        self._sheet: IO[bytes] | None = None
        self._sheets = 0
        self._rows = 0

    def begin(self) -> bytes:
        self._next_sheet()
        return self._pipe.taken()

    def add(self, rows: Iterable[Sequence[object]]) -> bytes:
        """Text, whole numbers, or None for an empty cell. More than fits on a sheet goes on the next."""
        for row in rows:
            if self._rows == self._most:
                self._next_sheet()
            self._write(row)
        return self._pipe.taken()

    def done(self) -> bytes:
        self._end_sheet()
        numbers = range(1, self._sheets + 1)
        self._part(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            + "".join(
                f'<sheet name="{escape(self._title(number))}" sheetId="{number}" r:id="rId{number}"/>'
                for number in numbers
            )
            + "</sheets></workbook>",
        )
        self._part("xl/_rels/workbook.xml.rels", _relations("worksheet", "worksheets/sheet{}.xml", numbers))
        self._part("_rels/.rels", _relations("officeDocument", "xl/workbook.xml", (1,)))
        self._part(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
            + "".join(
                f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/>'
                for number in numbers
            )
            + "</Types>",
        )
        self._zip.close()
        return self._pipe.taken()

    def _title(self, number: int) -> str:
        return self._name if number == 1 else f"{self._name} {number}"

    def _next_sheet(self) -> None:
        self._end_sheet()
        self._sheets += 1
        self._rows = 0
        self._sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        self._sheet.write(_BEGIN.encode())
        self._write(self._columns)

    def _end_sheet(self) -> None:
        if self._sheet is not None:
            self._sheet.write(_END.encode())
            self._sheet.close()

    def _write(self, row: Sequence[object]) -> None:
        assert self._sheet is not None
        self._rows += 1
        self._sheet.write(f"<row>{''.join(map(_cell, row))}</row>".encode())

    def _part(self, name: str, content: str) -> None:
        self._zip.writestr(name, _PROLOGUE + content)


class _Pipe:
    """What the zip writes into: it cannot seek, so it never wants to come back to what was sent."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, content: bytes) -> int:
        self._waiting += content
        return len(content)

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def close(self) -> None:
        """Nothing is held open."""

    def taken(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def _cell(value: object) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, int):
        return f"<c><v>{value}</v></c>"
    text = escape(_UNSAYABLE.sub("", str(value)))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _relations(kind: str, target: str, numbers: Iterable[int]) -> str:
    found = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target.format(number)}"/>'
        for number in numbers
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{found}</Relationships>'
