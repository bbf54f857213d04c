"""The real process: a kill -9 forgets nothing, a dropped connection is really dropped, SIGTERM drains in time."""

import asyncio
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_world import window

AUTH = ("test_sk_sandbox", "")


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """A bounded wait for another process, which has no event to wait on."""
    for _ in range(int(seconds / 0.02)):
        if await condition():
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"not within {seconds} s")


def free_port() -> int:
    """One that nobody listens on, as the system gives them out."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    def __init__(self, data_dir: Path, port: int, **settings: str) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self.port = port
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, client: httpx.AsyncClient) -> None:
        names = {f"SANDBOX_{name.upper()}": value for name, value in self._settings.items()}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sandbox.main",
            env={**os.environ, "SANDBOX_PORT": str(self.port), "SANDBOX_DATA_DIR": str(self._data_dir), **names},
            cwd=self._data_dir,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

        async def ready() -> bool:
            try:
                return (await client.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(ready)

    async def stop(self, number: signal.Signals) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.process.wait()


@asynccontextmanager
async def started(data_dir: Path, **settings: str) -> AsyncIterator[tuple[Process, httpx.AsyncClient]]:
    process = Process(data_dir, free_port(), **settings)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}", timeout=10) as client:
        await process.start(client)
        try:
            yield process, client
        finally:
            await process.stop(signal.SIGKILL)


async def pay(client: httpx.AsyncClient, order_id: str) -> dict[str, Any]:
    key = (await client.post("/sandbox/toss/_sandbox/pay", json=window(order_id))).json()["paymentKey"]
    return {"paymentKey": key, "orderId": order_id, "amount": 33000}


async def totals(client: httpx.AsyncClient) -> dict[str, int]:
    return dict((await client.get("/sandbox/toss/_sandbox/books")).json()["totals"])


class TestKill:
    async def test_money_taken_is_in_the_books_after_kill_9(self, tmp_path: Path) -> None:
        async with started(tmp_path) as (process, client):
            body = await pay(client, "order-0001")
            await client.post("/sandbox/toss/v1/payments/confirm", json=body, auth=AUTH)
            await process.stop(signal.SIGKILL)
            await process.start(client)
            assert (await totals(client))["taken"] == 33000
            again = await client.post("/sandbox/toss/v1/payments/confirm", json=body, auth=AUTH)
            assert again.json()["code"] == "ALREADY_PROCESSED_PAYMENT"

    async def test_a_callback_owed_is_sent_after_kill_9(self, tmp_path: Path) -> None:
        taken: list[bytes] = []

        async def mall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            taken.append(await reader.readexactly(length))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        hook = free_port()
        async with started(tmp_path, toss_webhook_url=f"http://127.0.0.1:{hook}/hook", minute_seconds="0.5") as (
            process,
            client,
        ):
            body = await pay(client, "order-0001")
            await client.post("/sandbox/toss/v1/payments/confirm", json=body, auth=AUTH)
            await process.stop(signal.SIGKILL)
            server = await asyncio.start_server(mall, "127.0.0.1", hook)
            async with server:
                await process.start(client)

                async def arrived() -> bool:
                    return bool(taken)

                await eventually(arrived)
            assert b"PAYMENT_STATUS_CHANGED" in taken[0]


class TestDroppedAnswer:
    async def test_the_connection_is_cut_after_the_money_was_taken(self, tmp_path: Path) -> None:
        async with started(tmp_path) as (_, client):
            body = await pay(client, "order-0001")
            await client.post(
                "/sandbox/_sandbox/faults", json={"party": "toss", "kind": "drop_after_effect", "operation": "confirm"}
            )
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post("/sandbox/toss/v1/payments/confirm", json=body, auth=AUTH)
            assert (await totals(client))["taken"] == 33000

    async def test_a_withheld_answer_runs_into_the_callers_timeout(self, tmp_path: Path) -> None:
        async with started(tmp_path) as (_, client):
            body = await pay(client, "order-0001")
            fault = {"party": "toss", "kind": "drop_after_effect", "operation": "confirm", "mode": "withhold"}
            await client.post("/sandbox/_sandbox/faults", json=fault)
            with pytest.raises(httpx.ReadTimeout):
                await client.post("/sandbox/toss/v1/payments/confirm", json=body, auth=AUTH, timeout=0.3)
            assert (await totals(client))["taken"] == 33000

    async def test_a_timeout_fault_takes_nothing(self, tmp_path: Path) -> None:
        async with started(tmp_path) as (_, client):
            body = await pay(client, "order-0001")
            fault = {"party": "toss", "kind": "timeout", "operation": "confirm"}
            await client.post("/sandbox/_sandbox/faults", json=fault)
            with pytest.raises(httpx.ReadTimeout):
                await client.post("/sandbox/toss/v1/payments/confirm", json=body, auth=AUTH, timeout=0.3)
            assert (await totals(client))["taken"] == 0


class TestDrain:
    async def test_sigterm_ends_it_cleanly_within_five_seconds_even_with_a_caller_waiting(self, tmp_path: Path) -> None:
        async with started(tmp_path) as (process, client):
            body = await pay(client, "order-0001")
            fault = {"party": "toss", "kind": "timeout", "operation": "confirm", "seconds": 60}
            await client.post("/sandbox/_sandbox/faults", json=fault)
            waiting = asyncio.create_task(
                client.post("/sandbox/toss/v1/payments/confirm", json=body, auth=AUTH, timeout=20)
            )

            async def used() -> bool:
                return bool((await client.get("/sandbox/_sandbox/faults")).json()[0]["remaining"] == 0)

            await eventually(used)
            async with asyncio.timeout(5):
                assert await process.stop(signal.SIGTERM) == 0
            with pytest.raises(httpx.HTTPError):
                (await waiting).raise_for_status()

    async def test_a_callback_in_flight_is_still_owed(self, tmp_path: Path) -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        hook = free_port()
        server = await asyncio.start_server(silent, "127.0.0.1", hook)
        address = f"http://127.0.0.1:{hook}/hook"
        async with server, started(tmp_path, toss_webhook_url=address) as (process, client):
            await client.post("/sandbox/toss/v1/payments/confirm", json=await pay(client, "order-0001"), auth=AUTH)
            async with asyncio.timeout(5):
                assert await process.stop(signal.SIGTERM) == 0
        found = sqlite3.connect(tmp_path / "sandbox.sqlite3").execute("SELECT state FROM callbacks").fetchall()
        assert found == [("pending",)]
