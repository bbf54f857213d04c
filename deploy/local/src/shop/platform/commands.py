"""Runs the small programs the parts need before they start (initdb, mvn, StorageTool)."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from shop.supervisor.part import PartError


async def run(
    argv: Sequence[str], *, seconds: float, log: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Its output, standard error included. Raises PartError with the last lines on failure or after `seconds`."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **(env or {})},
    )
    try:
        async with asyncio.timeout(seconds):
            raw, _ = await process.communicate()
    except TimeoutError:
        raise PartError(f"`{_short(argv)}` did not end within {seconds:g} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    output = raw.decode(errors="replace")
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write(output)
    if process.returncode != 0:
        tail = "\n".join(output.splitlines()[-10:])
        raise PartError(f"`{_short(argv)}` ended with exit code {process.returncode}:\n{tail}")
    return output


def _short(argv: Sequence[str]) -> str:
    return " ".join(argv[:3])
