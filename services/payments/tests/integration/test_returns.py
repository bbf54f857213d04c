"""Providers whose return grants something: the way to their window and back, and what is kept in between."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from services.payments.tests.builders import TOKEN, a_payable, an_order_cancelled
from services.payments.tests.fakes import FakeOrders
from services.payments.tests.integration.mall import a_mall
from services.payments.tests.wallet import WalletGateway

from common import ids
from payments.commands.answers import Hint, Refused, Standing

pytestmark = pytest.mark.integration


class Died(Exception):
    """The process, in the middle of a call."""


@pytest.fixture
async def wallet(database, clock):
    async with a_mall(database, clock, WalletGateway(), FakeOrders()) as made:
        yield made


def token(payment):
    return f"token of {payment['id']}"


async def back(mall, payment, **fields):
    return await mall.http.post(f"/v1/payments/{payment['id']}/return", data={"token": token(payment)} | fields)


async def secrets(mall):
    return [row.kind for row in await mall.rows("SELECT kind FROM payment_secrets ORDER BY kind")]


class TestWindow:
    async def test_is_a_page_of_ours(self, wallet):
        payment = await wallet.open(depositor_name="<b>김서연", device="mobile")
        url = f"https://edge.example/v1/payments/{payment['id']}/window"
        assert payment["next_action"] == {"type": "redirect", "url": url}
        page = await wallet.http.get(urlsplit(url).path)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert page.headers["content-type"].startswith("text/html")
        assert (
            page.text == f"<form>&lt;b&gt;김서연 mobile https://edge.example/v1/payments/{payment['id']}/return</form>"
        )

    async def test_the_channel_of_the_order_names_the_device(self, wallet):
        order = wallet.orders.add(a_payable(channel="mobile"))
        await wallet.open(order_id=order.order_id)
        assert wallet.toss.seen_terms[-1].device == "mobile"

    async def test_the_customers_name_is_sealed_and_gone_with_the_payment(self, wallet):
        payment = await wallet.open()
        kept = await wallet.rows("SELECT sealed FROM payment_secrets")
        assert "김서연".encode() not in kept[0].sealed
        await back(wallet, payment)
        assert await secrets(wallet) == []
        closed = await wallet.http.get(f"/v1/payments/{payment['id']}/window")
        assert (closed.status_code, closed.json()["code"]) == (409, "payment.not_open")

    async def test_a_cancelled_order_leaves_nothing_of_the_customer(self, wallet):
        payment = await wallet.open()
        await wallet.deliver(an_order_cancelled(await wallet.payment(payment["id"])))
        assert await secrets(wallet) == []

    async def test_nobodys_window(self, wallet, mall):
        assert (await wallet.http.get(f"/v1/payments/{ids.new_id()}/window")).status_code == 404
        order = mall.orders.add(a_payable())
        payment = await mall.open(order_id=order.order_id)
        assert (await mall.http.get(f"/v1/payments/{payment['id']}/window")).status_code == 404


class TestReturn:
    async def test_by_form_takes_the_money(self, wallet):
        payment = await wallet.open(return_url="https://shop.example/done")
        response = await back(wallet, payment)
        assert response.status_code == 303
        query = parse_qs(urlsplit(response.headers["location"]).query)
        assert (query["status"], query["payment_id"]) == (["confirmed"], [payment["id"]])
        assert wallet.toss.grants == [{"token": token(payment)}]
        await wallet.assert_balanced()

    async def test_by_address_and_by_the_storefront_too(self, wallet):
        payment = await wallet.open()
        path = f"/v1/payments/{payment['id']}"
        for response in (
            await wallet.http.get(f"{path}/return", params={"token": token(payment)}),
            await wallet.http.post(f"{path}/confirm", json={"token": token(payment)}),
            await back(wallet, payment),
        ):
            assert (response.status_code, response.json()["status"]) == (200, "confirmed"), response.text
        assert len(wallet.toss.grants) == 1
        await wallet.assert_balanced()

    async def test_what_cannot_be_read_changes_nothing(self, wallet):
        payment = await wallet.open()
        response = await wallet.http.post(f"/v1/payments/{payment['id']}/confirm", json={"pg": "x"})
        assert (response.status_code, response.json()["code"]) == (422, "request.invalid")
        assert await wallet.status(payment["id"]) == "open"

    async def test_leaving_is_looked_up_not_believed(self, wallet):
        payment = await wallet.open(return_url="https://shop.example/done")
        left = await wallet.http.get(f"/v1/payments/{payment['id']}/return", params={"quit": "1"})
        assert "code=QUIT" in left.headers["location"]
        assert "status=open" in left.headers["location"]
        assert ("get", payment["id"]) in wallet.toss.calls
        wallet.toss.tills[payment["id"]].standing = Standing.FAILED
        left = await wallet.http.post(f"/v1/payments/{payment['id']}/return", data={"quit": "1"})
        assert "status=failed" in left.headers["location"]

    async def test_a_forged_grant_does_not_stand_in_the_way(self, wallet):
        payment = await wallet.open()
        forged = await back(wallet, payment, token="guess")
        assert (forged.status_code, forged.json()["code"]) == (422, "payment.key_refused")
        assert await secrets(wallet) == ["terms"]
        assert (await back(wallet, payment)).json()["status"] == "confirmed"
        await wallet.assert_balanced()

    async def test_the_customers_own_waits_while_a_forged_one_is_tried(self, wallet):
        payment = await wallet.open()
        wallet.toss.refuse["get"] = Refused("x", "x", Hint.LATER)
        wallet.toss.reached["confirm"], wallet.toss.held["confirm"] = asyncio.Event(), asyncio.Event()
        first = asyncio.create_task(back(wallet, payment))
        await wallet.toss.reached["confirm"].wait()
        second = asyncio.create_task(back(wallet, payment, token="guess"))
        await asyncio.sleep(0)
        wallet.toss.held["confirm"].set()
        assert (await first).json()["status"] == "confirmed"
        assert (await second).json()["code"] == "payment.not_open"
        await wallet.assert_balanced()

    async def test_a_lost_answer_is_settled_with_the_grant(self, wallet):
        payment = await wallet.open()
        wallet.toss.lose_before.append("confirm")
        assert (await back(wallet, payment)).json()["status"] == "unknown"
        assert await secrets(wallet) == ["grant", "terms"]
        await wallet.run_later("settle-payments", seconds=3)
        assert await wallet.status(payment["id"]) == "confirmed"
        assert wallet.toss.grants == [{"token": token(payment)}] * 2
        assert await secrets(wallet) == []
        await wallet.assert_balanced()

    async def test_a_crash_between_return_and_confirm_is_settled_with_the_grant(self, wallet, monkeypatch):
        payment = await wallet.open()

        async def die(*_):
            raise Died

        monkeypatch.setattr(wallet.toss, "confirm", die)
        with pytest.raises(Died):
            await wallet.parts.state["confirming"].confirm(UUID(payment["id"]), {"token": token(payment)})
        monkeypatch.undo()
        assert await wallet.status(payment["id"]) == "confirming"
        await wallet.run_later("settle-payments", seconds=10)
        assert wallet.toss.grants == []
        await wallet.run_later("settle-payments", seconds=30)
        assert await wallet.status(payment["id"]) == "confirmed"
        assert wallet.toss.grants == [{"token": token(payment)}]
        await wallet.assert_balanced()

    async def test_nothing_is_confirmed_for_an_order_that_is_cancelled_meanwhile(self, wallet):
        payment = await wallet.open()
        wallet.toss.lose_before.append("confirm")
        await back(wallet, payment)
        await wallet.deliver(an_order_cancelled(await wallet.payment(payment["id"])))
        wallet.toss.tills[payment["id"]].standing = Standing.EXPIRED
        await wallet.run_later("settle-payments", seconds=3)
        assert await wallet.status(payment["id"]) == "cancelled"
        assert len(wallet.toss.grants) == 1
        assert await secrets(wallet) == []

    async def test_the_prepared_name_comes_back_after_a_refused_grant(self, wallet):
        payment = await wallet.open()
        await back(wallet, payment, token="guess")
        assert (await wallet.payment(payment["id"])).key == f"tid_{payment['id']}"


class TestSignedCallback:
    PLACE = "/v1/callbacks/wallet/intake/deposit"

    async def post(self, mall, payment_id, *, signature="right", address="203.0.113.9", **content):
        headers = {
            "x-signature": signature,
            "x-forwarded-for": f"203.0.113.1, {address}",
            "x-transmission": str(ids.new_id()),
        }
        body = {"kind": "x", "order_ref": payment_id} | content
        return await mall.http.post(self.PLACE, json=body, headers=headers)

    async def test_is_answered_in_the_providers_way_and_looked_up(self, wallet):
        payment = await wallet.open("virtual_account")
        wallet.toss.deposit(payment["id"])
        response = await self.post(wallet, payment["id"])
        assert (response.status_code, response.text) == (200, "OK")
        assert response.headers["content-type"].startswith("text/plain")
        await wallet.run("callbacks")
        assert await wallet.status(payment["id"]) == "confirmed"
        (row,) = await wallet.rows("SELECT kind, source, status FROM provider_callbacks")
        assert tuple(row) == ("deposit", "203.0.113.9", "done")

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"signature": "wrong"}, "callback.forged"),
            ({"address": "198.51.100.1"}, "wrong_source"),
            ({"merchant": "another"}, "merchant_mismatch"),
        ],
    )
    async def test_forged_is_recorded_and_refused(self, wallet, changes, reason):
        payment = await wallet.open("virtual_account")
        wallet.toss.deposit(payment["id"])
        response = await self.post(wallet, payment["id"], **changes)
        assert response.text == "FAIL"
        await wallet.run("callbacks")
        assert await wallet.status(payment["id"]) == "waiting_for_deposit"
        rows = await wallet.rows("SELECT status, reason FROM provider_callbacks")
        assert [tuple(row) for row in rows] == [("refused", reason)]

    async def test_before_our_row_can_be_read_it_is_judged_again(self, wallet):
        """The payment is not there when the callback comes, and is when the job looks."""
        order = wallet.orders.add(a_payable())
        payment = await wallet.open("virtual_account", order_id=order.order_id)
        wallet.toss.deposit(payment["id"])
        hidden = str(ids.new_id())
        assert (await self.post(wallet, hidden)).text == "FAIL"
        await wallet.execute(
            "UPDATE provider_callbacks SET order_ref = :there WHERE order_ref = :hidden",
            there=payment["id"],
            hidden=hidden,
        )
        await wallet.run("callbacks")
        assert await wallet.status(payment["id"]) == "confirmed"

    async def test_its_body_is_kept_sealed_for_a_while(self, wallet):
        payment = await wallet.open("virtual_account")
        await self.post(wallet, payment["id"], note="김서연")
        assert "김서연" not in str(await wallet.rows("SELECT to_jsonb(c)::text FROM provider_callbacks c"))
        (row,) = await wallet.rows("SELECT callback_id, sealed FROM callback_bodies")
        plain = wallet.parts.state["seal"].open("callback-bodies", row.callback_id.bytes, row.sealed)
        assert payment["id"] in plain.decode()
        await wallet.run_later("forget", days=89)
        assert len(await wallet.rows("SELECT 1 FROM callback_bodies")) == 1
        await wallet.run_later("forget", days=2)
        assert await wallet.rows("SELECT 1 FROM callback_bodies") == []


class TestMerchants:
    async def test_a_mall_without_an_account_is_refused(self, database, clock):
        gateway, orders = WalletGateway(), FakeOrders()
        async with a_mall(database, clock, gateway, orders, malls=("kids",)) as made:
            kids = made.orders.add(a_payable(mall_id="kids"))
            assert (await made.post(kids.order_id)).status_code == 201
            other = made.orders.add(a_payable(mall_id="intake"))
            response = await made.post(other.order_id)
            assert (response.status_code, response.json()["code"]) == (422, "payment.provider_unknown")
            assert TOKEN not in response.text
