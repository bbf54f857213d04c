"""What Toss posts to us, and what of it may be kept."""

from __future__ import annotations

import json

import pytest
from services.payments.tests.builders import SECRET, a_payment
from services.payments.tests.unit.test_toss import wire

from payments.clients.toss.wire import notice_of
from payments.errors import CallbackUnreadable

HEADERS = {"tosspayments-webhook-transmission-id": "whtrans_1"}


def changed(payment, **changes):
    body = {"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-11-22T12:00:00.000000"}
    return json.dumps(body | {"data": wire(payment, **changes)}).encode()


def deposit(**changes):
    body = {
        "createdAt": "2026-11-22T12:00:00.000000", "secret": SECRET, "orderId": "order-1", "status": "DONE",
        "transactionKey": "TX1",
    }  # fmt: skip
    return json.dumps(body | changes).encode()


class TestStatusChanged:
    def test_names_payment_amount_and_key(self):
        payment = a_payment()
        notice = notice_of(HEADERS, changed(payment))
        assert (notice.dedup_key, notice.order_ref, notice.key, notice.amount) == (
            "whtrans_1",
            payment.order_ref,
            "tkey_1",
            payment.amount,
        )
        assert notice.secret is None

    def test_keeps_no_card_no_name_no_secret(self):
        account = {"accountNumber": "123", "customerName": "김서연"}
        notice = notice_of(HEADERS, changed(a_payment(), secret=SECRET, virtualAccount=account))
        kept = json.dumps(notice.document, ensure_ascii=False)
        for private in ("5327", "card", "김서연", SECRET, "123"):
            assert private not in kept

    def test_an_event_about_something_else_is_no_payment(self):
        body = json.dumps({"eventType": "PAYOUT_STATUS_CHANGED", "data": {}}).encode()
        assert not notice_of(HEADERS, body).about_payment


class TestDeposit:
    def test_is_flat_and_brings_the_secret(self):
        notice = notice_of(HEADERS, deposit())
        assert (notice.kind, notice.order_ref, notice.secret) == ("DEPOSIT_CALLBACK", "order-1", SECRET)
        assert SECRET not in json.dumps(notice.document)
        assert SECRET not in repr(notice)

    def test_without_a_transmission_id_the_body_names_it(self):
        first, second = notice_of({}, deposit()), notice_of({}, deposit(status="CANCELED"))
        assert first.dedup_key == notice_of({}, deposit()).dedup_key
        assert first.dedup_key != second.dedup_key


class TestUnreadable:
    @pytest.mark.parametrize(
        "body",
        [
            b"", b"not json", b"[]", b"{}", b"\xff\xfe", deposit(secret=1), deposit(orderId=None),
            deposit(orderId="a\x00b"),
            b'{"eventType": "PAYMENT_STATUS_CHANGED"}', b'{"eventType": "PAYMENT_STATUS_CHANGED", "data": []}',
            b'{"eventType": "PAYMENT_STATUS_CHANGED", "data": {"orderId": "o", "paymentKey": "k", "totalAmount": "1"}}',
        ],
    )  # fmt: skip
    def test_is_said_to_be(self, body):
        with pytest.raises(CallbackUnreadable):
            notice_of(HEADERS, body)


class TestSums:
    @pytest.mark.parametrize("amount", [2**63, -1, 10**40, 1e300])
    def test_none_that_cannot_be(self, amount):
        with pytest.raises(CallbackUnreadable):
            notice_of(HEADERS, changed(a_payment(), totalAmount=amount))
