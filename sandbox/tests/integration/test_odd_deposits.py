"""Short, over, twice, late and taken back: at every party with accounts, with the bank exact and with it not."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx
import pytest
from inicis_world import HOOK, Shop
from sandbox_world import MALL_DAY, TOSS_HOOK, Running, sandbox, settle

from sandbox.inicis.settings import InicisSettings

PARTIES = ("toss", "inicis", "portone", "portone_v1")
PORTONE_HOOK = "http://mall.test/hook"
PRICE = 33000
V2 = {
    "storeId": "store-sandbox", "channelKey": "c", "paymentId": "order-0001", "orderName": "머그컵",
    "totalAmount": PRICE, "currency": "KRW", "payMethod": "VIRTUAL_ACCOUNT", "redirectUrl": "http://shop.test/back",
    "noticeUrls": [PORTONE_HOOK], "virtualAccount": {"accountExpiry": {"validHours": 24}},
}  # fmt: skip
V1 = {
    "imp_code": "imp00000000", "pay_method": "vbank", "merchant_uid": "order-0001", "name": "머그컵", "amount": PRICE,
    "m_redirect_url": "http://shop.test/back", "notice_url": PORTONE_HOOK, "vbank_due": "202611231000",
}  # fmt: skip
WAITING = {"toss": "WAITING_FOR_DEPOSIT", "inicis": "WAITING", "portone": "VIRTUAL_ACCOUNT_ISSUED"}
PAID = {"toss": "DONE", "inicis": "PAID", "portone": "PAID"}


class Till:
    """One account at one party, and the bank behind it."""

    def __init__(self, running: Running, party: str) -> None:
        self.running = running
        self.party = party
        self.client = running.client

    async def opened(self) -> None:
        if self.party == "toss":
            await self.running.account()
        elif self.party == "inicis":
            await Shop(self.running).account()
        else:
            asked = V2 if self.party == "portone" else V1
            assert (await self.client.post(f"/{self.party}/_sandbox/pay", json=asked)).status_code == 200
        await settle()
        self.running.mall.requests.clear()

    async def bank(self, verb: str, **body: Any) -> httpx.Response:
        name = "paymentId" if self.party.startswith("portone") else "orderId"
        answer = await self.client.post(f"/{self.party}/_sandbox/{verb}", json={name: "order-0001"} | body)
        await settle()
        return answer

    async def refused(self, code: str, **body: Any) -> None:
        answer = await self.bank("deposit", **body)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert self.told() == []

    async def takes_any_sum(self) -> None:
        answer = await self.client.put(f"/{self.party}/_sandbox/bank", json={"exact_amounts": False})
        assert answer.json() == {"exact_amounts": False}

    async def entry(self) -> dict[str, Any]:
        (entry,) = (await self.client.get(f"/{self.party}/_sandbox/books")).json()["payments"]
        return dict(entry)

    async def stands(self, status: dict[str, str], *, held: int) -> None:
        entry = await self.entry()
        assert (entry["status"], entry["balance"]) == (status[self.party.removesuffix("_v1")], held)

    def told(self) -> list[str]:
        """What the mall heard, in a word each."""
        words = []
        for request in self.running.mall.requests:
            if str(request.url) == HOOK:
                fields = dict(parse_qsl(request.content.decode(), encoding="cp949"))
                words.append(f"{fields['type_msg']} {fields['amt_input']}")
        for body in self.running.mall.bodies(TOSS_HOOK):
            words += [] if "eventType" in body else [body["status"]]
        for body in self.running.mall.bodies(PORTONE_HOOK):
            words.append(body.get("type") or body["status"])
        return words

    async def settled(self) -> list[int]:
        """The day's file: what was paid, and below zero what was given back."""
        if self.party == "toss":
            asked = {"startDate": MALL_DAY, "endDate": MALL_DAY}
            rows = (await self.running.toss("GET", f"/settlements?{httpx.QueryParams(asked)}")).json()
            return [row["amount"] for row in rows]
        if self.party == "inicis":
            rows = (await Shop(self.running).v2("settlement", {"date": MALL_DAY.replace("-", "")}))["settlementList"]
            return [int(row["price"]) * (-1 if row["kind"] == "CANCEL" else 1) for row in rows]
        rows = (await self.client.get(f"/{self.party}/_sandbox/settlements/{MALL_DAY}")).json()
        return [row["amount"] for row in rows]


@pytest.fixture(params=PARTIES)
async def till(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Till]:
    inicis = InicisSettings(notice_url=HOOK, notice_retries=0)
    async with sandbox(tmp_path, inicis=inicis, tick_seconds=3600.0) as running:
        made = Till(running, request.param)
        await made.opened()
        yield made


class TestExact:
    """What the providers document: one deposit, of the sum asked for, in time."""

    async def test_is_how_a_bank_begins(self, till: Till) -> None:
        assert (await till.client.get(f"/{till.party}/_sandbox/bank")).json() == {"exact_amounts": True}

    @pytest.mark.parametrize("amount", [PRICE - 900, PRICE + 900, 0, -1, 10**15])
    async def test_a_wrong_sum_is_turned_away_and_the_right_one_taken(self, till: Till, amount: int) -> None:
        await till.refused("WRONG_AMOUNT", amount=amount)
        await till.stands(WAITING, held=0)
        assert (await till.bank("deposit", amount=PRICE)).status_code == 200
        await till.stands(PAID, held=PRICE)
        assert await till.settled() == [PRICE]

    async def test_a_second_one_is_turned_away(self, till: Till) -> None:
        await till.bank("deposit")
        till.running.mall.requests.clear()
        await till.refused("ALREADY_PAID")
        await till.stands(PAID, held=PRICE)

    async def test_a_late_one_is_turned_away_unless_it_was_under_way(self, till: Till) -> None:
        await till.bank("expire")
        till.running.mall.requests.clear()
        await till.refused("ACCOUNT_CLOSED")
        assert (await till.bank("deposit", force=True)).status_code == 200
        await till.stands(PAID, held=PRICE)
        assert len(till.told()) == 1

    async def test_taken_back(self, till: Till) -> None:
        assert (await till.bank("reverse")).json()["code"] == "NOTHING_TO_REVERSE"
        await till.bank("deposit")
        assert (await till.bank("reverse")).status_code == 200
        await till.stands(WAITING, held=0)
        back = {"toss": WAITING["toss"], "inicis": f"0400 {PRICE}", "portone": "Transaction.VirtualAccountIssued"}
        assert till.told()[1:] == [back.get(till.party, "ready")]
        assert await till.settled() == []


class TestAnySum:
    """memory: what is shown and told then. Inicis tells each deposit; the others only that all of it is there."""

    async def test_short_and_then_the_rest(self, till: Till) -> None:
        await till.takes_any_sum()
        assert (await till.bank("deposit", amount=PRICE - 900)).status_code == 200
        await till.stands(WAITING, held=PRICE - 900)
        assert till.told() == ([f"0200 {PRICE - 900}"] if till.party == "inicis" else [])
        assert await till.settled() == []
        await till.bank("deposit", amount=900)
        await till.stands(PAID, held=PRICE)
        assert await till.settled() == [PRICE]

    async def test_over(self, till: Till) -> None:
        await till.takes_any_sum()
        await till.bank("deposit", amount=PRICE + 900)
        await till.stands(PAID, held=PRICE + 900)
        assert len(till.told()) == 1
        assert await till.settled() == [PRICE]

    async def test_twice(self, till: Till) -> None:
        await till.takes_any_sum()
        await till.bank("deposit")
        await till.bank("deposit")
        await till.stands(PAID, held=2 * PRICE)
        assert len(till.told()) == (2 if till.party == "inicis" else 1)
        assert await till.settled() == [PRICE]

    async def test_short_and_taken_back(self, till: Till) -> None:
        await till.takes_any_sum()
        await till.bank("deposit", amount=100)
        assert (await till.bank("reverse")).status_code == 200
        await till.stands(WAITING, held=0)
        assert till.told() == (["0200 100", "0400 100"] if till.party == "inicis" else [])

    async def test_all_of_it_taken_back(self, till: Till) -> None:
        await till.takes_any_sum()
        for amount in (PRICE, 900):
            await till.bank("deposit", amount=amount)
        await till.bank("reverse")
        await till.stands(WAITING, held=0)
        assert await till.settled() == []

    @pytest.mark.parametrize("amount", [0, -1, 10**15])
    async def test_nothing_is_no_sum(self, till: Till, amount: int) -> None:
        await till.takes_any_sum()
        await till.refused("WRONG_AMOUNT", amount=amount)

    async def test_late_and_short(self, till: Till) -> None:
        await till.takes_any_sum()
        await till.bank("expire")
        till.running.mall.requests.clear()
        await till.refused("ACCOUNT_CLOSED", amount=100)
        assert (await till.bank("deposit", amount=100, force=True)).status_code == 200
        assert (await till.entry())["balance"] == 100


async def test_the_rule_outlives_a_restart(tmp_path: Path) -> None:
    async with sandbox(tmp_path) as running:
        await running.client.put("/toss/_sandbox/bank", json={"exact_amounts": False})
    async with sandbox(tmp_path) as running:
        assert (await running.client.get("/toss/_sandbox/bank")).json() == {"exact_amounts": False}
        assert (await running.client.get("/inicis/_sandbox/bank")).json() == {"exact_amounts": True}


async def test_the_rule_is_a_setting_too(tmp_path: Path) -> None:
    told: dict[str, Any] = {"toss_exact_amounts": False, "portone": {"exact_amounts": False}}
    async with sandbox(tmp_path, inicis=InicisSettings(exact_amounts=False), **told) as running:
        for party in PARTIES:
            assert (await running.client.get(f"/{party}/_sandbox/bank")).json() == {"exact_amounts": False}


class TestInicisLookUp:
    async def test_shows_what_came_in(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, inicis=InicisSettings(exact_amounts=False)) as running:
            shop = Shop(running)
            tid = (await shop.account())["tid"]

            async def shown() -> tuple[str, str, str]:
                found = await shop.v2("inquiry", {"tid": tid})
                info = found["vacctInfo"]
                return found["transactionStatus"], info["depositStatus"], info["depositAmount"]

            assert await shown() == ("APPROVAL", "N", "0")
            for amount, held in ((32000, 32000), (1000, PRICE), (PRICE, 2 * PRICE)):
                await shop.bank("deposit", orderId="order-0001", amount=amount)
                assert await shown() == ("APPROVAL", "Y", str(held))
            await shop.bank("reverse", orderId="order-0001")
            assert await shown() == ("APPROVAL", "N", "0")

    async def test_a_mobile_merchant_is_told_the_sum_of_each_deposit(self, tmp_path: Path) -> None:
        told = InicisSettings(notice_url=HOOK, exact_amounts=False, notice_kind="mobile", notice_charset="utf-8")
        async with sandbox(tmp_path, inicis=told) as running:
            shop = Shop(running)
            await shop.account()
            for amount in (32000, 1000):
                await shop.bank("deposit", orderId="order-0001", amount=amount)
            await running.clock.advance(1)
            sent = [dict(parse_qsl(request.content.decode())) for request in running.mall.requests]
            assert {(notice["P_STATUS"], notice["P_AMT"]) for notice in sent} == {
                ("00", str(PRICE)), ("02", "32000"), ("02", "1000"),
            }  # fmt: skip

    async def test_an_account_with_money_in_it_is_not_called_off(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, inicis=InicisSettings(exact_amounts=False)) as running:
            shop = Shop(running)
            tid = (await shop.account())["tid"]
            await shop.bank("deposit", orderId="order-0001", amount=100)
            assert (await shop.refund(tid, "GVacct"))["detailResultCode"] == "500602"


PAGES = {"toss": "toss", "inicis": "inicis", "portone": "portone", "portone_v1": "portone"}


class TestInABrowser:
    """The buttons of the page, and only what stands in its form."""

    async def press(self, till: Till, button: str, **fields: str) -> str:
        party = PAGES[till.party]
        entry = await till.entry()
        named = {"orderId": entry["orderId"]} if party == "toss" else {"account": entry["accountNumber"]}
        answer = await till.client.post(f"/{party}/buttons/{button}", data=named | fields)
        assert answer.status_code == 303
        await settle()
        return unquote(answer.headers["location"].partition("note=")[2].replace("+", " "))

    async def page(self, till: Till) -> str:
        return (await till.client.get(f"/{PAGES[till.party]}")).text

    async def test_everything_can_be_done_by_hand(self, till: Till) -> None:
        assert f'name="amount" value="{PRICE}"' in await self.page(till)
        assert "거절" in await self.press(till, "deposit", amount="100")
        await self.press(till, "rule", exact="no")
        assert "정확한 금액만 받기" in await self.page(till)
        assert await self.press(till, "deposit", amount="100") == "done"
        await till.stands(WAITING, held=100)
        assert await self.press(till, "deposit", amount=str(PRICE)) == "done"
        await till.stands(PAID, held=PRICE + 100)
        assert "한 번 더 입금" in await self.page(till)
        assert await self.press(till, "deposit", amount=str(PRICE)) == "done"
        assert await self.press(till, "reverse", amount="1") == "done"
        await till.stands(WAITING, held=0)
        assert await self.press(till, "expire", amount="") == "done"
        assert "더 이상" in await self.press(till, "deposit", amount="100")
        assert await self.press(till, "late", amount="") == "done"
        await till.stands(PAID, held=PRICE)
        await self.press(till, "rule", exact="yes")
        assert "이미" in await self.press(till, "deposit", amount=str(PRICE))

    @pytest.mark.parametrize("amount", ["abc", "-5", "1.5", "9" * 40, "١٢"])
    async def test_what_is_no_sum_is_said(self, till: Till, amount: str) -> None:
        assert "숫자" in await self.press(till, "deposit", amount=amount)
        await till.stands(WAITING, held=0)

    async def test_another_sites_form_is_refused(self, till: Till) -> None:
        headers = {"sec-fetch-site": "cross-site"}
        for button in ("rule", "late", "deposit"):
            answer = await till.client.post(f"/{PAGES[till.party]}/buttons/{button}", data={}, headers=headers)
            assert answer.status_code == 403
