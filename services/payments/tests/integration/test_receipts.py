"""Cash receipts on the whole service: asked for, owed, issued once, taken back."""

from __future__ import annotations

import pytest
from services.payments.tests.builders import AMOUNT, TOKEN, a_payable, a_refund_request
from services.payments.tests.integration.test_refunds import give_account

from payments.commands.answers import Receipt, Refused, Unknown

pytestmark = pytest.mark.integration

PHONE = {"type": "income_deduction", "identifier": "010-1234-5678"}


@pytest.fixture
def office(mall):
    """The provider's side: what was asked of it, and what it answers; each key once."""
    asked, answers, replays = [], [], {}

    async def issue(payment, order):
        asked.append(("issue", order.amount, order.identifier))
        if answers:
            return answers.pop(0)
        return replays.setdefault(order.idempotency_key, Receipt(f"rk_{payment.id}", "000000001", None, order.amount))

    async def cancel(payment, key, amount, idempotency_key):
        asked.append(("cancel", amount, key))
        return answers.pop(0) if answers else Receipt(key, "000000001", None, amount)

    mall.toss.issue_cash_receipt, mall.toss.cancel_cash_receipt = issue, cancel
    mall.office = (asked, answers)
    return mall


async def want(mall, payment, **body):
    path = f"/v1/payments/{payment['id']}/cash-receipt"
    return await mall.http.post(path, json=PHONE | body, headers={"X-Order-Token": TOKEN})


async def seen(mall, payment):
    path = f"/v1/payments/{payment['id']}/cash-receipt"
    return (await mall.http.get(path, headers={"X-Order-Token": TOKEN})).json()


async def big(mall, amount=100_000):
    order = mall.orders.add(a_payable(amount=amount, vat_amount=amount // 11))
    payment = await mall.open("virtual_account", order_id=order.order_id)
    mall.toss.deposit(payment["id"])
    await mall.callback(payment["id"])
    await mall.run("callbacks")
    return payment


class TestAsked:
    async def test_before_the_deposit_it_waits_for_it(self, office):
        payment = await office.open("virtual_account")
        response = await want(office, payment)
        assert (response.status_code, response.json()["status"]) == (202, "wanted")
        assert response.json()["identifier"] == "010*****678"
        await office.run("cash-receipts")
        assert office.office[0] == []
        office.toss.deposit(payment["id"])
        await office.callback(payment["id"])
        await office.run("callbacks")
        for _ in range(3):
            await office.run_later("cash-receipts", seconds=1)
        assert office.office[0] == [("issue", AMOUNT, "01012345678")]
        found = await seen(office, payment)
        assert (found["status"], found["amount"]["amount"], found["number"]) == ("issued", AMOUNT, "000000001")
        assert [row.identifier for row in await office.rows("SELECT identifier FROM cash_receipts")] == [None]
        assert (await want(office, payment)).json()["code"] == "receipt.already_issued"

    async def test_its_number_is_sealed_while_it_waits(self, office):
        await want(office, await office.open("virtual_account"))
        (row,) = await office.rows("SELECT identifier, to_jsonb(c)::text AS text FROM cash_receipts c")
        assert b"01012345678" not in row.identifier
        assert "01012345678" not in row.text

    @pytest.mark.parametrize(
        ("method", "body", "code"),
        [
            ("card", {}, "receipt.not_cash"),
            ("virtual_account", {"type": "expense_proof"}, "receipt.identifier_invalid"),
            ("virtual_account", {"identifier": "none"}, "request.invalid"),
        ],
    )
    async def test_in_vain(self, office, method, body, code):
        assert (await want(office, await office.open(method), **body)).json()["code"] == code

    async def test_by_a_stranger(self, office):
        payment = await office.open("virtual_account")
        response = await office.http.post(f"/v1/payments/{payment['id']}/cash-receipt", json=PHONE)
        assert response.status_code == 404

    async def test_a_lost_answer_is_asked_again_and_issues_one(self, office):
        payment = await office.paid("virtual_account")
        await want(office, payment)
        office.office[1].append(Unknown("ReadTimeout"))
        await office.run("cash-receipts")
        assert (await seen(office, payment))["status"] == "wanted"
        await office.run_later("cash-receipts", seconds=6)
        assert (await seen(office, payment))["status"] == "issued"

    async def test_refused_it_can_be_asked_for_anew(self, office):
        payment = await office.paid("virtual_account")
        await want(office, payment)
        office.office[1].append(Refused("INVALID_NUMBER", "no"))
        await office.run("cash-receipts")
        assert (await seen(office, payment))["failure_code"] == "INVALID_NUMBER"
        assert (await want(office, payment, identifier="01099998888")).status_code == 202
        await office.run_later("cash-receipts", seconds=1)
        assert (await seen(office, payment))["status"] == "issued"


class TestOwed:
    async def test_from_100_000_won_after_a_day_unasked(self, office):
        payment, small = await big(office), await big(office, 99_999)
        await office.run_later("cash-receipts", hours=23)
        assert office.office[0] == []
        await office.run_later("cash-receipts", hours=2)
        await office.run("cash-receipts")
        assert office.office[0] == [("issue", 100_000, "0100001234")]
        assert (await seen(office, payment))["automatic"] is True
        assert (await seen(office, small))["code"] == "payment.not_found"

    async def test_not_where_the_customer_asked(self, office):
        payment = await big(office)
        await want(office, payment)
        await office.run_later("cash-receipts", hours=25)
        await office.run("cash-receipts")
        assert office.office[0] == [("issue", 100_000, "01012345678")]

    async def test_a_provider_without_receipts_is_asked_once(self, mall):
        payment = await big(mall)
        for _ in range(3):
            await mall.run_later("cash-receipts", hours=25)
        assert (await seen(mall, payment))["status"] == "not_offered"


class TestTakenBack:
    async def test_in_part_and_then_whole_as_the_money_goes_back(self, office):
        payment = await office.paid("virtual_account")
        await want(office, payment)
        await office.run("cash-receipts")
        known = await office.payment(payment["id"])
        for amount, left, status in ((5_000, AMOUNT - 5_000, "issued"), (AMOUNT - 5_000, 0, "cancelled")):
            await give_account(office, payment)
            await office.deliver(a_refund_request(known, amount))
            await office.run_later("refunds", seconds=1)
            for _ in range(2):
                await office.run_later("cash-receipts", seconds=1)
            found = await seen(office, payment)
            assert (found["status"], found["amount"]["amount"]) == (status, left)
        assert [call[:2] for call in office.office[0]] == [
            ("issue", AMOUNT), ("cancel", 5_000), ("cancel", AMOUNT - 5_000),
        ]  # fmt: skip

    async def test_when_the_bank_reverses_the_deposit(self, office):
        payment = await office.paid("virtual_account")
        await want(office, payment)
        await office.run("cash-receipts")
        office.toss.reverse(payment["id"])
        await office.callback(payment["id"])
        await office.run("callbacks")
        await office.run_later("cash-receipts", seconds=1)
        assert (await seen(office, payment))["status"] == "cancelled"


class TestAskedTwice:
    async def test_while_the_first_is_under_way_there_is_one(self, office):
        """The answer is lost and the customer asks again: the same is asked for once more, not another."""
        payment = await office.paid("virtual_account")
        asked, answers = office.office
        answers.append(Unknown("lost"))
        assert (await want(office, payment)).status_code == 202
        await office.run("cash-receipts")
        assert (await want(office, payment)).json()["status"] == "wanted"
        other = await want(office, payment, type="expense_proof", identifier="124-81-00998")
        assert (other.status_code, other.json()["code"]) == (409, "receipt.under_way")
        await office.run_later("cash-receipts", minutes=10)
        assert (await seen(office, payment))["status"] == "issued"
        assert [what for what, *_ in asked] == ["issue", "issue"]
        assert len({identifier for _, _, identifier in asked}) == 1
