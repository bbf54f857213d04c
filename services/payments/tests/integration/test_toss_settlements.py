"""Toss's list of a day, as the sandbox gives it, against our ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from services.payments.tests.builders import AMOUNT, a_refund_request, a_staff_header
from services.payments.tests.integration.toss_street import BASE, Street, a_street

from sandbox.settings import Settings as SandboxSettings

pytestmark = pytest.mark.integration

DAY = "2026-11-22"
KEY = (SandboxSettings().toss_secret_key, "")


@pytest.fixture
async def street(database, clock, tmp_path) -> AsyncIterator[Street]:
    async with a_street(database, clock, tmp_path) as made:
        yield made


async def paid(street: Street) -> dict:
    payment = await street.mall.open()
    response = await street.confirm(payment, await street.pay_at_window(payment))
    assert response.json()["status"] == "confirmed", response.text
    return await street.mall.get(payment["id"])


async def refunded(street: Street, payment: dict, amount: int) -> None:
    await street.mall.deliver(a_refund_request(await street.mall.payment(payment["id"]), amount))
    await street.mall.run_later("refunds", seconds=3)


async def told(street: Street) -> list[dict]:
    """What Toss itself says of the day."""
    query = {"startDate": DAY, "endDate": DAY}
    return (await street.outside.get(f"{BASE}/v1/settlements", params=query, auth=KEY)).json()


async def found(street: Street) -> dict:
    response = await street.mall.http.get(f"/v1/payments/settlements?day={DAY}", headers=a_staff_header("payments"))
    assert response.status_code == 200, response.text
    return response.json()


def differences(answer: dict) -> set[tuple]:
    return {(each["kind"], each["what"], each["ours"], each["theirs"]) for each in answer["differences"]}


class TestTheList:
    async def test_of_a_day_that_agrees_is_booked_with_its_fees(self, street):
        mall = street.mall
        whole, in_part = await paid(street), await paid(street)
        await refunded(street, in_part, 5_000)
        await refunded(street, whole, AMOUNT)
        await mall.run_later("settlements", days=1)
        answer, rows = await found(street), await told(street)
        assert answer["differences"] == []
        (account,) = answer["settlements"]
        assert (account["provider"], account["merchant"], account["lines"]) == ("toss", "shopmid", len(rows)) == (
            "toss", "shopmid", 4,
        )  # fmt: skip
        assert (account["payments"]["amount"], account["cancels"]["amount"]) == (2 * AMOUNT, AMOUNT + 5_000)
        balances = {line["account"]: line["amount"]["amount"] for line in (await mall.audit())["balances"]}
        assert balances["fees:toss"] == account["fee"]["amount"] == sum(row["fee"] for row in rows) > 0
        assert balances["payouts_due:toss"] == sum(row["payOutAmount"] for row in rows)
        assert balances["settled:toss"] == -balances["provider_receivable:toss"]
        await street.assert_agreed()

    async def test_shows_what_we_know_nothing_of(self, street):
        """A payment nobody of ours opened, and money given back at Toss's own console."""
        mall, ours = street.mall, await paid(street)
        back = {"orderId": "nobodys-order", "amount": "700", "method": "CARD", "orderName": "?"}
        back |= {"successUrl": "https://x.example/yes", "failUrl": "https://x.example/no"}
        strange = await street.sandbox("pay", clientKey=SandboxSettings().toss_client_key, **back)
        confirm = {"paymentKey": strange["paymentKey"], "orderId": "nobodys-order", "amount": 700}
        taken = await street.outside.post(f"{BASE}/v1/payments/confirm", json=confirm, auth=KEY)
        assert taken.status_code == 200, taken.text
        key = (await mall.payment(ours["id"])).key
        console = {"cancelReason": "콘솔에서", "cancelAmount": 300}
        given = await street.outside.post(f"{BASE}/v1/payments/{key}/cancel", json=console, auth=KEY)
        assert given.status_code == 200, given.text
        await mall.run_later("settlements", days=1)
        assert differences(await found(street)) == {
            ("payment", "missing_here", None, 700), ("cancel", "missing_here", None, 300),
        }  # fmt: skip

    async def test_lacks_a_deposit_its_bank_took_back_before_we_heard_of_it(self, street):
        mall = street.mall
        account = await mall.open("virtual_account")
        await street.sandbox("deposit", orderId=account["id"])
        await street.callbacks_heard(2)
        await street.sandbox("reverse", orderId=account["id"])
        await mall.run_later("settlements", days=1)
        assert differences(await found(street)) == {("payment", "missing_there", AMOUNT, None)}
        # The callbacks of it are worked off, and the next look finds nothing wrong any more.
        await street.callbacks_heard(4)
        assert await mall.status(account["id"]) == "reversed"
        await mall.run_later("settlements", days=1)
        assert [each["resolved_at"] is None for each in (await found(street))["differences"]] == [False]

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"amount": AMOUNT + 1}, ("payment", "amount", AMOUNT, AMOUNT + 1)),
            ({"payOutAmount": 1}, ("payment", "payout", AMOUNT - 509, 1)),
            ({"currency": "USD"}, ("payment", "currency", AMOUNT, AMOUNT)),
            ({"paymentKey": "another"}, ("payment", "missing_here", None, AMOUNT)),
        ],
    )
    async def test_that_says_something_else_of_a_payment(self, street, change, expected):
        await paid(street)
        street.way.misread = lambda rows: [row | change for row in rows]
        await street.mall.run_later("settlements", days=1)
        assert expected in differences(await found(street))

    async def test_that_lacks_a_refund_of_ours(self, street):
        payment = await paid(street)
        await refunded(street, payment, 5_000)
        street.way.misread = lambda rows: [row for row in rows if row["cancel"] is None]
        await street.mall.run_later("settlements", days=1)
        assert differences(await found(street)) == {("cancel", "missing_there", 5_000, None)}

    async def test_is_asked_for_again_while_toss_is_away(self, street):
        await paid(street)
        await street.fault("settlements", "http_500", mode="http_500", count=3)  # a day each
        await street.mall.run_later("settlements", days=1)
        first = (await found(street))["settlements"]
        await street.mall.run_later("settlements", hours=1)
        assert (first, len((await found(street))["settlements"])) == ([], 1)
