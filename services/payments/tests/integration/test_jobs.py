"""What happens by itself: accounts and windows that run out, and closing what nobody wants any more."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from services.payments.tests.builders import AMOUNT, NOW, SECRET, a_payable, an_order_cancelled

from payments.commands.answers import Refused, Standing

pytestmark = pytest.mark.integration


class TestExpiry:
    async def test_the_provider_is_asked_before_an_account_expires(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.tills[payment["id"]].standing = Standing.EXPIRED
        await mall.run_later("settle-payments", hours=24, seconds=1)
        assert await mall.status(payment["id"]) == "expired"
        assert await mall.said() == ["payment-pending", "payment-expired"]

    async def test_a_deposit_of_the_last_second_counts(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        await mall.run_later("settle-payments", hours=24, seconds=1)
        assert await mall.status(payment["id"]) == "confirmed"
        await mall.assert_balanced()

    async def test_an_account_the_provider_still_shows_open_is_closed_there_after_the_grace(self, mall):
        payment = await mall.open("virtual_account")
        await mall.run_later("settle-payments", hours=24, seconds=1)
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        await mall.run_later("settle-payments", seconds=61)
        assert await mall.status(payment["id"]) == "expired"
        assert mall.toss.tills[payment["id"]].standing is Standing.RETURNED

    async def test_nothing_expires_while_the_provider_is_silent(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.lose_before.append("get")
        await mall.run_later("settle-payments", hours=25)
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        await mall.run_later("settle-payments", minutes=1)
        assert await mall.status(payment["id"]) == "expired"

    async def test_a_window_nobody_came_back_from_expires(self, mall):
        payment = await mall.open()
        await mall.run("settle-payments")
        assert await mall.status(payment["id"]) == "open"
        await mall.run_later("settle-payments", minutes=30)
        assert await mall.status(payment["id"]) == "expired"
        assert await mall.said() == ["payment-expired"]
        late = await mall.confirm(payment["id"])
        assert late.json()["code"] == "payment.not_open"
        assert mall.toss.money() == 0


class TestLateDeposit:
    async def test_after_expiry_it_is_recorded_and_orders_may_send_it_back(self, mall):
        payment = await mall.open("virtual_account")
        await mall.run_later("settle-payments", hours=25)
        assert await mall.status(payment["id"]) == "expired"
        mall.toss.deposit(payment["id"])
        await mall.callback(payment["id"], secret=SECRET)
        await mall.run("callbacks")
        assert await mall.status(payment["id"]) == "confirmed"
        assert (await mall.said())[-2:] == ["payment-expired", "payment-confirmed"]
        await mall.assert_balanced()

    async def test_shuts_the_orders_other_window_before_more_comes(self, mall):
        first = await mall.open("virtual_account")
        await mall.run_later("settle-payments", hours=25)
        mall.orders.add(a_payable(UUID(first["order_id"]), payment_due_at=NOW + timedelta(hours=26)))
        second = await mall.open("card", first["order_id"])
        mall.toss.deposit(first["id"])
        await mall.callback(first["id"], secret=SECRET)
        await mall.run("callbacks")
        assert (await mall.get(second["id"]))["closed_reason"] == "order_paid"
        assert (await mall.confirm(second["id"])).json()["code"] == "payment.not_open"
        assert mall.toss.money() == AMOUNT
        await mall.assert_balanced()


class TestOrderCancelled:
    async def test_an_open_window_is_closed_at_once(self, mall):
        payment = await mall.open()
        await mall.deliver(an_order_cancelled(await mall.payment(payment["id"])))
        found = await mall.get(payment["id"])
        assert (found["status"], found["closed_reason"]) == ("cancelled", "order_cancelled")
        assert (await mall.confirm(payment["id"])).json()["code"] == "payment.not_open"
        assert mall.toss.money() == 0

    async def test_an_unpaid_account_is_closed_at_the_provider(self, mall):
        payment = await mall.open("virtual_account")
        await mall.deliver(an_order_cancelled(await mall.payment(payment["id"])))
        assert "settle-payments" in mall.woken
        await mall.run("settle-payments")
        assert await mall.status(payment["id"]) == "cancelled"
        assert mall.toss.tills[payment["id"]].standing is Standing.RETURNED
        assert await mall.said() == ["payment-pending"]

    async def test_paid_just_before_it_is_money_for_orders_to_send_back(self, mall):
        payment = await mall.open("virtual_account")
        mall.toss.deposit(payment["id"])
        await mall.deliver(an_order_cancelled(await mall.payment(payment["id"])))
        await mall.run("settle-payments")
        assert await mall.status(payment["id"]) == "confirmed"
        assert await mall.said() == ["payment-pending", "payment-confirmed"]
        await mall.assert_balanced()

    async def test_closing_goes_on_when_the_provider_is_silent_or_refuses(self, mall):
        payment = await mall.open("virtual_account")
        await mall.deliver(an_order_cancelled(await mall.payment(payment["id"])))
        mall.toss.lose_before.append("cancel")
        await mall.run("settle-payments")
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        mall.toss.refuse["cancel"] = Refused("NOT_CANCELABLE_PAYMENT", "")
        await mall.run_later("settle-payments", minutes=1)
        assert await mall.status(payment["id"]) == "waiting_for_deposit"
        await mall.run_later("settle-payments", minutes=5)
        assert await mall.status(payment["id"]) == "cancelled"

    async def test_a_lost_confirmation_is_not_sent_again_for_a_cancelled_order(self, mall):
        payment = await mall.open()
        mall.toss.lose_before.append("confirm")
        await mall.confirm(payment["id"])
        await mall.deliver(an_order_cancelled(await mall.payment(payment["id"])))
        await mall.run_later("settle-payments", seconds=5)
        assert await mall.status(payment["id"]) == "unknown"
        assert mall.toss.money() == 0
        mall.toss.tills[payment["id"]].standing = Standing.EXPIRED
        await mall.run_later("settle-payments", minutes=5)
        assert await mall.status(payment["id"]) == "cancelled"

    async def test_a_reversed_deposits_account_is_closed_too(self, mall):
        payment = await mall.paid("virtual_account")
        mall.toss.reverse(payment["id"])
        await mall.callback(payment["id"])
        await mall.run("callbacks")
        await mall.deliver(an_order_cancelled(await mall.payment(payment["id"]), was_paid=True))
        await mall.run("settle-payments")
        assert await mall.status(payment["id"]) == "reversed"
        assert mall.toss.tills[payment["id"]].standing is Standing.RETURNED
        assert not (await mall.payment(payment["id"])).closing

    async def test_no_payment_is_opened_for_it_any_more(self, mall):
        """Orders answered what is owed a moment before it was cancelled."""
        order = mall.orders.add(a_payable())
        other = await mall.open()
        cancelled = an_order_cancelled(await mall.payment(other["id"]), order_id=order.order_id)
        await mall.deliver(cancelled)
        assert (await mall.post(order.order_id)).json()["code"] == "payment.order_not_payable"

    async def test_some_lines_of_a_paid_order_leave_the_payment_alone(self, mall):
        payment = await mall.paid()
        await mall.deliver(an_order_cancelled(await mall.payment(payment["id"]), whole=False, was_paid=True))
        assert await mall.status(payment["id"]) == "confirmed"
        assert await mall.rows("SELECT 1 FROM order_gates WHERE closed_at IS NOT NULL") == []

    async def test_heard_twice_is_heard_once(self, mall):
        payment = await mall.open()
        event = an_order_cancelled(await mall.payment(payment["id"]))
        await mall.deliver(event, event)
        assert len(await mall.rows("SELECT 1 FROM payment_history WHERE to_status = 'cancelled'")) == 1


class TestTakingTurns:
    async def test_two_workers_never_take_the_same_payment_in_one_turn(self, mall):
        for _ in range(6):
            await mall.open("virtual_account")
        mall.clock.advance(timedelta(hours=25))
        before = len(mall.toss.calls)
        await asyncio.gather(*(mall.run("settle-payments") for _ in range(3)))
        asked = [order_ref for name, order_ref in mall.toss.calls[before:] if name == "get"]
        assert len(asked) == len(set(asked)) == 6

    async def test_one_that_fails_does_not_keep_the_others_waiting(self, mall):
        first, second = await mall.open("virtual_account"), await mall.open("virtual_account")
        mall.toss.tills[first["id"]] = None
        await mall.run_later("settle-payments", hours=25)
        assert await mall.status(second["id"]) == "expired"
