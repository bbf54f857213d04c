"""A small disk that fills up under a real PostgreSQL, and has room again."""

import asyncio

import asyncpg
import pytest

from shop import keys, ports
from shop.platform.disk import Disk
from shop.platform.postgres import Postgres
from shop.supervisor.engine import Engine

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

MEGABYTES = 160


@pytest.fixture(name="disk")
def _disk(tmp_path):
    # PostgreSQL may have to run as another user, who must be able to walk in.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)
    return Disk(tmp_path / "disk", MEGABYTES, tmp_path / "disk.log")


@pytest.fixture(name="server")
def _server(disk, tmp_path):
    password = keys.FORMATS["postgres_password"]()
    port = ports.unused()["postgres"]
    return Postgres(disk.directory / "postgres", port, password, tmp_path / "pg.log", fsync=False, disk=disk)


@pytest.fixture(name="engine")
async def _engine(disk, server):
    engine = Engine()
    await engine.start([disk.part(), server.part()])
    yield engine
    await engine.stop()


@pytest.fixture(name="connection")
async def _connection(engine, server):
    connection = await asyncpg.connect(server.url)
    await connection.execute("create table things (id int, filler text)")
    yield connection
    await connection.close()


async def test_a_full_disk_refuses_writes_and_keeps_what_was_written(disk, connection):
    await connection.execute("insert into things values (1, 'kept')")
    disk.fill()

    assert disk.free_bytes() == 0
    with pytest.raises(asyncpg.DiskFullError, match="No space left on device"):
        await connection.execute("insert into things select n, repeat('x', 500) from generate_series(1, 9999) n")
    assert await connection.fetchval("select count(*) from things") == 1

    disk.release()
    await connection.execute("insert into things select n, repeat('x', 500) from generate_series(1, 999) n")
    assert await connection.fetchval("select count(*) from things") == 1000


async def test_without_room_for_its_log_the_server_dies_and_comes_back_with_everything(disk, server, connection):
    await connection.execute("insert into things values (1, 'kept')")
    disk.fill()

    with pytest.raises((asyncpg.PostgresError, OSError)):
        for _ in range(MEGABYTES):
            await connection.execute("select pg_logical_emit_message(false, 'a', repeat('x', 1000000))")
            disk.fill()
    disk.release()

    again = await eventually_connected(server.url)
    assert await again.fetchval("select count(*) from things") == 1
    await again.close()
    assert "PANIC" in server.log.read_text()


async def test_it_leaves_nothing_behind(disk, engine):
    disk.fill(leave_bytes=1_000_000)
    assert 0 < disk.free_bytes() <= 1_000_000

    await engine.stop()

    assert list(disk.directory.iterdir()) == []


async def eventually_connected(url, seconds=60):
    """A new connection, as soon as the server gives one."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await asyncpg.connect(url)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)
