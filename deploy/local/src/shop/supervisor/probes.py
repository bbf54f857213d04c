"""Is it up? Plain sockets, so that the supervisor stays small."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

from shop.supervisor.part import Probe

_SECONDS = 2.0


def http(port: int, path: str, *statuses: int) -> Probe:
    """Ready when GET `path` answers one of `statuses` (200 if none is named)."""
    wanted = statuses or (200,)

    async def probe() -> bool:
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode()
        answer = await _exchange(port, request, 12)
        return answer.startswith(b"HTTP/") and int(answer[9:12]) in wanted

    return probe


def kafka(host: str, port: int) -> Probe:
    """Ready when the broker answers ApiVersions: an open port alone comes a second too early."""
    client = b"shop"
    body = struct.pack(">hhih", 18, 0, 1, len(client)) + client

    async def probe() -> bool:
        answer = await _exchange(port, struct.pack(">i", len(body)) + body, 10, host=host)
        return len(answer) == 10 and struct.unpack(">iih", answer)[2] == 0

    return probe


def tcp(port: int, host: str = "127.0.0.1") -> Probe:
    """Ready when somebody listens."""

    async def probe() -> bool:
        try:
            async with asyncio.timeout(_SECONDS):
                _, writer = await asyncio.open_connection(host, port)
        except OSError:
            return False
        writer.close()
        return True

    return probe


def socket_file(path: Path) -> Probe:
    """Ready when somebody listens on the socket file."""

    async def probe() -> bool:
        try:
            async with asyncio.timeout(_SECONDS):
                _, writer = await asyncio.open_unix_connection(path)
        except OSError:
            return False
        writer.close()
        return True

    return probe


def command(*argv: str) -> Probe:
    """Ready when the command ends with 0."""

    async def probe() -> bool:
        process = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        return await process.wait() == 0

    return probe


def all_of(*probes: Probe) -> Probe:
    """Ready when every one is."""

    async def probe() -> bool:
        for one in probes:
            if not await one():
                return False
        return True

    return probe


async def _exchange(port: int, request: bytes, size: int, host: str = "127.0.0.1") -> bytes:
    """The first `size` bytes of the answer; fewer or none when the other side is not there yet."""
    try:
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(request)
                return await reader.readexactly(size)
            finally:
                writer.close()
    except asyncio.IncompleteReadError as short:
        return short.partial
    except OSError:  # TimeoutError is one
        return b""
