"""Deposits, and the notices of them: forms sent again until the answer is OK (korea.md 1.3)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from inicis_world import HOOK, MID, Shop
from sandbox_world import sandbox, settle

from sandbox.inicis.settings import InicisSettings


@asynccontextmanager
async def opened(tmp_path: Path, **changes: Any) -> AsyncIterator[Shop]:
    told = InicisSettings(notice_url=HOOK, **changes)
    async with sandbox(tmp_path, inicis=told) as running:
        yield Shop(running)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with opened(tmp_path) as one:
        yield one


def answers(shop: Shop, *bodies: bytes, media: str = "text/plain") -> None:
    """What the mall says to the next notices."""

    def one(body: bytes) -> Any:
        async def answer(_: httpx.Request) -> httpx.Response:
            return httpx.Response(200, content=body, headers={"content-type": media})

        return answer

    shop.running.mall.answers.extend(one(body) for body in bodies)


def heard(shop: Shop, encoding: str = "cp949") -> list[dict[str, str]]:
    sent = [request for request in shop.running.mall.requests if str(request.url) == HOOK]
    return [
        dict(parse_qsl(request.content.decode("ascii"), keep_blank_values=True, encoding=encoding)) for request in sent
    ]


class TestPc:
    async def test_a_deposit_in_euc_kr(self, shop: Shop) -> None:
        body = await shop.account()
        answers(shop, b"OK")
        assert (await shop.bank("deposit", accountNumber=body["VACT_Num"])).status_code == 200
        await settle()
        (notice,) = heard(shop)
        assert (notice["no_tid"], notice["no_oid"], notice["id_merchant"]) == (body["tid"], "order-0001", MID)
        assert (notice["amt_input"], notice["type_msg"], notice["nm_inputbank"]) == ("33000", "0200", "신한은행")
        assert (notice["dt_trans"], notice["tm_trans"]) == ("20261122", "100000")
        assert notice["no_vacct"] == body["VACT_Num"]
        assert {"cd_bank", "nm_input", "cl_close", "dt_inputstd", "dt_cshr", "no_cshr_appl"} <= set(notice)
        (sent,) = shop.running.mall.requests
        assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
        assert b"%BD%C5%C7%D1" in sent.content  # 신한 in EUC-KR

    async def test_a_reversal(self, shop: Shop) -> None:
        await shop.account()
        answers(shop, b"OK", b"OK")
        await shop.bank("deposit", orderId="order-0001")
        await shop.bank("reverse", orderId="order-0001")
        await settle()
        assert [notice["type_msg"] for notice in heard(shop)] == ["0200", "0400"]
        totals = await shop.totals()
        assert (totals["taken"], totals["reversed"], totals["balance"]) == (33000, 33000, 0)

    @pytest.mark.parametrize("wrong", [b"", b"ok", b"OK\n", b"FAIL", b'{"status":"ok"}'])
    async def test_anything_but_ok_has_it_sent_again(self, shop: Shop, wrong: bytes) -> None:
        await shop.account()
        answers(shop, wrong, wrong, b"OK")
        await shop.bank("deposit", orderId="order-0001")
        await shop.running.clock.advance(61)
        await shop.running.clock.advance(61)
        await shop.running.clock.advance(61)
        assert len(heard(shop)) == 3
        (row,) = (await shop.client.get("/inicis/_sandbox/callbacks")).json()
        assert (row["state"], row["attempts"]) == ("delivered", 3)

    async def test_ok_has_to_be_plain_text(self, shop: Shop) -> None:
        await shop.account()
        answers(shop, b"OK", media="application/json")
        answers(shop, b"OK")
        await shop.bank("deposit", orderId="order-0001")
        await shop.running.clock.advance(61)
        assert len(heard(shop)) == 2

    async def test_in_the_end_it_gives_up(self, tmp_path: Path) -> None:
        async with opened(tmp_path, notice_retries=2) as shop:
            await shop.account()
            await shop.bank("deposit", orderId="order-0001")
            for _ in range(3):
                await shop.running.clock.advance(61)
            assert len(heard(shop)) == 3

    async def test_utf_8_on_request(self, tmp_path: Path) -> None:
        async with opened(tmp_path, notice_charset="utf-8") as shop:
            await shop.account()
            await shop.bank("deposit", orderId="order-0001")
            await settle()
            assert heard(shop, "utf-8")[0]["nm_inputbank"] == "신한은행"

    async def test_nothing_is_sent_for_an_account_or_a_refund(self, shop: Shop) -> None:
        tid = (await shop.account())["tid"]
        await shop.refund(tid, "GVacct")
        await settle()
        assert heard(shop) == []

    async def test_one_nobody_sent(self, shop: Shop) -> None:
        await shop.account()
        await shop.bank("notice", orderId="order-0001", fields={"amt_input": "1"})
        await settle()
        assert heard(shop)[0]["amt_input"] == "1"
        assert (await shop.totals())["taken"] == 0


class TestMobile:
    async def test_issued_then_paid(self, tmp_path: Path) -> None:
        async with opened(tmp_path, notice_kind="mobile", notice_charset="utf-8") as shop:
            answers(shop, b"OK", b"OK")
            body = await shop.account()
            await shop.bank("deposit", orderId="order-0001")
            await shop.bank("reverse", orderId="order-0001")
            await settle()
            issued, paid = heard(shop, "utf-8")
            assert (issued["P_STATUS"], paid["P_STATUS"]) == ("00", "02")
            assert (paid["P_TID"], paid["P_OID"], paid["P_MID"], paid["P_AMT"], paid["P_TYPE"]) == (
                body["tid"], "order-0001", MID, "33000", "VBANK",
            )  # fmt: skip
            assert {"P_AUTH_DT", "P_NOTI", "P_IN_TID"} <= set(paid)


class TestBank:
    async def test_wrong_sums_and_closed_accounts_are_turned_away(self, shop: Shop) -> None:
        await shop.account()
        assert (await shop.bank("deposit", orderId="order-0001", amount=1)).status_code == 409
        await shop.bank("expire", orderId="order-0001")
        late = await shop.bank("deposit", orderId="order-0001")
        assert (late.status_code, late.json()["code"]) == (409, "ACCOUNT_CLOSED")
        assert (await shop.bank("deposit", orderId="order-0001", force=True)).status_code == 200
        twice = await shop.bank("deposit", orderId="order-0001", force=True)
        assert twice.json()["code"] == "ALREADY_PAID"
        assert (await shop.bank("deposit", orderId="none")).status_code == 404

    async def test_after_its_day(self, shop: Shop) -> None:
        await shop.paid(gopaymethod="VBank", acceptmethod="vbank(202611221001)")
        await shop.running.clock.advance(61)
        assert (await shop.bank("deposit", orderId="order-0001")).status_code == 409

    async def test_nothing_to_take_back(self, shop: Shop) -> None:
        await shop.account()
        assert (await shop.bank("reverse", orderId="order-0001")).status_code == 409


class TestFaults:
    @pytest.mark.parametrize(("kind", "many"), [("duplicate_callbacks", 2), ("no_callbacks", 0)])
    async def test_twice_or_never(self, shop: Shop, kind: str, many: int) -> None:
        await shop.running.fault("inicis", kind, operation="deposit")
        await shop.account()
        answers(shop, b"OK", b"OK")
        await shop.bank("deposit", orderId="order-0001")
        await shop.running.clock.advance(61)
        assert len(heard(shop)) == many

    async def test_late(self, shop: Shop) -> None:
        await shop.running.fault("inicis", "late_callbacks", operation="deposit", seconds=30)
        await shop.account()
        answers(shop, b"OK")
        await shop.bank("deposit", orderId="order-0001")
        await shop.running.clock.advance(29)
        assert heard(shop) == []
        await shop.running.clock.advance(2)
        assert len(heard(shop)) == 1
