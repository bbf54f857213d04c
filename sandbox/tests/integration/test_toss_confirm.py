"""Toss: authentication, the window, confirm and lookup (korea.md 1.1 Auth, Confirm, Lookup, Payment object, Test)."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from sandbox_world import SECRET_KEY, Running, window


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


class TestAuth:
    @pytest.mark.parametrize(
        ("headers", "status", "code"),
        [
            ({}, 401, "UNAUTHORIZED_KEY"),
            (basic("test_sk_other:"), 401, "UNAUTHORIZED_KEY"),
            (basic(f"{SECRET_KEY}:password"), 401, "UNAUTHORIZED_KEY"),
            ({"authorization": f"Bearer {SECRET_KEY}"}, 401, "UNAUTHORIZED_KEY"),
            ({"authorization": "Basic !!!"}, 401, "UNAUTHORIZED_KEY"),
            (basic(SECRET_KEY), 403, "INCORRECT_BASIC_AUTH_FORMAT"),  # the colon is required
            (basic(f"{SECRET_KEY}:"), 404, "NOT_FOUND_PAYMENT"),
        ],
    )
    async def test_takes_only_the_secret_key_with_its_colon(
        self, running: Running, headers: dict[str, str], status: int, code: str
    ) -> None:
        answer = await running.client.get("/toss/v1/payments/nothing", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert set(answer.json()) == {"code", "message"}


class TestWindow:
    async def test_pay_returns_to_success_url_with_key_order_amount_and_type(self, running: Running) -> None:
        answer = await running.client.post("/toss/_sandbox/pay", json=window())
        url = urlsplit(answer.json()["redirect_url"])
        assert url.netloc == "shop.test"
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert query == {
            "mall": "intake",
            "paymentKey": answer.json()["paymentKey"],
            "orderId": "order-0001",
            "amount": "33000",
            "paymentType": "NORMAL",
        }

    @pytest.mark.parametrize(("outcome", "code"), [("cancel", "PAY_PROCESS_CANCELED"), ("fail", "REJECT_CARD_COMPANY")])
    async def test_cancel_and_fail_return_to_fail_url(self, running: Running, outcome: str, code: str) -> None:
        answer = await running.client.post("/toss/_sandbox/pay", json=window(outcome=outcome))
        url = urlsplit(answer.json()["redirect_url"])
        assert url.path == "/failed"
        query = parse_qs(url.query)
        assert query["code"] == [code]
        assert query["orderId"] == ["order-0001"]
        assert query["message"][0]

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"clientKey": "test_ck_other"}, "INVALID_CLIENT_KEY"),
            ({"orderId": "short"}, "INVALID_ORDER_ID"),
            ({"orderId": "주문번호입니다"}, "INVALID_ORDER_ID"),
            ({"orderId": "x" * 65}, "INVALID_ORDER_ID"),
            ({"amount": 99}, "BELOW_MINIMUM_AMOUNT"),
            ({"amount": 1000.5}, "INVALID_REQUIRED_PARAM"),
            ({"amount": "1000.5"}, "INVALID_REQUIRED_PARAM"),
            ({"amount": True}, "INVALID_REQUIRED_PARAM"),
            ({"amount": -1000}, "INVALID_REQUIRED_PARAM"),
            ({"successUrl": "/relative"}, "INCORRECT_SUCCESS_URL_FORMAT"),
            ({"failUrl": "javascript:alert(1)"}, "INCORRECT_FAIL_URL_FORMAT"),
            ({"method": "BARTER"}, "NOT_SUPPORTED_METHOD"),
            ({"outcome": "explode"}, "INVALID_REQUEST"),
        ],
    )
    async def test_refuses_bad_fields(self, running: Running, wrong: dict[str, object], code: str) -> None:
        answer = await running.client.post("/toss/_sandbox/pay", json=window() | wrong)
        assert answer.json()["code"] == code


class TestConfirm:
    async def test_card_is_done_and_the_money_is_in_the_books(self, running: Running) -> None:
        payment = await running.paid()
        assert payment["status"] == "DONE"
        assert payment["method"] == "카드"
        assert payment["totalAmount"] == payment["balanceAmount"] == 33000
        assert payment["approvedAt"] == "2026-11-22T10:00:00+09:00"
        assert payment["receipt"]["url"].endswith(payment["paymentKey"])
        assert payment["secret"] is None
        books = await running.books("order-0001")
        assert (books["taken"], books["refunded"], books["balance"]) == (33000, 0, 33000)

    @pytest.mark.parametrize(
        ("wrong", "status", "code"),
        [
            ({"amount": 1000}, 400, "INVALID_REQUEST"),  # a tampered amount is never confirmed
            ({"amount": 33000.0}, 400, "INVALID_REQUEST"),
            ({"amount": "33000"}, 400, "INVALID_REQUEST"),
            ({"orderId": "order-0002"}, 403, "FORBIDDEN_REQUEST"),
            ({"paymentKey": "unknown"}, 404, "NOT_FOUND_PAYMENT_SESSION"),
        ],
    )
    async def test_refuses_what_differs_from_the_window(
        self, running: Running, wrong: dict[str, object], status: int, code: str
    ) -> None:
        key = await running.pay()
        body = {"paymentKey": key, "orderId": "order-0001", "amount": 33000} | wrong
        answer = await running.toss("POST", "/payments/confirm", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await running.books("order-0001"))["taken"] == 0

    async def test_a_second_confirm_is_already_processed(self, running: Running) -> None:
        payment = await running.paid()
        body = {"paymentKey": payment["paymentKey"], "orderId": "order-0001", "amount": 33000}
        answer = await running.toss("POST", "/payments/confirm", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "ALREADY_PROCESSED_PAYMENT")
        assert (await running.books("order-0001"))["taken"] == 33000

    async def test_an_order_already_paid_takes_no_second_payment(self, running: Running) -> None:
        first, second = await running.pay(), await running.pay()
        for key, expected in ((first, 200), (second, 400)):
            body = {"paymentKey": key, "orderId": "order-0001", "amount": 33000}
            answer = await running.toss("POST", "/payments/confirm", body)
            assert answer.status_code == expected
        assert answer.json()["code"] == "DUPLICATED_ORDER_ID"

    async def test_the_session_ends_after_ten_minutes(self, running: Running) -> None:
        key = await running.pay()
        await running.clock.advance(601)
        body = {"paymentKey": key, "orderId": "order-0001", "amount": 33000}
        answer = await running.toss("POST", "/payments/confirm", body)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND_PAYMENT_SESSION")
        found = await running.toss("GET", f"/payments/{key}")
        assert found.json()["status"] == "EXPIRED"

    async def test_a_card_declined_at_confirm_aborts_the_payment(self, running: Running) -> None:
        key = await running.pay(outcome="decline")
        body = {"paymentKey": key, "orderId": "order-0001", "amount": 33000}
        answer = await running.toss("POST", "/payments/confirm", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "REJECT_CARD_PAYMENT")
        found = (await running.toss("GET", f"/payments/{key}")).json()
        assert (found["status"], found["failure"]["code"]) == ("ABORTED", "REJECT_CARD_PAYMENT")
        assert (await running.books("order-0001"))["taken"] == 0

    async def test_a_body_that_is_no_json_object_is_refused(self, running: Running) -> None:
        for content in (b"{", b"[]", b'"x"'):
            answer = await running.client.post("/toss/v1/payments/confirm", content=content, auth=(SECRET_KEY, ""))
            assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")

    async def test_transfer_is_done_too(self, running: Running) -> None:
        payment = await running.paid(method="TRANSFER")
        assert (payment["status"], payment["method"], payment["card"]) == ("DONE", "계좌이체", None)


class TestLookup:
    async def test_by_payment_key_and_by_order_id(self, running: Running) -> None:
        payment = await running.paid()
        by_key = await running.toss("GET", f"/payments/{payment['paymentKey']}")
        by_order = await running.toss("GET", "/payments/orders/order-0001")
        assert by_key.json() == by_order.json() == payment

    async def test_the_accepted_payment_stands_for_the_order_among_several_tries(self, running: Running) -> None:
        await running.pay(outcome="fail")
        payment = await running.paid()
        found = await running.toss("GET", "/payments/orders/order-0001")
        assert found.json()["paymentKey"] == payment["paymentKey"]

    async def test_an_unknown_order_is_not_found(self, running: Running) -> None:
        answer = await running.toss("GET", "/payments/orders/order-9999")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND_PAYMENT")


class TestTestCode:
    async def test_forces_an_error_before_the_payment_key_is_looked_at(self, running: Running) -> None:
        body = {"paymentKey": "whatever", "orderId": "order-0001", "amount": 33000}
        answer = await running.toss("POST", "/payments/confirm", body, tosspayments_test_code="REJECT_CARD_COMPANY")
        assert (answer.status_code, answer.json()["code"]) == (403, "REJECT_CARD_COMPANY")

    async def test_cannot_fake_success(self, running: Running) -> None:
        answer = await running.toss("POST", "/payments/confirm", {}, tosspayments_test_code="SUCCESS")
        assert answer.json()["code"] == "INVALID_TEST_CODE"
