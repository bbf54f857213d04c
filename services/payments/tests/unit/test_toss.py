"""The adapter against what Toss's public documents say goes over the wire."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import respx
from services.payments.tests.builders import AMOUNT, SECRET, a_payment

from common.http_client import client
from payments.clients.gateway import Cancel, ReceiptOrder, Terms
from payments.clients.toss import TossAccess, TossGateway
from payments.commands.answers import (
    Hint,
    Missing,
    Receipt,
    Redirect,
    RefundAccount,
    Refused,
    Return,
    Seen,
    Standing,
    Unknown,
)
from payments.domain.status import Status

API = "https://toss.example/v1"
TERMS = Terms(
    "김서연", "20", "https://shop.example/return", "https://shop.example/no", "https://shop.example/window",
    "https://shop.example/notice",
)  # fmt: skip
ACCESS = TossAccess(
    "https://toss.example", "test_sk_1", "test_ck_1", "https://toss.example/pay", "shopmid", "토스페이먼츠", "88", 5
)
STANDINGS = {
    "READY": Standing.NOT_STARTED,
    "IN_PROGRESS": Standing.NOT_STARTED,
    "WAITING_FOR_DEPOSIT": Standing.WAITING,
    "DONE": Standing.PAID,
    "CANCELED": Standing.RETURNED,
    "PARTIAL_CANCELED": Standing.PARTLY_RETURNED,
    "ABORTED": Standing.FAILED,
    "EXPIRED": Standing.EXPIRED,
}


def wire(payment, status="DONE", **changes):
    """A Payment object with the fields of the public reference."""
    return {
        "version": "2022-11-16", "paymentKey": payment.key or "tkey_1", "type": "NORMAL",
        "orderId": payment.order_ref, "orderName": payment.order_name, "mId": "shopmid", "currency": "KRW",
        "method": "카드", "totalAmount": payment.amount, "balanceAmount": payment.amount, "status": status,
        "requestedAt": "2026-11-22T12:00:00+09:00", "approvedAt": "2026-11-22T12:00:05+09:00", "useEscrow": False,
        "lastTransactionKey": "TX1", "suppliedAmount": 14455, "vat": 1445, "taxFreeAmount": 0, "cancels": None,
        "isPartialCancelable": True, "card": {"number": "53275020****463*", "approveNo": "00000000"},
        "virtualAccount": None, "secret": None, "transfer": None, "easyPay": None, "failure": None,
        "receipt": {"url": "https://receipt.example/1"}, "checkout": {"url": "https://checkout.example/1"},
    } | changes  # fmt: skip


def an_account(**changes):
    return {
        "accountType": "일반", "accountNumber": "X6505636518308", "bankCode": "20", "customerName": "김서연",
        "depositorName": "김서연", "dueDate": "2026-11-23T12:00:00+09:00", "expired": False,
        "settlementStatus": "INCOMPLETED", "refundStatus": "NONE", "refundReceiveAccount": None,
    } | changes  # fmt: skip


@pytest.fixture
async def toss():
    async with client() as http:
        yield TossGateway(http, ACCESS)


@pytest.fixture
def api():
    with respx.mock(base_url=API) as mocked:
        yield mocked


def sent(route):
    request = route.calls.last.request
    return request.headers, json.loads(request.content)


class TestPrepare:
    @pytest.mark.parametrize(("method", "shown"), [("card", "CARD"), ("transfer", "TRANSFER"), ("easy_pay", "CARD")])
    async def test_a_window_is_an_address(self, toss, method, shown):
        payment = a_payment(Status.CREATED, method=method, tax_free_amount=900)
        answer = await toss.prepare(payment, TERMS)
        assert isinstance(answer, Redirect)
        parts = urlsplit(answer.url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://toss.example/pay"
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert query == {
            "clientKey": "test_ck_1", "method": shown, "amount": str(AMOUNT), "orderId": str(payment.id),
            "orderName": payment.order_name, "successUrl": TERMS.return_url, "failUrl": TERMS.fail_url,
            "taxFreeAmount": "900",
        }  # fmt: skip

    async def test_an_account_is_issued_by_the_server(self, toss, api):
        payment = a_payment(Status.CREATED, method="virtual_account", due_at=datetime(2026, 11, 23, 3, tzinfo=UTC))
        route = api.post("/virtual-accounts").respond(
            json=wire(payment, "WAITING_FOR_DEPOSIT", virtualAccount=an_account(), secret=SECRET, method="가상계좌")
        )
        answer = await toss.prepare(payment, TERMS)
        assert answer.standing is Standing.WAITING
        assert answer.account.bank_name == "우리은행"
        assert answer.account.number == "X6505636518308"
        assert answer.account.holder == "토스페이먼츠"
        assert answer.account.due_at == datetime(2026, 11, 23, 3, tzinfo=UTC)
        assert answer.secret == SECRET
        headers, body = sent(route)
        assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"test_sk_1:"
        assert headers["idempotency-key"] == f"issue-{payment.id}"
        assert body == {
            "amount": AMOUNT, "orderId": str(payment.id), "orderName": payment.order_name, "customerName": "김서연",
            "bank": "20", "dueDate": "2026-11-23T12:00:00",
        }  # fmt: skip

    async def test_an_account_issued_before_is_looked_up(self, toss, api):
        payment = a_payment(Status.CREATED, method="virtual_account")
        api.post("/virtual-accounts").respond(400, json={"code": "DUPLICATED_ORDER_ID", "message": ""})
        api.get(f"/payments/orders/{payment.id}").respond(
            json=wire(payment, "WAITING_FOR_DEPOSIT", virtualAccount=an_account(), secret=SECRET)
        )
        assert (await toss.prepare(payment, TERMS)).standing is Standing.WAITING


class TestConfirm:
    async def test_sends_our_own_amount_and_a_key_of_this_try(self, toss, api):
        payment = a_payment(Status.CONFIRMING)
        route = api.post("/payments/confirm").respond(json=wire(payment))
        answer = await toss.confirm(payment, {})
        assert (answer.standing, answer.amount, answer.receipt_url) == (
            Standing.PAID,
            AMOUNT,
            "https://receipt.example/1",
        )
        headers, body = sent(route)
        assert body == {"paymentKey": payment.key, "orderId": str(payment.id), "amount": AMOUNT}
        assert headers["idempotency-key"] == f"confirm-{payment.id}-1"

    async def test_another_try_is_another_request_to_toss(self, toss, api):
        """Toss replays by key and URL without looking at the body: the refusal of a first key would answer for all."""
        payment = a_payment(Status.CONFIRMING, tries=2)
        route = api.post("/payments/confirm").respond(json=wire(payment))
        await toss.confirm(payment, {})
        assert sent(route)[0]["idempotency-key"] == f"confirm-{payment.id}-2"

    async def test_a_confirmation_from_before_tries_were_counted_keeps_its_name(self, toss, api):
        payment = a_payment(Status.UNKNOWN, tries=0)
        route = api.post("/payments/confirm").respond(json=wire(payment))
        await toss.confirm(payment, {})
        assert sent(route)[0]["idempotency-key"] == f"confirm-{payment.id}"

    async def test_the_card_is_dropped(self, toss, api):
        payment = a_payment(Status.CONFIRMING)
        api.post("/payments/confirm").respond(json=wire(payment))
        assert "5327" not in repr(await toss.confirm(payment, {}))

    async def test_already_processed_is_looked_up_and_believed_as_it_is(self, toss, api):
        payment = a_payment(Status.CONFIRMING)
        api.post("/payments/confirm").respond(400, json={"code": "ALREADY_PROCESSED_PAYMENT", "message": ""})
        api.get(f"/payments/{payment.key}").respond(json=wire(payment, "CANCELED", balanceAmount=0))
        assert (await toss.confirm(payment, {})).standing is Standing.RETURNED

    @pytest.mark.parametrize(
        "code", ["REJECT_CARD_PAYMENT", "REJECT_CARD_COMPANY", "INVALID_STOPPED_CARD", "PAY_PROCESS_ABORTED"]
    )
    async def test_a_no_is_a_no(self, toss, api, code):
        api.post("/payments/confirm").respond(400, json={"code": code, "message": "안 됩니다"})
        answer = await toss.confirm(a_payment(Status.CONFIRMING), {})
        assert answer == Refused(code, "안 됩니다")

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (404, "NOT_FOUND_PAYMENT_SESSION"), (404, "NOT_FOUND_PAYMENT"), (404, "NOT_FOUND"),
            (403, "FORBIDDEN_REQUEST"), (400, "INVALID_REQUEST"), (400, "INVALID_REQUIRED_PARAM"),
            (400, "INVALID_ORDER_ID"), (400, "UNAPPROVED_ORDER_ID"), (400, "DUPLICATED_ORDER_ID"),
        ],
    )  # fmt: skip
    async def test_a_no_to_the_key_is_no_no_to_the_payment(self, toss, api, status, code):
        api.post("/payments/confirm").respond(status, json={"code": code, "message": "안 됩니다"})
        assert await toss.confirm(a_payment(Status.CONFIRMING), {}) == Refused(code, "안 됩니다", Hint.KEY)

    @pytest.mark.parametrize(
        ("status", "code"),
        [(401, "UNAUTHORIZED_KEY"), (400, "INVALID_API_KEY"), (403, "INCORRECT_BASIC_AUTH_FORMAT")],
    )
    async def test_a_no_to_ourselves_says_nothing_of_the_payment(self, toss, api, status, code):
        api.post("/payments/confirm").respond(status, json={"code": code, "message": ""})
        assert await toss.confirm(a_payment(Status.CONFIRMING), {}) == Refused(code, "", Hint.UNREAD)

    @pytest.mark.parametrize(
        "response",
        [
            httpx.Response(500, json={"code": "FAILED_INTERNAL_SYSTEM_PROCESSING", "message": ""}),
            httpx.Response(502, text="<html>"),
            httpx.Response(400, json={"code": "PROVIDER_ERROR", "message": ""}),
            httpx.Response(400, json={"code": "UNKNOWN_PAYMENT_ERROR", "message": ""}),
            httpx.Response(409, json={"code": "IDEMPOTENT_REQUEST_PROCESSING", "message": ""}),
            httpx.Response(200, text="not json"),
            httpx.Response(200, json={"status": "DONE"}),
            httpx.Response(200, json=["DONE"]),
            httpx.Response(400, json={"message": "no code"}),
            httpx.Response(302, headers={"location": "https://elsewhere.example"}),
            httpx.ReadTimeout("slow"),
            httpx.ConnectError("down"),
            httpx.RemoteProtocolError("cut"),
        ],
    )
    async def test_anything_else_is_unknown_and_never_an_exception(self, toss, api, response):
        api.post("/payments/confirm").mock(side_effect=[response])
        assert isinstance(await toss.confirm(a_payment(Status.CONFIRMING), {}), Unknown)

    @pytest.mark.parametrize("amount", [15900.5, "15900", None, True])
    async def test_an_amount_that_is_no_whole_number_is_not_understood(self, toss, api, amount):
        payment = a_payment(Status.CONFIRMING)
        api.post("/payments/confirm").respond(json=wire(payment, totalAmount=amount))
        assert isinstance(await toss.confirm(payment, {}), Unknown)


class TestGet:
    @pytest.mark.parametrize(("status", "standing"), STANDINGS.items())
    async def test_every_status_of_toss(self, toss, api, status, standing):
        payment = a_payment(Status.UNKNOWN)
        api.get(f"/payments/{payment.key}").respond(json=wire(payment, status))
        assert (await toss.get(payment)).standing is standing

    async def test_a_status_nobody_knows_is_unknown(self, toss, api):
        payment = a_payment(Status.UNKNOWN)
        api.get(f"/payments/{payment.key}").respond(json=wire(payment, "NEW_STATUS"))
        assert isinstance(await toss.get(payment), Unknown)

    async def test_by_our_order_id_while_there_is_no_key(self, toss, api):
        payment = a_payment(Status.OPEN)
        api.get(f"/payments/orders/{payment.id}").respond(404, json={"code": "NOT_FOUND_PAYMENT", "message": ""})
        assert await toss.get(payment) == Missing()

    async def test_refused_keys_are_no_proof_that_a_payment_is_missing(self, toss, api):
        payment = a_payment(Status.UNKNOWN)
        api.get(f"/payments/{payment.key}").respond(401, json={"code": "UNAUTHORIZED_KEY", "message": ""})
        assert isinstance(await toss.get(payment), Unknown)

    async def test_cancels_come_with_their_note(self, toss, api):
        payment = a_payment(Status.CONFIRMED)
        row = {"transactionKey": "TX2", "cancelAmount": 5000, "refundableAmount": 10900, "cancelReason": "refund 1",
               "canceledAt": "2026-11-22T13:00:00+09:00", "cancelStatus": "DONE", "receiptKey": None}  # fmt: skip
        api.get(f"/payments/{payment.key}").respond(
            json=wire(payment, "PARTIAL_CANCELED", cancels=[row], balanceAmount=10900)
        )
        answer = await toss.get(payment)
        assert answer.returns == (Return("TX2", 5000, "refund 1", True),)
        assert answer.balance == 10900


class TestCancel:
    async def test_carries_guard_note_key_and_account(self, toss, api):
        payment = a_payment(Status.CONFIRMED)
        route = api.post(f"/payments/{payment.key}/cancel").respond(json=wire(payment, "PARTIAL_CANCELED"))
        account = RefundAccount("88", "110123456789", "김서연")
        await toss.cancel(payment, Cancel("refund 1", 5000, 400, 15900, "refund-1-1", account))
        headers, body = sent(route)
        assert headers["idempotency-key"] == "refund-1-1"
        assert body == {
            "cancelReason": "refund 1", "cancelAmount": 5000, "taxFreeAmount": 400, "refundableAmount": 15900,
            "refundReceiveAccount": {"bank": "88", "accountNumber": "110123456789", "holderName": "김서연"},
        }  # fmt: skip

    async def test_calling_off_an_unpaid_account_says_only_why(self, toss, api):
        payment = a_payment(Status.WAITING)
        route = api.post(f"/payments/{payment.key}/cancel").respond(json=wire(payment, "CANCELED", balanceAmount=0))
        assert (await toss.cancel(payment, Cancel("close 1"))).standing is Standing.RETURNED
        headers, body = sent(route)
        assert body == {"cancelReason": "close 1"}
        assert "idempotency-key" not in headers

    @pytest.mark.parametrize(
        ("code", "hint"),
        [
            ("FORBIDDEN_CONSECUTIVE_REQUEST", Hint.LATER), ("NOT_MATCHES_REFUNDABLE_AMOUNT", Hint.ASK),
            ("ALREADY_CANCELED_PAYMENT", Hint.ASK), ("INVALID_REFUND_ACCOUNT_NUMBER", Hint.ACCOUNT),
            ("NOT_CANCELABLE_PAYMENT", Hint.FINAL), ("NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT", Hint.FINAL),
            ("NOT_AVAILABLE_BANK", Hint.LATER), ("UNAUTHORIZED_KEY", Hint.LATER), ("INVALID_API_KEY", Hint.LATER),
            ("INCORRECT_BASIC_AUTH_FORMAT", Hint.LATER), ("ALREADY_REFUND_PAYMENT", Hint.ASK),
            ("INVALID_REQUEST", Hint.FINAL), ("FORBIDDEN_REQUEST", Hint.FINAL), ("NOT_FOUND_PAYMENT", Hint.FINAL),
        ],
    )  # fmt: skip
    async def test_every_refusal_says_what_to_do(self, toss, api, code, hint):
        payment = a_payment(Status.CONFIRMED)
        api.post(f"/payments/{payment.key}/cancel").respond(403, json={"code": code, "message": ""})
        assert (await toss.cancel(payment, Cancel("refund 1", 5000))).hint is hint

    async def test_a_customer_at_the_window_does_not_wait_for_the_bank_to_open(self, toss, api):
        api.post("/payments/confirm").respond(403, json={"code": "NOT_AVAILABLE_BANK", "message": ""})
        assert (await toss.confirm(a_payment(Status.CONFIRMING), {})).hint is Hint.FINAL


class TestBank:
    @pytest.mark.parametrize(
        ("bank", "code"), [("88", "88"), ("신한", "88"), ("신한은행", "88"), ("토스뱅크", "92"), ("x", None)]
    )
    def test_by_code_or_name(self, toss, bank, code):
        assert toss.bank_code(bank) == code


class TestSeen:
    def test_shows_no_secret(self):
        assert SECRET not in repr(Seen("o", "k", "m", "KRW", 1, 1, Standing.WAITING, secret=SECRET))


RECEIPT = {
    "receiptKey": "rk_1", "issueNumber": "000000001", "issueStatus": "COMPLETED", "amount": AMOUNT, "type": "소득공제",
    "receiptUrl": "https://receipt.example/cash", "customerIdentityNumber": "010*****678",
}  # fmt: skip


class TestCashReceipt:
    ORDER = ReceiptOrder("income_deduction", "01012345678", AMOUNT, 0, 1_445, "receipt-1")

    async def test_is_issued(self, toss, api):
        payment = a_payment(Status.CONFIRMED, method="virtual_account")
        route = api.post("/cash-receipts").respond(json=RECEIPT)
        answer = await toss.issue_cash_receipt(payment, self.ORDER)
        assert answer == Receipt("rk_1", "000000001", "https://receipt.example/cash", AMOUNT)
        headers, body = sent(route)
        assert headers["idempotency-key"] == "receipt-1"
        assert body == {
            "amount": AMOUNT, "orderId": payment.order_ref, "orderName": payment.order_name, "type": "소득공제",
            "customerIdentityNumber": "01012345678",
        }  # fmt: skip

    async def test_is_taken_back_in_part(self, toss, api):
        route = api.post("/cash-receipts/rk_1/cancel").respond(json=RECEIPT | {"amount": 5_000})
        answer = await toss.cancel_cash_receipt(a_payment(Status.CONFIRMED), "rk_1", 5_000, "back-1")
        assert answer.amount == 5_000
        assert sent(route)[1] == {"amount": 5_000}

    @pytest.mark.parametrize(
        ("response", "kind"),
        [
            (httpx.Response(400, json={"code": "DUPLICATED_CASH_RECEIPT", "message": "x"}), Refused),
            (httpx.Response(500, json=RECEIPT), Unknown),
            (httpx.Response(200, json={}), Unknown),
        ],
    )
    async def test_anything_else(self, toss, api, response, kind):
        api.post("/cash-receipts").mock(return_value=response)
        assert isinstance(await toss.issue_cash_receipt(a_payment(Status.CONFIRMED), self.ORDER), kind)
