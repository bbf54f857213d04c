"""Structured logs on standard output. Personal data and secrets are cut out before anything is written."""

from __future__ import annotations

import logging
import math
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from opentelemetry import trace

_PERSONAL = frozenset(
    {
        "name", "email", "phone", "recipient", "address", "road_address", "jibun_address", "detail_address", "token",
        "authorization", "password", "secret", "account_number", "depositor_name", "holder", "api_key", "body",
    }
)  # fmt: skip


def _cut_personal(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in _PERSONAL & event.keys():
        event[key] = "[cut]"
    return event


# PostgreSQL tells the values of a refused row: names and numbers among them.
_ROW = re.compile(r"(DETAIL:|Failing row contains)[^\n]*")


def _cut_rows(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in ("exception", "error"):
        if isinstance(text := event.get(key), str):
            event[key] = _ROW.sub(r"\1 [cut]", text)
    return event


def _add_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
        event["span_id"] = f"{context.span_id:016x}"
    return event


# Clients that try again by themselves, and call each try an error.
_RETRYING = ("aiokafka",)
_QUIET_SECONDS = 10
_TEXTS_KEPT = 500


class Retries(logging.Filter):
    """Lines of retrying clients: warnings at most, and each text once in `_QUIET_SECONDS`, then with its count."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Changes the record. False: the same was said just now."""
        if record.name.partition(".")[0] not in _RETRYING:
            return True
        if record.levelno > logging.WARNING:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        text = record.getMessage()
        told_at, left_out = self._told.get(text, (-math.inf, 0))
        if record.created - told_at < _QUIET_SECONDS:
            self._told[text] = (told_at, left_out + 1)
            return False
        if len(self._told) >= _TEXTS_KEPT:
            self._told.clear()
        self._told[text] = (record.created, 0)
        if left_out:
            record.msg, record.args = f"{text} (and {left_out} more like it before)", None
        return True


def configure(service: str, *, level: str = "info", as_json: bool = True) -> None:
    """Sends structlog and the standard library's loggers through one pipeline, one line per entry."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _cut_personal,
        structlog.processors.format_exc_info,
        _cut_rows,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str).decode())
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(Retries())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "uvicorn.access", "aiokafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose entries are named after what happened: `log.info("order placed", order_id=...)`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
