"""INIAPI v1 and v2: refunds, look-ups, the settlement list (korea.md 1.3)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from inicis_world import MID, Shop, sealed
from sandbox_world import sandbox


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with sandbox(tmp_path) as running:
        yield Shop(running)


def account(**changes: str) -> dict[str, str]:
    return {"refundAcctNum": sealed("110123456789"), "refundBankCode": "88", "refundAcctName": "김하늘"} | changes


class TestRefundV1:
    async def test_all_of_it(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        body = await shop.refund(tid)
        assert (body["resultCode"], body["cancelDate"], body["cancelTime"]) == ("00", "20261122", "100000")
        assert (await shop.totals())["balance"] == 0

    async def test_in_parts_until_nothing_is_left(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        body = await shop.refund(tid, price="5000", confirmPrice="28000", tax="455", taxFree="0")
        assert (body["resultCode"], body["prtcPrice"], body["prtcRemains"], body["prtcCnt"]) == (
            "00", "5000", "28000", "1",
        )  # fmt: skip
        assert body["prtcTid"] == tid
        assert body["tid"] != tid
        rest = await shop.refund(tid, price="28000", confirmPrice="0")
        assert (rest["resultCode"], rest["prtcRemains"], rest["prtcCnt"]) == ("00", "0", "2")
        assert (await shop.refund(tid))["detailResultCode"] == "500626"

    async def test_what_must_remain_guards_against_a_second(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        await shop.refund(tid, price="5000", confirmPrice="28000")
        again = await shop.refund(tid, price="5000", confirmPrice="28000")
        assert (again["resultCode"], again["detailResultCode"]) == ("01", "500629")
        assert (await shop.totals())["refunded"] == 5000

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"price": "33001", "confirmPrice": "0"}, "500604"), ({"price": "0", "confirmPrice": "33000"}, "500604"),
            ({"price": "5000.5", "confirmPrice": "28000"}, "500604"), ({"paymethod": "Acct"}, "500603"),
            ({"paymethod": "GVacct"}, "500603"),
        ],
    )  # fmt: skip
    async def test_refused(self, shop: Shop, more: dict[str, str], code: str) -> None:
        tid = (await shop.paid())["tid"]
        body = await shop.refund(tid, **more)
        assert (body["resultCode"], body["detailResultCode"]) == ("01", code)
        assert (await shop.totals())["refunded"] == 0

    async def test_a_part_cancelled_one_is_not_cancelled_at_once(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        await shop.refund(tid, price="5000", confirmPrice="28000")
        assert (await shop.refund(tid))["detailResultCode"] == "500605"

    async def test_a_transfer_is_called_acct(self, shop: Shop) -> None:
        tid = (await shop.paid(gopaymethod="DirectBank"))["tid"]
        assert (await shop.refund(tid, "Acct"))["resultCode"] == "00"

    async def test_nobodys_tid(self, shop: Shop) -> None:
        assert (await shop.refund("StdpayCARDnobody"))["detailResultCode"] == "500601"

    async def test_a_wrong_hash(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        assert (await shop.refund(tid, hashData="0" * 128))["detailResultCode"] == "400101"
        assert (await shop.totals())["refunded"] == 0

    async def test_json_is_not_read(self, shop: Shop) -> None:
        answer = await shop.client.post("/inicis/api/v1/refund", json={"type": "Refund"})
        assert answer.headers["content-type"].startswith("text/plain")


class TestAccountsV1:
    async def test_one_nobody_paid_into_is_called_off(self, shop: Shop) -> None:
        tid = (await shop.account())["tid"]
        assert (await shop.refund(tid, "Vacct", **account()))["detailResultCode"] == "500603"
        assert (await shop.refund(tid, "GVacct"))["resultCode"] == "00"
        assert (await shop.bank("deposit", orderId="order-0001")).status_code == 409
        assert (await shop.totals())["taken"] == 0

    async def test_a_deposit_goes_back_to_a_sealed_account(self, shop: Shop) -> None:
        tid = (await shop.account())["tid"]
        await shop.bank("deposit", orderId="order-0001")
        part = await shop.refund(tid, "Vacct", price="3000", confirmPrice="30000", **account())
        assert (part["resultCode"], part["prtcRemains"]) == ("00", "30000")
        rest = await shop.refund(tid, "Vacct", price="30000", confirmPrice="0", **account())
        assert rest["resultCode"] == "00"
        assert (await shop.totals())["balance"] == 0

    @pytest.mark.parametrize(
        "changes",
        [
            {"refundAcctNum": "110123456789"}, {"refundAcctNum": sealed("1")}, {"refundBankCode": "999"},
            {"refundAcctName": ""},
        ],
    )  # fmt: skip
    async def test_to_an_account_that_is_none(self, shop: Shop, changes: dict[str, str]) -> None:
        tid = (await shop.account())["tid"]
        await shop.bank("deposit", orderId="order-0001")
        assert (await shop.refund(tid, "Vacct", **account(**changes)))["detailResultCode"] == "500630"
        assert (await shop.refund(tid, "GVacct"))["detailResultCode"] == "500603"
        assert (await shop.totals())["balance"] == 33000

    async def test_a_plus_that_was_not_encoded_breaks_the_hash(self, shop: Shop) -> None:
        """What the FAQ warns of: sent bare, the + of base64 arrives as a space."""
        number = next(text for text in map(str, range(100000, 100500)) if "+" in sealed(text))
        tid = (await shop.account())["tid"]
        await shop.bank("deposit", orderId="order-0001")
        bare = account(refundAcctNum=sealed(number).replace("+", " "))
        body = await shop.v1(
            "refund", {"type": "Refund", "paymethod": "Vacct", "tid": tid, **bare}, tid, sealed(number)
        )
        assert body["detailResultCode"] == "400101"


class TestRefundV2:
    async def test_in_part_and_the_rest(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        part = await shop.v2("partialRefund", {"tid": tid, "msg": "고객 a/b", "price": "5000", "confirmPrice": "28000"})
        assert (part["resultCode"], part["prtcRemains"]) == ("00", "28000")
        rest = await shop.v2("partialRefund", {"tid": tid, "msg": "-", "price": "28000", "confirmPrice": "0"})
        assert rest["resultCode"] == "00"

    async def test_all_of_it(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        assert (await shop.v2("refund", {"tid": tid, "msg": "-"}))["resultCode"] == "00"

    async def test_a_deposit(self, shop: Shop) -> None:
        tid = (await shop.account())["tid"]
        await shop.bank("deposit", orderId="order-0001")
        assert (await shop.v2("refund", {"tid": tid, "msg": "-"}))["detailResultCode"] == "500630"
        assert (await shop.v2("refund", {"tid": tid, "msg": "-"} | account()))["resultCode"] == "00"

    @pytest.mark.parametrize("text", ['{"tid": "x"}', '{"tid":"x","msg":"\\uac00"}', '{"tid":"x","msg":"a\\/b"}'])
    async def test_bytes_that_are_not_exact(self, shop: Shop, text: str) -> None:
        assert (await shop.v2("refund", {}, text=text))["detailResultCode"] == "400103"

    async def test_a_hash_over_other_bytes(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        content = (
            f'{{"mid":"{MID}","type":"refund","timestamp":"20261122100000","data":{{"tid":"{tid}"}},"hashData":"0"}}'
        )
        answer = await shop.client.post(
            "/inicis/v2/pg/refund", content=content, headers={"content-type": "application/json"}
        )
        assert answer.json()["detailResultCode"] == "400101"


class TestInquiry:
    async def test_v2_says_success(self, shop: Shop) -> None:
        body = await shop.paid()
        found = await shop.v2("inquiry", {"tid": body["tid"]})
        assert (found["resultCode"], found["transactionStatus"], found["oid"], found["price"], found["mid"]) == (
            "SUCCESS", "APPROVAL", "order-0001", "33000", MID,
        )  # fmt: skip
        assert await shop.v2("inquiry", {"oid": "order-0001"}) == found

    async def test_v2_wants_one_name(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        assert (await shop.v2("inquiry", {"tid": tid, "oid": "order-0001"}))["resultCode"] == "FAIL"
        assert (await shop.v2("inquiry", {"tid": "nobodys"}))["resultCode"] == "FAIL"

    async def test_v2_shows_what_went_back_without_our_reason(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        part = await shop.refund(tid, price="5000", confirmPrice="28000")
        found = await shop.v2("inquiry", {"tid": tid})
        assert (found["transactionStatus"], found["availablePartCancelPrice"]) == ("PART_CANCEL", "28000")
        assert found["partCancelTransInfo"] == [
            {"tid": part["tid"], "requestDate": "20261122", "requestTime": "100000", "requestPrice": "5000"}
        ]
        await shop.refund(tid, price="28000", confirmPrice="0")
        assert (await shop.v2("inquiry", {"tid": tid}))["transactionStatus"] == "CANCEL"

    async def test_an_account_through_its_life(self, shop: Shop) -> None:
        tid = (await shop.account())["tid"]

        async def stands() -> tuple[str, str]:
            v1 = await shop.v1("extra", {"type": "Extra", "paymethod": "Inquiry", "originalTid": tid, "oid": ""})
            return (await shop.v2("inquiry", {"tid": tid}))["vacctInfo"]["depositStatus"], v1["status"]

        assert await stands() == ("N", "N")
        await shop.bank("deposit", orderId="order-0001")
        assert await stands() == ("Y", "Y")
        await shop.bank("reverse", orderId="order-0001")
        assert await stands() == ("N", "N")
        await shop.refund(tid, "GVacct")
        assert await stands() == ("C", "C")

    async def test_v1_in_one_letter(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        ask: dict[str, Any] = {"type": "Extra", "paymethod": "Inquiry", "oid": "order-0001"}
        assert (await shop.v1("extra", ask))["status"] == "0"
        await shop.refund(tid)
        found = await shop.v1("extra", ask)
        assert (found["resultCode"], found["status"], found["tid"], found["price"]) == ("00", "1", tid, "33000")
        none = await shop.v1("extra", ask | {"oid": "order-none"})
        assert (none["resultCode"], none["status"]) == ("00", "9")

    async def test_a_decline_is_no_payment(self, shop: Shop) -> None:
        token = (await shop.agree(outcome="decline"))["fields"]["authToken"]
        await shop.approve(token)
        assert (await shop.v2("inquiry", {"oid": "order-0001"}))["resultCode"] == "FAIL"


class TestSettlement:
    async def test_a_day(self, shop: Shop) -> None:
        tid = (await shop.paid())["tid"]
        part = await shop.refund(tid, price="5000", confirmPrice="28000")
        undone = (await shop.agree())["fields"]["authToken"]
        await shop.approve(undone)
        await shop.net_cancel(undone)
        rows = (await shop.v2("settlement", {"date": "20261122"}))["settlementList"]
        # 2.2 % of 33,000 and of 5,000.
        common = {"tid": tid, "oid": "order-0001", "paymethod": "Card", "settleDate": "20261125"}
        assert rows == [
            {"kind": "APPROVAL", "price": "33000", "fee": "726", **common},
            {"kind": "CANCEL", "price": "5000", "fee": "110", "cancelTid": part["tid"], **common},
        ]
        assert (await shop.v2("settlement", {"date": "20261121"}))["settlementList"] == []

    async def test_a_deposit_taken_back_is_not_on_it(self, shop: Shop) -> None:
        await shop.account()
        await shop.bank("deposit", orderId="order-0001")
        await shop.bank("reverse", orderId="order-0001")
        assert (await shop.v2("settlement", {"date": "20261122"}))["settlementList"] == []
