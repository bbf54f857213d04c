"""What is printed: the invoice for the customer and the packing list for who packs. PDF.

The words on them are data (`papers.json`). Rendering takes some tenths of a second of CPU: call it off the event loop.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orders.clients.sets import SetPart
from orders.commands import Contact
from orders.domain import Amounts, Line, Order
from orders.repository.contacts import StoredContact

if TYPE_CHECKING:
    from orders.schemas.printing import Page

# It tells of every table of every font it cuts down.
logging.getLogger("fontTools").setLevel(logging.WARNING)

Sets = Mapping[str, Sequence[SetPart]]

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
        page = self._page("invoice", order)
        page.facts(
            (words["seller"], "\n".join(self.sellers.get(order.mall_id, [order.mall_id]))),
            (words["order_number"], order.number),
            (words["placed_at"], self._moment(order.placed_at)),
            (words["paid_at"], self._moment(order.payment.paid_at) if order.payment else "-"),
            (words["orderer"], contact.orderer_name if contact else "-"),
            *self._address(contact),
        )
        head = [words[name] for name in ("product", "quantity", "unit_price", "discount", "amount")]
        rows = [
            [
                self._name(line) + self._gone(line),
                f"{line.quantity:,}",
                _won(line.unit_price),
                _won(-line.discount_amount),
                _won(line.amount),
            ]
            for line in order.lines
        ]
        page.table(head, rows, (82, 16, 27, 25, 30), numbers=(1, 2, 3, 4))
        page.sums(*self._sums(order), strong=words["kept"] if order.refunded_amount else words["total"])
        return page.done()

    def packing_list(self, order: Order, stored: StoredContact | None, sets: Sets = MappingProxyType({})) -> bytes:
        """What still belongs into the box, and where the box goes. No prices. `sets`: what is in those among it."""
        words, contact = self.words, stored.contact if stored else None
        page = self._page("packing_list", order)
        page.facts(
            (words["order_number"], order.number),
            (words["placed_at"], self._moment(order.placed_at)),
            *self._address(contact),
            (words["memo"], (contact.memo if contact else None) or "-"),
        )
        packed = [(line, line.kept - line.cancelling) for line in order.lines if line.kept > line.cancelling]
        head = [words["product"], "SKU", words["quantity"], words["checked"]]
        picked = [row for line, units in packed for row in self._picked(line, units, sets.get(line.sku, ()))]
        rows = [[name, sku, f"{units:,}", "□" if checked else ""] for name, sku, units, checked in picked]
        page.table(head, rows, (92, 52, 18, 18), numbers=(2, 3))
        page.sums((words["units"], f"{sum(row[2] for row in picked if row[3]):,}"), strong=words["units"])
        return page.done()

    def _picked(self, line: Line, units: int, parts: Sequence[SetPart]) -> list[tuple[str, str, int, bool]]:
        """Name, SKU, units, and whether they are taken off a shelf: a set lies nowhere, its parts do."""
        whole = self._name(line) if not parts else f"[{self.words['set']}] {self._name(line)}"
        within = [
            (f"· {_named(part.product_name, part.variant_name)}", part.sku, units * part.quantity, True)
            for part in parts
        ]
        return [(whole, line.sku, units, not parts), *within]

    def _page(self, title: str, order: Order) -> Page:
        # Only who prints pays for loading the printer and its fonts.
        from orders.schemas.printing import Page

        return Page(self.words[title], order.number, self.words["unprintable"])

    def _sums(self, order: Order) -> list[tuple[str, str]]:
        words, worth, refunded = self.words, order.worth, order.refunded_amount
        far = order.surcharge_amount
        found = [(words["shipping"], self._amount(order.shipping_amount, order))]
        found += [(words["surcharge"], f"({self._amount(far, order)})")] if far else []
        found += [(words["total"], self._amount(worth.amount, order)), *self._taxes(worth, order)]
        if refunded:
            found.append((words["refunded"], self._amount(-refunded, order)))
            found.append((words["kept"], self._amount(order.total_amount - refunded, order)))
        return found

    def _gone(self, line: Line) -> str:
        """What of it the customer has not, or not any more."""
        gone = (("cancelled", line.cancelled), ("returned", line.returned))
        told = ", ".join(f"{self.words[name]} {units:,}" for name, units in gone if units)
        return f"\n({told})" if told else ""

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
        name = _named(line.product_name, line.variant_name)
        return f"[{self.words['gift']}] {name}" if line.is_gift else name

    def _moment(self, at: datetime) -> str:
        return at.astimezone(ZoneInfo(self.words["time_zone"])).strftime("%Y-%m-%d %H:%M")

    def _amount(self, amount: int, order: Order) -> str:
        return f"{_won(amount)} {order.currency}"


def _named(product: str, variant: str | None) -> str:
    return f"{product} {variant}" if variant else product


def _won(amount: int) -> str:
    return f"{amount:,}"
