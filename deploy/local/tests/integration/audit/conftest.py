"""A throw-away platform with a sound little shop in it; each test breaks a copy."""

import asyncio
from dataclasses import dataclass

import asyncpg
import pytest
from deploy.local.tests.integration.audit.outside import Outside
from deploy.local.tests.integration.audit.story import Story
from deploy.local.tests.integration.audit.world import World, add, fresh_topics, stand_at

from common import migrate
from shop import instance, testing
from shop.audit.looking import Look, look_at
from shop.platform.roles import with_database
from shop.services import SERVICES

SOUND = "audit_sound"


@dataclass
class Copy:
    """A copy of the sound shop to break. `outside.documents` are its own."""

    url: str
    bootstrap: str
    outside: Outside

    async def run(self, *statements: str) -> None:
        """As the superuser, past triggers and foreign keys."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute("SET session_replication_role = replica")
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def add(self, *rows: tuple[str, dict]) -> None:
        """Rows by table, past triggers and foreign keys; columns not told are blank."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute("SET session_replication_role = replica")
            for table, row in rows:
                await add(connection, table, row)
        finally:
            await connection.close()

    async def look(self) -> Look:
        return await look_at(self.outside.places(self.url, self.bootstrap))

    async def wrong(self) -> dict[str, tuple[str, ...]]:
        """Promise → offenders, of those that are broken."""
        return {each.promise: each.offenders for each in (await self.look()).findings if each.offenders}


@pytest.fixture(scope="session")
async def platform():
    async with testing.platform() as running:
        yield running


async def _statement(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def empty_shop(platform, name: str) -> str:
    """A database of this name with every service's schema; its URL."""
    await _statement(platform.database_url, f"CREATE DATABASE {name}")
    url = with_database(platform.database_url, name)
    for service in SERVICES:
        await migrate.upgrade(url, service.name, instance.home() / "services" / service.name / "migrations")
    return url


@pytest.fixture(scope="session")
async def schemas(platform) -> str:
    """Name of a database without rows, to copy."""
    await empty_shop(platform, "audit_empty")
    return "audit_empty"


async def write(platform, schemas: str, name: str, world: World) -> str:
    """A database of this name with the world's rows; its URL."""
    await _statement(platform.database_url, f"CREATE DATABASE {name} TEMPLATE {schemas}")
    url = with_database(platform.database_url, name)
    connection = await asyncpg.connect(url)
    try:
        await world.write(connection)
    finally:
        await connection.close()
    return url


@pytest.fixture(scope="session")
async def sound(platform, schemas):
    """A shop in which everything is as it should be: its database to copy, its topics, the outside's books."""
    world, outside = World(), Outside()
    tell(Story(world, outside))
    await write(platform, schemas, SOUND, world)
    await fresh_topics(platform.bootstrap)
    await world.publish(platform.bootstrap)
    await stand_everywhere(platform.bootstrap)
    await outside.start()
    yield world, outside
    await outside.stop()


async def stand_everywhere(bootstrap: str) -> None:
    """Every service has read all there is."""
    await asyncio.gather(*(stand_at(bootstrap, service.name) for service in SERVICES))


def tell(story: Story) -> None:
    """Ada: two parcels, all done. Bea: a deposit, a polled centre, a unit given back. Cho: never paid. Dan: waits.

    Eve: paid twice, the centre has just seen it. Fay: paid, then cancelled whole. Gil: of three one given back, the
    others changed to another option and shipped. Hal: three exchanged, one replacement sent, two paid back. Ina: one
    exchanged for the same again, of which there is none: all paid back.
    """
    ada = story.placed("ada", ("OATS", 2), ("JERKY", 1))
    story.paid(ada)
    story.shipped(ada, ("OATS",), ("JERKY",))
    story.completed(ada)
    bea = story.placed("bea", ("OATS", 3), centre="fassto")
    story.paid(bea, "virtual_account")
    story.gives_back(bea, "OATS", 1)
    story.shipped(bea, ("OATS",))
    story.given_up(story.placed("cho", ("JERKY", 2)))
    story.placed("dan", ("OATS", 1))
    eve = story.placed("eve", ("JERKY", 1))
    story.paid(eve)
    story.pays_again(eve)
    story.outside.fetched(eve.shipment["id"], "seen")
    fay = story.placed("fay", ("OATS", 1), ("JERKY", 1))
    story.paid(fay)
    story.gives_back(fay)
    gil = story.placed("gil", ("OATS", 3))
    story.paid(gil)
    story.gives_back(gil, "OATS", 1)
    story.chooses(gil, "OATS", "JERKY")
    story.shipped(gil, ("JERKY",))
    hal = story.placed("hal", ("OATS", 3))
    story.paid(hal)
    story.shipped(hal, ("OATS",))
    story.exchanges(hal, "OATS", "JERKY", resellable=2, damaged=1)
    story.sends_in_exchange(hal, 1)
    story.refunds_instead(hal, short=1)
    ina = story.placed("ina", ("OATS", 1))
    story.paid(ina)
    story.shipped(ina, ("OATS",))
    story.exchanges(ina, "OATS", "OATS", resellable=0, damaged=1)
    story.refunds_instead(ina, short=1, whole=True)
    story.finish()


@pytest.fixture
async def copy(platform, sound, request):
    """For one test, gone afterwards."""
    _, outside = sound
    untouched = outside.copied()
    name = f"audit_{abs(hash(request.node.nodeid))}"
    await _statement(platform.database_url, f"CREATE DATABASE {name} TEMPLATE {SOUND}")
    yield Copy(with_database(platform.database_url, name), platform.bootstrap, outside)
    outside.documents, outside.before_answer = untouched, None
    await _statement(platform.database_url, f"DROP DATABASE {name} WITH (FORCE)")
