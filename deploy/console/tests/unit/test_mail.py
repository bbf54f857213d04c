import asyncio
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from common.clock import FixedClock
from console.mail import inbox as mail_inbox
from console.mail.inbox import Inbox
from console.mail.reading import read
from console.sqlite import Sqlite


@pytest.fixture
def clock():
    return FixedClock(datetime(2026, 11, 22, 3, tzinfo=UTC))


@pytest.fixture
async def inbox(tmp_path, clock):
    file = Sqlite(tmp_path / "mail.sqlite", mail_inbox.SCHEMA)
    await file.open()
    yield Inbox(file, clock, kept=3)
    await file.close()


def a_mail(message_id="<1@shop>", subject="주문이 접수되었습니다", text="감사합니다"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "help@intake.kr", "kim@example.com", subject
    if message_id:
        mail["Message-ID"] = message_id
    mail.set_content(text)
    mail.add_alternative(f"<p>{text}</p>", subtype="html")
    mail.set_boundary("boundary")  # else a random one
    return mail.as_bytes()


class TestInbox:
    async def test_keeps_a_mail(self, inbox):
        await inbox.add(a_mail(), "help@intake.kr", ["kim@example.com"])
        (mail,) = await inbox.all()
        assert (mail.subject, mail.recipients, mail.copies) == ("주문이 접수되었습니다", ["kim@example.com"], 1)
        assert (await inbox.find(mail.id))[1] == a_mail()

    async def test_a_copy_counts_up(self, inbox, clock):
        await inbox.add(a_mail(), "a", ["kim@example.com"])
        clock.advance(timedelta(seconds=9))
        await inbox.add(a_mail(), "a", ["kim@example.com", "lee@example.com"])
        (mail,) = await inbox.all()
        assert (mail.copies, mail.recipients) == (2, ["kim@example.com", "lee@example.com"])
        assert mail.last_at > mail.received_at

    async def test_copies_at_the_same_time_are_one_mail(self, inbox):
        await asyncio.gather(*(inbox.add(a_mail(), "a", ["b"]) for _ in range(20)))
        assert [mail.copies for mail in await inbox.all()] == [20]

    async def test_without_a_message_id_the_content_decides(self, inbox):
        for text in ("one", "one", "two"):
            await inbox.add(a_mail(message_id="", text=text), "a", ["b"])
        assert [mail.copies for mail in await inbox.all()] == [1, 2]

    async def test_keeps_the_newest(self, inbox):
        for number in range(5):
            await inbox.add(a_mail(f"<{number}@shop>", subject=f"mail {number}"), "a", ["b"])
        assert [mail.subject for mail in await inbox.all()] == ["mail 4", "mail 3", "mail 2"]

    async def test_searches_subject_text_and_addresses(self, inbox):
        await inbox.add(a_mail("<1@x>", "입금 안내", "국민은행"), "a", ["kim@example.com"])
        await inbox.add(a_mail("<2@x>", "발송 안내", "CJ대한통운"), "a", ["lee@example.com"])
        for words, subject in (("입금", "입금 안내"), ("대한통운", "발송 안내"), ("LEE@", "발송 안내")):
            assert [mail.subject for mail in await inbox.all(words)] == [subject]

    async def test_can_be_emptied(self, inbox):
        await inbox.add(a_mail(), "a", ["b"])
        assert await inbox.clear() == 1
        assert await inbox.all() == []


class TestReading:
    def test_takes_a_mail_apart(self):
        contents = read(a_mail())
        assert contents.text.strip() == "감사합니다"
        assert contents.html.strip() == "<p>감사합니다</p>"
        assert ("Subject", "주문이 접수되었습니다") in contents.headers

    def test_lists_attachments(self):
        mail = EmailMessage()
        mail.set_content("see below")
        mail.add_attachment(b"12345", maintype="application", subtype="pdf", filename="영수증.pdf")
        (attachment,) = read(mail.as_bytes()).attachments
        assert (attachment.name, attachment.kind, attachment.size) == ("영수증.pdf", "application/pdf", 5)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\xff\xfe garbage",
            b"Content-Type: text/plain; charset=no-such\r\n\r\nhello",
            b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
            b"Subject: =?utf-8?b?broken\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
        ],
    )
    def test_never_fails(self, content):
        assert isinstance(read(content).text, str)


class TestFile:
    async def test_survives_a_restart(self, tmp_path, clock):
        for expected in (1, 2):
            file = Sqlite(tmp_path / "mail.sqlite", mail_inbox.SCHEMA)
            await file.open()
            inbox = Inbox(file, clock, kept=3)
            await inbox.add(a_mail(), "a", ["b"])
            assert [mail.copies for mail in await inbox.all()] == [expected]
            await file.close()

    async def test_one_that_cannot_be_read_is_put_aside(self, tmp_path, clock):
        (tmp_path / "mail.sqlite").write_bytes(b"this is no database" * 1000)
        file = Sqlite(tmp_path / "mail.sqlite", mail_inbox.SCHEMA)
        await file.open()
        assert await Inbox(file, clock, kept=3).all() == []
        await file.close()
        assert (tmp_path / "mail.unreadable").exists()

    async def test_one_of_another_schema_is_put_aside(self, tmp_path, clock):
        old = Sqlite(tmp_path / "mail.sqlite", "CREATE TABLE IF NOT EXISTS mails (id INTEGER);")
        await old.open()
        await old.close()
        file = Sqlite(tmp_path / "mail.sqlite", mail_inbox.SCHEMA)
        await file.open()
        assert await Inbox(file, clock, kept=3).all() == []
        await file.close()
