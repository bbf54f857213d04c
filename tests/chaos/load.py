"""Real customers through the edge: so many at once until told to stop, the same ones for the same seed.

A customer shops while it has a place; waiting for the parcel needs none. In the end each must have come to its end,
and whatever the shop confirmed to a customer must be so.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import httpx
from tests.chaos.customers import KINDS, MALLS, WEIGHTS, PatientDoor, Visit
from tests.chaos.staff import RARE
from tests.chaos.world import Broken, World

from shop.demo.desk import Desk
from shop.demo.door import Unexpected

_NUMBERS = 10_000
# So long, at most, until the next customer takes a free place; at once while a scenario waits for orders.
_FREE_SECONDS = 8.0
_END_SECONDS = 150.0
# A parcel, the way back, the replacement.
_AFTERWARDS_SECONDS = 300.0


@dataclass
class Load:
    """`visits` are all who have come so far."""

    world: World
    rng: random.Random
    http: httpx.AsyncClient
    visits: list[Visit] = field(default_factory=list)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _shoppers: list[asyncio.Task[None]] = field(default_factory=list)
    _comers_again: list[asyncio.Task[None]] = field(default_factory=list)
    _shelves: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def running(cls, world: World, rng: random.Random, at_once: int = 3) -> AsyncIterator[Load]:
        """Customers come from now on; `finish` ends it."""
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=3)
        async with httpx.AsyncClient(timeout=httpx.Timeout(20, pool=60), limits=limits) as http:
            load = cls(world, rng, http)
            await load._look_around()
            load._shoppers = [asyncio.create_task(load._keep_coming(), name="shopper") for _ in range(at_once)]
            try:
                yield load
            finally:
                tasks = [*load._shoppers, *load._comers_again]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def door(self) -> PatientDoor:
        """For a scenario's own customer."""
        return PatientDoor(self.http, self.world.instance.edge_url, self.world.sandbox)

    def desk(self) -> Desk:
        """The staff that customers meet, as patient as they are."""
        return Desk(self.door(), self.world.instance.secrets["staff_token_key"])

    def visit(self, kind: str, mall: str = "") -> Visit:
        """The next customer; of this kind. Counts like the others, whoever leads it through the shop."""
        mall = mall or self.rng.choice(MALLS)
        shelf = self._shelves[mall]
        skus = self.rng.sample(shelf, k=self.rng.randint(1, min(3, len(shelf))))
        wishes = [(sku, self.rng.randint(1, 2)) for sku in skus]
        visit = Visit(self.rng.randrange(_NUMBERS), kind, self.door(), self.desk(), wishes, mall)
        self.visits.append(visit)
        return visit

    async def orders(self, more: int, *, seconds: float = 60) -> None:
        """Returns when so many more orders were placed. Raises Broken."""
        before = self._placed()

        async def enough() -> bool:
            return self._placed() >= before + more

        self._hurry.set()
        try:
            await self.world.until(enough, f"{more} more orders", seconds=seconds)
        finally:
            self._hurry.clear()

    async def finish(self) -> None:
        """Lets nobody else in, waits until all have shopped, then until every order has come to its end.

        Raises Broken with what customers would complain about.
        """
        self._stop.set()
        self._hurry.set()
        _, late = await asyncio.wait(self._shoppers, timeout=_END_SECONDS)
        if late:
            raise Broken(f"{len(late)} customers were still shopping after {_END_SECONDS:g} s")
        for shopper in self._shoppers:
            shopper.result()
        if self._comers_again:
            _, late = await asyncio.wait(self._comers_again, timeout=_AFTERWARDS_SECONDS)
            if late:
                raise Broken(f"{len(late)} customers were not done with their parcels after {_AFTERWARDS_SECONDS:g} s")
        ended = await self._until_ended()
        wrong = [f"customer {each.number} ({each.kind}): {what}" for each in self.visits for what in each.wrong]
        wrong += [what for each in self.visits for what in self._complaints(each, ended)]
        wrong += await self._ask_again()
        if wrong:
            raise Broken(f"{len(wrong)} complaints: " + "; ".join(wrong[:8]))

    def summary(self) -> str:
        ends = Counter(visit.refused or visit.end or "nothing" for visit in self.visits)
        return ", ".join(f"{count} {end}" for end, count in ends.most_common())

    def _placed(self) -> int:
        return sum(visit.order is not None for visit in self.visits)

    async def _look_around(self) -> None:
        door = self.door()
        await self.desk().prepare()
        for mall in MALLS:
            variants = [each for product in await door.products(mall) for each in product["variants"]]
            # What another scenario left to run out is not for ordinary customers.
            self._shelves[mall] = sorted(each["sku"] for each in variants if not each["sku"].startswith(RARE))

    async def _keep_coming(self) -> None:
        while not self._stop.is_set():
            kind = self.rng.choices(list(KINDS), [WEIGHTS[kind] for kind in KINDS])[0]
            visit = self.visit(kind)
            await visit.come()
            if visit.later is not None:
                self._comers_again.append(asyncio.create_task(visit.come_again(), name="comes again"))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self.rng.uniform(0, _FREE_SECONDS))

    async def _until_ended(self) -> dict[str, tuple[str, int]]:
        """Order id → status and total, once every order is where its customer expects it, or time is up."""
        mine = [UUID(visit.order.id) for visit in self.visits if visit.order is not None]
        query = "SELECT order_id::text, status, total_amount FROM orders.orders WHERE order_id = ANY($1::uuid[])"
        found: dict[str, tuple[str, int]] = {}
        for _ in range(int(_END_SECONDS * 2)):
            rows = await self.world.database.fetch(query, mine)
            found = {row[0]: (row[1], row[2]) for row in rows}
            if not any(self._complaints(visit, found) for visit in self.visits):
                break
            await asyncio.sleep(0.5)
        return found

    @staticmethod
    def _complaints(visit: Visit, ended: dict[str, tuple[str, int]]) -> list[str]:
        if visit.order is None or not visit.end:
            return []
        status, total = ended.get(visit.order.id, ("unknown", 0))
        name = f"order {visit.order.number} ({visit.kind})"
        wrong = [] if status in visit.end else [f"{name} is {status}, not {visit.end}"]
        return wrong + ([] if total == visit.order.total else [f"{name} has another total: {total}"])

    async def _ask_again(self) -> list[str]:
        """The shop's own answer about a few orders and their payments, with the customer's own tokens."""
        wrong = []
        for visit in self.rng.sample(self.visits, k=min(5, len(self.visits))):
            if visit.order is None:
                continue
            try:
                seen = await visit.door.look(visit.order)
                if visit.end and seen["status"] not in visit.end:
                    wrong.append(f"order {visit.order.number} says {seen['status']}, not {visit.end}")
                if visit.payment_id:
                    await visit.door.look_at_payment(visit.order, visit.payment_id)
            except (Unexpected, Exception) as error:  # noqa: BLE001 - a complaint like any other
                wrong.append(f"order {visit.order.number}: {error!r}")
        return wrong
