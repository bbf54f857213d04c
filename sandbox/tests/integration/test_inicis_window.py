"""The window, the approval and its undoing (korea.md 1.3)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from inicis_world import CLOSE_URL, MID, RETURN_URL, SIGN_KEY, STAMP, Shop, approval, sha256, window
from sandbox_world import Running, sandbox

from sandbox.inicis.settings import InicisSettings

BASE = "http://127.0.0.1:8120/sandbox/inicis"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with sandbox(tmp_path, inicis=InicisSettings(token_seconds=3)) as running:
        yield Shop(running)


class TestWindow:
    async def test_agreeing_sends_the_browser_back_with_a_token(self, shop: Shop) -> None:
        back = await shop.agree()
        assert back["url"] == RETURN_URL
        fields = back["fields"]
        assert fields.pop("authToken")
        assert fields == {
            "resultCode": "0000", "resultMsg": "성공", "mid": MID, "orderNumber": "order-0001", "charset": "UTF-8",
            "merchantData": "", "authUrl": f"{BASE}/api/payAuth", "netCancelUrl": f"{BASE}/api/netCancel",
            "idc_name": "stg",
        }  # fmt: skip

    async def test_failing_brings_no_token(self, shop: Shop) -> None:
        back = await shop.agree(outcome="fail")
        assert back["fields"]["resultCode"] != "0000"
        assert "authToken" not in back["fields"]

    async def test_closing_leads_to_the_close_url(self, shop: Shop) -> None:
        assert await shop.agree(outcome="cancel") == {"url": CLOSE_URL, "fields": {}}

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"signature": sha256("oid=order-0001&price=1&timestamp=1")}, "V003"),
            ({"price": "1"}, "V003"),
            ({"timestamp": "1795316400008"}, "V003"),
            ({"mKey": sha256("another key")}, "V003"),
            ({"verification": "0" * 64}, "V003"),
            ({"mid": "othermall0"}, "V002"),
            ({"goodname": ""}, "V001"),
            ({"buyertel": ""}, "V001"),
            ({"returnUrl": "javascript:alert(1)"}, "V001"),
            ({"gopaymethod": "Bitcoin"}, "V004"),
        ],
    )
    async def test_a_form_that_does_not_fit_opens_nothing(self, shop: Shop, changes: Any, code: str) -> None:
        answer = await shop.client.post("/inicis/_sandbox/pay", json=window() | changes)
        assert (answer.status_code, answer.json()["resultCode"]) == (400, code)

    async def test_verification_only_when_announced(self, shop: Shop) -> None:
        back = await shop.agree(window(use_chkfake="", verification="0"))
        assert back["fields"]["resultCode"] == "0000"


class TestApproval:
    async def test_a_card(self, shop: Shop) -> None:
        body = await shop.paid()
        assert (body["resultCode"], body["MOID"], body["TotPrice"], body["payMethod"]) == (
            "0000", "order-0001", "33000", "Card",
        )  # fmt: skip
        assert len(body["tid"]) == 40
        assert (body["applDate"], body["applTime"]) == ("20261122", "100000")
        # The stamp ends in 7.
        assert body["authSignature"] == sha256(f"TotPrice=33000&mid={MID}&tstamp={STAMP}")
        assert (await shop.totals())["taken"] == 33000

    @pytest.mark.parametrize(
        ("asked", "shown"), [("DirectBank", "DirectBank"), ("onlykakaopay", "Card"), ("Card:DirectBank", "Card")]
    )
    async def test_other_methods(self, shop: Shop, asked: str, shown: str) -> None:
        assert (await shop.paid(gopaymethod=asked))["payMethod"] == shown

    async def test_an_account_is_issued_and_nothing_taken(self, shop: Shop) -> None:
        body = await shop.account()
        assert body["payMethod"] == "VBank"
        assert (body["VACT_BankCode"], body["VACT_InputName"]) == ("88", "김하늘")
        assert body["VACT_Num"].isdigit()
        assert (body["VACT_Date"], body["VACT_Time"]) == ("20261124", "235959")
        assert (await shop.totals())["taken"] == 0

    async def test_a_token_is_good_once(self, shop: Shop) -> None:
        token = (await shop.agree())["fields"]["authToken"]
        await shop.approve(token)
        again = await shop.approve(token)
        assert again["resultCode"] != "0000"
        assert "tid" not in again
        assert (await shop.totals())["taken"] == 33000

    async def test_a_token_grows_old(self, shop: Shop) -> None:
        token = (await shop.agree())["fields"]["authToken"]
        await shop.running.clock.advance(4)
        assert (await shop.approve(token))["resultCode"] == "V014"

    async def test_a_decline_names_the_try(self, shop: Shop) -> None:
        token = (await shop.agree(outcome="decline"))["fields"]["authToken"]
        body = await shop.approve(token)
        assert body["resultCode"] == "R301"
        assert body["tid"]
        assert (await shop.totals())["taken"] == 0

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"signature": "0" * 64}, "V003"), ({"verification": "0" * 64}, "V003"), ({"mid": "othermall0"}, "V002"),
            ({"format": "XML"}, "V001"), ({"timestamp": ""}, "V001"),
        ],
    )  # fmt: skip
    async def test_asked_wrongly_takes_nothing(self, shop: Shop, changes: Any, code: str) -> None:
        token = (await shop.agree())["fields"]["authToken"]
        assert (await shop.approve(token, **changes))["resultCode"] == code
        assert (await shop.totals())["taken"] == 0

    async def test_with_its_verification(self, shop: Shop) -> None:
        token = (await shop.agree())["fields"]["authToken"]
        good = sha256(f"authToken={token}&signKey={SIGN_KEY}&timestamp={STAMP}")
        assert (await shop.approve(token, verification=good))["resultCode"] == "0000"

    async def test_json_is_not_read(self, shop: Shop) -> None:
        token = (await shop.agree())["fields"]["authToken"]
        answer = await shop.client.post("/inicis/api/payAuth", json=approval(token))
        assert answer.headers["content-type"].startswith("text/plain")
        assert (await shop.totals())["taken"] == 0

    @pytest.mark.parametrize("what", ["signature", "amount", "order"])
    async def test_forged_on_request(self, shop: Shop, what: str) -> None:
        await shop.bank("forge", what=what)
        body = await shop.paid()
        honest = sha256(f"TotPrice={body['TotPrice']}&mid={MID}&tstamp={STAMP}") == body["authSignature"]
        assert (honest, body["TotPrice"], body["MOID"]) != (True, "33000", "order-0001")
        assert (await shop.paid("order-0002"))["MOID"] == "order-0002"


class TestNetCancel:
    async def test_undoes_an_approval(self, shop: Shop) -> None:
        token = (await shop.agree())["fields"]["authToken"]
        tid = (await shop.approve(token))["tid"]
        assert (await shop.net_cancel(token))["resultCode"] == "0000"
        totals = await shop.totals()
        assert (totals["taken"], totals["reversed"], totals["balance"]) == (33000, 33000, 0)
        assert (await shop.v2("inquiry", {"tid": tid}))["transactionStatus"] == "CANCEL"

    async def test_undoes_one_whose_answer_got_lost(self, shop: Shop) -> None:
        await shop.running.fault("inicis", "drop_after_effect", operation="pay_auth", mode="http_500")
        token = (await shop.agree())["fields"]["authToken"]
        lost = await shop.client.post("/inicis/api/payAuth", data=approval(token))
        assert lost.status_code == 500
        assert (await shop.totals())["balance"] == 33000
        assert (await shop.net_cancel(token))["resultCode"] == "0000"
        assert (await shop.totals())["balance"] == 0

    async def test_of_nothing_is_refused(self, shop: Shop) -> None:
        token = (await shop.agree())["fields"]["authToken"]
        assert (await shop.net_cancel(token))["resultCode"] == "N001"
        assert (await shop.net_cancel("nobodys"))["resultCode"] == "V013"

    async def test_is_no_refund(self, shop: Shop) -> None:
        token = (await shop.agree())["fields"]["authToken"]
        tid = (await shop.approve(token))["tid"]
        await shop.refund(tid, price="5000", confirmPrice="28000")
        assert (await shop.net_cancel(token))["resultCode"] == "N001"
        await shop.running.clock.advance(4)
        other = (await shop.agree(window("order-0002")))["fields"]["authToken"]
        await shop.approve(other)
        await shop.running.clock.advance(4)
        assert (await shop.net_cancel(other))["resultCode"] == "N001"

    async def test_an_account_is_undone_too(self, shop: Shop) -> None:
        form = window(gopaymethod="VBank")
        token = (await shop.agree(form))["fields"]["authToken"]
        await shop.approve(token)
        assert (await shop.net_cancel(token))["resultCode"] == "0000"
        assert (await shop.bank("deposit", orderId="order-0001")).status_code == 409


class TestPages:
    async def test_a_payer_clicks_through(self, shop: Shop) -> None:
        script = await shop.client.get("/inicis/stdjs/INIStdPay.js")
        assert f'"{BASE}/pay"' in script.text
        opened = await shop.client.post("/inicis/pay", data=window())
        assert "33,000원" in opened.text
        assert "결제하기" in opened.text
        back = await shop.client.post("/inicis/choose", data=window() | {"choice": "pay"})
        assert f'action="{RETURN_URL}"' in back.text
        assert 'name="authToken"' in back.text
        nonce = back.headers["content-security-policy"].partition("script-src 'nonce-")[2].rstrip("'")
        assert f'<script nonce="{nonce}">' in back.text

    async def test_closing_is_a_redirect(self, shop: Shop) -> None:
        left = await shop.client.post("/inicis/choose", data=window() | {"choice": "cancel"})
        assert (left.status_code, left.headers["location"]) == (303, CLOSE_URL)

    async def test_what_the_mall_wrote_stays_text(self, shop: Shop) -> None:
        opened = await shop.client.post("/inicis/pay", data=window(goodname="<script>x</script>"))
        assert "<script>x" not in opened.text

    async def test_a_forged_form_is_refused(self, shop: Shop) -> None:
        assert (await shop.client.post("/inicis/pay", data=window() | {"price": "1"})).status_code == 400

    async def test_another_sites_page_presses_no_button(self, shop: Shop) -> None:
        headers = {"sec-fetch-site": "cross-site"}
        answer = await shop.client.post("/inicis/choose", data=window() | {"choice": "pay"}, headers=headers)
        assert answer.status_code == 400

    async def test_the_bank_is_a_button(self, shop: Shop) -> None:
        account = (await shop.account())["VACT_Num"]
        assert account in (await shop.client.get("/inicis")).text
        pressed = await shop.client.post("/inicis/buttons/deposit", data={"account": account})
        assert pressed.status_code == 303
        assert "입금 취소" in (await shop.client.get("/inicis")).text


class TestFaults:
    @pytest.mark.parametrize("operation", ["pay_auth", "net_cancel"])
    async def test_refuse_and_break(self, shop: Shop, operation: str) -> None:
        path = {"pay_auth": "payAuth", "net_cancel": "netCancel"}[operation]
        await shop.running.fault("inicis", "error", operation=operation, code="9999")
        await shop.running.fault("inicis", "http_500", operation=operation)
        answers: list[httpx.Response] = [
            await shop.client.post(f"/inicis/api/{path}", data=approval("nobodys")) for _ in range(3)
        ]
        assert answers[0].json()["resultCode"] == "9999"
        assert answers[1].status_code == 500
        assert answers[2].json()["resultCode"] == "V013"


class TestRestart:
    async def test_what_was_taken_is_known_after_it(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path) as running:
            tid = (await Shop(running).paid())["tid"]
        async with sandbox(tmp_path) as running:
            again: Running = running
            assert (await Shop(again).v2("inquiry", {"tid": tid}))["oid"] == "order-0001"
