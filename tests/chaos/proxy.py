"""A TCP proxy between the services and what they depend on, which misbehaves on request.

    python -m tests.chaos.proxy config.json

config.json: {"control": "<unix socket>", "targets": {"<name>": {"listen": 8160, "port": 8132}, ...}}; both ports are of
127.0.0.1. The control socket takes one JSON object a line and answers each with one:

    {"command": "set", "target": "kafka", "mode": "cut", "client": "orders"}     client left out: everybody
    {"command": "heal"}  or  {"command": "heal", "target": "kafka"}
    {"command": "status"}

Modes (one fault at a time for a target and client; the newest counts):

    cut           existing connections are reset, new ones too
    delay         every chunk arrives `milliseconds` later, in both directions, in order
    stall         nothing moves and nothing closes; after healing all of it arrives, as after a network partition
    hold          half-open: what is sent is swallowed, nothing is answered; reset when healed
    drop_answers  requests arrive, answers are swallowed; reset when healed. With `kafka_api` (0 is Produce) only on
                  connections on which such a request passed meanwhile

A client is the service whose process owns the other end of the connection. It is looked up only when a fault needs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

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


class Link:
    """One connection of a client to a target, with a pump for each direction."""

    def __init__(self, target: Target, client: asyncio.StreamWriter) -> None:
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


class Target:
    """One listening port and the server behind it."""

    def __init__(self, name: str, listen: int, port: int) -> None:
        self.name = name
        self.listen = listen
        self._port = port
        self._links: dict[Link, Fault | None] = {}
        self._faults: dict[str | None, Fault] = {}
        self._changed = asyncio.Condition()
        self.opened = 0

    async def serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, "127.0.0.1", self.listen, backlog=512)

    def fault_for(self, link: Link) -> Fault | None:
        return self._links.get(link)

    async def until_moving(self, link: Link) -> None:
        """Returns at once unless the link is stalled."""
        if (fault := self.fault_for(link)) is None or fault.mode != "stall":
            return
        async with self._changed:
            await self._changed.wait_for(lambda: (now := self.fault_for(link)) is None or now.mode != "stall")

    async def set(self, fault: Fault) -> int:
        """How many open connections it concerns."""
        self._faults.pop(fault.client, None)
        self._faults[fault.client] = fault
        await self._apply()
        return sum(held is fault for held in self._links.values())

    async def heal(self) -> int:
        """How many connections were reset because bytes of theirs were lost."""
        self._faults.clear()
        broken = [link for link in self._links if link.swallowed]
        await self._apply()
        for link in broken:
            link.abort()
        return len(broken)

    def status(self) -> dict[str, Any]:
        return {
            "open": len(self._links),
            "opened": self.opened,
            "clients": Counter(str(link.owner) for link in self._links),
            "faults": [fault.__dict__ for fault in self._faults.values()],
        }

    async def _apply(self) -> None:
        for link in list(self._links):
            fault = self._links[link] = self._choose(link)
            if fault is not None and fault.mode == "cut":
                link.abort()
        async with self._changed:
            self._changed.notify_all()

    def _choose(self, link: Link) -> Fault | None:
        """The newest fault that concerns the link."""
        if not self._faults:
            return None
        owner = link.owner if any(client is not None for client in self._faults) else None
        mine = [fault for client, fault in self._faults.items() if client is None or client == owner]
        return mine[-1] if mine else None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self, writer)
        self._links[link] = fault = self._choose(link)
        self.opened += 1
        try:
            if fault is not None and fault.mode == "cut":
                return
            await self.until_moving(link)
            server_reader, link.server = await asyncio.open_connection("127.0.0.1", self._port)
            pumps = {
                asyncio.create_task(link.pump_requests(reader, link.server)),
                asyncio.create_task(link.pump_answers(server_reader, writer)),
            }
            # Either end closing ends both: none of our protocols talks on over half a connection.
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:  # the server is away: the client finds that out from us
            pass
        finally:
            self._links.pop(link, None)
            self._close(link, gently=fault is None)

    @staticmethod
    def _close(link: Link, *, gently: bool) -> None:
        for writer in (link.client, link.server):
            if writer is not None:
                with contextlib.suppress(RuntimeError, OSError):
                    writer.close() if gently else writer.transport.abort()


class Control:
    """Answers the control socket."""

    def __init__(self, targets: dict[str, Target]) -> None:
        self._targets = targets

    async def serve(self, path: Path) -> asyncio.Server:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        return await asyncio.start_unix_server(self._talk, path)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                try:
                    answer = await self._do(json.loads(line))
                except (KeyError, ValueError, TypeError) as error:
                    answer = {"error": f"{type(error).__name__}: {error}"}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    async def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        command = request.pop("command", None)
        name = request.pop("target", None)
        if command == "status":
            return {"targets": {each: target.status() for each, target in self._targets.items()}}
        if command == "heal":
            chosen = list(self._targets.values()) if name is None else [self._targets[name]]
            return {"reset": sum([await target.heal() for target in chosen])}
        if command != "set":
            raise ValueError(f"unknown command {command}")
        if request.get("mode") not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}")
        return {"connections": await self._targets[name].set(Fault(**request))}


async def run(config: dict[str, Any]) -> None:
    """Serves until cancelled."""
    targets = {name: Target(name, ends["listen"], ends["port"]) for name, ends in config["targets"].items()}
    servers = [await target.serve() for target in targets.values()]
    servers.append(await Control(targets).serve(Path(config["control"])))
    try:
        await asyncio.gather(*(server.serve_forever() for server in servers))
    finally:
        for server in servers:
            server.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(json.loads(Path(sys.argv[1]).read_text())))
