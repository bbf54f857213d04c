"""The day's accounts of a provider, compared with the ledger."""

from __future__ import annotations

from datetime import timedelta

import pytest
from services.payments.tests.builders import AMOUNT, a_refund_request, a_staff_header

from common.clock import SEOUL
from payments.clients.gateway import SettledRow

pytestmark = pytest.mark.integration


def today(mall):
    return mall.clock.now().astimezone(SEOUL).date()


async def look(mall, day):
    response = await mall.http.get(f"/v1/payments/settlements?day={day}", headers=a_staff_header("payments"))
    assert response.status_code == 200, response.text
    return response.json()


def taken(till, fee=477):
    return SettledRow("payment", till.key, till.order_ref, till.amount, fee, till.amount - fee)


def given(till, back):
    return SettledRow("cancel", till.key, till.order_ref, back.amount, 0, -back.amount, back.reference)


class TestSettlements:
    async def test_that_agree_are_booked_once(self, mall):
        payment, day = await mall.paid(), today(mall)
        await mall.deliver(a_refund_request(await mall.payment(payment["id"]), 5_000))
        await mall.run("refunds")
        till = mall.toss.tills[payment["id"]]
        mall.toss.lists = {day: [taken(till), given(till, till.returns[0])]}
        for _ in range(3):
            await mall.run_later("settlements", days=1)
        found = await look(mall, day)
        assert found["differences"] == []
        (account,) = found["settlements"]
        assert (account["lines"], account["payments"]["amount"], account["cancels"]["amount"]) == (2, AMOUNT, 5_000)
        assert (account["fee"]["amount"], account["payout"]["amount"]) == (477, AMOUNT - 477 - 5_000)
        balances = {line["account"]: line["amount"]["amount"] for line in (await mall.audit())["balances"]}
        assert balances["payouts_due:toss"] == AMOUNT - 477 - 5_000
        assert balances["fees:toss"] == 477
        assert balances["settled:toss"] == -balances["provider_receivable:toss"]
        await mall.assert_balanced()

    async def test_that_differ_are_listed_until_they_do_not(self, mall):
        first, second, day = await mall.paid(), await mall.paid(), today(mall)
        ours = mall.toss.tills[first["id"]]
        stranger = SettledRow("payment", "tkey_stranger", None, 700, 20, 680)
        mall.toss.lists = {day: [taken(ours), stranger]}
        await mall.run_later("settlements", days=1)
        found = await look(mall, day)
        assert {(each["what"], each["ours"], each["theirs"]) for each in found["differences"]} == {
            ("missing_here", None, 700), ("missing_there", AMOUNT, None),
        }  # fmt: skip
        # The provider puts the second under the next day, and drops what never was ours.
        mall.toss.lists = {day: [taken(ours)], day + timedelta(days=1): [taken(mall.toss.tills[second["id"]])]}
        await mall.run_later("settlements", days=1)
        await mall.run_later("settlements", days=1)
        assert all(each["resolved_at"] for each in (await look(mall, day))["differences"])
        assert (await look(mall, day + timedelta(days=1)))["differences"] == []
        await mall.assert_balanced()

    async def test_that_put_a_payment_under_another_day_are_no_difference(self, mall):
        """Around midnight; and one that tells of it twice is told of once."""
        payment, day = await mall.paid(), today(mall)
        line = taken(mall.toss.tills[payment["id"]])
        mall.toss.lists = {day - timedelta(days=1): [line], day: [line]}
        await mall.run_later("settlements", days=1)
        for told in (day - timedelta(days=1), day):
            found = await look(mall, told)
            assert ([each["lines"] for each in found["settlements"]], found["differences"]) == ([1], [])
        assert len(await mall.rows("SELECT 1 FROM journals WHERE kind = 'settled_payment'")) == 1
        mall.toss.lists = {day - timedelta(days=1): [line], day: []}
        await mall.run_later("settlements", days=1)
        assert (await look(mall, day))["differences"] == []

    async def test_are_not_asked_for_at_night_nor_twice_a_day(self, mall):
        payment, day = await mall.paid(), today(mall)
        mall.toss.lists = {}
        await mall.run_later("settlements", hours=15)  # three in the morning
        assert (await look(mall, day))["settlements"] == []
        await mall.run_later("settlements", hours=9)
        mall.toss.lists = {day: [taken(mall.toss.tills[payment["id"]])]}
        await mall.run("settlements")
        assert [each["what"] for each in (await look(mall, day))["differences"]] == ["missing_there"]

    async def test_are_for_staff(self, mall):
        assert (await mall.http.get("/v1/payments/settlements?day=2026-11-22")).status_code == 401

    @pytest.mark.parametrize("day", ["0", "86400", "1999-12-31", "3000-01-01"])
    async def test_a_day_that_is_none(self, mall, day):
        answer = await mall.http.get(f"/v1/payments/settlements?day={day}", headers=a_staff_header("payments"))
        assert answer.status_code == 422

    async def test_a_provider_without_lists_is_left_alone(self, mall):
        await mall.paid()
        await mall.run_later("settlements", days=1)
        assert await mall.rows("SELECT 1 FROM settlements") == []
