"""What holds for every test of this repository."""

import structlog


def pytest_configure() -> None:
    """A log line of an exception is a plain traceback: structlog's own default formats each frame's variables with
    rich, which takes seconds where a request's whole world is among them.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )
