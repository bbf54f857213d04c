"""The mail on the line: readable for any server, and never handed over where it should not be."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from services.notify.tests.builders import NOW

from notify.clients.mail import Mail, SmtpMailer, compose
from notify.domain.outcomes import Delivered, Outcome, Refused, Retry

pytestmark = pytest.mark.integration


def a_mail(**changes: str) -> Mail:
    values = {
        "message_id": "1@mail.test",
        "to_address": "minji.kim@example.com",
        "to_name": "김민지",
        "from_name": "인테이크",
        "reply_to": "help@intake.example",
        "subject": "결제가 완료되었습니다",
        "html": "<p>안녕</p>",
        "text": "안녕",
    }
    return Mail(**(values | changes))


class TestCompose:
    @pytest.mark.parametrize("length", [1, 7, 8, 9, 20, 21, 60, 137])
    def test_survives_the_line_whatever_its_length(self, length: int) -> None:
        subject, name = f"[{'가' * length}] 주문 (20261122)", "김" * length
        raw = compose(a_mail(subject=subject, to_name=name, html="<p>" + "가" * 5000), "no-reply@mail.test", NOW)
        mail = message_from_bytes(raw, policy=default)
        assert mail["Subject"] == subject
        assert mail["To"].addresses[0].display_name == name
        assert raw.isascii()
        assert max(len(line) for line in raw.split(b"\r\n")) <= 998
        assert b"\n" not in raw.replace(b"\r\n", b"")

    @pytest.mark.parametrize("field_name", ["to_address", "reply_to"])
    @pytest.mark.parametrize("address", ["a@b.c\r\nBcc: d@e.f", "민지@example.com", "a b@c.d"])
    def test_refuses_an_address_that_could_break_out(self, field_name: str, address: str) -> None:
        with pytest.raises(ValueError, match="header"):
            compose(a_mail(**{field_name: address}), "no-reply@mail.test", NOW)


@dataclass
class Guarded:
    """A server that wants a sign-in. `seen` are the subjects it took."""

    seen: list[str] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.seen.append(message_from_bytes(envelope.content, policy=default)["Subject"])
        return "250 OK"

    def check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.login == b"shop" and data.password == b"right", handled=False)


@pytest.fixture
async def guarded() -> AsyncIterator[Guarded]:
    guarded = Guarded()
    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        return SMTP(
            guarded, hostname="mail.test", loop=loop, authenticator=guarded.check, auth_required=True,
            auth_require_tls=False,
        )  # fmt: skip

    server = await loop.create_server(connection, "127.0.0.1", 0)
    guarded.port = server.sockets[0].getsockname()[1]
    try:
        yield guarded
    finally:
        server.close()
        await server.wait_closed()


async def sent(mailer: SmtpMailer, mail: Mail | None = None) -> Outcome:
    async with mailer.line() as line:
        return await line.send(mail or a_mail(), NOW)


# The server warns that it lets people sign in without encryption, which is what is tested here.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
class TestHandingOver:
    async def test_signs_in(self, guarded: Guarded) -> None:
        mailer = SmtpMailer("127.0.0.1", guarded.port, "no-reply@mail.test", user="shop", password="right")
        assert await sent(mailer) == Delivered()
        assert guarded.seen == ["결제가 완료되었습니다"]

    @pytest.mark.parametrize(("user", "password"), [("shop", "wrong"), ("", "")])
    async def test_a_wrong_sign_in_waits_and_loses_nothing(self, guarded: Guarded, user: str, password: str) -> None:
        mailer = SmtpMailer("127.0.0.1", guarded.port, "no-reply@mail.test", user=user, password=password)
        assert isinstance(await sent(mailer), Retry)
        assert guarded.seen == []

    @pytest.mark.parametrize("tls", ["starttls", "tls"])
    async def test_where_encryption_is_wanted_nothing_goes_in_the_clear(self, guarded: Guarded, tls: str) -> None:
        mailer = SmtpMailer(
            "127.0.0.1", guarded.port, "no-reply@mail.test", user="shop", password="right", tls=tls, timeout_seconds=2
        )
        assert isinstance(await sent(mailer), Retry)
        assert guarded.seen == []

    async def test_an_address_unfit_for_a_header_is_refused_without_a_call(self) -> None:
        mailer = SmtpMailer("127.0.0.1", 1, "no-reply@mail.test")
        assert await sent(mailer, a_mail(to_address="a@b.c\nBcc: d@e.f")) == Refused("address_unusable")
