"""A printed page: a title, facts by name, tables that go on over pages, sums at the right. A4, the font in the file.

Loads the printer and its fonts: import it only where something is printed.
"""

from __future__ import annotations

from collections.abc import Sequence

from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout, VAlign
from fpdf.fonts import FontFace

from orders.schemas.lettering import FIRST, font_file, lettering

_MARGIN = 15
_LINE = 6
_NAMES = 30  # mm, the column of names before facts
_SUMS = 85  # mm, the block of sums at the right
_GREY = 235
_PAGES = "\U0010fffd" * 3  # stands for how many there are, as wide; no font has it, so no other text holds it
_WITHIN = (1.2, 1.6)  # mm between a cell's text and its borders: above and below, left and right


class Page:
    """`running` stands at the foot of every page, beside its number; `warning` under what has letters that no font has.

    Texts may be of any script.
    """

    def __init__(self, title: str, running: str, warning: str) -> None:
        self._warning = warning
        self._pdf = _Sheets(running)
        self._pdf.set_title(f"{title} {running}")
        self._pdf.add_page()
        self._pdf.set_font(FIRST, size=20)
        self._pdf.cell(h=14, text=title, new_x="LMARGIN", new_y="NEXT")
        self._pdf.set_font(FIRST, size=10)

    def facts(self, *pairs: tuple[str, str]) -> None:
        self._pdf.ln(2)
        lost = False
        for name, told in pairs:
            value, missing = self._printable(told)
            lost |= missing
            self._pdf.set_text_color(110)
            self._pdf.cell(w=_NAMES, h=_LINE, text=name)
            self._pdf.set_text_color(0)
            self._pdf.multi_cell(w=0, h=_LINE, text=value, align=Align.L, new_x="LMARGIN", new_y="NEXT")
        self._warn(lost)
        self._pdf.ln(4)

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], numbers: Sequence[int]
    ) -> None:
        """`numbers` are the columns that stand at the right. The head comes again on every page."""
        aligned = tuple(Align.R if place in numbers else Align.L for place in range(len(head)))
        printable = [[self._printable(cell) for cell in cells] for cells in (head, *rows)]
        # The font has no bold: a heading differs by its ground.
        with self._pdf.table(
            col_widths=tuple(widths),
            headings_style=FontFace(emphasis="", fill_color=_GREY),
            line_height=_LINE - 1,
            text_align=aligned,
            v_align=VAlign.M,
            padding=_WITHIN,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        ) as table:
            for cells in printable:
                table.row([text for text, _ in cells])
        self._warn(any(lost for cells in printable for _, lost in cells))

    def sums(self, *pairs: tuple[str, str], strong: str = "") -> None:
        """Amounts under the amounts of the table. The one named `strong` has a ground of its own."""
        self._pdf.ln(3)
        if self._pdf.will_page_break(_LINE * len(pairs)):
            self._pdf.add_page()
        self._pdf.set_fill_color(_GREY)
        for name, value in pairs:
            self._pdf.set_x(self._pdf.w - _MARGIN - _SUMS)
            self._pdf.cell(w=_SUMS / 2, h=_LINE, text=name, fill=name == strong)
            self._pdf.cell(
                w=_SUMS / 2, h=_LINE, text=value, align=Align.R, fill=name == strong, new_x="LMARGIN", new_y="NEXT"
            )

    def _printable(self, text: str) -> tuple[str, bool]:
        """The text, for which all fonts are there now, and whether letters of it are missing."""
        found = lettering(text)
        self._pdf.fall_back(found.fonts)
        return found.text, found.lost

    def _warn(self, lost: bool) -> None:
        if lost:
            text, _ = self._printable(self._warning)
            self._pdf.ln(1)
            with self._pdf.local_context(fill_color=_GREY):
                self._pdf.multi_cell(w=0, h=_LINE, text=text, align=Align.L, fill=True, new_x="LMARGIN", new_y="NEXT")

    def done(self) -> bytes:
        return bytes(self._pdf.output())


class _Sheets(FPDF):
    def __init__(self, running: str) -> None:
        super().__init__(format="A4")
        self._running = running
        self._others: list[str] = []
        self.alias_nb_pages(_PAGES)
        self.add_font(FIRST, fname=str(font_file(FIRST)))
        self.set_font(FIRST, size=10)
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, margin=_MARGIN + 5)

    def fall_back(self, fonts: Sequence[str]) -> None:
        """For letters that the first font has not. Scripts that join or turn round their letters need shaping."""
        for name in fonts:
            if name not in self._others:
                self.add_font(name, fname=str(font_file(name)))
                self._others.append(name)
                self.set_fallback_fonts(self._others, exact_match=False)
                self.set_text_shaping(True)

    def footer(self) -> None:
        """Asked for by the printer at the end of every page."""
        self.set_y(-_MARGIN)
        self.set_font(FIRST, size=8)
        self.set_text_color(110)
        self.cell(w=0, h=_LINE, text=self._running)
        self.set_x(self.l_margin)
        self.cell(w=0, h=_LINE, text=f"{self.page_no()} / {_PAGES}", align=Align.R)
        self.set_text_color(0)
        self.set_font(FIRST, size=10)
