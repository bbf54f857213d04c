"""Toss cancel (korea.md 1.1 Cancel, and the error codes of [TRS])."""

from typing import Any

import httpx
import pytest
from sandbox_world import Running, sandbox

REFUND_TO = {"bank": "88", "accountNumber": "110123456789", "holderName": "김하늘"}


async def cancel(running: Running, payment: dict[str, Any], **body: Any) -> httpx.Response:
    return await running.toss("POST", f"/payments/{payment['paymentKey']}/cancel", {"cancelReason": "변심"} | body)


class TestCard:
    async def test_no_amount_means_all(self, running: Running) -> None:
        answer = await cancel(running, await running.paid())
        payment = answer.json()
        assert (payment["status"], payment["balanceAmount"]) == ("CANCELED", 0)
        row = payment["cancels"][0]
        assert row["cancelAmount"] == 33000
        assert row["refundableAmount"] == 0
        assert row["cancelReason"] == "변심"
        assert row["cancelStatus"] == "DONE"
        assert row["canceledAt"] == "2026-11-22T10:00:00+09:00"
        assert row["transactionKey"] == payment["lastTransactionKey"]
        assert row["receiptKey"] is None
        books = await running.books("order-0001")
        assert (books["taken"], books["refunded"], books["balance"]) == (33000, 33000, 0)

    async def test_parts_add_up_in_cancels(self, running: Running) -> None:
        payment = await running.paid()
        await cancel(running, payment, cancelAmount=3000)
        await running.clock.advance(2)
        answer = (await cancel(running, payment, cancelAmount=10000)).json()
        assert (answer["status"], answer["balanceAmount"]) == ("PARTIAL_CANCELED", 20000)
        assert [row["refundableAmount"] for row in answer["cancels"]] == [30000, 20000]
        assert (await running.books("order-0001"))["balance"] == 20000

    async def test_parts_that_use_up_the_balance_stay_partial(self, running: Running) -> None:
        """Measured against the real thing by others: only balanceAmount 0 tells that all is gone."""
        payment = await running.paid()
        await cancel(running, payment, cancelAmount=3000)
        await running.clock.advance(2)
        answer = (await cancel(running, payment)).json()
        assert (answer["status"], answer["balanceAmount"]) == ("PARTIAL_CANCELED", 0)
        await running.clock.advance(2)
        again = await cancel(running, payment)
        assert (again.status_code, again.json()["code"]) == (403, "NOT_CANCELABLE_AMOUNT")

    async def test_or_are_called_cancelled_by_setting(self, tmp_path: Any) -> None:
        async with sandbox(tmp_path, toss_partial_sum_status="CANCELED") as running:
            payment = await running.paid()
            await cancel(running, payment, cancelAmount=3000)
            await running.clock.advance(2)
            assert (await cancel(running, payment)).json()["status"] == "CANCELED"

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"cancelAmount": 33001}, 403, "NOT_CANCELABLE_AMOUNT"),
            ({"cancelAmount": 0}, 400, "INVALID_REQUEST"),
            ({"cancelAmount": -1}, 400, "INVALID_REQUEST"),
            ({"cancelAmount": 10.5}, 400, "INVALID_REQUEST"),
            ({"refundableAmount": 1000}, 400, "NOT_MATCHES_REFUNDABLE_AMOUNT"),
            ({"cancelReason": ""}, 400, "INVALID_REQUIRED_PARAM"),
            ({"cancelReason": "가" * 201}, 400, "INVALID_REQUIRED_PARAM"),
            ({"taxFreeAmount": 1}, 403, "NOT_CANCELABLE_AMOUNT"),
        ],
    )
    async def test_refusals_move_nothing(
        self, running: Running, body: dict[str, object], status: int, code: str
    ) -> None:
        answer = await cancel(running, await running.paid(), **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await running.books("order-0001"))["balance"] == 33000

    async def test_the_refundable_amount_is_an_optimistic_check(self, running: Running) -> None:
        payment = await running.paid()
        answer = await cancel(running, payment, cancelAmount=1000, refundableAmount=33000)
        assert answer.json()["balanceAmount"] == 32000

    async def test_twice_within_a_second_only_the_first_runs(self, running: Running) -> None:
        payment = await running.paid()
        await cancel(running, payment, cancelAmount=1000)
        second = await cancel(running, payment, cancelAmount=1000)
        assert (second.status_code, second.json()["code"]) == (403, "FORBIDDEN_CONSECUTIVE_REQUEST")
        await running.clock.advance(1)
        assert (await cancel(running, payment, cancelAmount=1000)).status_code == 200
        assert (await running.books("order-0001"))["refunded"] == 2000

    async def test_a_cancelled_payment_is_already_cancelled(self, running: Running) -> None:
        payment = await running.paid()
        await cancel(running, payment)
        await running.clock.advance(2)
        answer = await cancel(running, payment)
        assert (answer.status_code, answer.json()["code"]) == (400, "ALREADY_CANCELED_PAYMENT")

    async def test_an_unconfirmed_payment_cannot_be_cancelled(self, running: Running) -> None:
        answer = await cancel(running, {"paymentKey": await running.pay()})
        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_CANCELABLE_PAYMENT")

    async def test_an_unknown_payment_is_not_found(self, running: Running) -> None:
        answer = await cancel(running, {"paymentKey": "nothing"})
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND_PAYMENT")

    async def test_the_tax_free_part_is_given_back_once(self, running: Running) -> None:
        payment = await running.paid(taxFreeAmount=3000)
        assert (await cancel(running, payment, cancelAmount=4000, taxFreeAmount=3000)).status_code == 200
        await running.clock.advance(2)
        again = await cancel(running, payment, cancelAmount=4000, taxFreeAmount=1)
        assert again.json()["code"] == "NOT_CANCELABLE_AMOUNT"

    async def test_an_escrow_payment_is_all_or_nothing(self, running: Running) -> None:
        payment = await running.paid(useEscrow=True)
        answer = await cancel(running, payment, cancelAmount=1000)
        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED_PARTIAL_REFUND")


class TestWaitingAccount:
    async def test_cancels_whole_without_a_refund_account(self, running: Running) -> None:
        answer = await cancel(running, await running.account())
        assert answer.json()["status"] == "CANCELED"
        books = await running.books("order-0001")
        assert (books["taken"], books["refunded"], books["movements"]) == (0, 0, [])

    async def test_not_in_part(self, running: Running) -> None:
        answer = await cancel(running, await running.account(), cancelAmount=1000)
        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT")

    async def test_takes_no_deposit_afterwards(self, running: Running) -> None:
        await cancel(running, await running.account())
        assert (await running.bank("deposit", orderId="order-0001")).json()["code"] == "ACCOUNT_CLOSED"


class TestPaidAccount:
    @pytest.mark.parametrize(
        ("account", "code"),
        [
            (None, "INVALID_REFUND_ACCOUNT_INFO"),  # needed once a virtual account is paid
            ({**REFUND_TO, "bank": "00"}, "INVALID_BANK"),
            ({**REFUND_TO, "accountNumber": "110-123-456"}, "INVALID_REFUND_ACCOUNT_NUMBER"),
            ({**REFUND_TO, "accountNumber": "1" * 21}, "INVALID_REFUND_ACCOUNT_NUMBER"),
            ({**REFUND_TO, "holderName": ""}, "INVALID_REFUND_ACCOUNT_INFO"),
        ],
    )
    async def test_needs_the_customers_own_account(
        self, running: Running, account: dict[str, str] | None, code: str
    ) -> None:
        payment = await running.account()
        await running.bank("deposit", orderId="order-0001")
        answer = await cancel(running, payment, refundReceiveAccount=account)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert (await running.books("order-0001"))["balance"] == 33000

    async def test_the_refund_is_pending_until_the_bank_has_paid(self, running: Running) -> None:
        payment = await running.account()
        await running.bank("deposit", orderId="order-0001")
        answer = await cancel(running, payment, cancelAmount=3000, refundReceiveAccount=REFUND_TO)
        assert answer.json()["status"] == "PARTIAL_CANCELED"
        assert answer.json()["virtualAccount"]["refundStatus"] == "PENDING"
        assert answer.json()["virtualAccount"]["refundReceiveAccount"]["holderName"] == "김하늘"
        assert (await running.books("order-0001"))["refunded"] == 3000
        await running.clock.advance(121)
        found = (await running.toss("GET", "/payments/orders/order-0001")).json()
        assert found["virtualAccount"]["refundStatus"] == "COMPLETED"


class TestCashReceipts:
    async def issue(self, running: Running, **more: Any) -> httpx.Response:
        body = {
            "amount": 33000, "orderId": "order-0001", "orderName": "컵", "type": "소득공제",
            "customerIdentityNumber": "01012345678",
        }  # fmt: skip
        return await running.toss("POST", "/cash-receipts", body | more)

    async def test_issue_and_cancel(self, running: Running) -> None:
        receipt = (await self.issue(running)).json()
        assert (receipt["issueStatus"], receipt["transactionType"]) == ("COMPLETED", "CONFIRM")
        assert "01012345678" not in str(receipt)
        answer = await running.toss("POST", f"/cash-receipts/{receipt['receiptKey']}/cancel", {})
        assert (answer.json()["transactionType"], answer.json()["amount"]) == ("CANCEL", 33000)
        assert (await running.toss("POST", f"/cash-receipts/{receipt['receiptKey']}/cancel", {})).status_code == 400

    async def test_an_expense_receipt_with_a_phone_number_passes(self, running: Running) -> None:
        """korea.md: the pairing is not validated there; validate ourselves."""
        assert (await self.issue(running, type="지출증빙")).status_code == 200

    async def test_one_order_has_one_receipt(self, running: Running) -> None:
        await self.issue(running)
        assert (await self.issue(running)).json()["code"] == "DUPLICATED_CASH_RECEIPT"

    async def test_refusals(self, running: Running) -> None:
        assert (await self.issue(running, type="기타")).json()["code"] == "INVALID_REQUEST"
        assert (await self.issue(running, amount=0)).json()["code"] == "INVALID_REQUEST"
        assert (await running.toss("POST", "/cash-receipts/none/cancel", {})).status_code == 404
