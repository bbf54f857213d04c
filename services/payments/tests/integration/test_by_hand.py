"""Refunds their provider refused for good, paid by staff from the mall's own bank."""

from __future__ import annotations

import asyncio

import pytest
from services.payments.tests.builders import AMOUNT, TOKEN, a_refund_request, a_staff_header

from common import ids, testing
from common.clock import SEOUL
from contracts.payments import PaymentRefunded, RefundRefused
from payments.clients.gateway import SettledRow
from payments.commands.answers import Refused, Return, Standing

pytestmark = pytest.mark.integration

ACCOUNT = {"bank": "하나은행", "account_number": "110-123-456789", "holder_name": "김서연"}


async def refuse(mall, payment, amount=5_000):
    """Returns the refund's id."""
    request = a_refund_request(await mall.payment(payment["id"]), amount)
    await mall.deliver(request)
    mall.toss.refuse["cancel"] = Refused("NOT_CANCELABLE_PAYMENT", "too old")
    await mall.run("refunds")
    assert (await mall.get(payment["id"]))["refunds"][-1]["status"] == "refused"
    return str(request.refund_id)


async def pay(mall, payment, refund_id, *, amount=5_000, reference="T-1", day="2026-11-23", roles=("payments",)):
    url = f"/v1/payments/{payment['id']}/refunds/{refund_id}/transfer"
    body = {"amount": amount, "reference": reference, "transferred_on": day}
    return await mall.http.put(url, json=body, headers=a_staff_header(*roles))


async def waiting(mall):
    response = await mall.http.get("/v1/payments/refused-refunds", headers=a_staff_header("payments"))
    return response.json()["items"]


async def last(mall, kind):
    return [event for event in await testing.published(mall.database) if isinstance(event, kind)][-1]


class TestByHand:
    async def test_from_the_refusal_to_the_customers_account(self, mall):
        payment = await mall.paid()
        refund_id = await refuse(mall, payment)
        assert (await last(mall, RefundRefused)).still_owed
        (item,) = await waiting(mall)
        assert (item["refund_id"], item["code"], item["account_named"]) == (refund_id, "NOT_CANCELABLE_PAYMENT", False)
        seen = await mall.get(payment["id"])
        assert seen["next_action"] == {"type": "refund_account"}
        # The customer paid by card: only now is there anything to name an account for, at whatever bank.
        url = f"/v1/payments/{payment['id']}/refund-account"
        given = await mall.http.post(url, json=ACCOUNT, headers={"X-Order-Token": TOKEN})
        assert given.status_code == 204, given.text
        shown = (await mall.http.get(url, headers=a_staff_header("payments"))).json()
        assert (shown["bank_code"], shown["account_number"]) == ("하나은행", "110123456789")
        answer = await pay(mall, payment, refund_id)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["status"], answer.json()["next_action"]) == ("partially_refunded", None)
        (refund,) = answer.json()["refunds"]
        assert (refund["status"], refund["by_hand"]) == ("done", True)
        event = await last(mall, PaymentRefunded)
        assert (str(event.refund_id), event.refund_amount, event.remaining_amount, event.by_hand) == (
            refund_id, 5_000, AMOUNT - 5_000, True,
        )  # fmt: skip
        assert await waiting(mall) == []
        assert await mall.rows("SELECT 1 FROM refund_accounts") == []
        (line,) = await mall.rows("SELECT why FROM payment_history WHERE why LIKE '%by hand%'")
        assert line.why.endswith("staff:staff-1")
        assert (await mall.payment(payment["id"])).attention is None
        found = await mall.audit()
        balances = {line["account"]: line["amount"]["amount"] for line in found["balances"]}
        assert (balances["bank_transfers"], balances["provider_receivable:toss"]) == (-5_000, AMOUNT)
        assert balances["customer_payments"] == -(AMOUNT - 5_000)
        await mall.assert_balanced()

    async def test_is_written_down_once(self, mall):
        payment = await mall.paid()
        refund_id, other = await refuse(mall, payment), await refuse(mall, payment, 700)
        answers = await asyncio.gather(*(pay(mall, payment, refund_id) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {200}
        assert (await mall.said()).count("payment-refunded") == 1
        for refund, amount, reference, day in (
            (refund_id, 5_000, "T-2", "2026-11-23"), (refund_id, 5_000, "T-1", "2026-11-24"),
            (refund_id, 4_000, "T-1", "2026-11-23"), (other, 700, "T-1", "2026-11-23"),
        ):  # fmt: skip
            refused = await pay(mall, payment, refund, amount=amount, reference=reference, day=day)
            assert (refused.status_code, refused.json()["code"]) == (409, "refund.transfer_reused"), refused.text
        (kept,) = await mall.rows("SELECT amount, reference, recorded_by FROM refund_transfers")
        assert tuple(kept) == (5_000, "T-1", "staff:staff-1")
        assert (await pay(mall, payment, other, amount=700, reference="T-2")).status_code == 200
        assert len(await mall.rows("SELECT 1 FROM payment_history WHERE why LIKE '%by hand%'")) == 2
        await mall.assert_balanced()

    async def test_not_while_the_provider_may_still_pay(self, mall):
        payment = await mall.paid()
        request = a_refund_request(await mall.payment(payment["id"]), 5_000)
        await mall.deliver(request)
        mall.toss.lose_after.append("cancel")
        for _ in range(2):
            refused = await pay(mall, payment, request.refund_id)
            assert (refused.status_code, refused.json()["code"]) == (409, "refund.still_pending")
            await mall.run("refunds")
        await mall.run_later("refunds", seconds=5)
        refused = await pay(mall, payment, request.refund_id)
        assert (refused.status_code, refused.json()["code"]) == (409, "refund.not_owed")
        await mall.assert_balanced()

    async def test_not_when_the_provider_paid_or_does_not_say(self, mall):
        payment = await mall.paid()
        refund_id = await refuse(mall, payment)
        mall.toss.lose_before.append("get")
        unseen = await pay(mall, payment, refund_id)
        assert (unseen.status_code, unseen.json()["code"]) == (503, "refund.unseen")
        till = mall.toss.tills[payment["id"]]
        till.balance -= 5_000
        till.returns.append(Return("console-1", 5_000, "at the console", done=True))
        gone = await pay(mall, payment, refund_id)
        assert (gone.status_code, gone.json()["code"]) == (409, "refund.returned_at_provider")
        assert await mall.rows("SELECT 1 FROM refund_transfers") == []

    async def test_what_is_left_afterwards_the_provider_pays(self, mall):
        """Its balance is higher than what the customer is still owed, and guards the next refund all the same."""
        payment = await mall.paid()
        await pay(mall, payment, await refuse(mall, payment))
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), AMOUNT - 5_000))
        await mall.run("refunds")
        assert await mall.status(payment["id"]) == "refunded"
        assert mall.toss.seen_cancels[-1].balance == AMOUNT
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), 1))
        assert (await mall.get(payment["id"]))["refunds"][-1]["status"] == "refused"
        await mall.assert_balanced()

    async def test_for_staff_and_in_its_own_words_only(self, mall):
        payment, other = await mall.paid(), await mall.paid()
        refund_id = await refuse(mall, payment)
        assert (await pay(mall, payment, refund_id, roles=("catalog",))).status_code == 403
        assert (await mall.http.get("/v1/payments/refused-refunds")).status_code == 401
        unknown = await pay(mall, payment, ids.new_id())
        assert (unknown.status_code, unknown.json()["code"]) == (404, "refund.not_found")
        assert (await pay(mall, other, refund_id)).status_code == 404
        wrong = await pay(mall, payment, refund_id, amount=4_999)
        assert (wrong.status_code, wrong.json()["code"]) == (422, "refund.transfer_amount")
        for bad in ({"amount": 0}, {"amount": 1.5}, {"reference": ""}, {"reference": "a b"}, {"day": "soon"}):
            assert (await pay(mall, payment, refund_id, **bad)).status_code == 422
        assert (await mall.said()).count("payment-refunded") == 0


class TestAtTheConsole:
    async def test_of_the_provider_and_said_to_be_this_refund(self, mall):
        payment = await mall.paid()
        refund_id = await refuse(mall, payment)
        till = mall.toss.tills[payment["id"]]
        till.balance -= 5_000
        till.standing = Standing.PARTLY_RETURNED
        till.returns.append(Return("console-1", 5_000, "at the console", done=True))
        url = f"/v1/payments/{payment['id']}/refunds/{refund_id}/provider-return"
        staff = a_staff_header("payments")
        unknown = await mall.http.put(url, json={"reference": "console-2"}, headers=staff)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "refund.return_not_found")
        assert (await mall.http.put(url, json={"reference": "console-1"}, headers=a_staff_header())).status_code == 403
        for _ in range(2):
            answer = await mall.http.put(url, json={"reference": "console-1"}, headers=staff)
            assert (answer.status_code, answer.json()["status"]) == (200, "partially_refunded"), answer.text
        assert (await mall.said()).count("payment-refunded") == 1
        assert not (await last(mall, PaymentRefunded)).by_hand
        assert (await mall.payment(payment["id"])).attention is None
        (line,) = await mall.rows("SELECT why FROM payment_history WHERE why LIKE '%found at the provider%'")
        assert line.why.endswith("staff:staff-1")
        await mall.assert_balanced()
        # And its list of the day has it.
        day = mall.clock.now().astimezone(SEOUL).date()
        mall.toss.lists = {day: [
            SettledRow("payment", till.key, till.order_ref, AMOUNT, 0, AMOUNT),
            SettledRow("cancel", till.key, till.order_ref, 5_000, 0, -5_000, "console-1"),
        ]}  # fmt: skip
        await mall.run_later("settlements", days=1)
        found = (await mall.http.get(f"/v1/payments/settlements?day={day}", headers=staff)).json()
        assert (len(found["settlements"]), found["differences"]) == (1, [])
