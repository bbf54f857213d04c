"""What is printed: the invoice for the customer and the packing list for who packs. PDF, A4, the font in the file.

The words on them are data (`papers.json`). Rendering takes some tenths of a second of CPU: call it off the event loop.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from orders.commands import Contact
from orders.domain import Amounts, Line, Order
from orders.repository.contacts import StoredContact

# It tells of every table of every font it cuts down.
logging.getLogger("fontTools").setLevel(logging.WARNING)

_FONT = "page"
_WORDS = Path(__file__).parents[1] / "papers.json"


@dataclass(frozen=True)
class Papers:
    """`sellers`: what stands on the invoice for a mall, line by line; a mall without shows its own name."""

    words: dict[str, str]
    sellers: dict[str, list[str]]

    @classmethod
    def load(cls, sellers: dict[str, list[str]]) -> Papers:
        return cls(json.loads(_WORDS.read_text("utf-8")), sellers)

    def invoice(self, order: Order, stored: StoredContact | None) -> bytes:
        """What was bought, what it cost with its taxes, and what went back."""
        words, contact = self.words, stored.contact if stored else None
        page = _Page(f"{words['invoice']} {order.number}")
        page.title(words["invoice"])
        page.facts(
            (words["seller"], " / ".join(self.sellers.get(order.mall_id, [order.mall_id]))),
            (words["order_number"], order.number),
            (words["placed_at"], self._moment(order.placed_at)),
            (words["paid_at"], self._moment(order.payment.paid_at) if order.payment else "-"),
            (words["orderer"], contact.orderer_name if contact else "-"),
            *self._address(contact),
        )
        head = [words[name] for name in ("product", "quantity", "unit_price", "discount", "amount")]
        rows = [
            [
                self._name(line),
                f"{line.quantity:,}",
                _won(line.unit_price),
                _won(line.discount_amount),
                _won(line.amount),
            ]
            for line in order.lines
        ]
        page.table(head, rows, (78, 18, 28, 28, 38))
        worth = order.worth
        refunded = order.refunded_amount
        page.facts(
            (words["shipping"], self._amount(order.shipping_amount, order)),
            (words["total"], self._amount(worth.amount, order)),
            *self._taxes(worth, order),
            *(((words["refunded"], self._amount(-refunded, order)),) if refunded else ()),
            *(((words["kept"], self._amount(order.total_amount - refunded, order)),) if refunded else ()),
        )
        return page.done()

    def packing_list(self, order: Order, stored: StoredContact | None) -> bytes:
        """What still belongs into the box, and where the box goes. No prices."""
        words, contact = self.words, stored.contact if stored else None
        page = _Page(f"{words['packing_list']} {order.number}")
        page.title(words["packing_list"])
        page.facts(
            (words["order_number"], order.number),
            (words["placed_at"], self._moment(order.placed_at)),
            *self._address(contact),
            (words["memo"], (contact.memo if contact else None) or "-"),
        )
        rows = [
            [self._name(line), line.sku, f"{line.kept - line.cancelling:,}", ""]
            for line in order.lines
            if line.kept > line.cancelling
        ]
        page.table([words["product"], "SKU", words["quantity"], words["checked"]], rows, (90, 55, 20, 25))
        return page.done()

    def _address(self, contact: Contact | None) -> list[tuple[str, str]]:
        words = self.words
        if contact is None:
            return [(words["recipient"], "-")]
        return [
            (words["recipient"], contact.recipient),
            (words["phone"], contact.phone),
            (words["address"], f"({contact.zonecode}) {contact.road_address} {contact.detail}"),
        ]

    def _taxes(self, worth: Amounts, order: Order) -> list[tuple[str, str]]:
        words, taxed = self.words, worth.amount - worth.tax_free - worth.vat
        free = [(words["tax_free"], self._amount(worth.tax_free, order))] if worth.tax_free else []
        return [(words["supply"], self._amount(taxed, order)), (words["vat"], self._amount(worth.vat, order)), *free]

    def _name(self, line: Line) -> str:
        name = f"{line.product_name} {line.variant_name}" if line.variant_name else line.product_name
        return f"[{self.words['gift']}] {name}" if line.is_gift else name

    def _moment(self, at: datetime) -> str:
        return at.astimezone(ZoneInfo(self.words["time_zone"])).strftime("%Y-%m-%d %H:%M")

    def _amount(self, amount: int, order: Order) -> str:
        return f"{_won(amount)} {order.currency}"


class _Page:
    def __init__(self, title: str) -> None:
        # Only who prints pays for loading the printer and its fonts.
        import pylopdf_fonts_ko
        from fpdf import FPDF

        self._pdf = FPDF(format="A4")
        self._pdf.add_font(_FONT, fname=str(pylopdf_fonts_ko.sans_path()))
        self._pdf.set_title(title)
        self._pdf.set_font(_FONT, size=10)
        self._pdf.set_auto_page_break(True, margin=15)
        self._pdf.add_page()

    def title(self, text: str) -> None:
        self._pdf.set_font(_FONT, size=20)
        self._pdf.cell(h=14, text=text, new_x="LMARGIN", new_y="NEXT")
        self._pdf.set_font(_FONT, size=10)

    def facts(self, *pairs: tuple[str, str]) -> None:
        self._pdf.ln(3)
        for name, value in pairs:
            self._pdf.cell(w=35, h=6, text=name)
            self._pdf.multi_cell(w=0, h=6, text=value, new_x="LMARGIN", new_y="NEXT")
        self._pdf.ln(3)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: tuple[int, ...]) -> None:
        from fpdf.fonts import FontFace

        # The font has no bold: a heading differs by its ground.
        head_style = FontFace(emphasis="", fill_color=235)
        with self._pdf.table(col_widths=widths, headings_style=head_style, line_height=6) as table:
            for cells in (head, *rows):
                table.row(list(cells))

    def done(self) -> bytes:
        return bytes(self._pdf.output())


def _won(amount: int) -> str:
    return f"{amount:,}"
