"""What the provider is told when a payment is opened, and the page of ours that leads to a provider without an address
of its own. The page is opened later than the payment, so what it needs of the customer is kept sealed until then."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from common.db import Database
from payments import errors
from payments.clients.gateway import Device, Page, Terms
from payments.clients.registry import Gateways
from payments.domain.payment import Payment
from payments.domain.status import LIVE, Status
from payments.repository import payment as rows
from payments.repository import secrets
from payments.repository.seal import Seal


class Windows:
    """`public_url`: our edge as browsers and providers reach it."""

    def __init__(self, database: Database, gateways: Gateways, seal: Seal, public_url: str) -> None:
        self._database = database
        self._gateways = gateways
        self._seal = seal
        self._url = public_url.rstrip("/")

    def terms(self, payment: Payment, *, customer_name: str, bank: str | None, device: Device) -> Terms:
        ours = f"{self._url}/v1/payments/{payment.id}"
        return Terms(
            customer_name=customer_name,
            bank=bank,
            return_url=f"{ours}/return",
            fail_url=f"{ours}/return/fail",
            window_url=f"{ours}/window",
            notice_url=f"{self._url}/v1/callbacks/{payment.provider}/{payment.mall_id}",
            device=device,
        )

    async def keep(self, payment: Payment, terms: Terms) -> None:
        fields = {"customer_name": terms.customer_name, "device": terms.device}
        if terms.bank is not None:
            fields["bank"] = terms.bank
        async with self._database.transaction() as tx:
            now = await rows.lock(tx.connection, payment.id)
            if now is not None and now.status in LIVE:
                await secrets.keep(tx.connection, payment.id, "terms", fields, seal=self._seal, now=tx.now)

    async def page(self, payment_id: UUID) -> Page:
        """Raises `NotOpen` once the customer can no longer pay here."""
        async with self._database.read() as connection:
            payment = await rows.find(connection, payment_id)
            kept = await secrets.find(connection, payment_id, "terms", self._seal)
        if payment is None or (payment.status is Status.OPEN and kept is None):
            raise errors.PaymentNotFound("there is no such window")
        if payment.status is not Status.OPEN or kept is None or payment.due_at <= self._database.clock.now():
            raise errors.NotOpen("this payment cannot be paid any more", payment_status=payment.status)
        terms = self.terms(
            payment,
            customer_name=kept.fields["customer_name"],
            bank=kept.fields.get("bank"),
            device=cast("Device", kept.fields["device"]),
        )
        page = self._gateways.for_(payment.provider, payment.mall_id).window(payment, terms)
        if page is None:
            raise errors.PaymentNotFound("there is no such window")
        return page
