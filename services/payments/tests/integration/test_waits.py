"""A request of ours is left alone for as long as its own provider may take: no other's, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from services.payments.tests.builders import AMOUNT, a_refund_request
from services.payments.tests.fakes import FakeGateway, FakeOrders
from services.payments.tests.integration.mall import Mall, a_mall

from payments.clients.registry import Gateways
from payments.domain.patience import Waits

pytestmark = pytest.mark.integration

# On top of these come the 30 s of `mall.settings`.
WAITS = {"toss": Waits.seconds(paying=10, giving_back=20), "slow": Waits.seconds(paying=100, giving_back=150)}


@pytest.fixture(params=sorted(WAITS))
async def there(database, clock, request) -> AsyncIterator[Mall]:
    """A mall with both, one of them as the one its customers pay at."""
    fakes = {name: FakeGateway() for name in WAITS}
    for name, fake in fakes.items():
        fake.name, fake.waits = name, WAITS[name]
    gateways = Gateways({name: {"*": fake} for name, fake in fakes.items()})
    async with a_mall(database, clock, fakes[request.param], FakeOrders(), gateways=gateways) as made:
        yield made


async def cut_off(mall: Mall, call: str, doing) -> None:
    """Until the provider was asked and has not answered."""
    mall.toss.reached[call], mall.toss.held[call] = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(doing)
    await mall.toss.reached[call].wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    for let_go in mall.parts.close:
        await let_go()
    del mall.toss.reached[call]


class TestWaits:
    async def test_a_confirmation_cut_off_is_asked_about(self, there):
        payment = await there.open()
        await cut_off(there, "confirm", there.confirm(payment["id"]))
        wait = 30 + WAITS[there.toss.name].paying.total_seconds()
        await there.run_later("settle-payments", seconds=wait - 1)
        assert await there.status(payment["id"]) == "confirming"
        await there.run_later("settle-payments", seconds=1)
        assert await there.status(payment["id"]) == "confirmed"
        await there.assert_balanced()

    async def test_so_is_a_refund(self, there):
        payment = await there.paid()
        await there.deliver(a_refund_request(await there.payment(payment["id"]), AMOUNT))
        await cut_off(there, "cancel", there.run("refunds"))
        wait = 30 + WAITS[there.toss.name].giving_back.total_seconds()
        await there.run_later("refunds", seconds=wait - 1)
        assert there.toss.calls[-1][0] == "cancel"
        for _ in range(3):  # asked about, found not to be there, and sent again
            await there.run_later("refunds", seconds=5)
        assert await there.status(payment["id"]) == "refunded"
        await there.assert_balanced()

    async def test_what_a_provider_nobody_offers_any_more_took_is_still_known(self, there):
        payment = await there.payment((await there.open())["id"])
        assert there.parts.state["patience"].paying(replace(payment, provider="gone")).total_seconds() == 30
