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
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.chaos.links import MODES, Fault, Link


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
