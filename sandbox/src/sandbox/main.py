"""`python -m sandbox.main`: one process, until SIGTERM."""

import json
import logging
import signal
import sys

import uvicorn

from sandbox.app import create_app
from sandbox.clock import SystemClock, wire_time
from sandbox.settings import Settings

DRAIN_SECONDS = 2


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": wire_time(SystemClock().now()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(log_format: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonLines() if log_format == "json" else logging.Formatter("%(levelname)-7s %(name)s  %(message)s")
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # The client's line for every callback would drown what matters.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def main() -> None:
    settings = Settings()
    set_up_logging(settings.log_format)
    # Uvicorn drains on SIGTERM and then raises it again for whoever came before it: that is us, and we are done.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        # Longer than the services keep an idle connection.
        timeout_keep_alive=65,
    )


if __name__ == "__main__":
    main()
