"""Invoices, packing lists and the export."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from python_calamine import load_workbook
from services.orders.tests.builders import a_quote, a_quote_line, pays
from services.orders.tests.fakes import TOKEN_KEY, staff
from services.orders.tests.stored import change, order_token, place

from common import ids
from common.db import Database
from orders import handlers
from orders.api import papers
from orders.clients.sets import SetPart

pytestmark = pytest.mark.integration

STAFF = staff("orders")


async def test_the_invoice_is_a_pdf_for_the_holder_of_a_paid_order(http, database: Database):
    order = await place(database, a_quote(a_quote_line(), a_quote_line("RICE", tax_free=True)))
    path, guest = f"/v1/orders/{order.order_id}/invoice.pdf", {"X-Order-Token": order_token(TOKEN_KEY, order.order_id)}
    unpaid = await http.get(path, headers=guest)
    assert (unpaid.status_code, unpaid.json()["code"]) == (409, "order.not_paid")
    await change(database, handlers.pay_order, pays(order))
    printed = await http.get(path, headers=guest)
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf")
    assert printed.content.startswith(b"%PDF-")
    assert order.number in printed.headers["content-disposition"]
    assert (await http.get(path)).status_code == 404


async def test_the_packing_list_is_staffs_and_needs_no_contact(http, database: Database):
    order = await place(database)
    path = f"/v1/orders/{order.order_id}/packing-list.pdf"
    assert (await http.get(path, headers=STAFF)).content.startswith(b"%PDF-")
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM order_contacts")
    assert (await http.get(path, headers=STAFF)).status_code == 200
    assert (await http.get(path)).status_code == 401
    assert (await http.get(f"/v1/orders/{ids.new_id()}/packing-list.pdf", headers=STAFF)).status_code == 404


async def test_without_the_parts_of_sets_there_is_no_packing_list(http, database: Database, sets):
    order = await place(database, a_quote(a_quote_line("GIFT")))
    path = f"/v1/orders/{order.order_id}/packing-list.pdf"
    sets.down = True
    assert (await http.get(path, headers=STAFF)).status_code == 503
    sets.down, sets.made_of = False, {"GIFT": (SetPart(sku="A", product_name="귀리", quantity=2),)}
    assert (await http.get(path, headers=STAFF)).status_code == 200


async def test_the_export_has_a_row_per_line_and_no_formulas(http, database: Database, monkeypatch):
    monkeypatch.setattr(papers, "_BATCH", 2)
    trap = replace(a_quote_line(), product_name='=HYPERLINK("http://evil")')
    placed = [await place(database, a_quote(trap, a_quote_line("OAT"))) for _ in range(5)]
    answer = await http.get("/v1/orders/export?from=2026-11-22&to=2026-11-22&channel=pc", headers=STAFF)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["order_number"] for row in rows[::2]] == [order.number for order in reversed(placed)]
    assert len(rows) == 10
    assert rows[0]["product_name"].startswith("'=")
    assert rows[0]["amount"] == "12900"
    assert "김하늘" not in answer.text


async def test_the_export_is_a_spreadsheet_too(http, database: Database, monkeypatch):
    monkeypatch.setattr(papers, "_BATCH", 2)
    placed = [await place(database, a_quote(a_quote_line(), a_quote_line("OAT"))) for _ in range(3)]
    query = "/v1/orders/export?from=2026-11-22&to=2026-11-22&format="
    answer = await http.get(f"{query}xlsx", headers=STAFF)
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    head, *rows = load_workbook(io.BytesIO(answer.content)).get_sheet_by_name("orders").to_python()
    assert head[0] == "order_number"
    assert [row[0] for row in rows[::2]] == [order.number for order in reversed(placed)]
    assert rows[0][head.index("amount")] == 12900
    assert (await http.get(f"{query}ods", headers=STAFF)).status_code == 422


@pytest.mark.parametrize("days", ["from=2026-11-22&to=2026-11-21", "from=2026-01-01&to=2026-12-31", "from=2026-11-22"])
async def test_the_export_is_bounded(http, days):
    assert (await http.get(f"/v1/orders/export?{days}", headers=STAFF)).status_code == 422
    assert (await http.get(f"/v1/orders/export?{days}")).status_code in {401, 422}
