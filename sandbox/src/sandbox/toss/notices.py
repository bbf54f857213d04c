"""The two callbacks of Toss: PAYMENT_STATUS_CHANGED with the whole Payment, DEPOSIT_CALLBACK flat with the secret."""

import json
import secrets
import sqlite3
from collections.abc import Mapping

from sandbox.clock import Clock, wire_time
from sandbox.courier import Courier, Manner, Sent
from sandbox.settings import Settings, listed
from sandbox.toss.payment import ACCOUNT, Payment

RETRY_MINUTES = (1, 4, 16, 64, 256, 1024, 4096)


class Notices:
    def __init__(self, settings: Settings, clock: Clock, courier: Courier) -> None:
        self._settings = settings
        self._clock = clock
        self._courier = courier
        self._events = listed(settings.toss_webhook_events)
        retry = tuple(minutes * settings.minute_seconds for minutes in RETRY_MINUTES)
        courier.register("toss", Manner(retry, self._dress))

    def status_changed(self, payment: Payment) -> None:
        wire = payment.wire(mid=self._settings.toss_mid, base_url=self._settings.base_url)
        # Real ones show everything but the secret, which would else travel unsigned.
        del wire["secret"]
        body = {"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": self._created_at(), "data": wire}
        self._owe("PAYMENT_STATUS_CHANGED", payment, body)

    def deposit(self, payment: Payment) -> None:
        """Virtual accounts only. Carries no paymentKey: the order id and the secret are all there is."""
        if payment.method != ACCOUNT:
            return
        body = {
            "createdAt": self._created_at(),
            "secret": payment.secret,
            "orderId": payment.order_id,
            "status": payment.status,
            "transactionKey": payment.last_transaction_key,
        }
        self._owe("DEPOSIT_CALLBACK", payment, body)

    def _created_at(self) -> str:
        # No offset, six digits: the one place where Toss writes time so.
        return self._clock.now().replace(tzinfo=None).isoformat(timespec="microseconds")

    def _owe(self, event: str, payment: Payment, body: Mapping[str, object]) -> None:
        if event not in self._events:
            return
        self._courier.owe(
            party="toss",
            event=event,
            subject=f"toss:{payment.order_id}",
            transmission=f"whtrans_{secrets.token_hex(12)}",
            url=self._settings.toss_webhook_url,
            body=body,
        )

    def _dress(self, row: sqlite3.Row, attempt: int) -> Sent:
        headers = {
            "tosspayments-webhook-transmission-id": row["transmission"],
            "tosspayments-webhook-transmission-time": wire_time(self._clock.now()),
            "tosspayments-webhook-transmission-retried-count": str(attempt),
        }
        return Sent(headers, json.loads(row["body"]))
