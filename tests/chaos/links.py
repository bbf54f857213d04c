"""One connection through the fault proxy: what may happen to its bytes in either direction."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from tests.chaos.peers import owner_of

Mode = Literal["cut", "delay", "stall", "hold", "drop_answers"]
MODES: tuple[Mode, ...] = ("cut", "delay", "stall", "hold", "drop_answers")

_CHUNK = 65_536
_QUEUED_CHUNKS = 256


@dataclass(frozen=True)
class Fault:
    """`client` of None means every client. `kafka_api` narrows drop_answers to connections that sent such a request."""

    mode: Mode
    client: str | None = None
    milliseconds: int = 0
    kafka_api: int | None = None


class KafkaFrames:
    """Follows the frames of a Kafka connection and tells the api keys of the requests in each chunk."""

    def __init__(self) -> None:
        self._left = 0
        self._head = b""

    def keys(self, chunk: bytes) -> set[int]:
        """The api keys of the requests whose heads end in `chunk`."""
        found: set[int] = set()
        while chunk:
            if self._left:
                skipped = min(self._left, len(chunk))
                self._left -= skipped
                chunk = chunk[skipped:]
                continue
            wanted = 6 - len(self._head)
            self._head, chunk = self._head + chunk[:wanted], chunk[wanted:]
            if len(self._head) == 6:
                size, key = struct.unpack(">ih", self._head)
                found.add(key)
                self._left, self._head = max(0, size - 2), b""
        return found


class Behind(Protocol):
    """The target of a link, as the link sees it."""

    name: str
    listen: int

    def fault_for(self, link: Link) -> Fault | None: ...

    async def until_moving(self, link: Link) -> None: ...


class Link:
    """One connection of a client to a target, with a pump for each direction."""

    def __init__(self, target: Behind, client: asyncio.StreamWriter) -> None:
        self._target = target
        self.client = client
        self.server: asyncio.StreamWriter | None = None
        self._frames = KafkaFrames()
        self._provoked = False
        self.swallowed = False
        port: int = client.get_extra_info("peername")[1]
        self.client_port = port

    @property
    def owner(self) -> str | None:
        """The service at the other end."""
        return owner_of(self.client_port, self._target.listen)

    def abort(self) -> None:
        """Resets both ends."""
        for writer in (self.client, self.server):
            if writer is not None:
                writer.transport.abort()

    async def pump_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._pump(reader, writer, self._note_requests)

    async def pump_answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._pump(reader, writer, lambda _chunk: None)

    def _note_requests(self, chunk: bytes) -> None:
        keys = self._frames.keys(chunk) if self._target.name.startswith("kafka") else set()
        fault = self._fault
        if fault is not None and fault.mode == "drop_answers" and fault.kafka_api in keys:
            self._provoked = True

    @property
    def _fault(self) -> Fault | None:
        return self._target.fault_for(self)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Callable[[bytes], None]
    ) -> None:
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_QUEUED_CHUNKS)
        deliverer = asyncio.create_task(self._deliver(late, writer))
        answers = writer is self.client
        loop = asyncio.get_running_loop()
        try:
            while chunk := await reader.read(_CHUNK):
                note(chunk)
                if self._swallows(answers=answers):
                    self.swallowed = True
                    continue
                fault = self._fault
                delay = fault.milliseconds / 1000 if fault is not None and fault.mode == "delay" else 0.0
                await late.put((loop.time() + delay, chunk))
            await asyncio.wait({asyncio.create_task(late.join()), deliverer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            deliverer.cancel()
            await asyncio.gather(deliverer, return_exceptions=True)

    async def _deliver(self, late: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await late.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._target.until_moving(self)
            writer.write(chunk)
            await writer.drain()
            late.task_done()

    def _swallows(self, *, answers: bool) -> bool:
        if self.swallowed and answers:  # a stream that lost bytes can only be reset
            return True
        fault = self._fault
        if fault is None:
            return False
        if fault.mode == "hold":
            return True
        return answers and fault.mode == "drop_answers" and (fault.kafka_api is None or self._provoked)
