"""Webhooks of PortOne V2: whose they are, and what is kept of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from services.payments.tests.builders import NOW

from common.http_client import client
from payments.clients.portone import PortOneAccess, PortOneGateway, signing
from payments.errors import CallbackForged, CallbackUnreadable

# The test vector of Standard Webhooks, which PortOne's 2024-04-25 webhooks follow.
VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_BODY = b'{"test": 2432232314}'
VECTOR_AT = 1614265330
VECTOR = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(VECTOR_AT),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
# The secret in the tests of PortOne's own server SDK, and the wrong signature they put beside a right one.
SDK_SECRET = "pzQGE83cSIRKM4/WH5QY+g=="
SDK_WRONG = "Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
OLD, NEW = "whsec_" + base64.b64encode(b"the old key").decode(), "whsec_" + base64.b64encode(b"the new key").decode()


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def signed(body: bytes, secret: str = OLD, *, now: datetime = NOW, webhook_id: str = "msg_1") -> dict[str, str]:
    stamp = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = hmac.new(key, f"{webhook_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(made).decode(),
    }


class TestTheSignature:
    def test_the_public_vector(self):
        assert signing.verify(VECTOR, VECTOR_BODY, [VECTOR_SECRET], at(VECTOR_AT)) == "msg_p5jXN8AQM9LWM0D4loKWxJek"

    def test_the_body_is_taken_raw(self):
        with pytest.raises(CallbackForged):
            signing.verify(VECTOR, b'{"test":2432232314}', [VECTOR_SECRET], at(VECTOR_AT))

    @pytest.mark.parametrize("secret", [SDK_SECRET, "whsec_" + SDK_SECRET])
    def test_with_and_without_the_prefix(self, secret):
        body = b'{"test":"test payload"}'
        assert signing.verify(signed(body, SDK_SECRET), body, [secret], NOW) == "msg_1"

    def test_one_of_several_signatures_is_enough(self):
        headers = signed(b"{}", SDK_SECRET)
        right = headers["webhook-signature"]
        headers["webhook-signature"] = f"v1,{SDK_WRONG} v2,{SDK_WRONG} {right} v1,{SDK_WRONG}"
        assert signing.verify(headers, b"{}", [SDK_SECRET], NOW)

    @pytest.mark.parametrize("given", ["", "v1,", "v1", "v1,Ceo5", f"v1,{SDK_WRONG}", "v1,가나다", " ", "v1,\x00"])
    def test_wrong_ones(self, given):
        with pytest.raises(CallbackForged):
            signing.verify(signed(b"{}") | {"webhook-signature": given}, b"{}", [OLD], NOW)

    def test_a_right_one_of_another_version_does_not_count(self):
        headers = signed(b"{}")
        headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v2,")
        with pytest.raises(CallbackForged):
            signing.verify(headers, b"{}", [OLD], NOW)

    @pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp"])
    def test_id_and_time_are_signed_too(self, changed):
        headers = signed(b"{}")
        headers[changed] = headers[changed][:-1] + ("0" if headers[changed][-1] != "0" else "2")
        with pytest.raises(CallbackForged):
            signing.verify(headers, b"{}", [OLD], NOW)

    @pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
    def test_all_three_headers_are_needed(self, missing):
        headers = signed(b"{}")
        del headers[missing]
        with pytest.raises(CallbackForged):
            signing.verify(headers, b"{}", [OLD], NOW)

    @pytest.mark.parametrize("stamp", ["hello", "-5", "1e9", "١٢٣", "9" * 40])
    def test_a_time_is_a_number(self, stamp):
        with pytest.raises(CallbackForged):
            signing.verify(signed(b"{}") | {"webhook-timestamp": stamp}, b"{}", [OLD], NOW)

    @pytest.mark.parametrize(("seconds", "fits"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
    def test_five_minutes_either_way(self, seconds, fits):
        headers = signed(b"{}", now=NOW + timedelta(seconds=seconds))
        if fits:
            assert signing.verify(headers, b"{}", [OLD], NOW)
        else:
            with pytest.raises(CallbackForged):
                signing.verify(headers, b"{}", [OLD], NOW)

    @pytest.mark.parametrize("secret", [OLD, NEW])
    def test_two_secrets_live_while_one_is_replaced(self, secret):
        assert signing.verify(signed(b"{}", secret), b"{}", [OLD, NEW], NOW)

    def test_a_secret_that_was_replaced_is_dead(self):
        with pytest.raises(CallbackForged):
            signing.verify(signed(b"{}", OLD), b"{}", [NEW], NOW)

    def test_without_a_secret_nothing_is_believed(self):
        with pytest.raises(CallbackForged):
            signing.verify(signed(b"{}"), b"{}", [], NOW)


def gateway(http, *secrets: str) -> PortOneGateway:
    access = PortOneAccess("https://p.example", "store-1", "secret", {"card": "channel-1"}, webhook_secrets=secrets)
    return PortOneGateway(http, access)


@pytest.fixture
async def portone():
    async with client() as http:
        yield gateway(http, OLD, NEW)


def webhook(kind="Transaction.Paid", **data):
    body = {"storeId": "store-1", "paymentId": "pay-1", "transactionId": "tx-1"} | data
    return orjson.dumps({"type": kind, "timestamp": "2026-11-22T03:00:00Z", "data": body, "unknown": {"field": 1}})


class TestTheNotice:
    def test_names_payment_and_store(self, portone):
        body = webhook(cancellationId="c-1")
        notice = portone.parse_callback("intake", signed(body, NEW), body, NOW)
        assert (notice.dedup_key, notice.kind, notice.order_ref) == ("msg_1", "Transaction.Paid", "pay-1")
        assert (notice.key, notice.merchant, notice.amount, notice.about_payment) == ("pay-1", "store-1", None, True)
        assert notice.document == {
            "type": "Transaction.Paid", "timestamp": "2026-11-22T03:00:00Z", "paymentId": "pay-1",
            "storeId": "store-1", "transactionId": "tx-1", "cancellationId": "c-1",
        }  # fmt: skip

    def test_header_names_have_no_case(self, portone):
        body = webhook()
        headers = {name.title(): value for name, value in signed(body).items()}
        assert portone.parse_callback("", headers, body, NOW).order_ref == "pay-1"

    @pytest.mark.parametrize(
        "what",
        [
            "Ready", "Paid", "VirtualAccountIssued", "PartialCancelled", "Cancelled", "Failed", "PayPending",
            "CancelPending", "DisputeCreated", "DisputeResolved",
        ],
    )  # fmt: skip
    def test_every_type_of_a_transaction_makes_us_look(self, portone, what):
        body = webhook(f"Transaction.{what}")
        assert portone.parse_callback("", signed(body), body, NOW).about_payment

    @pytest.mark.parametrize("kind", ["BillingKey.Issued", "Transaction.Tomorrow", "Paid", "Other.Paid", ""])
    def test_other_types_are_left_alone(self, portone, kind):
        body = orjson.dumps({"type": kind, "data": {}})
        notice = portone.parse_callback("", signed(body), body, NOW)
        assert (notice.about_payment, notice.order_ref) == (False, "")

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"null", b"{", b'{"type":"Transaction.Paid"}', b'{"type":7}', webhook(paymentId=None)]
    )
    def test_what_cannot_be_read(self, portone, body):
        with pytest.raises(CallbackUnreadable):
            portone.parse_callback("", signed(body), body, NOW)

    @pytest.mark.parametrize("body", [b"", b"not json", webhook()])
    def test_a_forged_one_is_not_even_read(self, portone, body):
        with pytest.raises(CallbackForged):
            portone.parse_callback("", {}, body, NOW)

    async def test_a_secret_that_is_none_is_refused_at_the_start(self):
        async with client() as http:
            for secret in ("", "whsec_", "whsec_*"):
                with pytest.raises(ValueError, match="webhook secret"):
                    gateway(http, secret)
