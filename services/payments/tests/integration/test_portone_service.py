"""PortOne on the whole payments service: window, webhook and return over TCP, and books that agree."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from services.payments.tests.builders import AMOUNT, a_refund_request, an_order_cancelled
from services.payments.tests.fakes import FakeOrders
from services.payments.tests.integration.mall import Mall, a_mall, settings
from services.payments.tests.portone_street import CHANNELS, IMP, SECRET, STORE, Street, served

from common.clock import SEOUL
from common.http import create_app
from payments.clients.portone import PortOneAccess, PortOneGateway
from payments.clients.portone_v1 import PortOneV1Access, PortOneV1Gateway
from sandbox.app import create_app as create_sandbox
from sandbox.settings import Settings as SandboxSettings

pytestmark = pytest.mark.integration

BOTH = pytest.mark.parametrize("version", ["portone", "portone_v1"])
ACCOUNT = {"bank": "신한", "account_number": "110123456789", "holder_name": "김서연"}


class SharedClock:
    """The sandbox lives by the mall's clock; its waiting is real."""

    def __init__(self, clock) -> None:
        self._clock = clock

    def now(self):
        return self._clock.now().astimezone(SEOUL)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Town:
    """The mall, PortOne, and the customer between them."""

    def __init__(self, mall: Mall, street: Street, party: str) -> None:
        self.mall = mall
        self.street = street
        self.party = party

    async def at_the_window(self, payment: dict, choice: str = "pay") -> dict[str, str]:
        page = await self.mall.http.get(urlsplit(payment["next_action"]["url"]).path)
        assert page.status_code == 200, page.text
        return await self.street.window(page.text, self.party, choice)

    async def comes_back(self, payment: dict, back: dict[str, str]) -> httpx.Response:
        return await self.mall.http.get(f"/v1/payments/{payment['id']}/return", params=back)

    async def paid(self, method: str = "card") -> dict:
        payment = await self.mall.open(method)
        back = await self.comes_back(payment, await self.at_the_window(payment))
        assert back.status_code < 400, back.text
        if method == "virtual_account":
            assert await self.mall.status(payment["id"]) == "waiting_for_deposit"
            await self.street.control(self.party, "deposit", paymentId=payment["id"])
            await self.told(payment, "confirmed")
        assert await self.mall.status(payment["id"]) == "confirmed"
        return payment

    async def told(self, payment: dict, status: str) -> None:
        """By webhooks alone."""

        async def so() -> bool:
            await self.mall.run("callbacks")
            return await self.mall.status(payment["id"]) == status

        await until(so)

    async def refund(self, payment: dict, amount: int) -> None:
        await self.mall.deliver(a_refund_request(await self.mall.payment(payment["id"]), amount))
        await self.mall.run("refunds")

    async def refunds_end(self, payment: dict, status: str) -> None:
        async def so() -> bool:
            await self.street.control(self.party, "finish-refunds", paymentId=payment["id"])
            await self.mall.run_later("refunds", seconds=20)
            return await self.mall.status(payment["id"]) == status

        await until(so)

    async def assert_agreed(self) -> None:
        found = await self.mall.audit()
        assert found["balanced"], found
        ours = sum(line["amount"]["amount"] for line in found["balances"] if line["account"].startswith("provider_"))
        assert (await self.street.books(self.party))["balance"] == ours


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(200):
        if await true():
            return
        await asyncio.sleep(0.03)
    raise AssertionError("it did not happen")


def gateway_of(version: str, base: str, http: httpx.AsyncClient, **changes):
    if version == "portone":
        access = PortOneAccess(
            f"{base}/portone", STORE, "sandbox-portone-secret", CHANNELS, webhook_secrets=(SECRET,),
        )  # fmt: skip
        return PortOneGateway(http, replace(access, **changes))
    v1 = PortOneV1Access(f"{base}/portone_v1", IMP, "sandbox-imp-key", "sandbox-imp-secret", CHANNELS)
    return PortOneV1Gateway(http, replace(v1, **changes))


class _Later:
    """The mall's app, which needs the port it is served on before it is made."""

    app = None

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await self.app(scope, receive, send)


@asynccontextmanager
async def a_town(database, clock, version: str, **changes) -> AsyncIterator[Town]:
    later = _Later()
    with tempfile.TemporaryDirectory() as folder:
        told = SandboxSettings(data_dir=Path(folder), tick_seconds=0.05, minute_seconds=0.05)
        sandbox = create_sandbox(told, clock=SharedClock(clock))
        async with served(later) as ours, served(sandbox) as url, httpx.AsyncClient() as http:
            base = f"{url}/sandbox"
            gateway = gateway_of(version, base, http, **changes)
            async with a_mall(database, clock, gateway, FakeOrders(), settings(public_url=ours)) as mall:
                later.app = create_app("payments", mall.settings, database, mall.parts.routers, state=mall.parts.state)
                yield Town(mall, Street(base, ours, http), version)


@pytest.fixture
async def town(database, clock, version) -> AsyncIterator[Town]:
    async with a_town(database, clock, version) as made:
        yield made


@BOTH
class TestPaying:
    @pytest.mark.parametrize("method", ["card", "transfer", "easy_pay"])
    async def test_window_return_a_part_back_and_the_rest(self, town, version, method):
        payment = await town.paid(method)
        await town.refund(payment, 5_000)
        assert await town.mall.status(payment["id"]) == "partially_refunded"
        await town.refund(payment, AMOUNT - 5_000)
        await town.refunds_end(payment, "refunded")
        await town.assert_agreed()

    async def test_the_browser_never_came_back(self, town, version):
        payment = await town.mall.open()
        await town.at_the_window(payment)
        await town.told(payment, "confirmed")
        await town.assert_agreed()

    async def test_the_webhook_first_and_then_the_return(self, town, version):
        payment = await town.mall.open()
        back = await town.at_the_window(payment)
        await town.told(payment, "confirmed")
        assert (await town.comes_back(payment, back)).status_code < 400
        assert (await town.mall.said()).count("payment-confirmed") == 1

    async def test_a_window_left_is_failed(self, town, version):
        payment = await town.mall.open()
        await town.comes_back(payment, await town.at_the_window(payment, "cancel"))
        assert await town.mall.status(payment["id"]) == "failed"
        await town.assert_agreed()

    async def test_a_return_before_the_payment_changes_nothing(self, town, version):
        payment = await town.mall.open()
        early = {"paymentId": payment["id"], "imp_uid": "imp_none", "merchant_uid": payment["id"]}
        assert (await town.comes_back(payment, early)).status_code == 422
        assert await town.mall.status(payment["id"]) == "open"
        back = await town.at_the_window(payment)
        await town.comes_back(payment, back)
        assert await town.mall.status(payment["id"]) == "confirmed"

    async def test_another_payments_name_is_not_taken(self, town, version):
        other = await town.paid()
        payment = await town.mall.open()
        key = (await town.mall.payment(other["id"])).key
        stolen = {"paymentId": key, "imp_uid": key, "merchant_uid": other["id"]}
        assert (await town.comes_back(payment, stolen)).status_code == 422
        assert await town.mall.status(payment["id"]) == "open"


@BOTH
class TestAccounts:
    async def test_deposited_and_given_back_to_the_customers_account(self, town, version):
        payment = await town.paid("virtual_account")
        await town.refund(payment, 5_000)
        given = await town.mall.http.post(
            f"/v1/payments/{payment['id']}/refund-account", json=ACCOUNT, headers={"X-Order-Token": "order-token"}
        )
        assert given.status_code < 300, given.text
        await town.refunds_end(payment, "partially_refunded")
        await town.assert_agreed()

    async def test_run_out_is_closed_there(self, town, version):
        payment = await town.mall.open("virtual_account")
        await town.comes_back(payment, await town.at_the_window(payment))
        await town.mall.run_later("settle-payments", hours=25)
        await town.mall.run_later("settle-payments", minutes=5)
        assert await town.mall.status(payment["id"]) == "expired"
        late = await town.street.http.post(
            f"{town.street.url}/{town.party}/_sandbox/deposit", json={"paymentId": payment["id"]}
        )
        assert late.json()["code"] == "ACCOUNT_CLOSED"

    async def test_deposited_late_all_the_same(self, town, version):
        payment = await town.mall.open("virtual_account")
        await town.comes_back(payment, await town.at_the_window(payment))
        await town.mall.deliver(an_order_cancelled(await town.mall.payment(payment["id"])))
        await town.mall.run("settle-payments")
        assert await town.mall.status(payment["id"]) == "cancelled"
        await town.street.control(town.party, "deposit", paymentId=payment["id"], force=True)
        await town.told(payment, "confirmed")
        await town.assert_agreed()


@BOTH
class TestTrouble:
    @pytest.mark.parametrize("mode", ["close", "http_500"])
    async def test_a_refund_whose_answer_is_lost_is_paid_once(self, town, version, mode):
        payment = await town.paid()
        await town.street.fault(town.party, "cancel", "drop_after_effect", mode=mode)
        await town.refund(payment, 5_000)
        await town.refunds_end(payment, "partially_refunded")
        assert (await town.street.books(town.party))["refunded"] == 5_000
        await town.assert_agreed()

    async def test_a_confirmation_without_an_answer_is_asked_about(self, town, version):
        payment = await town.mall.open()
        back = await town.at_the_window(payment)
        await town.street.fault(town.party, "get_payment", "http_500")
        await town.comes_back(payment, back)
        for _ in range(3):
            await town.mall.run_later("settle-payments", seconds=3)
        assert await town.mall.status(payment["id"]) == "confirmed"

    async def test_repeated_webhooks_confirm_once(self, town, version):
        await town.street.fault(town.party, "*", "duplicate_callbacks", seconds=0)
        payment = await town.mall.open()
        await town.at_the_window(payment)
        await town.told(payment, "confirmed")
        assert (await town.mall.said()).count("payment-confirmed") == 1


class TestSignatures:
    @pytest.fixture
    def version(self) -> str:
        return "portone"

    @pytest.mark.parametrize("how", ["unsigned", "wrong", "old", "tampered"])
    async def test_a_forged_webhook_is_refused_and_changes_nothing(self, town, how):
        payment = await town.mall.open()
        await town.street.control("portone", "forge", how=how, paymentId=payment["id"], url=self.hook(town))

        async def refused() -> bool:
            rows = await town.mall.rows("SELECT status, reason FROM provider_callbacks")
            return [tuple(row) for row in rows] == [("refused", "callback.forged")]

        await until(refused)
        await town.mall.run("callbacks")
        assert await town.mall.status(payment["id"]) == "open"

    @staticmethod
    def hook(town: Town) -> str:
        return f"{town.mall.settings.public_url}/v1/callbacks/portone/intake"

    async def test_another_stores_payment_is_refused(self, town):
        payment = await town.mall.open()
        await town.street.control(
            "portone", "forge", how="last", paymentId=payment["id"], storeId="store-other", url=self.hook(town)
        )

        async def refused() -> bool:
            return [row[0] for row in await town.mall.rows("SELECT status FROM provider_callbacks")] == ["refused"]

        await until(refused)

    async def test_from_elsewhere_is_refused(self, database, clock):
        async with a_town(database, clock, "portone", sources=("52.78.5.241/32",)) as town:
            payment = await town.mall.open()
            await town.at_the_window(payment)

            async def refused() -> bool:
                rows = await town.mall.rows("SELECT status, reason FROM provider_callbacks")
                return [tuple(row) for row in rows][:1] == [("refused", "wrong_source")]

            await until(refused)
            assert await town.mall.status(payment["id"]) == "open"


@BOTH
class TestAWindowNobodyToldUsOf:
    """The customer pays at the window and leaves; the webhook is lost."""

    async def pays_unseen(self, town) -> dict:
        payment = await town.mall.open()
        await town.street.fault(town.party, "*", "no_callbacks", times=20)
        await town.at_the_window(payment)
        return payment

    async def assert_found(self, town, payment):
        await town.mall.run("settle-payments")
        assert await town.mall.status(payment["id"]) == "confirmed"
        await town.refund(payment, AMOUNT)
        await town.refunds_end(payment, "refunded")
        await town.assert_agreed()
        assert (await town.street.books(town.party))["balance"] == 0

    async def test_of_a_cancelled_order_is_found_and_goes_back(self, town, version):
        payment = await self.pays_unseen(town)
        await town.mall.deliver(an_order_cancelled(await town.mall.payment(payment["id"])))
        assert await town.mall.status(payment["id"]) == "cancelled"
        await self.assert_found(town, payment)

    async def test_replaced_by_another_is_found_and_goes_back(self, town, version):
        payment = await self.pays_unseen(town)
        order_id = (await town.mall.payment(payment["id"])).order_id
        await town.mall.open(order_id=order_id)
        assert await town.mall.status(payment["id"]) == "cancelled"
        await self.assert_found(town, payment)

    async def test_that_took_nothing_is_left_alone_in_the_end(self, town, version):
        payment = await town.mall.open()
        await town.mall.deliver(an_order_cancelled(await town.mall.payment(payment["id"])))
        await town.mall.run("settle-payments")
        assert (await town.mall.payment(payment["id"])).closing
        await town.mall.run_later("settle-payments", hours=2)
        assert not (await town.mall.payment(payment["id"])).closing
        assert await town.mall.rows("SELECT 1 FROM payments WHERE ask_at IS NOT NULL") == []


async def test_another_payments_name_with_ours_beside_it_is_not_taken(database, clock):
    """V1 names the try apart from the order, so a forged return may pair ours with another's."""
    async with a_town(database, clock, "portone_v1") as town:
        first, second = await town.mall.open(), await town.mall.open()
        back = await town.at_the_window(first)
        forged = back | {"merchant_uid": second["id"]}
        refused = await town.mall.http.post(f"/v1/payments/{second['id']}/confirm", json=forged)
        assert (refused.status_code, refused.json()["code"]) == (422, "payment.key_refused")
        assert await town.mall.status(second["id"]) == "open"
        assert (await town.comes_back(first, back)).status_code < 400
        assert await town.mall.status(first["id"]) == "confirmed"
        await town.assert_agreed()
