"""The books as rows: what the database itself refuses, and what the audit finds."""

from __future__ import annotations

import asyncio

import pytest
from services.payments.tests.builders import AMOUNT, a_refund_request, a_staff_header
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from common import ids
from payments.domain import ledger
from payments.repository import ledger as books

pytestmark = pytest.mark.integration

BY_HAND = """
INSERT INTO refunds (id, payment_id, order_id, amount, tax_free_amount, reason, status, requested_at, refunded_at)
SELECT gen_random_uuid(), id, order_id, 100, 0, 'by hand', '{status}', now(), {refunded_at} FROM payments
"""


class TestAppendOnly:
    @pytest.mark.parametrize("table", ["journals", "postings", "payment_history"])
    @pytest.mark.parametrize("statement", ["DELETE FROM {table}", "UPDATE {table} SET {column} = {column}"])
    async def test_nothing_is_changed_or_deleted(self, mall, table, statement):
        await mall.paid()
        column = {"journals": "kind", "postings": "amount", "payment_history": "why"}[table]
        with pytest.raises(DBAPIError, match="append-only"):
            async with mall.database.transaction() as tx:
                await tx.connection.execute(text(statement.format(table=table, column=column)))

    async def test_a_movement_is_posted_once(self, mall):
        payment = await mall.paid()
        known = await mall.payment(payment["id"])
        with pytest.raises(IntegrityError):
            async with mall.database.transaction() as tx:
                await books.post(tx.connection, [ledger.received(known)], tx.now)
        await mall.assert_balanced()


class TestBalance:
    async def post(self, mall, amounts):
        payment = await mall.open()
        async with mall.database.transaction() as tx:
            journal_id = ids.new_id()
            await tx.connection.execute(
                text(
                    "INSERT INTO journals (id, ref, kind, payment_id, order_id, currency, posted_at)"
                    " VALUES (:id, 'by hand', 'received', :payment, :order, 'KRW', now())"
                ),
                {"id": journal_id, "payment": payment["id"], "order": payment["order_id"]},
            )
            for position, amount in enumerate(amounts):
                await tx.connection.execute(
                    text("INSERT INTO postings VALUES (:journal, :position, 'customer_payments', :amount)"),
                    {"journal": journal_id, "position": position, "amount": amount},
                )

    @pytest.mark.parametrize("amounts", [(), (100,), (100, -99), (100, 100, -100)])
    async def test_the_database_takes_no_journal_that_does_not_sum_to_zero(self, mall, amounts):
        with pytest.raises(DBAPIError, match="postings that sum to"):
            await self.post(mall, amounts)

    async def test_and_no_empty_posting(self, mall):
        with pytest.raises(IntegrityError):
            await self.post(mall, (0, 0))

    async def test_one_that_does_is_taken(self, mall):
        await self.post(mall, (100, -60, -40))


class TestLedgerRoute:
    async def test_shows_every_movement_of_an_order(self, mall):
        payment = await mall.paid()
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), 5_000))
        await mall.run("refunds")
        response = await mall.http.get(
            "/v1/payments/ledger", params={"order_id": payment["order_id"]}, headers=a_staff_header("payments")
        )
        found = response.json()
        assert {journal["kind"] for journal in found["journals"]} == {"received", "refund_owed", "refund_paid"}
        for journal in found["journals"]:
            assert sum(posting["amount"]["amount"] for posting in journal["postings"]) == 0
        balances = {line["account"]: line["amount"]["amount"] for line in found["balances"]}
        assert balances == {
            "provider_receivable:toss": AMOUNT - 5_000, "customer_payments": 5_000 - AMOUNT, "refunds_payable": 0,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "path", ["/v1/payments/ledger?order_id=11111111-1111-7111-8111-111111111111", "/v1/payments/audit"]
    )
    async def test_is_for_staff_of_payments_only(self, mall, path):
        assert (await mall.http.get(path)).status_code == 401
        assert (await mall.http.get(path, headers=a_staff_header("catalog"))).status_code == 403
        assert (await mall.http.get(path, headers=a_staff_header("payments"))).status_code == 200
        assert (await mall.http.get(path, headers=a_staff_header("admin"))).status_code == 200


class TestAudit:
    async def test_counts_what_there_is(self, mall):
        await mall.paid()
        payment = await mall.paid()
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), AMOUNT))
        await mall.run("refunds")
        await mall.open()
        for left in (4, 0):
            found = await mall.audit()
            assert found["balanced"]
            counts = found["counts"]
            assert (counts["journals"], counts["confirmed"], counts["refunds_done"]) == (4, 2, 1)
            assert counts["journals_uncounted"] == left
            await mall.run("audit")

    async def test_reads_only_what_changed_and_says_the_same_as_a_recount(self, mall):
        payments = [await mall.paid() for _ in range(3)]
        balances = (await mall.audit())["balances"]
        await mall.run("audit")
        found = await mall.audit()
        assert (found["counts"]["journals_uncounted"], found["counts"]["payments_unchecked"]) == (0, 0)
        assert found["balances"] == balances
        await mall.deliver(a_refund_request(await mall.payment(payments[0]["id"]), 5_000))
        await mall.run("refunds")
        found = await mall.audit()
        assert (found["counts"]["journals_uncounted"], found["counts"]["payments_unchecked"]) == (2, 1)
        full = await mall.http.get("/v1/payments/audit", params={"full": True}, headers=a_staff_header("payments"))
        assert full.json()["balanced"]
        assert full.json()["balances"] == found["balances"]

    async def test_running_sums_that_are_wrong_are_found_by_a_recount(self, mall):
        await mall.paid()
        await mall.run("audit")
        await mall.execute("UPDATE ledger_balances SET balance = balance + 1")
        full = await mall.http.get("/v1/payments/audit", params={"full": True}, headers=a_staff_header("payments"))
        assert not full.json()["balanced"]

    async def test_several_at_once_count_every_journal_once(self, mall):
        for _ in range(6):
            await mall.paid()
        await asyncio.gather(*(mall.run("audit") for _ in range(4)))
        await mall.run("audit")
        found = await mall.audit()
        assert (found["counts"]["journals"], found["counts"]["journals_uncounted"]) == (6, 0)
        await mall.assert_balanced()

    async def test_what_is_being_changed_while_it_looks_is_looked_at_again(self, mall):
        payment = await mall.paid()
        async with mall.database.transaction() as tx:
            await tx.connection.execute(text("UPDATE payments SET amount = amount - 1"))
            await mall.run("audit")
            assert (await mall.audit())["balanced"]
        await mall.run("audit")
        assert [row["payment_id"] for row in (await mall.audit())["wrong_payments"]] == [payment["id"]]

    @pytest.mark.parametrize(
        ("harm", "wrong"),
        [
            ("UPDATE payments SET amount = amount - 1", "receivable"),
            ("UPDATE payments SET status = 'cancelled'", "receivable"),
            ("UPDATE payments SET status = 'refunded'", "status"),
            ("UPDATE payments SET surplus = 1", "surplus"),
            (BY_HAND.format(status="requested", refunded_at="NULL"), "customer_payments"),
            (BY_HAND.format(status="done", refunded_at="now()"), "receivable"),
        ],
    )
    async def test_finds_a_payment_whose_books_say_something_else(self, mall, harm, wrong):
        payment = await mall.paid()
        await mall.run("audit")
        async with mall.database.transaction() as tx:
            await tx.connection.execute(text(harm))
        for _ in range(2):  # it stays to be seen, however often it was looked at
            found = await mall.audit()
            assert not found["balanced"]
            assert [(row["payment_id"], row["wrong"]) for row in found["wrong_payments"]] == [(payment["id"], wrong)]
            await mall.run("audit")
