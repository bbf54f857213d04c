"""How scenarios talk to the fault proxy: one JSON line each way over its control socket."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.links import Mode


class ProxyRefused(Exception):
    """The proxy did not understand."""


@dataclass(frozen=True)
class Proxy:
    """The proxy of a running instance. `target` is postgres, kafka, kafka-2 or kafka-3; `client` a service."""

    control: Path

    async def set(self, target: str, mode: Mode, *, client: str | None = None, **arguments: Any) -> int:
        """Returns how many open connections it concerns. See tests.chaos.proxy for the modes."""
        answer = await self._ask(command="set", target=target, mode=mode, client=client, **arguments)
        return int(answer["connections"])

    async def heal(self, target: str | None = None) -> int:
        """Everything passes again. Returns how many connections were reset because they had lost bytes."""
        asked = {"command": "heal"} | ({"target": target} if target else {})
        return int((await self._ask(**asked))["reset"])

    async def status(self) -> dict[str, Any]:
        targets: dict[str, Any] = (await self._ask(command="status"))["targets"]
        return targets

    async def _ask(self, **request: Any) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(self.control)
        try:
            writer.write(json.dumps(request).encode() + b"\n")
            await writer.drain()
            answer: dict[str, Any] = json.loads(await reader.readline())
        finally:
            writer.close()
        if "error" in answer:
            raise ProxyRefused(answer["error"])
        return answer
