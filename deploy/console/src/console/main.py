"""`python -m console.main`: one process, until SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import tempfile
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from common import log
from console.app import Console
from console.settings import Settings

_log = log.get(__name__)

_DRAIN_SECONDS = 2


class _Server(uvicorn.Server):
    """Signals are the process's business, not the server's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


async def run(settings: Settings, directory: Path) -> None:
    """Serves until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    console = Console(settings, directory)
    server = _Server(uvicorn.Config(
        console.app, host=settings.host, port=settings.port, log_config=None, access_log=False, lifespan="off",
        timeout_graceful_shutdown=_DRAIN_SECONDS, server_header=False, timeout_keep_alive=30,
    ))  # fmt: skip
    async with console.running():
        serving = asyncio.create_task(server.serve(), name="server")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        _log.info("console runs", port=settings.port, smtp_port=settings.smtp_port)
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        console.drain()
        server.should_exit = True
        stopping.cancel()
        await serving
    _log.info("console stopped")


def main() -> None:
    settings = Settings()
    log.configure("console", as_json=settings.log_format == "json")
    for chatty in ("mail.log", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # A broker that is away is shown on the pages; once a second in the log helps nobody.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        directory = settings.data_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shop-console-")))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(settings, directory))


if __name__ == "__main__":
    main()
