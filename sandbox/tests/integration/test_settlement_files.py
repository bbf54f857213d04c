"""Every party's daily file: what was paid and what was given back, to the won, on the day it happened."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from companies import COMPANIES, PRICE
from sandbox_world import MALL_DAY, Running, sandbox, settle

NEXT_DAY = "2026-11-23"
PART = 5000


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with sandbox(tmp_path, tick_seconds=3600.0, toss_cancel_guard_seconds=0.0) as one:
        yield one


@pytest.mark.parametrize("name", COMPANIES)
async def test_what_was_paid_and_given_back_and_nothing_else(running: Running, name: str) -> None:
    company = COMPANIES[name](running)
    await company.pay("order-card")
    await company.give_back("order-card", PART, PRICE - PART, by_account=False)
    await company.give_back("order-card", PRICE - PART, 0, by_account=False)
    await company.deposit("order-cash")
    await company.give_back("order-cash", PART, PRICE - PART, by_account=name != "kakaopay")
    await company.pay("order-kept")
    assert await company.file(MALL_DAY) == {
        "order-card": [PRICE, -PART, PART - PRICE],
        "order-cash": [PRICE, -PART],
        "order-kept": [PRICE],
    }
    books = (await running.client.get(f"/{name}/_sandbox/books")).json()["totals"]
    assert books["balance"] == PRICE - PART + PRICE
    assert await company.file(NEXT_DAY) == {}


@pytest.mark.parametrize("name", COMPANIES)
async def test_each_on_its_own_day(running: Running, name: str) -> None:
    company = COMPANIES[name](running)
    await company.pay("order-card")
    await running.clock.leap(86400)
    await settle()
    await company.give_back("order-card", PART, PRICE - PART, by_account=False)
    assert await company.file(MALL_DAY) == {"order-card": [PRICE]}
    assert await company.file(NEXT_DAY) == {"order-card": [-PART]}
