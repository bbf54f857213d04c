"""The composition of notify: messages to customers about their orders, by mail, Alimtalk and text."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx

from common import http_client
from common.runtime import Parts, Runtime, Service
from notify import api, consumer, jobs
from notify.clients.mail import SmtpMailer
from notify.clients.solapi import Account, Solapi
from notify.domain.delivery import Policy
from notify.domain.messages import Plan
from notify.domain.texts import usable_phone
from notify.flows.desk import Desk
from notify.flows.mails import MailSender
from notify.flows.rendering import Templates
from notify.flows.texts import TextSender
from notify.settings import SMTP_STEPS, SOLAPI_CALLS, Settings


def build(runtime: Runtime[Settings], to_provider: httpx.AsyncClient | None = None) -> Parts:
    """Not the runtime's client for the text provider: that one is traced, and a look-up's address holds a number."""
    settings, database = runtime.settings, runtime.database
    policy = Policy(
        lease=timedelta(seconds=settings.lease_seconds),
        give_up=timedelta(hours=settings.give_up_hours),
        contact_wait=timedelta(hours=settings.contact_wait_hours),
    )
    plan = Plan(alimtalk=settings.alimtalk and bool(settings.solapi_pf_id), texts=bool(settings.solapi_api_key))
    templates = Templates(approved=settings.alimtalk_templates)
    to_provider = to_provider or http_client.client(timeout_seconds=settings.solapi_timeout_seconds)

    def wake_mails() -> None:
        runtime.wake_job(jobs.SEND_MAILS)

    def wake_texts() -> None:
        runtime.wake_job(jobs.SEND_TEXTS)

    def wake() -> None:
        wake_mails()
        wake_texts()

    mails = MailSender(
        Desk(database, policy, batch=settings.batch, after=wake_mails),
        _mailer(settings),
        templates,
        message_id_domain=settings.from_email.partition("@")[2],
        call_seconds=settings.smtp_timeout_seconds * SMTP_STEPS,
        lines=settings.smtp_lines,
    )
    texts = TextSender(
        Desk(database, policy, batch=settings.batch, after=wake_texts),
        Solapi(to_provider, settings.solapi_url, _account(settings), runtime.clock),
        templates,
        call_seconds=settings.solapi_timeout_seconds * SOLAPI_CALLS,
    )
    return Parts(
        routers=[api.router],
        handlers=consumer.handlers(plan, policy, wake),
        jobs=jobs.jobs(
            database,
            mails.turn,
            texts.turn,
            every_seconds=settings.send_every_seconds,
            contact_days=settings.contact_days,
        ),
        state={
            "policy": policy,
            "wake": wake_texts,
            "callback_token": settings.solapi_callback_token.get_secret_value(),
            "callback_header": settings.solapi_callback_header,
        },
        close=[to_provider.aclose],
    )


def _mailer(settings: Settings) -> SmtpMailer:
    return SmtpMailer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        from_email=settings.from_email,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        tls=settings.smtp_tls,
        timeout_seconds=settings.smtp_timeout_seconds,
    )


def _account(settings: Settings) -> Account:
    return Account(
        api_key=settings.solapi_api_key,
        api_secret=settings.solapi_api_secret.get_secret_value(),
        pf_id=settings.solapi_pf_id,
        sender=usable_phone(settings.sender_number) or settings.sender_number,
    )


service = Service(
    name="notify",
    settings=Settings,
    build=build,
    migrations=Path(__file__).parents[2] / "migrations",
    description="Messages to customers about their orders, by e-mail, Alimtalk and text, each once.",
)

if __name__ == "__main__":
    service.main()
