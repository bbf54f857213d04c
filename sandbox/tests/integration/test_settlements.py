"""What the companies pay out, and deposits that came to nothing in it."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from inicis_world import HOOK, Shop
from sandbox_world import MALL_DAY, Running, sandbox

from sandbox.inicis.settings import InicisSettings

REFUND_TO = {"bank": "88", "accountNumber": "110123456789", "holderName": "김하늘"}


async def toss(running: Running, **query: str) -> httpx.Response:
    asked = {"startDate": MALL_DAY, "endDate": MALL_DAY} | query
    return await running.client.get("/toss/v1/settlements", params=asked, auth=("test_sk_sandbox", ""))


async def cancel(running: Running, key: str, **body: Any) -> None:
    answer = await running.toss("POST", f"/payments/{key}/cancel", {"cancelReason": "변심", **body})
    assert answer.status_code == 200, answer.text


class TestToss:
    """Fields and days as docs.tosspayments.com/guides/apis/settlements shows them."""

    async def test_a_sale_and_what_was_given_back_of_it(self, running: Running) -> None:
        paid = await running.paid()
        await cancel(running, paid["paymentKey"], cancelAmount=3000)
        sale, back = (await toss(running)).json()
        assert (sale["paymentKey"], sale["orderId"], sale["mId"]) == (paid["paymentKey"], "order-0001", "sandboxmall")
        assert sale["transactionKey"] == paid["lastTransactionKey"]
        assert (sale["method"], sale["amount"], sale["cancel"]) == ("카드", 33000, None)
        assert sale["fee"] == sale["supplyAmount"] + sale["vat"] == sale["fees"][0]["fee"] == 1056
        assert sale["payOutAmount"] == 33000 - 1056
        assert (sale["soldDate"], sale["paidOutDate"]) == ("2026-11-22", "2026-11-24")
        assert sale["approvedAt"] == "2026-11-22T10:00:00+09:00"
        assert (back["amount"], back["fee"], back["payOutAmount"]) == (-3000, -96, -2904)
        assert back["cancel"]["cancelAmount"] == 3000
        assert back["transactionKey"] == back["cancel"]["transactionKey"]

    async def test_by_the_day_of_the_sale_or_of_the_payout(self, running: Running) -> None:
        await running.paid()
        assert len((await toss(running, dateType="soldDate")).json()) == 1
        assert (await toss(running, dateType="paidOutDate")).json() == []
        later = {"startDate": "2026-11-24", "endDate": "2026-11-24"}
        assert len((await toss(running, dateType="paidOutDate", **later)).json()) == 1
        assert (await toss(running, **later)).json() == []

    async def test_in_pages(self, running: Running) -> None:
        for number in range(3):
            await running.paid(f"order-000{number}")
        found = [(await toss(running, page=str(page), size="2")).json() for page in (1, 2, 3)]
        assert [len(page) for page in found] == [2, 1, 0]

    async def test_a_deposit_the_bank_took_back_and_an_account_called_off_are_not_settled(
        self, running: Running
    ) -> None:
        account = await running.account()
        await running.bank("deposit", orderId="order-0001")
        assert [row["amount"] for row in (await toss(running)).json()] == [33000]
        await running.bank("reverse", orderId="order-0001")
        assert (await toss(running)).json() == []
        await cancel(running, account["paymentKey"])
        assert (await toss(running)).json() == []

    async def test_a_deposit_given_back(self, running: Running) -> None:
        account = await running.account()
        await running.bank("deposit", orderId="order-0001")
        await cancel(running, account["paymentKey"], refundReceiveAccount=REFUND_TO)
        assert [row["amount"] for row in (await toss(running)).json()] == [33000, -33000]

    @pytest.mark.parametrize(
        "wrong",
        [{"startDate": "today"}, {"endDate": "2026-11-21"}, {"dateType": "x"}, {"page": "0"}, {"size": "5001"}],
    )
    async def test_refuses(self, running: Running, wrong: dict[str, str]) -> None:
        assert (await toss(running, **wrong)).status_code == 400

    async def test_wants_the_key(self, running: Running) -> None:
        asked = {"startDate": MALL_DAY, "endDate": MALL_DAY}
        assert (await running.client.get("/toss/v1/settlements", params=asked)).status_code == 401


V2 = {
    "storeId": "store-sandbox", "channelKey": "c", "paymentId": "pay-0001", "orderName": "머그컵",
    "totalAmount": 33000, "currency": "KRW", "payMethod": "VIRTUAL_ACCOUNT", "redirectUrl": "http://shop.test/back",
    "noticeUrls": ["http://mall.test/hook"],
    "virtualAccount": {"accountExpiry": {"dueDate": "2026-11-24T10:00:00+09:00"}},
}  # fmt: skip
V1 = {
    "imp_code": "imp00000000", "pay_method": "vbank", "merchant_uid": "pay-0001", "name": "머그컵", "amount": 33000,
    "m_redirect_url": "http://shop.test/back", "notice_url": "http://mall.test/hook", "vbank_due": "202611241000",
}  # fmt: skip


@pytest.mark.parametrize(("party", "asked"), [("portone", V2), ("portone_v1", V1)])
class TestPortOneReversals:
    async def act(self, running: Running, party: str, verb: str, **body: Any) -> httpx.Response:
        return await running.client.post(f"/{party}/_sandbox/{verb}", json={"paymentId": "pay-0001"} | body)

    async def totals(self, running: Running, party: str) -> tuple[int, int, int]:
        found = (await running.client.get(f"/{party}/_sandbox/books")).json()["totals"]
        return found["taken"], found["reversed"], found["balance"]

    async def test_a_deposit_taken_back_waits_again_and_is_told(
        self, running: Running, party: str, asked: dict[str, Any]
    ) -> None:
        assert (await running.client.post(f"/{party}/_sandbox/pay", json=asked)).status_code == 200
        assert (await self.act(running, party, "reverse")).status_code == 409
        assert (await self.act(running, party, "deposit")).status_code == 200
        back = await self.act(running, party, "reverse")
        assert back.status_code == 200, back.text
        assert back.json()["status"] == {"portone": "VIRTUAL_ACCOUNT_ISSUED", "portone_v1": "ready"}[party]
        assert await self.totals(running, party) == (33000, 33000, 0)
        await running.clock.advance(1)
        told = [body.get("type") or body["status"] for body in running.mall.bodies("http://mall.test/hook")]
        assert (
            told
            == {
                "portone": [f"Transaction.{word}" for word in ("VirtualAccountIssued", "Paid", "VirtualAccountIssued")],
                "portone_v1": ["ready", "paid", "ready"],
            }[party]
        )
        listed = await running.client.get(f"/{party}/_sandbox/settlements/{MALL_DAY}")
        assert listed.json() == []
        assert (await self.act(running, party, "deposit")).status_code == 200
        assert await self.totals(running, party) == (66000, 33000, 33000)
        assert len((await running.client.get(f"/{party}/_sandbox/settlements/{MALL_DAY}")).json()) == 1


class TestInicisMobile:
    async def test_one_deposit_told_as_mobile_merchants_are(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, inicis=InicisSettings(notice_url=HOOK)) as running:
            shop = Shop(running)
            await shop.account()
            assert (await shop.bank("deposit", orderId="order-0001", notice="mobile")).status_code == 200
            await running.clock.advance(1)
            sent = next(request for request in running.mall.requests if str(request.url) == HOOK)
            assert b"P_STATUS=02" in sent.content
            assert b"P_AMT=33000" in sent.content
