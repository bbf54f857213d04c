"""Every service is killed with -9 while customers are in the shop. Afterwards all books balance."""

import asyncio
import itertools
import subprocess
import sys

import pytest
from rich.console import Console

from shop.audit import run as audit
from shop.demo.people import person
from shop.services import SERVICES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

CUSTOMERS = 20


async def test_customers_get_through_and_nothing_is_lost_or_doubled(door, shop):
    victims = itertools.cycle(service.name for service in SERVICES)
    left = CUSTOMERS
    room = asyncio.Semaphore(5)

    async def customer(number):
        nonlocal left
        async with room:
            try:
                cart = await door.fill_cart("intake", "pc", [("OATS-7", 1), ("JERKY-60", 1)])
                order = await door.place(cart, person(number))
                if number % 3 == 0:
                    account = await door.ask_for_account(order)
                    await door.deposit(account)
                else:
                    await door.pay_by_window(order, "card")
                await door.wait_for(order, lambda found: found["status"] == "completed", "completed", seconds=180)
            finally:
                left -= 1

    async def killer():
        while left > 0:
            kill = [sys.executable, "-m", "shop.cli", "kill", next(victims)]
            await asyncio.to_thread(subprocess.run, kill, check=True, capture_output=True)
            await asyncio.sleep(4)

    results = await asyncio.gather(*(customer(number) for number in range(CUSTOMERS)), killer(), return_exceptions=True)
    unhappy = [result for result in results if result is not None]
    assert not unhappy, unhappy
    balanced = await asyncio.to_thread(audit, shop, Console(), settle_seconds=90)
    assert balanced
