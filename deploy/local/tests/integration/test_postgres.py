"""A server without fsync, as the tests run it, still keeps its word when it is killed."""

import asyncio
import contextlib

import asyncpg
import pytest

from shop import ports
from shop.platform.postgres import Postgres
from shop.supervisor.engine import Engine

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


@pytest.fixture(name="server")
def _server(tmp_path):
    # PostgreSQL may have to run as another user, who must be able to walk in.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)
    return Postgres(tmp_path / "pg", ports.unused()["postgres"], "secret", tmp_path / "pg.log", fsync=False)


@pytest.fixture(name="engine")
async def _engine(server):
    engine = Engine()
    await engine.start([server.part()])
    yield engine
    await engine.stop()


async def test_what_was_acknowledged_before_a_kill_is_there_afterwards(server, engine):
    connection = await asyncpg.connect(server.url)
    await connection.execute("create table things (id int)")
    acknowledged, enough = 0, asyncio.Event()

    async def write():
        nonlocal acknowledged
        while True:
            await connection.execute("insert into things values ($1)", acknowledged + 1)
            acknowledged += 1
            if acknowledged == 500:
                enough.set()

    writer = asyncio.create_task(write())
    await asyncio.wait_for(enough.wait(), 30)
    await engine.crash_part("postgres")
    with contextlib.suppress(Exception):  # a cut connection shows itself in many ways
        await writer
    await engine.start_part("postgres")

    again = await asyncpg.connect(server.url)
    try:
        assert await again.fetchval("select count(*) from things") >= acknowledged
    finally:
        await again.close()
