"""Sends Alimtalk and texts that are due, and asks the provider about those of which the outcome is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from common import log
from notify.clients.solapi import Outgoing, Question, TextProvider
from notify.domain.delivery import Channel, Task
from notify.domain.outcomes import Outcome, Retry
from notify.flows.desk import Desk, begin, end, slices
from notify.flows.rendering import Templates
from notify.handlers import Work

_log = log.get(__name__)

_HANDS = 4


class TextSender:
    """`call_seconds` is the longest that one call to the provider takes."""

    def __init__(self, desk: Desk, provider: TextProvider, templates: Templates, *, call_seconds: float) -> None:
        self._desk = desk
        self._provider = provider
        self._templates = templates
        self._call_seconds = call_seconds

    async def turn(self) -> int:
        """Works off one batch. Returns how many there were; 0 means nothing is due."""
        works = await self._desk.take(Channel.ALIMTALK, Channel.SMS)
        send = [work for work in works if work.claim.task is Task.SEND]
        ask = [work for work in works if work.claim.task is Task.ASK]
        results = await asyncio.gather(
            self._send_all(send), *(self._ask_all(hand) for hand in slices(ask, _HANDS)), return_exceptions=True
        )
        for failure in results:
            if isinstance(failure, BaseException):
                raise failure
        return len(works)

    async def _send_all(self, works: Sequence[Work]) -> None:
        """One call and one transaction for all: what a crash in between leaves open is asked for, not sent again."""
        if not works:
            return
        spans = [begin(work) for work in works]
        outcomes: dict[UUID, Outcome] = {}
        outgoing: list[Outgoing] = []
        for work in works:
            written = self._desk.late(work, self._call_seconds) or self._write(work)
            if isinstance(written, Outgoing):
                outgoing.append(written)
            else:
                outcomes[work.delivery.id] = written
        if outgoing:
            outcomes |= await self._provider.send(outgoing)
        for span, work in zip(spans, works, strict=True):
            end(span, outcomes[work.delivery.id])
        await self._desk.write_down(*((work, outcomes[work.delivery.id]) for work in works))

    async def _ask_all(self, works: Sequence[Work]) -> None:
        for work in works:
            delivery = work.delivery
            assert delivery.recipient is not None
            assert delivery.sent_at is not None
            span = begin(work)
            question = Question(delivery.id, delivery.recipient, delivery.sent_at, delivery.provider_id)
            outcome = await self._provider.ask(question)
            end(span, outcome)
            await self._desk.write_down((work, outcome))

    def _write(self, work: Work) -> Outgoing | Outcome:
        letter, delivery = work.letter, work.delivery
        assert letter is not None
        assert delivery.recipient is not None
        try:
            if delivery.channel is Channel.ALIMTALK:
                return Outgoing(delivery.id, delivery.recipient, self._templates.alimtalk(letter))
            return Outgoing(delivery.id, delivery.recipient, self._templates.short_text(letter))
        except Exception as error:  # noqa: BLE001 - a template at fault is mended by the next deploy
            _log.error("a text cannot be written", delivery_id=str(delivery.id), error=type(error).__name__)
            return Retry("template_failed")
