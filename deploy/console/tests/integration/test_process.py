"""The console as the supervisor runs it."""

import asyncio
import signal
import smtplib
import time

import anyio
import httpx
import psutil
import pytest


async def test_starts_with_nothing_around_it_and_stops_within_seconds(console_process):
    url, process = await console_process()
    async with httpx.AsyncClient(timeout=10) as client:
        assert (await client.get(f"{url}/healthz")).status_code == 200
        assert (await client.get(f"{url}/dev")).status_code == 200
        async with client.stream("GET", f"{url}/dev/events/stream") as stream:
            await anext(stream.aiter_bytes())
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 10) == 0
    assert time.monotonic() - begun < 5


async def test_is_small(console_process):
    url, process = await console_process()
    async with httpx.AsyncClient(timeout=20) as client:
        for path in ("/", "/dev", "/dev/traces", "/dev/events", "/dev/mail", "/dev/docs/events", "/dev/stuck"):
            assert (await client.get(url + path)).status_code == 200
    assert psutil.Process(process.pid).memory_info().rss < 90 * 1024 * 1024


async def test_keeps_its_mails_over_a_restart(console_process, tmp_path):
    mails = {"CONSOLE_DATA_DIR": str(tmp_path / "data")}
    url, process = await console_process(**mails)

    def deliver(port):
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
            smtp.sendmail("a@shop.kr", ["b@c.kr"], b"Subject: hello\r\nMessage-ID: <1@shop>\r\n\r\nhello")

    await anyio.to_thread.run_sync(deliver, process.smtp_port)
    process.kill()
    await process.wait()
    url, _ = await console_process(**mails)
    async with httpx.AsyncClient(timeout=10) as client:
        (mail,) = (await client.get(f"{url}/dev/mail.json")).json()["items"]
    assert mail["subject"] == "hello"


async def test_says_when_its_mail_port_is_taken(console_process, eventually):
    _, first = await console_process()
    with pytest.raises(AssertionError, match="ended with 1"):
        await console_process(CONSOLE_SMTP_PORT=str(first.smtp_port))
