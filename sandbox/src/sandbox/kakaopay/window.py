"""The payer's side: KakaoPay's page, and what the payer does there."""

import secrets
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.clock import Clock, epoch
from sandbox.kakaopay.errors import KakaoPayRefusal
from sandbox.kakaopay.ledger import Ledger
from sandbox.kakaopay.payment import OVER, PAID, Payment

Choice = Literal["card", "money", "decline", "password", "fail", "quit"]
CHOICES: tuple[str, ...] = get_args(Choice)


class Window:
    def __init__(self, clock: Clock, ledger: Ledger) -> None:
        self._clock = clock
        self._ledger = ledger

    def open(self, ticket: str) -> Payment:
        """The payer looks at it. Raises for an address nobody was given."""
        payment = self._find(ticket)
        if payment.status == "READY":
            with self._ledger.store.tx():
                payment.status = "OPEN_PAYMENT"
                self._ledger.save(payment)
        return payment

    def choose(self, ticket: str, choice: str) -> str:
        """Where the browser goes next. Paying here takes no money: that is approve's to do."""
        payment = self._find(ticket)
        if choice not in CHOICES:
            raise KakaoPayRefusal(-2)
        if payment.status in PAID:
            raise KakaoPayRefusal(-702)
        if payment.status in OVER:
            raise KakaoPayRefusal(-783)
        if payment.deadline <= epoch(self._clock.now()):
            return payment.fail_url  # the session is over; the state stays as it was left (inferred)
        with self._ledger.store.tx():
            url = self._chosen(payment, choice)
            self._ledger.save(payment)
        return url

    def _chosen(self, payment: Payment, choice: str) -> str:
        if choice == "quit":
            payment.status = "QUIT_PAYMENT"
            return payment.cancel_url
        if choice in ("fail", "password"):
            payment.status = "FAIL_PAYMENT" if choice == "fail" else "FAIL_AUTH_PASSWORD"
            return payment.fail_url
        payment.status = "AUTH_PASSWORD"
        payment.method = "MONEY" if choice == "money" else "CARD"
        payment.decline = "EXCEED_LIMIT" if choice == "decline" else None
        payment.pg_token = secrets.token_hex(10)
        return _with(payment.approval_url, pg_token=payment.pg_token)

    def _find(self, ticket: str) -> Payment:
        payment = self._ledger.of_ticket(ticket)
        if payment is None:
            raise KakaoPayRefusal(-404)
        return payment


def _with(url: str, **added: str) -> str:
    """The URL with more query parameters; its own stay."""
    asked = urlsplit(url)
    query = parse_qsl(asked.query, keep_blank_values=True) + list(added.items())
    return urlunsplit(asked._replace(query=urlencode(query)))
