"""The page that opens the window, and what may come back from it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from services.payments.tests.builders import AMOUNT, a_payment
from services.payments.tests.inicis import (
    ACCESS,
    AUTH_URL,
    MID,
    NET_CANCEL_URL,
    SIGN_KEY,
    STAMP,
    TERMS,
    a_return,
    access,
    clock,
)

from common.http_client import client
from payments.clients.inicis import InicisGateway, signing
from payments.commands.answers import Redirect, Refused
from payments.domain.status import Status
from payments.errors import ReturnUnreadable


@pytest.fixture
async def inicis():
    async with client() as http:
        yield InicisGateway(http, ACCESS, clock())


async def with_access(**changes):
    return InicisGateway(client(), access(**changes), clock())


def inputs(page):
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.html)
    return {unescape(name): unescape(value) for name, value in found}


class TestWindow:
    async def test_the_customer_is_sent_to_our_own_page(self, inicis):
        assert await inicis.prepare(a_payment(Status.CREATED), TERMS) == Redirect(TERMS.window_url)

    async def test_the_form(self, inicis):
        payment = a_payment(Status.OPEN)
        form = inputs(inicis.window(payment, TERMS))
        # NOW is 2026-11-22T03:00:00.007Z: date -d 2026-11-22T03:00:00Z +%s gives 1795316400.
        assert STAMP == "1795316400007"
        signed = {"oid": str(payment.id), "price": str(AMOUNT), "timestamp": STAMP}
        assert form == {
            "version": "1.0", "gopaymethod": "Card", "mid": MID, "oid": str(payment.id), "price": str(AMOUNT),
            "timestamp": STAMP, "signature": signing.signature(signed), "mKey": signing.m_key(SIGN_KEY),
            "currency": "WON", "goodname": "그래놀라 500g 외 1건", "buyername": "김서연", "buyertel": "02-1234-5678",
            "buyeremail": "shop@example.com", "acceptmethod": "HPP(2):below1000:centerCd(Y)",
            "returnUrl": TERMS.return_url, "closeUrl": TERMS.fail_url, "charset": "UTF-8", "use_chkfake": "Y",
            "verification": signing.signature({**signed, "signKey": SIGN_KEY}),
        }  # fmt: skip

    async def test_opens_by_itself_with_the_providers_script(self, inicis):
        html = inicis.window(a_payment(), TERMS).html
        assert f'<script src="{ACCESS.script_url}" charset="UTF-8"></script>' in html
        assert 'INIStdPay.pay("inicis-window")' in html
        assert '<form id="inicis-window" method="post"' in html

    async def test_neither_key_is_in_the_page(self, inicis):
        html = inicis.window(a_payment(), TERMS).html
        assert SIGN_KEY not in html
        assert ACCESS.api_key not in html

    async def test_whatever_a_shop_calls_its_goods_stays_text(self, inicis):
        payment = a_payment(order_name='"><script>x()</script>')
        page = inicis.window(payment, TERMS)
        assert "<script>x()" not in page.html
        assert inputs(page)["goodname"] == '"><script>x()</script>'

    async def test_names_are_cut_between_letters(self, inicis):
        form = inputs(inicis.window(a_payment(order_name="가" * 50), TERMS))
        assert form["goodname"] == "가" * 13

    @pytest.mark.parametrize(
        ("method", "shown"),
        [("card", "Card"), ("transfer", "DirectBank"), ("virtual_account", "VBank"), ("easy_pay", "onlykakaopay")],
    )
    async def test_each_method_has_its_window(self, inicis, method, shown):
        assert inputs(inicis.window(a_payment(method=method), TERMS))["gopaymethod"] == shown
        assert method in inicis.methods

    async def test_an_account_is_open_until_the_end_of_its_last_korean_day(self, inicis):
        # 16:00 UTC on the 23rd is the 24th in Seoul.
        payment = a_payment(method="virtual_account", due_at=datetime(2026, 11, 23, 16, tzinfo=UTC))
        assert inputs(inicis.window(payment, TERMS))["acceptmethod"].endswith(":vbank(20261124)")

    async def test_the_older_window_has_no_verification(self):
        form = inputs((await with_access(verification=False)).window(a_payment(), TERMS))
        assert "verification" not in form
        assert "use_chkfake" not in form

    async def test_taxes_only_with_a_contract(self, inicis):
        payment = a_payment(tax_free_amount=4_900)
        assert "tax" not in inputs(inicis.window(payment, TERMS))
        form = inputs((await with_access(tax_contract=True)).window(payment, TERMS))
        # 11,000 won are taxed: 1,000 of them are VAT.
        assert (form["tax"], form["taxfree"]) == ("1000", "4900")


class TestReadReturn:
    async def test_agreed(self, inicis):
        payment = a_payment()
        back = inicis.read_return(payment, a_return(payment))
        assert (back.key, back.order_ref, back.amount) == (None, payment.order_ref, None)
        assert back.grant == {
            "mid": MID, "orderNumber": payment.order_ref, "authToken": "TOKEN+/=", "authUrl": AUTH_URL,
            "netCancelUrl": NET_CANCEL_URL, "idc_name": "stg",
        }  # fmt: skip
        assert "TOKEN" not in repr(back)

    async def test_the_window_says_no(self, inicis):
        payment = a_payment()
        back = inicis.read_return(payment, {"resultCode": "R102", "resultMsg": "사용자 취소", "mid": MID})
        assert back == Refused("R102", "사용자 취소")

    @pytest.mark.parametrize(
        "changes",
        [
            {"authUrl": "https://evil.example/api/payAuth"},
            {"netCancelUrl": "https://evil.example/api/netCancel"},
            {"authUrl": f"{AUTH_URL}/../steal"},
            {"authUrl": AUTH_URL.replace("https", "http")},
            {"authUrl": "https://stgstdpay.example.evil.example/api/payAuth"},
            {"authUrl": "https://stgstdpay.example@evil.example/api/payAuth"},
            {"authUrl": AUTH_URL.upper()},
            {"authUrl": NET_CANCEL_URL},
            {"idc_name": "fc"},
            {"idc_name": "evil"},
            {"idc_name": ""},
            {"mid": "othermall0"},
            {"authToken": ""},
            {"orderNumber": ""},
        ],
    )
    async def test_another_host_or_merchant_is_not_believed(self, inicis, changes):
        payment = a_payment()
        with pytest.raises(ReturnUnreadable):
            inicis.read_return(payment, a_return(payment, **changes))

    async def test_nothing_is_no_return(self, inicis):
        with pytest.raises(ReturnUnreadable):
            inicis.read_return(a_payment(), {})
