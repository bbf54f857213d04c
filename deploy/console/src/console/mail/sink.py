"""An SMTP server that takes every mail and delivers none."""

from __future__ import annotations

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP

from common import log
from console.mail.inbox import Inbox

_log = log.get(__name__)

MAX_BYTES = 10 * 1024 * 1024


class _Handler:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        try:
            await self._inbox.add(envelope.original_content or b"", envelope.mail_from or "", envelope.rcpt_tos)
        except Exception:  # noqa: BLE001 - the sender keeps the mail and comes again
            _log.exception("a mail could not be stored")
            return "451 4.3.0 the inbox cannot store it now"
        return "250 2.0.0 stored"


async def listen(inbox: Inbox, host: str, port: int) -> asyncio.Server:
    """A mail is answered for only after it is stored."""
    loop = asyncio.get_running_loop()
    handler = _Handler(inbox)

    def connection() -> SMTP:
        return SMTP(handler, hostname="console", data_size_limit=MAX_BYTES, enable_SMTPUTF8=True, loop=loop, timeout=60)

    return await loop.create_server(connection, host, port)
