"""Errors on request at every payment company: what the caller sees, and what its books say of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from companies import COMPANIES, PRICE
from sandbox_world import Running, sandbox

PART = 5000
# What giving money back is called there.
REFUND = {"toss": "cancel", "inicis": "refund", "portone": "cancel", "portone_v1": "cancel", "kakaopay": "cancel"}
EVERY = pytest.mark.parametrize("name", COMPANIES)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with sandbox(tmp_path, tick_seconds=3600.0, toss_cancel_guard_seconds=0.0) as one:
        yield one


async def refunded(running: Running, name: str) -> int:
    return int((await running.client.get(f"/{name}/_sandbox/books")).json()["totals"]["refunded"])


async def paid(running: Running, name: str) -> Any:
    company = COMPANIES[name](running)
    await company.pay("order-card")
    return company


async def fails(company: Any, left: int = PRICE - PART) -> None:
    """Whoever asked got no usable answer, or a no."""
    with pytest.raises((AssertionError, ValueError)):
        await company.give_back("order-card", PART, left, by_account=False)


@EVERY
@pytest.mark.parametrize("kind", ["error", "http_500"])
async def test_a_no_has_no_effect_and_the_next_try_has(running: Running, name: str, kind: str) -> None:
    company = await paid(running, name)
    await running.fault(name, kind, operation=REFUND[name])
    await fails(company)
    assert await refunded(running, name) == 0
    await company.give_back("order-card", PART, PRICE - PART, by_account=False)
    assert await refunded(running, name) == PART


@EVERY
async def test_a_lost_answer_has_its_effect_and_the_file_shows_it(running: Running, name: str) -> None:
    company = await paid(running, name)
    await running.fault(name, "drop_after_effect", operation=REFUND[name], mode="http_500")
    await fails(company)
    assert await refunded(running, name) == PART
    assert (await company.file("2026-11-22"))["order-card"] == [PRICE, -PART]


@EVERY
async def test_another_operation_and_another_company_are_left_alone(running: Running, name: str) -> None:
    company = await paid(running, name)
    await running.fault(name, "http_500", operation="nothing_of_this_name", count=9)
    await running.fault("solapi", "http_500", operation="*", count=9)
    await company.give_back("order-card", PART, PRICE - PART, by_account=False)
    assert await refunded(running, name) == PART


@EVERY
async def test_as_often_as_was_asked_for(running: Running, name: str) -> None:
    company = await paid(running, name)
    await running.fault(name, "http_500", operation=REFUND[name], count=2)
    for _ in range(2):
        await fails(company)
    await company.give_back("order-card", PART, PRICE - PART, by_account=False)
    (fault,) = (await running.client.get("/_sandbox/faults")).json()
    assert (fault["total"], fault["remaining"]) == (2, 0)
