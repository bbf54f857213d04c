"""The end-to-end tests drive a running shop through its edge, as customers, staff and providers do."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest

from shop import instance, tokens
from shop.demo.door import Door
from shop.instance import Instance
from shop.seed import seed


@pytest.fixture(scope="session")
def edge() -> str:
    url = os.environ.get("SHOP_TEST_EDGE")
    if not url:
        pytest.fail("SHOP_TEST_EDGE is not set: run the end-to-end tests with `make e2e`")
    return url


@pytest.fixture(scope="session")
async def shop(edge) -> Instance:
    """The running instance, with its sample catalogue."""
    current = instance.load()
    await seed(current)
    return current


@pytest.fixture
async def http():
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


@pytest.fixture
def door(http, shop) -> Door:
    return Door(http, shop.edge_url, f"{shop.edge_url}/sandbox")


@pytest.fixture
def staff(shop) -> Callable[..., dict[str, str]]:
    """Headers of a member of staff with these roles."""

    def headers(*roles: str) -> dict[str, str]:
        token = tokens.mint_staff(shop.secrets["staff_token_key"], roles=roles)
        return {"Authorization": f"Bearer {token}"}

    return headers


@pytest.fixture
def eventually() -> Callable[..., Awaitable[object]]:
    """Asks again until the answer is truthy, at most `seconds`; returns it."""

    async def wait(question: Callable[[], Awaitable[object]], what: str, seconds: float = 60) -> object:
        end = time.monotonic() + seconds
        while True:
            answer = await question()
            if answer:
                return answer
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            await asyncio.sleep(0.2)

    return wait


@pytest.fixture
async def idle_centre(http, shop):
    """The centre whose job calls us takes nothing, until this is called or the test ends."""
    job = f"{shop.edge_url}/sandbox/logistics/_sandbox/job"

    async def back_to_work():
        (await http.post(f"{job}/resume")).raise_for_status()

    (await http.post(f"{job}/pause")).raise_for_status()
    yield back_to_work
    await back_to_work()
