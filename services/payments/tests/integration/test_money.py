"""What goes back: never more than there is, in exactly its parts, and told when it cannot go."""

from __future__ import annotations

import asyncio
import random

import pytest
from services.payments.tests.builders import AMOUNT, TOKEN, a_payable, a_refund_request, a_staff_header

from common.testing import published
from contracts.payments import DepositMismatch, PaymentRefunded, RefundAccountNeeded, RefundRefused, SurplusReturned
from payments.commands.answers import Hint, Refused

pytestmark = pytest.mark.integration

ACCOUNT = {"bank": "88", "account_number": "110123456789", "holder_name": "김서연"}


async def give_account(mall, payment):
    path = f"/v1/payments/{payment['id']}/refund-account"
    return await mall.http.post(path, json=ACCOUNT, headers={"X-Order-Token": TOKEN})


async def last(mall, kind):
    return [event for event in await published(mall.database) if isinstance(event, kind)][-1]


class TestNeverTooMuch:
    async def test_asked_for_at_once_in_every_size(self, mall):
        """Thirty refunds race for one payment, each through a transaction of its own, while the job sends them."""
        payment = await mall.paid()
        known = await mall.payment(payment["id"])
        chosen = random.Random(4)
        wanted = [a_refund_request(known, chosen.randint(1, 3_000)) for _ in range(30)]
        await asyncio.gather(*(mall.deliver(event) for event in wanted), *(mall.run("refunds") for _ in range(5)))
        for _ in range(40):
            await mall.run_later("refunds", seconds=2)
        rows = await mall.rows("SELECT status, amount FROM refunds")
        given = sum(row.amount for row in rows if row.status == "done")
        assert {row.status for row in rows} == {"done", "refused"}
        assert AMOUNT - 3_000 < given <= AMOUNT
        assert given == sum(back.amount for back in mall.toss.tills[payment["id"]].returns)
        await mall.assert_balanced()


class TestParts:
    async def test_of_partial_refunds_sum_to_the_payments(self, mall):
        order = mall.orders.add(a_payable(tax_free_amount=3_333, vat_amount=1_142))
        payment = await mall.open(order_id=order.order_id)
        await mall.confirm(payment["id"])
        known = await mall.payment(payment["id"])
        for amount, parts in ((5_000, {}), (4_001, {"vat_amount": 364}), (6_899, {"tax_free_amount": 6_899})):
            await mall.deliver(a_refund_request(known, amount, **parts))
            await mall.run("refunds")
        sent = mall.toss.seen_cancels
        assert sum(cancel.amount for cancel in sent) == AMOUNT
        assert sum(cancel.tax_free_amount for cancel in sent) == 3_333
        assert sum(cancel.vat_amount for cancel in sent) == 1_142
        event = await last(mall, PaymentRefunded)
        assert (event.refund_vat_amount, event.refund_tax_free_amount) == (
            sent[-1].vat_amount, sent[-1].tax_free_amount,
        )  # fmt: skip
        assert await mall.status(payment["id"]) == "refunded"


class TestTold:
    async def test_that_an_account_is_needed_and_when_it_was_wrong(self, mall):
        payment = await mall.paid("virtual_account")
        refund = a_refund_request(await mall.payment(payment["id"]), 5_000)
        await mall.deliver(refund)
        event = await last(mall, RefundAccountNeeded)
        assert (event.refund_id, event.refund_amount, event.account_was_wrong) == (refund.refund_id, 5_000, False)
        await give_account(mall, payment)
        mall.toss.refuse["cancel"] = Refused("INVALID_REFUND_ACCOUNT_INFO", "no such account", Hint.ACCOUNT)
        await mall.run("refunds")
        event = await last(mall, RefundAccountNeeded)
        assert (event.refund_id, event.account_was_wrong) == (refund.refund_id, True)
        await give_account(mall, payment)
        await mall.run_later("refunds", seconds=1)
        assert (await mall.said()).count("refund-account-needed") == 2
        assert (await mall.get(payment["id"]))["status"] == "partially_refunded"
        await mall.assert_balanced()

    async def test_that_a_refund_is_refused(self, mall):
        payment = await mall.paid()
        refund = a_refund_request(await mall.payment(payment["id"]), 5_000)
        mall.toss.refuse["cancel"] = Refused("NOT_CANCELABLE_PAYMENT", "too old")
        await mall.deliver(refund)
        await mall.run("refunds")
        event = await last(mall, RefundRefused)
        assert (event.refund_id, event.refund_amount, event.code) == (
            refund.refund_id, 5_000, "NOT_CANCELABLE_PAYMENT",
        )  # fmt: skip
        await mall.assert_balanced()

    async def test_that_a_refund_asks_for_more_than_there_is(self, mall):
        payment = await mall.paid()
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), AMOUNT + 1))
        assert (await last(mall, RefundRefused)).code == "more_than_left"


class TestDeposit:
    async def arrives(self, mall, payment, all_in_all=None):
        """Twice told, as providers do."""
        mall.toss.deposit(payment["id"], all_in_all=all_in_all)
        for _ in range(2):
            await mall.callback(payment["id"])
            await mall.run_later("callbacks", minutes=1)

    async def transfer(self, mall, payment, amount, reference="T-1", day="2026-11-23", roles=("payments",)):
        url = f"/v1/payments/{payment['id']}/surplus-transfers/{reference}"
        body = {"amount": amount, "transferred_on": day}
        return await mall.http.put(url, json=body, headers=a_staff_header(*roles))

    async def test_short_of_the_amount_confirms_nothing_and_is_told_once(self, mall):
        payment = await mall.open("virtual_account")
        await self.arrives(mall, payment, AMOUNT - 900)
        assert await mall.said() == ["payment-pending", "deposit-mismatch"]
        event = await last(mall, DepositMismatch)
        assert (event.deposited_amount, event.surplus_amount) == (AMOUNT - 900, 0)
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        await mall.assert_balanced()
        await self.arrives(mall, payment)
        assert await mall.status(payment["id"]) == "confirmed"
        assert (await mall.payment(payment["id"])).attention is None
        await mall.assert_balanced()

    async def test_short_until_the_account_is_over_goes_back(self, mall):
        payment = await mall.open("virtual_account")
        await self.arrives(mall, payment, 10_000)
        await mall.run_later("settle-payments", hours=25)
        assert await mall.status(payment["id"]) == "expired"
        assert (await mall.said())[-2:] == ["payment-expired", "deposit-mismatch"]
        assert (await last(mall, DepositMismatch)).surplus_amount == 10_000
        assert (await give_account(mall, payment)).status_code == 204
        assert (await self.transfer(mall, payment, 10_000)).status_code == 200
        assert (await mall.get(payment["id"]))["next_action"] is None
        assert (await mall.audit())["balanced"]

    async def test_over_the_amount_confirms_it_and_the_rest_goes_back_by_transfer(self, mall):
        payment = await mall.open("virtual_account")
        await self.arrives(mall, payment, AMOUNT + 100)
        assert await mall.said() == ["payment-pending", "payment-confirmed", "deposit-mismatch"]
        assert (await mall.payment(payment["id"])).attention == "surplus_owed"
        await mall.assert_balanced()
        seen = await mall.get(payment["id"])
        assert (seen["surplus"]["amount"], seen["next_action"]) == (100, {"type": "refund_account"})
        await give_account(mall, payment)
        account = f"/v1/payments/{payment['id']}/surplus-account"
        shown = (await mall.http.get(account, headers=a_staff_header("payments"))).json()
        assert shown["account_number"] == "110123456789"
        (line,) = await mall.rows("SELECT why FROM payment_history WHERE why LIKE '%shown%'")
        assert line.why.endswith("staff:staff-1")
        (owed,) = (await mall.http.get("/v1/payments/surpluses", headers=a_staff_header("payments"))).json()["items"]
        assert (owed["payment_id"], owed["owed"]["amount"], owed["account_named"]) == (payment["id"], 100, True)
        assert (await self.transfer(mall, payment, 60)).json()["surplus"]["amount"] == 40
        assert (await self.transfer(mall, payment, 40, "T-2")).status_code == 200
        event = await last(mall, SurplusReturned)
        assert (event.returned_amount, event.remaining_amount) == (40, 0)
        assert await mall.rows("SELECT 1 FROM refund_accounts") == []
        assert (await mall.http.get(account, headers=a_staff_header("payments"))).status_code == 404
        assert (await mall.payment(payment["id"])).attention is None
        assert (await mall.audit())["balanced"]
        (sent,) = [line for line in (await mall.audit())["balances"] if line["account"] == "bank_transfers"]
        assert sent["amount"]["amount"] == -100

    async def test_a_transfer_is_written_down_once_and_never_more_than_is_owed(self, mall):
        payment = await mall.open("virtual_account")
        await self.arrives(mall, payment, AMOUNT + 100)
        for _ in range(2):
            assert (await self.transfer(mall, payment, 60)).status_code == 200
        assert (await mall.said()).count("surplus-returned") == 1
        for amount, reference, day, code in (
            (50, "T-1", "2026-11-23", "surplus.reference_reused"),
            (60, "T-1", "2026-11-24", "surplus.reference_reused"),
            (41, "T-2", "2026-11-23", "surplus.exceeded"),
        ):  # fmt: skip
            refused = await self.transfer(mall, payment, amount, reference, day)
            assert (refused.status_code, refused.json()["code"]) == (409, code)
        for amount in (0, -1, 1.5, "1", True):
            assert (await self.transfer(mall, payment, amount, "T-3")).status_code == 422
        assert (await self.transfer(mall, payment, 1, "T-3", roles=("catalog",))).status_code == 403
        card = await mall.paid()
        assert (await self.transfer(mall, card, 1, "T-4")).json()["code"] == "surplus.exceeded"
        assert [row.amount for row in await mall.rows("SELECT amount FROM surplus_transfers")] == [60]
        assert (await mall.audit())["balanced"]

    async def test_five_transfers_at_once_send_no_won_too_many(self, mall):
        payment = await mall.open("virtual_account")
        await self.arrives(mall, payment, AMOUNT + 100)
        answers = await asyncio.gather(*(self.transfer(mall, payment, 40, f"T-{each}") for each in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409, 409]
        assert (await mall.audit())["balanced"]

    async def test_twice_is_one_payment_and_the_second_goes_back(self, mall):
        payment = await mall.paid("virtual_account")
        await self.arrives(mall, payment, 2 * AMOUNT)
        assert (await mall.said())[-2:] == ["payment-confirmed", "deposit-mismatch"]
        known = await mall.payment(payment["id"])
        assert (known.confirmations, known.returnable) == (1, AMOUNT)
        await mall.assert_balanced()

    async def test_an_account_for_a_surplus_outlives_the_refund_it_was_used_for(self, mall):
        payment = await mall.open("virtual_account")
        await self.arrives(mall, payment, AMOUNT + 100)
        await give_account(mall, payment)
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), AMOUNT))
        await mall.run("refunds")
        assert await mall.status(payment["id"]) == "refunded"
        await mall.run_later("forget", days=40)
        assert len(await mall.rows("SELECT 1 FROM refund_accounts")) == 1
        await mall.assert_balanced()
        await self.transfer(mall, payment, 100)
        assert await mall.rows("SELECT 1 FROM refund_accounts") == []

    async def test_one_transfer_is_written_down_for_one_payment(self, mall):
        first, second = [await mall.open("virtual_account") for _ in range(2)]
        for payment in (first, second):
            await self.arrives(mall, payment, AMOUNT + 100)
        assert (await self.transfer(mall, first, 50)).status_code == 200
        anothers = await self.transfer(mall, second, 50)
        assert (anothers.status_code, anothers.json()["code"]) == (409, "surplus.reference_reused")
        assert (await mall.payment(second["id"])).surplus_returned == 0
        assert (await self.transfer(mall, second, 50, day="2026-11-24")).status_code == 200

    @pytest.mark.parametrize("day", [0, "0001-01-01", "9999-12-31"])
    async def test_a_transfer_has_a_day(self, mall, day):
        payment = await mall.open("virtual_account")
        await self.arrives(mall, payment, AMOUNT + 100)
        assert (await self.transfer(mall, payment, 50, day=day)).status_code == 422
