"""The fault proxy before an echo server that answers in capitals."""

import asyncio
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from tests.chaos.links import Fault, KafkaFrames
from tests.chaos.peers import owner_of
from tests.chaos.proxy import Control, Target
from tests.chaos.wire import Proxy, ProxyRefused

from shop import ports

_SILENCE_SECONDS = 0.3


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(1000):
            writer.write(chunk.upper())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def target(echo: int) -> AsyncIterator[Target]:
    found = Target("kafka", next(iter(ports.unused().values())), echo)
    server = await found.serve()
    yield found
    server.close()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, words: bytes) -> bytes | None:
        """The answer; None for silence; b"" for the end of the connection."""
        self.writer.write(words)
        return await self.hear()

    async def hear(self) -> bytes | None:
        try:
            return await asyncio.wait_for(self.reader.read(1000), _SILENCE_SECONDS)
        except TimeoutError:
            return None
        except OSError:
            return b""


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.listen)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


async def test_passes_what_it_gets(target: Target) -> None:
    async with connected(target) as client:
        assert await client.say(b"hello") == b"HELLO"


async def test_cut_ends_what_is_open_and_what_comes(target: Target) -> None:
    async with connected(target) as client:
        assert await client.say(b"hello") == b"HELLO"
        assert await target.set(Fault("cut")) == 1
        assert await client.hear() == b""
    async with connected(target) as late:
        assert await late.say(b"hello") == b""
    await target.heal()
    async with connected(target) as healed:
        assert await healed.say(b"hello") == b"HELLO"


async def test_stall_delivers_everything_once_healed(target: Target) -> None:
    async with connected(target) as client:
        await target.set(Fault("stall"))
        assert await client.say(b"hello") is None
        assert await target.heal() == 0
        assert await client.hear() == b"HELLO"


async def test_hold_swallows_and_resets_when_healed(target: Target) -> None:
    async with connected(target) as client:
        await target.set(Fault("hold"))
        assert await client.say(b"hello") is None
        assert await target.heal() == 1
        assert await client.hear() == b""


async def test_delay_keeps_the_order(target: Target) -> None:
    async with connected(target) as client:
        await target.set(Fault("delay", milliseconds=40))
        client.writer.write(b"one")
        await asyncio.sleep(0)
        client.writer.write(b"two")
        heard = b""
        while len(heard) < 6:
            heard += await client.hear() or b""
        assert heard == b"ONETWO"


async def test_drops_only_the_answers_of_connections_that_produced(target: Target) -> None:
    produce, fetch = struct.pack(">ih", 4, 0) + b"aa", struct.pack(">ih", 4, 1) + b"bb"
    async with connected(target) as client, connected(target) as other:
        await target.set(Fault("drop_answers", kafka_api=0))
        assert await client.say(produce) is None
        assert await other.say(fetch) == fetch.upper()
        assert await target.heal() == 1
        assert await client.hear() == b""
        assert await other.say(fetch) == fetch.upper()


async def test_a_fault_of_one_client_leaves_the_others_alone(target: Target) -> None:
    talk = (
        "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])));"
        " s.sendall(b'hello'); print(s.recv(10), flush=True); print(s.recv(10), flush=True)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", talk, str(target.listen), "orders.main", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"b'HELLO'\n"
    async with connected(target) as client:
        assert await client.say(b"hello") == b"HELLO"
        assert target.status()["clients"] == {"orders": 1, "None": 1}
        assert await target.set(Fault("cut", client="orders")) == 1
        await process.wait()
        assert await client.say(b"hello") == b"HELLO"


async def test_nobody_is_at_the_end_of_a_connection_that_is_not() -> None:
    assert owner_of(1, 2) is None


async def test_orders_come_over_the_control_socket(target: Target, tmp_path: Path) -> None:
    server = await Control({"kafka": target}).serve(tmp_path / "control.sock")
    proxy = Proxy(tmp_path / "control.sock")
    async with connected(target) as client:
        assert await client.say(b"hello") == b"HELLO"
        assert await proxy.set("kafka", "hold") == 1
        assert (await proxy.status())["kafka"]["faults"] == [Fault("hold").__dict__]
        assert await client.say(b"hello") is None
        assert await proxy.heal() == 1
    with pytest.raises(ProxyRefused, match="nobody"):
        await proxy.set("nobody", "cut")
    with pytest.raises(ProxyRefused, match="mode is one of"):
        await proxy.set("kafka", cast("Any", "shout"))
    server.close()


def test_frames_are_found_wherever_the_chunks_end() -> None:
    stream = b"".join(
        struct.pack(">ih", 2 + size, key) + b"x" * size for key, size in ((0, 10), (1, 0), (0, 3), (18, 5))
    )
    for step in (1, 2, 3, 7, len(stream)):
        frames = KafkaFrames()
        found = [frames.keys(stream[at : at + step]) for at in range(0, len(stream), step)]
        assert set().union(*found) == {0, 1, 18}
        assert sum(0 in keys for keys in found) == (2 if step < 10 else 1)
