"""What goes back: never more than there is, in exactly its parts, and told when it cannot go."""

from __future__ import annotations

import asyncio
import random

import pytest
from services.payments.tests.builders import AMOUNT, TOKEN, a_payable, a_refund_request

from common.testing import published
from contracts.payments import DepositMismatch, PaymentRefunded, RefundAccountNeeded, RefundRefused
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
    async def test_short_of_the_amount_confirms_nothing_and_is_told_once(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        mall.toss.tills[payment["id"]].deposited = AMOUNT - 900
        for _ in range(3):
            await mall.callback(payment["id"])
            await mall.run_later("callbacks", minutes=1)
        assert await mall.said() == ["payment-pending", "deposit-mismatch"]
        assert (await last(mall, DepositMismatch)).deposited_amount == AMOUNT - 900
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        mall.toss.tills[payment["id"]].deposited = AMOUNT
        await mall.run_later("callbacks", minutes=20)
        assert await mall.status(payment["id"]) == "confirmed"
        await mall.assert_balanced()

    async def test_over_the_amount_confirms_it_and_calls_a_person(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        mall.toss.tills[payment["id"]].deposited = AMOUNT + 100
        for _ in range(2):
            await mall.callback(payment["id"])
            await mall.run_later("callbacks", minutes=1)
        assert await mall.said() == ["payment-pending", "payment-confirmed", "deposit-mismatch"]
        assert (await mall.payment(payment["id"])).attention == "deposit_over"

    async def test_twice_is_one_payment_and_calls_a_person(self, mall):
        payment = await mall.paid("virtual_account")
        mall.toss.tills[payment["id"]].deposited = 2 * AMOUNT
        for _ in range(2):
            await mall.callback(payment["id"])
            await mall.run_later("callbacks", minutes=1)
        assert (await mall.said())[-2:] == ["payment-confirmed", "deposit-mismatch"]
        assert (await mall.payment(payment["id"])).confirmations == 1
        await mall.assert_balanced()
