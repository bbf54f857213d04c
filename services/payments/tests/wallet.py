"""A fake provider that uses all the port has."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from services.payments.tests.fakes import FakeGateway, Till

from payments.clients.gateway import Agreed, CallbackAnswer, Notice, Page, Terms
from payments.commands.answers import Answer, Hint, Redirect, Refused, Standing
from payments.domain.payment import Payment
from payments.errors import CallbackForged, ReturnUnreadable


class WalletGateway(FakeGateway):
    """A provider with all the port has: a name before the customer agrees, a window page of ours, a return by form that
    grants, callbacks that are signed and come from known networks, and answers in plain text."""

    name = "wallet"
    sources = ("203.0.113.0/24",)

    async def prepare(self, payment: Payment, terms: Terms) -> Answer:
        if payment.method == "virtual_account":
            return await super().prepare(payment, terms)
        self.seen_terms.append(terms)
        key = f"tid_{payment.order_ref}"
        self.tills.setdefault(
            payment.order_ref, Till(payment.order_ref, key, payment.amount, Standing.NOT_STARTED, payment.amount)
        )
        return Redirect(terms.window_url, key)

    def window(self, payment: Payment, terms: Terms) -> Page | None:
        return Page(f"<form>{html.escape(terms.customer_name)} {terms.device} {terms.return_url}</form>")

    def read_return(self, payment: Payment, fields: Mapping[str, str]) -> Agreed | Refused:
        if "quit" in fields:
            return Refused("QUIT", "the customer left")
        if "token" not in fields:
            raise ReturnUnreadable("token is wanted")
        return Agreed(payment.prepared_key, grant={"token": fields["token"]})

    async def confirm(self, payment: Payment, grant: Mapping[str, str]) -> Answer:
        if grant.get("token") != f"token of {payment.order_ref}":
            self.calls.append(("confirm", payment.order_ref))
            self.grants.append(dict(grant))
            return Refused("WRONG_TOKEN", "not this one's", Hint.KEY)
        return await super().confirm(payment, grant)

    def parse_callback(self, kind: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        if headers.get("x-signature") != "right":
            raise CallbackForged("the signature is wrong")
        notice = super().parse_callback(kind, headers, body, now)
        return replace(notice, kind=kind, merchant=json.loads(body).get("merchant"))

    def callback_answer(self, *, accepted: bool) -> CallbackAnswer:
        return (200, "text/plain", b"OK") if accepted else (200, "text/plain", b"FAIL")
