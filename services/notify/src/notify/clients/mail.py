"""E-mail over SMTP.

What is certain and what is not: until the message itself goes over the line nothing has left, and after the server's
answer everything is known. Only a line that breaks in between leaves it unknown; then the mail is sent again with the
same Message-ID, by which servers and mail programs know a copy.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from types import TracebackType
from typing import Literal, Protocol, Self

import aiosmtplib

from common import log
from notify.domain.outcomes import Delivered, Outcome, Refused, Retry, Unknown

_log = log.get(__name__)

_WIRE = compat32.clone(linesep="\r\n")
_STEP_FAILURES = (aiosmtplib.SMTPException, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail ready to go. `message_id` without angle brackets. Personal data."""

    message_id: str
    to_address: str
    to_name: str
    from_name: str
    reply_to: str | None
    subject: str
    html: str
    text: str


class Line(Protocol):
    """A connection to the mail server, for a few mails in a row."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    async def send(self, mail: Mail, now: datetime) -> Outcome: ...


class Mailer(Protocol):
    def line(self) -> Line: ...


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Where mail is handed over. `timeout_seconds` bounds every single step."""

    host: str
    port: int
    from_email: str
    user: str = ""
    password: str = ""
    tls: Literal["none", "starttls", "tls"] = "none"
    timeout_seconds: float = 15

    def line(self) -> SmtpLine:
        return SmtpLine(self)


class SmtpLine:
    """Connects at the first mail. Once the server cannot be reached, the rest of the mails fail without waiting."""

    def __init__(self, mailer: SmtpMailer) -> None:
        self._mailer = mailer
        self._smtp: aiosmtplib.SMTP | None = None
        self._down: str | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._hang_up()

    async def send(self, mail: Mail, now: datetime) -> Outcome:
        """Hands one mail over. Never raises; no part of an answer that could name the recipient gets out."""
        try:
            content = compose(mail, self._mailer.from_email, now)
        except ValueError:
            return Refused("address_unusable")
        if self._down is None and self._smtp is None:
            await self._connect()
        if self._smtp is None:
            return Retry(self._down or "mail_server_away")
        return await self._hand_over(self._smtp, mail.to_address, content)

    async def _connect(self) -> None:
        mailer = self._mailer
        smtp = aiosmtplib.SMTP(
            hostname=mailer.host,
            port=mailer.port,
            username=mailer.user or None,
            password=mailer.password or None,
            use_tls=mailer.tls == "tls",
            start_tls=mailer.tls == "starttls",
            timeout=mailer.timeout_seconds,
            local_hostname="localhost",
        )
        try:
            await smtp.connect()
        except _STEP_FAILURES as failure:
            self._down = _name(failure)
            smtp.close()
            _log.warning("the mail server cannot be reached", error=self._down)
        else:
            self._smtp = smtp

    async def _hand_over(self, smtp: aiosmtplib.SMTP, to_address: str, content: bytes) -> Outcome:
        try:
            await smtp.mail(self._mailer.from_email)
        except _STEP_FAILURES as failure:
            # Whatever it says, it is about us (sign-in, sender, policy) and not about this mail: no reason to lose it.
            await self._reset(smtp, failure)
            return Retry(_name(failure))
        try:
            await smtp.rcpt(to_address)
        except _STEP_FAILURES as failure:
            await self._reset(smtp, failure)
            return _refusal(failure) or Retry(_name(failure))
        try:
            await smtp.data(content)
        except _STEP_FAILURES as failure:
            await self._reset(smtp, failure)
            return _refusal(failure) or Unknown(_name(failure))
        return Delivered()

    async def _reset(self, smtp: aiosmtplib.SMTP, failure: BaseException) -> None:
        """After an answer the line is good for the next mail; after a broken line the next mail dials again."""
        if isinstance(failure, aiosmtplib.SMTPResponseException) and smtp.is_connected:
            with suppress(*_STEP_FAILURES):
                await smtp.rset()
                return
        await self._hang_up()

    async def _hang_up(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        if smtp.is_connected:
            with suppress(*_STEP_FAILURES):
                await smtp.quit()
        smtp.close()


def compose(mail: Mail, from_email: str, now: datetime) -> bytes:
    """The mail as it goes over the line, plain 7-bit so that any server takes it.

    Built from the plain parts of the email package: its newer interface parses every header it is given, which took
    most of the time of a mail. Raises ValueError when an address could break out of its header.
    """
    for address in (mail.to_address, mail.reply_to or "", from_email):
        if not address.isascii() or not address.isprintable() or " " in address:
            raise ValueError("an address cannot stand in a header")
    made = MIMEMultipart("alternative")
    made["From"] = formataddr((_one_line(mail.from_name), from_email))
    made["To"] = formataddr((_one_line(mail.to_name), mail.to_address))
    if mail.reply_to:
        made["Reply-To"] = mail.reply_to
    made["Subject"] = Header(_one_line(mail.subject), "utf-8", header_name="Subject").encode()
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{mail.message_id}>"
    made["Content-Language"] = "ko"
    # Answers of machines (out of office) to a machine help nobody.
    made["Auto-Submitted"] = "auto-generated"
    made.attach(MIMEText(mail.text, "plain", "utf-8"))
    made.attach(MIMEText(mail.html, "html", "utf-8"))
    return made.as_bytes(policy=_WIRE)


def _refusal(failure: BaseException) -> Outcome | None:
    """What an SMTP answer means: 5xx never, 4xx not now. None: there was no answer."""
    if isinstance(failure, aiosmtplib.SMTPResponseException):
        code = failure.code
        return Refused(f"smtp_{code}") if 500 <= code < 600 else Retry(f"smtp_{code}")
    return None


def _name(failure: BaseException) -> str:
    # The text of an SMTP error holds the recipient; its kind does not.
    if isinstance(failure, aiosmtplib.SMTPResponseException):
        return f"smtp_{failure.code}"
    return type(failure).__name__


def _one_line(text: str) -> str:
    return " ".join(text.split())
