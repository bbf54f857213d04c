"""KakaoPay's ready, approve, cancel and order (korea.md 1.2)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sandbox_world import Running, sandbox

from sandbox.kakaopay.settings import KakaoPaySettings

KEY = "kakaopay-sandbox-key"
READY = {
    "cid": "TC0ONETIME", "partner_order_id": "order-0001", "partner_user_id": "buyer-0001",
    "item_name": "초코파이 외 2건", "quantity": 1, "total_amount": 33000, "tax_free_amount": 0, "approval_url": "http://shop.test/back?mall=intake",
    "cancel_url": "http://shop.test/quit", "fail_url": "http://shop.test/failed",
}  # fmt: skip


class Payer:
    """A merchant and a payer of a running sandbox."""

    def __init__(self, running: Running) -> None:
        self.running = running

    async def call(self, verb: str, body: Any, *, authorization: str | None = f"SECRET_KEY {KEY}") -> httpx.Response:
        headers = {} if authorization is None else {"authorization": authorization}
        return await self.running.client.post(f"/kakaopay/online/v1/payment/{verb}", json=body, headers=headers)

    async def ready(self, **changes: Any) -> dict[str, Any]:
        answer = await self.call("ready", READY | changes)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def choose(self, opened: dict[str, Any], choice: str = "card") -> dict[str, Any]:
        body = {"url": opened["next_redirect_pc_url"], "choice": choice}
        answer = await self.running.client.post("/kakaopay/_sandbox/pay", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def approve(self, opened: dict[str, Any], pg_token: str | None, /, **changes: Any) -> httpx.Response:
        body = {
            "cid": "TC0ONETIME", "tid": opened["tid"], "partner_order_id": "order-0001",
            "partner_user_id": "buyer-0001", "pg_token": pg_token,
        }  # fmt: skip
        return await self.call("approve", body | changes)

    async def paid(self, choice: str = "card", **changes: Any) -> dict[str, Any]:
        opened = await self.ready(**changes)
        chosen = await self.choose(opened, choice)
        answer = await self.approve(opened, chosen["pg_token"])
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def cancel(self, tid: str, amount: int, /, **more: Any) -> httpx.Response:
        body = {"cid": "TC0ONETIME", "tid": tid, "cancel_amount": amount, "cancel_tax_free_amount": 0}
        return await self.call("cancel", body | more)

    async def order(self, tid: str) -> dict[str, Any]:
        answer = await self.call("order", {"cid": "TC0ONETIME", "tid": tid})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def balance(self) -> int:
        answer = await self.running.client.get("/kakaopay/_sandbox/books")
        return int(answer.json()["totals"]["balance"])


@pytest.fixture
async def payer(running: Running) -> Payer:
    return Payer(running)


@pytest.fixture
async def frugal(tmp_path: Path) -> AsyncIterator[Payer]:
    """One whose `order` says as little of each action as an answer captured by others."""
    async with sandbox(tmp_path, kakaopay=KakaoPaySettings(action_amounts=False, payload_in_order=False)) as running:
        yield Payer(running)


def refusal(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["error_code"]


class TestAuth:
    @pytest.mark.parametrize("scheme", ["SECRET_KEY", "DEV_SECRET_KEY"])
    async def test_takes_both_words(self, payer: Payer, scheme: str) -> None:
        assert (await payer.call("ready", READY, authorization=f"{scheme} {KEY}")).status_code == 200

    @pytest.mark.parametrize(
        ("authorization", "expected"),
        [(None, (400, -400)), (f"KakaoAK {KEY}", (401, -401)), ("SECRET_KEY wrong", (401, -401)),
         (KEY, (401, -401)), ("SECRET_KEY ", (401, -401))],
    )  # fmt: skip
    async def test_refuses_the_rest(self, payer: Payer, authorization: str | None, expected: tuple[int, int]) -> None:
        assert refusal(await payer.call("ready", READY, authorization=authorization)) == expected

    async def test_a_key_opens_its_own_merchant_only(self, tmp_path: Path) -> None:
        two = KakaoPaySettings(accounts=f"TC0ONETIME={KEY},CMALL00001=two")
        async with sandbox(tmp_path, kakaopay=two) as running:
            payer = Payer(running)
            opened = await payer.ready()
            wrong = await payer.call("ready", READY | {"cid": "CMALL00001"})
            assert refusal(wrong) == (400, -731)
            other = {"cid": "CMALL00001", "tid": opened["tid"]}
            assert refusal(await payer.call("order", other, authorization="SECRET_KEY two")) == (400, -721)

    async def test_the_old_form_encoding_is_refused(self, payer: Payer) -> None:
        answer = await payer.running.client.post(
            "/kakaopay/online/v1/payment/ready", data=READY, headers={"authorization": f"SECRET_KEY {KEY}"}
        )
        assert refusal(answer) == (400, -2)


class TestReady:
    async def test_gives_a_tid_and_the_addresses_of_the_page(self, payer: Payer) -> None:
        opened = await payer.ready()
        assert len(opened["tid"]) == 20
        assert opened["created_at"] == "2026-11-22T10:00:00"
        for name in ("next_redirect_pc_url", "next_redirect_mobile_url", "next_redirect_app_url"):
            assert opened["tid"] not in opened[name]
        shown = await payer.order(opened["tid"])
        assert shown["status"] == "READY"
        assert shown["amount"] == {
            "total": 33000, "tax_free": 0, "vat": 3000, "point": 0, "discount": 0, "green_deposit": 0
        }  # fmt: skip
        assert (await payer.ready())["tid"] != opened["tid"]

    async def test_keeps_the_vat_that_is_said(self, payer: Payer) -> None:
        opened = await payer.ready(total_amount=10000, tax_free_amount=1000, vat_amount=800)
        assert (await payer.order(opened["tid"]))["amount"]["vat"] == 800
        opened = await payer.ready(total_amount=10000, tax_free_amount=1000)
        assert (await payer.order(opened["tid"]))["amount"]["vat"] == 818

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"partner_order_id": "x" * 101}, -2), ({"partner_user_id": ""}, -2), ({"item_name": "가" * 101}, -2),
            ({"quantity": 0}, -2), ({"total_amount": 0}, -2), ({"total_amount": 10.5}, -2),
            ({"total_amount": "33000"}, -2), ({"cid": "none"}, -731),
            ({"tax_free_amount": None}, -2), ({"tax_free_amount": 33001}, -722), ({"vat_amount": 33001}, -722),
            ({"approval_url": "shop.test"}, -2), ({"fail_url": "http://shop.test/" + "x" * 250}, -2),
        ],
    )  # fmt: skip
    async def test_refuses(self, payer: Payer, changes: dict[str, Any], code: int) -> None:
        assert refusal(await payer.call("ready", READY | changes)) == (400, code)


class TestApprove:
    async def test_takes_the_money_of_a_card(self, payer: Payer) -> None:
        opened = await payer.ready()
        chosen = await payer.choose(opened)
        assert parse_qs(urlsplit(chosen["redirect_url"]).query) == {
            "mall": ["intake"], "pg_token": [chosen["pg_token"]]
        }  # fmt: skip
        assert await payer.balance() == 0
        answer = (await payer.approve(opened, chosen["pg_token"], total_amount=33000)).json()
        assert answer["payment_method_type"] == "CARD"
        assert answer["card_info"]["card_type"] == "신용"
        assert answer["approved_at"] == "2026-11-22T10:00:00"
        assert len(answer["aid"]) == 20
        assert (answer["tid"], answer["partner_order_id"]) == (opened["tid"], "order-0001")
        assert answer["amount"]["total"] == 33000
        shown = await payer.order(opened["tid"])
        assert (shown["status"], shown["cancel_available_amount"]["total"]) == ("SUCCESS_PAYMENT", 33000)
        assert [row["payment_action_type"] for row in shown["payment_action_details"]] == ["PAYMENT"]
        assert await payer.balance() == 33000

    async def test_money_has_no_card(self, payer: Payer) -> None:
        answer = await payer.paid("money")
        assert answer["payment_method_type"] == "MONEY"
        assert "card_info" not in answer

    @pytest.mark.parametrize(
        ("changes", "code"),
        [({"partner_order_id": "order-0002"}, -706), ({"partner_user_id": "buyer-0002"}, -707),
         ({"pg_token": "wrong"}, -708), ({"pg_token": None}, -708), ({"tid": "T" * 20}, -721),
         ({"total_amount": 32999}, -704)],
    )  # fmt: skip
    async def test_refuses_what_ready_did_not_say(self, payer: Payer, changes: dict[str, Any], code: int) -> None:
        opened = await payer.ready()
        chosen = await payer.choose(opened)
        assert refusal(await payer.approve(opened, chosen["pg_token"], **changes)) == (400, code)
        assert await payer.balance() == 0
        assert (await payer.approve(opened, chosen["pg_token"])).status_code == 200

    async def test_a_second_one_is_refused_and_takes_nothing(self, payer: Payer) -> None:
        opened = await payer.ready()
        chosen = await payer.choose(opened)
        await payer.approve(opened, chosen["pg_token"])
        assert refusal(await payer.approve(opened, chosen["pg_token"])) == (400, -702)
        assert await payer.balance() == 33000

    async def test_before_the_payer_agreed(self, payer: Payer) -> None:
        opened = await payer.ready()
        assert refusal(await payer.approve(opened, "guess")) == (400, -701)

    async def test_after_the_session(self, payer: Payer) -> None:
        opened = await payer.ready()
        chosen = await payer.choose(opened)
        await payer.running.clock.advance(901)
        assert refusal(await payer.approve(opened, chosen["pg_token"])) == (400, -723)

    async def test_a_decline_says_why_and_ends_it(self, payer: Payer) -> None:
        opened = await payer.ready()
        chosen = await payer.choose(opened, "decline")
        answer = await payer.approve(opened, chosen["pg_token"])
        assert refusal(answer) == (400, -780)
        assert answer.json()["extras"]["method_result_code"] == "EXCEED_LIMIT"
        assert (await payer.order(opened["tid"]))["status"] == "FAIL_PAYMENT"
        assert await payer.balance() == 0


class TestWindow:
    @pytest.mark.parametrize(
        ("choice", "status", "url"),
        [("quit", "QUIT_PAYMENT", "http://shop.test/quit"), ("fail", "FAIL_PAYMENT", "http://shop.test/failed"),
         ("password", "FAIL_AUTH_PASSWORD", "http://shop.test/failed")],
    )  # fmt: skip
    async def test_ends_without_money(self, payer: Payer, choice: str, status: str, url: str) -> None:
        opened = await payer.ready()
        chosen = await payer.choose(opened, choice)
        assert (chosen["redirect_url"], chosen["status"]) == (url, status)
        assert (await payer.order(opened["tid"]))["status"] == status
        assert refusal(await payer.approve(opened, "any")) == (400, -783)

    async def test_the_page_can_be_clicked_through(self, payer: Payer) -> None:
        opened = await payer.ready(item_name="<script>alert(1)</script>")
        path = urlsplit(opened["next_redirect_mobile_url"]).path.removeprefix("/sandbox")
        page = await payer.running.client.get(path)
        assert "33,000원" in page.text
        assert "<script>alert(1)" not in page.text
        assert (await payer.order(opened["tid"]))["status"] == "OPEN_PAYMENT"
        chosen = await payer.running.client.post(path.replace("/mInfo", "/choose"), data={"choice": "money"})
        assert chosen.status_code == 303
        assert "pg_token=" in chosen.headers["location"]
        assert (await payer.order(opened["tid"]))["status"] == "AUTH_PASSWORD"
        assert (await payer.running.client.get("/kakaopay")).status_code == 200

    async def test_a_form_from_elsewhere_is_refused(self, payer: Payer) -> None:
        opened = await payer.ready()
        path = urlsplit(opened["next_redirect_pc_url"]).path.removeprefix("/sandbox").replace("/info", "/choose")
        answer = await payer.running.client.post(
            path, data={"choice": "card"}, headers={"sec-fetch-site": "cross-site"}
        )
        assert answer.status_code == 403

    async def test_an_address_nobody_was_given(self, payer: Payer) -> None:
        assert (await payer.running.client.get("/kakaopay/v1/none/info")).status_code == 404

    async def test_after_the_session_the_browser_is_sent_to_fail_url(self, payer: Payer) -> None:
        opened = await payer.ready()
        await payer.running.clock.advance(901)
        assert (await payer.choose(opened))["redirect_url"] == "http://shop.test/failed"


class TestCancel:
    async def test_parts_and_the_rest(self, payer: Payer) -> None:
        tid = (await payer.paid())["tid"]
        first = (await payer.cancel(tid, 3000, cancel_available_amount=33000, payload="refund 1")).json()
        assert first["status"] == "PART_CANCEL_PAYMENT"
        assert first["approved_cancel_amount"]["total"] == 3000
        assert first["approved_cancel_amount"]["vat"] == 273
        assert first["canceled_amount"]["total"] == 3000
        assert first["cancel_available_amount"]["total"] == 30000
        assert first["payload"] == "refund 1"
        assert first["canceled_at"] == "2026-11-22T10:00:00"
        rest = (await payer.cancel(tid, 30000, cancel_available_amount=30000, payload="refund 2")).json()
        assert (rest["status"], rest["cancel_available_amount"]["total"]) == ("CANCEL_PAYMENT", 0)
        shown = await payer.order(tid)
        rows = [
            (row["payment_action_type"], row["amount"], row.get("payload")) for row in shown["payment_action_details"]
        ]
        assert rows == [("PAYMENT", 33000, None), ("CANCEL", 3000, "refund 1"), ("CANCEL", 30000, "refund 2")]
        assert shown["canceled_amount"]["vat"] == shown["amount"]["vat"] == 3000
        assert await payer.balance() == 0
        assert refusal(await payer.cancel(tid, 1)) == (400, -784)

    @pytest.mark.parametrize(
        ("amount", "more", "code"),
        [
            (33001, {}, -710), (0, {}, -2), (-1, {}, -2), (3000, {"cancel_available_amount": 30000}, -722),
            (3000, {"cancel_tax_free_amount": None}, -2), (3000, {"cancel_tax_free_amount": 1}, -722),
            (3000, {"cancel_vat_amount": 3001}, -722), (3000, {"payload": "x" * 201}, -2),
            (3000, {"tid": "T" * 20}, -721),
        ],
    )  # fmt: skip
    async def test_refusals_move_nothing(self, payer: Payer, amount: int, more: dict[str, Any], code: int) -> None:
        tid = (await payer.paid())["tid"]
        assert refusal(await payer.cancel(tid, amount, **more)) == (400, code)
        assert await payer.balance() == 33000

    async def test_the_guard_stops_the_second_of_two_equal_ones(self, payer: Payer) -> None:
        tid = (await payer.paid())["tid"]
        assert (await payer.cancel(tid, 3000, cancel_available_amount=33000)).status_code == 200
        assert refusal(await payer.cancel(tid, 3000, cancel_available_amount=33000)) == (400, -722)
        assert (await payer.cancel(tid, 3000)).status_code == 200, "without the guard it is carried out again"

    async def test_before_money(self, payer: Payer) -> None:
        assert refusal(await payer.cancel((await payer.ready())["tid"], 33000)) == (400, -784)

    async def test_tax_free_and_vat_have_their_own_limits(self, payer: Payer) -> None:
        tid = (await payer.paid(total_amount=10000, tax_free_amount=1000))["tid"]
        assert refusal(await payer.cancel(tid, 2000, cancel_tax_free_amount=1001)) == (400, -722)
        assert (await payer.cancel(tid, 1000, cancel_tax_free_amount=1000, cancel_vat_amount=0)).status_code == 200
        last = await payer.cancel(tid, 9000, cancel_vat_amount=818)
        assert last.json()["canceled_amount"] | {"total": 10000, "vat": 818} == last.json()["canceled_amount"]

    async def test_the_time_to_cancel_ends_earlier_for_a_card(self, tmp_path: Path) -> None:
        assert (KakaoPaySettings().card_refund_days, KakaoPaySettings().money_refund_days) == (365, 1826)
        hour = KakaoPaySettings(card_refund_days=1 / 24, money_refund_days=1)
        async with sandbox(tmp_path, kakaopay=hour, tick_seconds=600) as running:
            payer = Payer(running)
            by_card, by_money = (await payer.paid())["tid"], (await payer.paid("money"))["tid"]
            await running.clock.advance(3601)
            answer = await payer.cancel(by_card, 1000)
            assert refusal(answer) == (400, -781)
            assert answer.json()["extras"]["method_result_code"] == "REFUND_PERIOD_OVER"
            assert (await payer.cancel(by_money, 1000)).status_code == 200


class TestFrugalOrder:
    async def test_actions_without_amounts_and_payloads(self, frugal: Payer) -> None:
        """As in an answer of the live API captured in 2023: only aid, time and the kind are certain."""
        tid = (await frugal.paid())["tid"]
        await frugal.cancel(tid, 3000, payload="refund 1")
        shown = await frugal.order(tid)
        assert [set(row) for row in shown["payment_action_details"]] == 2 * [
            {"aid", "approved_at", "point_amount", "discount_amount", "payment_action_type"}
        ]
        assert shown["canceled_amount"]["total"] == 3000


class TestFaults:
    async def test_an_answer_lost_after_the_effect(self, payer: Payer) -> None:
        opened = await payer.ready()
        chosen = await payer.choose(opened)
        await payer.running.fault("kakaopay", "drop_after_effect", operation="approve", mode="http_500")
        assert (await payer.approve(opened, chosen["pg_token"])).status_code == 500
        assert (await payer.order(opened["tid"]))["status"] == "SUCCESS_PAYMENT"

    async def test_a_refusal_of_choice(self, payer: Payer) -> None:
        tid = (await payer.paid())["tid"]
        await payer.running.fault("kakaopay", "error", operation="cancel", code="-785")
        assert refusal(await payer.cancel(tid, 1000)) == (400, -785)
        assert await payer.balance() == 33000

    async def test_the_other_spelling(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path, kakaopay=KakaoPaySettings(error_shape="code_msg")) as running:
            answer = await Payer(running).call("order", {"cid": "TC0ONETIME", "tid": "T" * 20})
            assert answer.json() == {"code": -721, "msg": "invalid tid!"}


class TestSettlements:
    async def test_one_days_movements_with_fee_and_payout(self, payer: Payer) -> None:
        tid = (await payer.paid())["tid"]
        await payer.cancel(tid, 3000)
        await payer.running.clock.leap(86400)
        await payer.cancel(tid, 30000)
        answer = await payer.running.client.get(
            "/kakaopay/online/v1/settlements",
            params={"cid": "TC0ONETIME", "date": "2026-11-22"}, headers={"authorization": f"SECRET_KEY {KEY}"},
        )  # fmt: skip
        rows = answer.json()["rows"]
        assert [(row["type"], row["amount"], row["fee"], row["payout_amount"]) for row in rows] == [
            ("PAYMENT", 33000, 1089, 31911), ("CANCEL", -3000, -99, -2901)
        ]  # fmt: skip
        assert {row["tid"] for row in rows} == {tid}
        assert rows[0]["payout_date"] == "2026-11-24"
        wrong = await payer.running.client.get(
            "/kakaopay/online/v1/settlements", params={"cid": "TC0ONETIME", "date": "today"},
            headers={"authorization": f"SECRET_KEY {KEY}"},
        )  # fmt: skip
        assert wrong.status_code == 400


class TestRestart:
    async def test_the_books_outlive_the_process(self, tmp_path: Path) -> None:
        async with sandbox(tmp_path) as running:
            tid = (await Payer(running).paid())["tid"]
        async with sandbox(tmp_path) as running:
            assert (await Payer(running).order(tid))["status"] == "SUCCESS_PAYMENT"
            assert await Payer(running).balance() == 33000
