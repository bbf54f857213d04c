"""Refunds end to end: the event, the job, the provider, the books."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from pydantic import SecretStr
from services.payments.tests.builders import AMOUNT, NOW, TOKEN, a_payable, a_refund_request, a_staff_header
from services.payments.tests.integration.mall import a_mall, settings

from common import ids
from common.testing import processor, published, record_of
from contracts.payments import PaymentRefunded
from payments.commands.answers import Hint, RefundAccount, Refused, Return, Standing
from payments.repository import refund as refund_rows
from payments.repository.seal import Seal

pytestmark = pytest.mark.integration

ACCOUNT = {"bank": "신한", "account_number": "110-123-456789", "holder_name": "김서연"}


async def refund(mall, payment, amount=5_000, **changes):
    event = a_refund_request(await mall.payment(payment["id"]), amount, **changes)
    await mall.deliver(event)
    return event


async def statuses(mall, payment):
    return [found["status"] for found in (await mall.get(payment["id"]))["refunds"]]


async def give_account(mall, payment, headers=None, **changes):
    headers = {"X-Order-Token": TOKEN} if headers is None else headers
    url = f"/v1/payments/{payment['id']}/refund-account"
    return await mall.http.post(url, headers=headers, json=ACCOUNT | changes)


class TestCard:
    async def test_a_part_goes_back(self, mall):
        payment = await mall.paid()
        event = await refund(mall, payment)
        assert "refunds" in mall.woken
        await mall.run("refunds")
        found = await mall.get(payment["id"])
        assert (found["status"], found["refunded"]["amount"]) == ("partially_refunded", 5_000)
        told = (await published(mall.database))[-1]
        assert isinstance(told, PaymentRefunded)
        assert (told.refund_id, told.refund_amount, told.refunded_amount, told.remaining_amount) == (
            event.refund_id,
            5_000,
            5_000,
            AMOUNT - 5_000,
        )
        assert mall.toss.money() == AMOUNT - 5_000
        await mall.assert_balanced()

    async def test_the_provider_is_told_guard_and_note(self, mall):
        order = mall.orders.add(a_payable(tax_free_amount=900, vat_amount=1_364))
        payment = await mall.open(order_id=order.order_id)
        await mall.confirm(payment["id"])
        event = await refund(mall, payment, tax_free_amount=900, vat_amount=373)
        await mall.run("refunds")
        (cancel,) = mall.toss.seen_cancels
        assert (cancel.amount, cancel.tax_free_amount, cancel.vat_amount) == (5_000, 900, 373)
        assert cancel.balance == AMOUNT
        assert cancel.note == f"refund {event.refund_id}"
        assert cancel.idempotency_key == f"refund-{event.refund_id}-1"

    async def test_several_go_back_one_after_the_other_until_nothing_is_left(self, mall):
        payment = await mall.paid()
        for amount in (5_000, 900, 10_000):
            await refund(mall, payment, amount)
        for _ in range(3):
            await mall.run_later("refunds", seconds=2)
        assert await mall.status(payment["id"]) == "refunded"
        assert mall.toss.money() == 0
        assert (await mall.said()).count("payment-refunded") == 3
        await mall.assert_balanced()

    async def test_one_at_a_time_even_with_several_workers(self, mall):
        payment = await mall.paid()
        for _ in range(3):
            await refund(mall, payment, 1_000)
        await asyncio.gather(*(mall.run("refunds") for _ in range(4)))
        for _ in range(6):
            await mall.run_later("refunds", seconds=3)
        assert await statuses(mall, payment) == ["done", "done", "done"]
        assert mall.toss.money() == AMOUNT - 3_000
        assert [cancel.balance for cancel in mall.toss.seen_cancels] == [AMOUNT, AMOUNT - 1_000, AMOUNT - 2_000]
        await mall.assert_balanced()


class TestNeverTooMuch:
    async def test_more_than_is_left_is_refused_and_a_person_is_called(self, mall):
        payment = await mall.paid()
        await refund(mall, payment, AMOUNT - 100)
        await refund(mall, payment, 101)
        await mall.run("refunds")
        assert await statuses(mall, payment) == ["done", "refused"]
        assert (await mall.payment(payment["id"])).attention == "refund_refused"
        assert mall.toss.money() == 100
        await mall.assert_balanced()

    async def test_thirty_requests_at_once_promise_no_won_too_many(self, mall):
        payment = await mall.paid()
        known = await mall.payment(payment["id"])
        events = [a_refund_request(known, 1_000) for _ in range(30)]
        process = processor(mall.database, mall.parts.handlers)
        await asyncio.gather(*(process.process([record_of(event)]) for event in events))
        counts = await statuses(mall, payment)
        assert (counts.count("requested"), counts.count("refused")) == (15, 15)
        await mall.assert_balanced()

    async def test_the_same_request_again_is_one_refund(self, mall):
        payment = await mall.paid()
        event = await refund(mall, payment)
        await mall.deliver(event)
        await mall.run("refunds")
        await mall.deliver(event)
        await mall.run_later("refunds", minutes=1)
        assert mall.toss.money() == AMOUNT - 5_000
        assert (await mall.said()).count("payment-refunded") == 1

    async def test_the_same_id_for_another_amount_is_a_dead_letter(self, mall):
        payment = await mall.paid()
        event = await refund(mall, payment)
        with pytest.raises(AssertionError, match=r"refund\.id_reused"):
            await refund(mall, payment, 6_000, refund_id=event.refund_id)

    async def test_a_payment_nobody_knows_is_a_dead_letter(self, mall):
        payment = await mall.paid()
        with pytest.raises(AssertionError, match=r"payment\.not_found"):
            await refund(mall, payment, payment_id=ids.new_id())

    async def test_money_that_never_came_does_not_go_back(self, mall):
        payment = await mall.open("virtual_account")
        await refund(mall, payment)
        assert await statuses(mall, payment) == ["refused"]
        await mall.assert_balanced()


class TestUnknown:
    async def test_lost_after_its_effect_is_found_and_not_sent_again(self, mall):
        payment = await mall.paid()
        await refund(mall, payment)
        mall.toss.lose_after.append("cancel")
        await mall.run("refunds")
        assert await statuses(mall, payment) == ["unknown"]
        assert "payment-refunded" not in await mall.said()
        await mall.run_later("refunds", seconds=5)
        assert await statuses(mall, payment) == ["done"]
        assert len(mall.toss.seen_cancels) == 1
        assert mall.toss.money() == AMOUNT - 5_000
        await mall.assert_balanced()

    async def test_lost_before_its_effect_is_sent_again_after_a_look(self, mall):
        payment = await mall.paid()
        await refund(mall, payment)
        mall.toss.lose_before.append("cancel")
        await mall.run("refunds")
        await mall.run_later("refunds", seconds=5)
        assert mall.toss.calls[-1][0] == "get"
        assert await statuses(mall, payment) == ["requested"]
        await mall.run_later("refunds", seconds=5)
        assert await statuses(mall, payment) == ["done"]
        assert mall.toss.money() == AMOUNT - 5_000

    async def test_a_first_try_that_lands_after_the_look_cannot_be_paid_twice(self, mall):
        """The slow first request reaches the provider after we saw that it had not."""
        payment = await mall.paid()
        event = await refund(mall, payment)
        mall.toss.lose_before.append("cancel")
        await mall.run("refunds")
        await mall.run_later("refunds", seconds=5)
        till = mall.toss.tills[payment["id"]]
        till.balance -= 5_000
        till.standing = Standing.PARTLY_RETURNED
        till.returns.append(Return("tx_slow", 5_000, f"refund {event.refund_id}", True))
        for _ in range(3):
            await mall.run_later("refunds", seconds=20)
        assert await statuses(mall, payment) == ["done"]
        assert mall.toss.money() == AMOUNT - 5_000
        await mall.assert_balanced()

    async def test_a_slow_first_try_does_not_cost_the_next_refund_its_money(self, mall):
        """It lands while the second refund is looked for, whose balance it explains."""
        payment = await mall.paid()
        slow = await refund(mall, payment, 5_000)
        mall.toss.lose_before.append("cancel")
        await mall.run("refunds")
        await mall.run_later("refunds", seconds=5)
        assert await statuses(mall, payment) == ["requested"]
        await refund(mall, payment, 3_000)
        till = mall.toss.tills[payment["id"]]
        till.balance -= 5_000
        till.standing = Standing.PARTLY_RETURNED
        till.returns.append(Return("tx_slow", 5_000, f"refund {slow.refund_id}", True))
        await mall.run_later("refunds", seconds=1)
        # Waits between tries have jitter: the clock is moved until both have had their turns.
        for _ in range(40):
            await mall.run_later("refunds", seconds=10)
            if await statuses(mall, payment) == ["done", "done"]:
                break
        assert await statuses(mall, payment) == ["done", "done"]
        assert mall.toss.money() == AMOUNT - 8_000
        await mall.assert_balanced()

    async def test_a_crash_between_sending_and_recording_is_asked_about(self, mall, monkeypatch):
        payment = await mall.paid()
        await refund(mall, payment)
        with monkeypatch.context() as patched:
            patched.setattr("payments.flows.refunding.handlers.record_refund", _dies)
            await mall.run("refunds")
        assert await statuses(mall, payment) == ["executing"]
        await mall.run_later("refunds", seconds=31)
        assert await statuses(mall, payment) == ["done"]
        assert len(mall.toss.seen_cancels) == 1
        await mall.assert_balanced()

    async def test_too_soon_after_another_is_tried_again(self, mall):
        payment = await mall.paid()
        await refund(mall, payment)
        mall.toss.refuse["cancel"] = Refused("FORBIDDEN_CONSECUTIVE_REQUEST", "", Hint.LATER)
        await mall.run("refunds")
        assert await statuses(mall, payment) == ["requested"]
        await mall.run_later("refunds", seconds=3)
        assert await statuses(mall, payment) == ["done"]
        keys = [cancel.idempotency_key for cancel in mall.toss.seen_cancels]
        assert len(set(keys)) == 2

    async def test_refused_for_good_gives_the_promise_back(self, mall):
        payment = await mall.paid()
        await refund(mall, payment)
        mall.toss.refuse["cancel"] = Refused("NOT_CANCELABLE_PAYMENT", "")
        await mall.run("refunds")
        assert await statuses(mall, payment) == ["refused"]
        assert await mall.status(payment["id"]) == "confirmed"
        await mall.assert_balanced()


async def _dies(*_, **__):
    raise RuntimeError("the process died here")


class TestDeposit:
    async def test_waits_for_an_account_and_goes_on_once_it_is_named(self, mall):
        payment = await mall.paid("virtual_account")
        await refund(mall, payment)
        await mall.run("refunds")
        found = await mall.get(payment["id"])
        assert found["next_action"] == {"type": "refund_account"}
        assert found["refunds"][0]["status"] == "needs_account"
        await mall.assert_balanced()
        assert (await give_account(mall, payment)).status_code == 204
        await mall.run("refunds")
        assert await statuses(mall, payment) == ["done"]
        assert mall.toss.seen_cancels[-1].account == RefundAccount("88", "110123456789", "김서연")
        await mall.assert_balanced()

    async def test_the_account_is_sealed_at_rest_and_erased_after_the_refund(self, mall):
        payment = await mall.paid("virtual_account")
        await give_account(mall, payment)
        (row,) = await mall.rows("SELECT sealed FROM refund_accounts")
        assert b"110123456789" not in bytes(row.sealed)
        assert "김서연".encode() not in bytes(row.sealed)
        await refund(mall, payment)
        await mall.run("refunds")
        assert await mall.rows("SELECT 1 FROM refund_accounts") == []

    async def test_a_wrong_account_is_erased_and_asked_for_again(self, mall):
        payment = await mall.paid("virtual_account")
        await give_account(mall, payment)
        await refund(mall, payment)
        mall.toss.refuse["cancel"] = Refused("INVALID_REFUND_ACCOUNT_NUMBER", "", Hint.ACCOUNT)
        await mall.run("refunds")
        assert await statuses(mall, payment) == ["needs_account"]
        assert await mall.rows("SELECT 1 FROM refund_accounts") == []
        await give_account(mall, payment, account_number="110999999999")
        await mall.run_later("refunds", seconds=1)
        assert await statuses(mall, payment) == ["done"]

    async def test_an_account_named_while_the_wrong_one_is_tried_is_the_one_that_counts(self, mall):
        payment = await mall.paid("virtual_account")
        await give_account(mall, payment)
        await refund(mall, payment)
        mall.toss.reached["cancel"], mall.toss.held["cancel"] = asyncio.Event(), asyncio.Event()
        mall.toss.refuse["cancel"] = Refused("INVALID_REFUND_ACCOUNT_NUMBER", "", Hint.ACCOUNT)
        turn = asyncio.create_task(mall.run("refunds"))
        await asyncio.wait_for(mall.toss.reached["cancel"].wait(), 5)
        mall.clock.advance(timedelta(seconds=1))
        await give_account(mall, payment, account_number="110999999999")
        mall.toss.held["cancel"].set()
        await turn
        assert await statuses(mall, payment) == ["requested"]
        await mall.run_later("refunds", seconds=1)
        assert await statuses(mall, payment) == ["done"]
        assert mall.toss.seen_cancels[-1].account.number == "110999999999"
        assert await mall.rows("SELECT 1 FROM refund_accounts") == []

    async def test_an_account_that_no_longer_opens_is_asked_for_again(self, mall):
        """The sealing key is the Toss key where none is set, and that one gets changed."""
        payment = await mall.paid("virtual_account")
        await give_account(mall, payment)
        await refund(mall, payment)
        async with a_mall(
            mall.database, mall.clock, mall.toss, mall.orders, settings(sealing_key=SecretStr("another"))
        ) as after:
            await after.run("refunds")
            assert await statuses(after, payment) == ["needs_account"]
            await give_account(after, payment)
            await after.run_later("refunds", seconds=1)
            assert await statuses(after, payment) == ["done"]

    async def test_is_dropped_when_the_bank_takes_the_deposit_back_first(self, mall):
        payment = await mall.paid("virtual_account")
        await refund(mall, payment)
        mall.toss.reverse(payment["id"])
        await mall.callback(payment["id"])
        await mall.run("callbacks")
        assert await statuses(mall, payment) == ["void"]
        await mall.assert_balanced()

    async def test_asked_before_the_deposit_was_taken_back_and_heard_after_it_came_anew(self, mall):
        """Orders asks for what came anew under another name: together they are one refund."""
        payment = await mall.paid("virtual_account")
        known = await mall.payment(payment["id"])
        early = a_refund_request(known, 5_000, paid_at=known.confirmed_at)
        for move in (mall.toss.reverse, mall.toss.deposit):
            mall.clock.advance(timedelta(minutes=1))
            move(payment["id"])
            await mall.callback(payment["id"])
            await mall.run("callbacks")
        again = (await mall.payment(payment["id"])).confirmed_at
        await mall.deliver(early, a_refund_request(known, 5_000, paid_at=again))
        await give_account(mall, payment)
        for _ in range(3):
            await mall.run_later("refunds", seconds=3)
        assert await statuses(mall, payment) == ["void", "done"]
        assert mall.toss.money() == AMOUNT - 5_000
        await mall.assert_balanced()

    async def test_nothing_is_sent_once_the_deposit_is_gone_though_nobody_told_us(self, mall):
        payment = await mall.paid("virtual_account")
        await give_account(mall, payment)
        await refund(mall, payment, AMOUNT)
        mall.toss.reverse(payment["id"])
        await mall.run("refunds")
        assert mall.toss.seen_cancels == []
        assert await statuses(mall, payment) == ["void"]
        assert (await mall.said())[-1] == "deposit-reversed"
        await mall.assert_balanced()

    async def test_of_a_deposit_waits_until_the_provider_can_be_asked(self, mall):
        payment = await mall.paid("virtual_account")
        await give_account(mall, payment)
        await refund(mall, payment)
        mall.toss.lose_before.append("get")
        await mall.run("refunds")
        assert (await statuses(mall, payment), mall.toss.seen_cancels) == (["requested"], [])
        await mall.run_later("refunds", seconds=3)
        assert await statuses(mall, payment) == ["done"]

    async def test_an_account_nobody_used_is_forgotten(self, mall):
        payment = await mall.paid("virtual_account")
        await give_account(mall, payment)
        await mall.run_later("forget", days=29)
        assert len(await mall.rows("SELECT 1 FROM refund_accounts")) == 1
        await mall.run_later("forget", days=2)
        assert await mall.rows("SELECT 1 FROM refund_accounts") == []


class TestGiveAccount:
    async def test_only_the_customer_and_staff_of_payments(self, mall):
        payment = await mall.paid("virtual_account")
        assert (await give_account(mall, payment, {})).status_code == 404
        assert (await give_account(mall, payment, {"X-Order-Token": "guess"})).status_code == 404
        assert (await give_account(mall, payment, a_staff_header("catalog"))).status_code == 403
        assert (await give_account(mall, payment, a_staff_header("payments"))).status_code == 204

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"bank": "외계은행"}, "payment.bank_unknown"),
            ({"account_number": "abc"}, "request.invalid"),
            ({"account_number": "1"}, "request.invalid"),
            ({"account_number": 110123456789}, "request.invalid"),
            ({"holder_name": " "}, "request.invalid"),
            ({"holder_name": "김\x00서연"}, "request.invalid"),
            ({"holder_name": "김서연\x1b[2J"}, "request.invalid"),
            ({"bank": "88\x00"}, "request.invalid"),
            ({"memo": "x"}, "request.invalid"),
        ],
    )
    async def test_bad_input_keeps_nothing(self, mall, changes, code):
        payment = await mall.paid("virtual_account")
        response = await give_account(mall, payment, **changes)
        assert (response.status_code, response.json()["code"]) == (422, code)
        assert await mall.rows("SELECT 1 FROM refund_accounts") == []

    async def test_a_card_needs_none(self, mall):
        payment = await mall.paid()
        response = await give_account(mall, payment)
        assert (response.status_code, response.json()["code"]) == (409, "payment.refund_account_not_needed")

    async def test_the_answer_of_a_refusal_does_not_repeat_the_account(self, mall):
        payment = await mall.paid()
        response = await give_account(mall, payment)
        assert "110" not in response.text
        assert "김서연" not in response.text


class TestSeal:
    async def test_opens_only_for_its_owner_its_purpose_and_its_key(self):
        owner, seal = ids.new_id().bytes, Seal("one")
        sealed = seal.close("account", owner, b"110123456789")
        assert seal.open("account", owner, sealed) == b"110123456789"
        assert seal.close("account", owner, b"110123456789") != sealed
        others = ((ids.new_id().bytes, "account", seal), (owner, "account", Seal("two")), (owner, "grant", seal))
        for other, purpose, opener in others:
            with pytest.raises(InvalidTag):
                opener.open(purpose, other, sealed)

    async def test_never_shows_in_a_repr(self):
        shown = repr(RefundAccount("88", "110123456789", "김서연"))
        assert "110123456789" not in shown
        assert "김서연" not in shown

    async def test_nothing_is_kept_where_nothing_was_given(self, database):
        async with database.read() as connection:
            assert await refund_rows.open_account(connection, ids.new_id(), Seal("one")) is None
        async with database.transaction() as tx:
            assert await refund_rows.forget_old_accounts(tx.connection, NOW, timedelta(days=1)) == 0
