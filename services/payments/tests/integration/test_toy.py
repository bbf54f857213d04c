"""A provider made of one file and one settings class (`tests/toy.py`) does all that payments does with a provider."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import Field
from services.payments.tests.builders import AMOUNT, a_refund_request, a_staff_header
from services.payments.tests.fakes import FakeOrders
from services.payments.tests.integration.mall import Mall, a_mall, settings
from services.payments.tests.toy import ToyCompany, ToySettings

from payments.main import gateways
from payments.settings import Settings

pytestmark = pytest.mark.integration


class ToyMall(Settings):
    """The one line that makes payments know of it."""

    toy: ToySettings = Field(default_factory=ToySettings)


@pytest.fixture
def company() -> ToyCompany:
    return ToyCompany()


@pytest.fixture
async def town(database, clock, company, monkeypatch) -> AsyncIterator[Mall]:
    monkeypatch.setenv("PAYMENTS_TOY_KEY", "toy")
    monkeypatch.setenv("PAYMENTS_TOY_SHOP", "toy-shop")
    told = settings(ToyMall)
    async with httpx.AsyncClient(transport=httpx.MockTransport(company)) as http:
        every = gateways(told, http)
        toy = every.for_("toy", "intake")
        async with a_mall(database, clock, toy, FakeOrders(), told, gateways=every) as made:
            yield made


async def paid(town: Mall, company: ToyCompany) -> str:
    payment = await town.open()
    key = company.payments[payment["id"]]["payment"]
    response = await town.http.post(f"/v1/payments/{payment['id']}/confirm", json={"payment": key})
    assert response.status_code == 200, response.text
    return payment["id"]


async def refund(town: Mall, payment_id: str, amount: int) -> None:
    await town.deliver(a_refund_request(await town.payment(payment_id), amount))
    await town.run_later("refunds", seconds=3)


class TestToy:
    async def test_from_the_window_to_the_last_won_back(self, town, company):
        payment = await town.open()
        assert payment["next_action"]["url"].startswith("https://toy.example/window?")
        assert (await town.payment(payment["id"])).merchant == "toy-shop"
        key = company.payments[payment["id"]]["payment"]
        wrong = await town.http.post(f"/v1/payments/{payment['id']}/confirm", json={"payment": "another"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "payment.key_refused")
        back = await town.http.get(f"/v1/payments/{payment['id']}/return", params={"payment": key})
        assert back.json()["status"] == "confirmed", back.text
        await refund(town, payment["id"], 5_000)
        assert await town.status(payment["id"]) == "partially_refunded"
        await refund(town, payment["id"], AMOUNT - 5_000)
        assert await town.status(payment["id"]) == "refunded"
        assert [row["amount"] for row in company.payments[payment["id"]]["returns"]] == [5_000, AMOUNT - 5_000]
        assert (await town.audit())["balanced"]

    async def test_lost_answers_are_asked_about(self, town, company):
        payment = await town.open()
        company.lose.append("take")
        key = company.payments[payment["id"]]["payment"]
        lost = await town.http.post(f"/v1/payments/{payment['id']}/confirm", json={"payment": key})
        assert (lost.status_code, lost.json()["status"]) == (202, "unknown")
        await town.run_later("settle-payments", seconds=3)
        assert await town.status(payment["id"]) == "confirmed"
        company.lose.append("give_back")
        await refund(town, payment["id"], 5_000)
        await town.run_later("refunds", seconds=3)
        assert await town.status(payment["id"]) == "partially_refunded"
        assert len(company.payments[payment["id"]]["returns"]) == 1

    async def test_calls_back_and_forgers_do_not_count(self, town, company):
        payment = await town.open()
        company.payments[payment["id"]]["standing"] = "paid"
        body = {"id": "1", "order": payment["id"]}
        forged = await town.http.post("/v1/callbacks/toy", json=body, headers={"x-toy-key": "no"})
        await town.run("callbacks")
        assert (forged.status_code, await town.status(payment["id"])) == (403, "open")
        told = await town.http.post("/v1/callbacks/toy", json=body, headers={"x-toy-key": "toy"})
        await town.run("callbacks")
        assert (told.status_code, await town.status(payment["id"])) == (200, "confirmed")

    async def test_its_list_of_a_day_is_compared(self, town, company):
        payment_id = await paid(town, company)
        await refund(town, payment_id, 5_000)
        await town.run_later("settlements", days=1)
        url = "/v1/payments/settlements?day=2026-11-22"
        found = (await town.http.get(url, headers=a_staff_header("payments"))).json()
        assert ([each["provider"] for each in found["settlements"]], found["differences"]) == (["toy"], [])

    async def test_beside_all_the_others(self, town):
        """What was there before is there still, and whoever has no account of it is told so."""
        unknown = await town.post((await town.open())["order_id"], provider="kakaopay")
        assert (unknown.status_code, unknown.json()["code"]) == (422, "payment.provider_unknown")
        assert unknown.json()["known"] == ["toss", "toy"]
