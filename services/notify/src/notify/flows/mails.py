"""Sends mails that are due, a few lines to the mail server at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from common import log
from notify.clients.mail import Line, Mail, Mailer
from notify.domain.delivery import Channel
from notify.domain.outcomes import Outcome, Retry
from notify.domain.texts import usable_email
from notify.flows.desk import Desk, begin, end, slices
from notify.flows.rendering import Templates
from notify.handlers import Work

_log = log.get(__name__)


class MailSender:
    """`call_seconds` is the longest that handing over one mail takes; `lines` how many are handed over at a time."""

    def __init__(
        self,
        desk: Desk,
        mailer: Mailer,
        templates: Templates,
        *,
        message_id_domain: str,
        call_seconds: float,
        lines: int = 4,
    ) -> None:
        self._desk = desk
        self._mailer = mailer
        self._templates = templates
        self._domain = message_id_domain
        self._call_seconds = call_seconds
        self._lines = lines

    async def turn(self) -> int:
        """Sends one batch. Returns how many there were; 0 means nothing is due."""
        works = await self._desk.take(Channel.EMAIL)
        if works:
            results = await asyncio.gather(
                *(self._send_all(hand) for hand in slices(works, self._lines)), return_exceptions=True
            )
            for failure in results:
                if isinstance(failure, BaseException):
                    raise failure
        return len(works)

    async def _send_all(self, works: Sequence[Work]) -> None:
        async with self._mailer.line() as line:
            for work in works:
                span = begin(work)
                outcome = await self._send(line, work)
                end(span, outcome)
                # One by one: after a crash only the mail in hand is sent a second time.
                await self._desk.write_down((work, outcome))

    async def _send(self, line: Line, work: Work) -> Outcome:
        late = self._desk.late(work, self._call_seconds)
        if late is not None:
            return late
        try:
            mail = self._write(work)
        except Exception as error:  # noqa: BLE001 - a template at fault is mended by the next deploy
            _log.error("a mail cannot be written", delivery_id=str(work.delivery.id), error=type(error).__name__)
            return Retry("template_failed")
        return await line.send(mail, self._desk.clock.now())

    def _write(self, work: Work) -> Mail:
        letter, delivery = work.letter, work.delivery
        assert letter is not None
        assert delivery.recipient is not None
        page = self._templates.email(letter)
        return Mail(
            message_id=f"{delivery.id}@{self._domain}",
            to_address=delivery.recipient,
            to_name=letter.customer,
            from_name=letter.mall.name,
            reply_to=usable_email(letter.mall.support_email),
            subject=page.subject,
            html=page.html,
            text=page.text,
        )
