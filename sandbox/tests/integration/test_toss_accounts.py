"""Toss virtual accounts and the bank behind them (korea.md 1.1 virtualAccount and status; 0 deposit after cancel)."""

import pytest
from sandbox_world import Running

WEEK = 168 * 3600


class TestIssue:
    async def test_waits_for_the_deposit_and_names_the_account(self, running: Running) -> None:
        payment = await running.account(validHours=24)
        assert (payment["status"], payment["method"]) == ("WAITING_FOR_DEPOSIT", "가상계좌")
        assert payment["approvedAt"] is None
        account = payment["virtualAccount"]
        assert account["accountType"] == "일반"
        assert account["bankCode"] == "88"
        assert account["customerName"] == "김하늘"
        assert account["dueDate"] == "2026-11-23T10:00:00+09:00"
        assert (account["expired"], account["settlementStatus"], account["refundStatus"]) == (
            False, "INCOMPLETED", "NONE",
        )  # fmt: skip
        assert payment["secret"]
        assert (await running.books("order-0001"))["taken"] == 0

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"amount": 100}, "BELOW_MINIMUM_AMOUNT"),
            ({"amount": 1000.5}, "INVALID_REQUEST"),
            ({"bank": "00"}, "INVALID_BANK"),
            ({"bank": None}, "INVALID_BANK"),
            ({"customerName": ""}, "INVALID_REQUIRED_PARAM"),
            ({"validHours": 1, "dueDate": "2026-11-23T10:00:00"}, "INVALID_VALID_HOURS_WITH_DUE_DATE_AND_SINGLE"),
            ({"dueDate": "2026-11-21T10:00:00"}, "INVALID_DATE"),
            ({"dueDate": "tomorrow"}, "INVALID_DATE"),
            ({"validHours": 24 * 91}, "EXCEED_MAX_VALID_HOURS"),
            ({"dueDate": "2027-11-21T10:00:00"}, "EXCEED_MAX_DUE_DATE"),
            ({"cashReceipt": {"type": "현금"}}, "INVALID_REQUEST"),
        ],
    )
    async def test_refuses_bad_fields(self, running: Running, wrong: dict[str, object], code: str) -> None:
        body = {"amount": 33000, "orderId": "order-0001", "orderName": "컵", "customerName": "김하늘", "bank": "88"}
        answer = await running.toss("POST", "/virtual-accounts", body | wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, code)

    async def test_takes_a_due_date_without_offset_as_korean_time(self, running: Running) -> None:
        payment = await running.account(dueDate="2026-11-23T23:59:59")
        assert payment["virtualAccount"]["dueDate"] == "2026-11-23T23:59:59+09:00"

    async def test_an_order_id_is_good_for_one_account(self, running: Running) -> None:
        await running.account()
        body = {"amount": 33000, "orderId": "order-0001", "orderName": "컵", "customerName": "김하늘", "bank": "88"}
        answer = await running.toss("POST", "/virtual-accounts", body)
        assert answer.json()["code"] == "DUPLICATED_ORDER_ID"

    async def test_through_the_window_confirm_answers_waiting(self, running: Running) -> None:
        payment = await running.paid(method="가상계좌", bank="20", validHours=3)
        assert payment["status"] == "WAITING_FOR_DEPOSIT"
        assert payment["virtualAccount"]["bankCode"] == "20"
        assert payment["virtualAccount"]["dueDate"] == "2026-11-22T13:00:00+09:00"
        assert payment["secret"]


class TestDeposit:
    async def test_pays_the_exact_amount_by_default(self, running: Running) -> None:
        payment = await running.account()
        number = payment["virtualAccount"]["accountNumber"]
        answer = await running.bank("deposit", accountNumber=number, depositor="김구름")
        assert answer.json()["status"] == "DONE"
        assert answer.json()["virtualAccount"]["depositorName"] == "김구름"
        assert answer.json()["secret"] == payment["secret"]
        books = await running.books("order-0001")
        assert books["taken"] == 33000
        assert [move["kind"] for move in books["movements"]] == ["deposit"]

    @pytest.mark.parametrize("amount", [32999, 33001, 0])
    async def test_a_wrong_amount_is_turned_away_by_the_bank(self, running: Running, amount: int) -> None:
        await running.account()
        answer = await running.bank("deposit", orderId="order-0001", amount=amount)
        assert (answer.status_code, answer.json()["code"]) == (409, "WRONG_AMOUNT")
        books = await running.books("order-0001")
        assert (books["taken"], books["status"]) == (0, "WAITING_FOR_DEPOSIT")
        assert books["movements"][0]["kind"] == "deposit_refused"

    async def test_a_second_deposit_is_turned_away(self, running: Running) -> None:
        await running.account()
        await running.bank("deposit", orderId="order-0001")
        answer = await running.bank("deposit", orderId="order-0001")
        assert (answer.status_code, answer.json()["code"]) == (409, "ALREADY_PAID")

    async def test_an_unknown_account_is_not_found(self, running: Running) -> None:
        answer = await running.bank("deposit", accountNumber="1")
        assert (answer.status_code, answer.json()["code"]) == (404, "NO_ACCOUNT")

    async def test_a_fraction_of_a_won_is_refused(self, running: Running) -> None:
        await running.account()
        assert (await running.bank("deposit", orderId="order-0001", amount=33000.5)).status_code == 422

    async def test_issues_the_cash_receipt_that_was_asked_for(self, running: Running) -> None:
        await running.account(cashReceipt={"type": "소득공제", "registrationNumber": "01012345678"})
        answer = await running.bank("deposit", orderId="order-0001")
        assert answer.json()["cashReceipt"]["type"] == "소득공제"
        assert answer.json()["cashReceipt"]["amount"] == 33000


class TestExpiry:
    async def test_the_due_date_ends_the_account_by_itself(self, running: Running) -> None:
        await running.account(validHours=1)
        await running.clock.advance(3601)
        found = (await running.toss("GET", "/payments/orders/order-0001")).json()
        assert (found["status"], found["virtualAccount"]["expired"]) == ("EXPIRED", True)
        answer = await running.bank("deposit", orderId="order-0001")
        assert (answer.status_code, answer.json()["code"]) == (409, "ACCOUNT_CLOSED")

    async def test_can_be_made_to_happen_now(self, running: Running) -> None:
        await running.account()
        assert (await running.bank("expire", orderId="order-0001")).json()["status"] == "EXPIRED"
        assert (await running.bank("expire", orderId="order-0001")).status_code == 409


class TestReverse:
    async def test_goes_back_to_waiting_and_takes_the_money_out_of_the_books(self, running: Running) -> None:
        await running.account()
        await running.bank("deposit", orderId="order-0001")
        answer = await running.bank("reverse", orderId="order-0001")
        assert answer.json()["status"] == "WAITING_FOR_DEPOSIT"
        books = await running.books("order-0001")
        assert (books["taken"], books["reversed"], books["balance"]) == (0, 33000, 0)

    async def test_the_customer_can_pay_again(self, running: Running) -> None:
        await running.account()
        for verb in ("deposit", "reverse", "deposit"):
            await running.bank(verb, orderId="order-0001")
        assert (await running.books("order-0001"))["balance"] == 33000

    async def test_needs_a_deposit(self, running: Running) -> None:
        await running.account()
        assert (await running.bank("reverse", orderId="order-0001")).status_code == 409


class TestLateDeposit:
    @pytest.mark.parametrize("ending", ["cancel", "expire"])
    async def test_forced_through_it_pays_a_closed_account(self, running: Running, ending: str) -> None:
        payment = await running.account()
        if ending == "cancel":
            await running.toss("POST", f"/payments/{payment['paymentKey']}/cancel", {"cancelReason": "변심"})
        else:
            await running.bank("expire", orderId="order-0001")
        answer = await running.bank("deposit", orderId="order-0001", force=True)
        assert (answer.json()["status"], answer.json()["failure"]) == ("DONE", None)
        assert (await running.books("order-0001"))["balance"] == 33000
        await running.clock.advance(2)
        account = {"bank": "88", "accountNumber": "110123456789", "holderName": "김하늘"}
        refund = await running.toss(
            "POST",
            f"/payments/{payment['paymentKey']}/cancel",
            {"cancelReason": "늦은 입금", "refundReceiveAccount": account},
        )
        assert refund.json()["status"] == "CANCELED"
        assert (await running.books("order-0001"))["balance"] == 0
