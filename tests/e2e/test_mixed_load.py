"""Everything customers do, at the same time and in both malls. Afterwards all books balance."""

import asyncio

import httpx
import pytest
from rich.console import Console

from shop.audit import run as audit
from shop.demo.customers import KINDS, SPECIAL
from shop.demo.desk import Desk
from shop.demo.door import Door
from shop.demo.visit import Visit

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

AT_ONCE = 20


@pytest.fixture(scope="module")
async def visits(shop) -> dict[str, list[tuple[Visit, str]]]:
    """Kind → its visits, one in each mall, each with what it had reason to complain of."""
    room = asyncio.Semaphore(AT_ONCE)

    async def come(visit: Visit) -> tuple[Visit, str]:
        async with room:
            try:
                await KINDS[visit.kind](visit)
            except Exception as error:  # noqa: BLE001 - a complaint like any other
                return visit, repr(error)
            return visit, ""

    async with httpx.AsyncClient(timeout=30) as http:
        door = Door(http, shop.edge_url, f"{shop.edge_url}/sandbox")
        desk = Desk(door, shop.secrets["staff_token_key"])
        await desk.prepare()
        kinds = [kind for kind in SPECIAL for _mall in range(2)]
        came = [Visit(700 + place, kind, door, desk) for place, kind in enumerate(kinds)]
        done = await asyncio.gather(*(come(visit) for visit in came))
    return {kind: [each for each in done if each[0].kind == kind] for kind in SPECIAL}


@pytest.mark.parametrize("kind", SPECIAL)
async def test_each_comes_to_a_good_end(visits, kind):
    assert [(visit.mall, wrong) for visit, wrong in visits[kind]] == [("intake", ""), ("livestore", "")]


async def test_the_books_balance_after_all_of_them(visits, shop):
    assert await asyncio.to_thread(audit, shop, Console(), settle_seconds=90)
