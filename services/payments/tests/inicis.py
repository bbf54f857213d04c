"""Inicis as its public documents show it, for the adapter's tests. The keys are the ones the provider published for
its test merchant INIpayTest: public vectors are made with them, and nothing but tests knows them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from common.clock import FixedClock
from payments.clients.gateway import Terms
from payments.clients.inicis import InicisAccess

SIGN_KEY = "SU5JTElURV9UUklQTEVERVNfS0VZU1RS"
API_KEY = "ItEQKi3rY7uvDS8l"
API_IV = "HYb3yQ4f65QL89=="
MID = "INIpayTest"
TID = "StdpayCARDINIpayTest20261122120000123456"
API = "https://iniapi.example"
CENTRE = "https://stgstdpay.example"
AUTH_URL, NET_CANCEL_URL = f"{CENTRE}/api/payAuth", f"{CENTRE}/api/netCancel"
NOW = datetime(2026, 11, 22, 3, 0, 0, 7000, tzinfo=UTC)
STAMP = "1795316400007"  # NOW in milliseconds
TERMS = Terms(
    "김서연",
    None,
    return_url="https://shop.example/v1/payments/1/return",
    fail_url="https://shop.example/v1/payments/1/return/fail",
    window_url="https://shop.example/v1/payments/1/window",
    notice_url="https://shop.example/v1/callbacks/inicis/intake",
)
ACCESS = InicisAccess(
    merchant=MID,
    sign_key=SIGN_KEY,
    api_key=API_KEY,
    api_iv=API_IV,
    script_url=f"{CENTRE}/stdjs/INIStdPay.js",
    idc_urls={"stg": CENTRE},
    api_url=API,
    client_ip="123.123.123.123",
    accept="HPP(2):below1000:centerCd(Y)",
    easy_pay="onlykakaopay",
    buyer_tel="02-1234-5678",
    buyer_email="shop@example.com",
    holder="KG이니시스",
    verification=True,
    refund_version="v1",
    tax_contract=False,
    settlement_path="",
    sources=("203.238.37.15/32",),
    timeout_seconds=5,
)


def access(**changes):
    return replace(ACCESS, **changes)


def clock():
    return FixedClock(NOW)


def a_return(payment, **changes):
    """What the window posts once the customer has agreed."""
    return {
        "resultCode": "0000", "resultMsg": "성공", "mid": MID, "orderNumber": payment.order_ref,
        "authToken": "TOKEN+/=", "authUrl": AUTH_URL, "netCancelUrl": NET_CANCEL_URL, "idc_name": "stg",
        "charset": "UTF-8", "merchantData": "",
    } | changes  # fmt: skip


def signed(body, stamp=STAMP):
    """With the signature whose last digit 7 means TotPrice, mid, tstamp: spelt out, not made by what is tested."""
    assert stamp.endswith("7")
    plain = f"TotPrice={body['TotPrice']}&mid={body['mid']}&tstamp={stamp}"
    return body | {"authSignature": hashlib.sha256(plain.encode()).hexdigest()}


def an_approval(payment, **changes):
    return signed(
        {
            "resultCode": "0000", "resultMsg": "정상처리되었습니다.", "mid": MID, "tid": TID, "MOID": payment.order_ref,
            "TotPrice": str(payment.amount), "payMethod": "Card", "applDate": "20261122", "applTime": "120000",
            "applNum": "12345678", "CARD_Num": "532750*********3", "buyerName": "김서연", "goodName": "그래놀라",
        }
        | changes
    )  # fmt: skip


def an_inquiry(payment, status="APPROVAL", **changes):
    return {
        "resultCode": "SUCCESS", "resultMsg": "성공", "mid": MID, "tid": TID, "oid": payment.order_ref,
        "price": str(payment.amount), "paymethod": "Card", "approvedDate": "20261122", "approvedTime": "120000",
        "transactionStatus": status, "buyerName": "김서연", "cardInfo": {"cardNumber": "532750*********3"},
    } | changes  # fmt: skip


def vacct(deposit="N", **changes):
    return {
        "accountNumber": "08812345678901", "bankName": "신한은행", "bankCode": "88", "accountName": "（주）이니시스",
        "senderName": "김서연", "validDate": "20261123", "depositStatus": deposit,
    } | changes  # fmt: skip


def form_of(request):
    return dict(parse_qsl(request.content.decode(), keep_blank_values=True))
