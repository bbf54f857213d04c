"""A small honest provider in memory: it moves money once, keeps its own books, and can lose its answers."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from services.payments.tests.builders import MERCHANT, SECRET, TOKEN, an_account

from common import ids
from payments.clients.gateway import (
    ACCEPTED,
    REFUSED,
    Agreed,
    CallbackAnswer,
    Cancel,
    Notice,
    Page,
    ReceiptOrder,
    SettledRow,
    Terms,
)
from payments.clients.orders import Payable
from payments.clients.toss.wire import return_of
from payments.commands.answers import Answer, Hint, Missing, Receipt, Redirect, Refused, Return, Seen, Standing, Unknown
from payments.domain.patience import Waits
from payments.domain.payment import Payment
from payments.errors import CallbackUnreadable, NotOffered


@dataclass
class Till:
    """One payment at the provider."""

    order_ref: str
    key: str
    amount: int
    standing: Standing
    balance: int
    account: object = None
    returns: list[Return] = field(default_factory=list)
    received: int = 0
    deposited: int | None = None


class FakeGateway:
    """`lose_before` / `lose_after` name calls whose answer gets lost before or after their effect, once each."""

    name = "toss"
    merchant = MERCHANT
    methods = frozenset({"card", "transfer", "virtual_account", "easy_pay"})
    currencies = frozenset({"KRW"})
    sources: tuple[str, ...] = ()
    waits = Waits()

    def __init__(self) -> None:
        self.tills: dict[str, Till] = {}
        self.calls: list[tuple[str, str]] = []
        self.lose_before: deque[str] = deque()
        self.lose_after: deque[str] = deque()
        self.refuse: dict[str, Refused] = {}
        self.overrides: dict[str, Answer] = {}
        self.replays: dict[str, Answer] = {}
        self.held: dict[str, asyncio.Event] = {}
        self.reached: dict[str, asyncio.Event] = {}
        self.seen_terms: list[Terms] = []
        self.seen_cancels: list[Cancel] = []
        self.grants: list[dict[str, str]] = []
        self.lists: dict[date, list[SettledRow]] | None = None

    # The customer's and the bank's side.
    def agree(self, order_ref: str, amount: int) -> str:
        """The customer agrees at the window. Returns the provider's key."""
        till = Till(order_ref, f"tkey_{ids.new_id().hex}", amount, Standing.NOT_STARTED, amount)
        self.tills[order_ref] = till
        return till.key

    def deposit(self, order_ref: str, *, all_in_all: int | None = None) -> None:
        """`all_in_all`: what then lies in the account, where it is not what was asked for."""
        till = self.tills[order_ref]
        if till.standing is not Standing.PAID:
            till.received += till.amount
        till.standing, till.balance, till.deposited = Standing.PAID, till.amount, all_in_all

    def reverse(self, order_ref: str) -> None:
        till = self.tills[order_ref]
        till.standing, till.received, till.deposited = Standing.WAITING, till.received - till.amount, None

    def money(self) -> int:
        """What customers are out of pocket, all payments together."""
        return sum(
            till.received
            + (0 if till.deposited is None else till.deposited - till.amount)
            - sum(given.amount for given in till.returns)
            for till in self.tills.values()
        )

    # The port.
    def bank_code(self, bank: str) -> str | None:
        return {"88": "88", "신한": "88", "20": "20"}.get(bank)

    async def prepare(self, payment: Payment, terms: Terms) -> Answer:
        self.seen_terms.append(terms)
        if payment.method != "virtual_account":
            return Redirect(f"https://pay.example/window?orderId={payment.order_ref}&amount={payment.amount}")
        return await self._do("prepare", payment, self._issue)

    async def confirm(self, payment: Payment, grant: Mapping[str, str]) -> Answer:
        self.grants.append(dict(grant))
        return await self._do("confirm", payment, self._take)

    async def get(self, payment: Payment) -> Answer:
        return await self._do("get", payment, self._show)

    async def cancel(self, payment: Payment, cancel: Cancel) -> Answer:
        self.seen_cancels.append(cancel)

        def effect(payment: Payment) -> Answer:
            if cancel.idempotency_key is not None and cancel.idempotency_key in self.replays:
                return self.replays[cancel.idempotency_key]
            answer = self._give_back(payment, cancel)
            if cancel.idempotency_key is not None:
                self.replays[cancel.idempotency_key] = answer
            return answer

        return await self._do("cancel", payment, effect)

    def window(self, payment: Payment, terms: Terms) -> Page | None:
        return None

    def read_return(self, payment: Payment, fields: Mapping[str, str]) -> Agreed | Refused:
        return return_of(fields)

    def callback_answer(self, *, accepted: bool) -> CallbackAnswer:
        return ACCEPTED if accepted else REFUSED

    async def settlements(self, day: date) -> Sequence[SettledRow] | Unknown:
        if self.lists is None:
            raise NotOffered("no list")
        return self.lists.get(day, [])

    async def issue_cash_receipt(self, payment: Payment, order: ReceiptOrder) -> Receipt | Refused | Unknown:
        raise NotOffered("no receipts")

    async def cancel_cash_receipt(
        self, payment: Payment, key: str, amount: int, idempotency_key: str
    ) -> Receipt | Refused | Unknown:
        raise NotOffered("no receipts")

    def parse_callback(self, kind: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        try:
            document = json.loads(body)
            return Notice(
                headers.get("x-transmission", body.decode()), document["kind"], document["order_ref"],
                {"kind": document["kind"]}, document.get("key"), document.get("amount"), document.get("secret"),
                may_recur=document.get("may_recur", False),
            )  # fmt: skip
        except (ValueError, KeyError) as error:
            raise CallbackUnreadable("not a callback") from error

    async def _do(self, name: str, payment: Payment, effect) -> Answer:
        self.calls.append((name, payment.order_ref))
        if name in self.reached:
            self.reached[name].set()
            await self.held[name].wait()
        if self.lose_before and self.lose_before[0] == name:
            self.lose_before.popleft()
            return Unknown("ReadTimeout")
        if name in self.refuse:
            return self.refuse.pop(name)
        answer = self.overrides.pop(name, None) or effect(payment)
        if self.lose_after and self.lose_after[0] == name:
            self.lose_after.popleft()
            return Unknown("ReadTimeout")
        return answer

    def _issue(self, payment: Payment) -> Answer:
        till = self.tills.setdefault(
            payment.order_ref,
            Till(
                payment.order_ref, f"tkey_{ids.new_id().hex}", payment.amount, Standing.WAITING, payment.amount,
                an_account(payment.due_at),
            ),
        )  # fmt: skip
        return self._seen(till)

    def _take(self, payment: Payment) -> Answer:
        till = self.tills.get(payment.order_ref)
        if till is None or till.key != payment.key or till.standing is Standing.EXPIRED:
            return Refused("NOT_FOUND_PAYMENT_SESSION", "no session", Hint.KEY)
        if till.standing is Standing.NOT_STARTED:
            till.standing, till.received = Standing.PAID, till.received + till.amount
        return self._seen(till)

    def _show(self, payment: Payment) -> Answer:
        """By key once there is one, whosever it is; else by our name for it."""
        if payment.key is None:
            till = self.tills.get(payment.order_ref)
        else:
            till = next((till for till in self.tills.values() if till and till.key == payment.key), None)
        return Missing() if till is None else self._seen(till)

    def _give_back(self, payment: Payment, cancel: Cancel) -> Answer:
        till = self.tills[payment.order_ref]
        if cancel.balance is not None and cancel.balance != till.balance:
            return Refused("NOT_MATCHES_REFUNDABLE_AMOUNT", "balance", Hint.ASK)
        if till.standing is Standing.WAITING:
            till.standing, till.balance = Standing.RETURNED, 0
            return self._seen(till)
        if till.standing not in (Standing.PAID, Standing.PARTLY_RETURNED):
            return Refused("NOT_CANCELABLE_PAYMENT", "state")
        if till.account is not None and cancel.account is None:
            return Refused("INVALID_REFUND_ACCOUNT_INFO", "account", Hint.ACCOUNT)
        amount = till.balance if cancel.amount is None else cancel.amount
        if amount > till.balance:
            return Refused("NOT_CANCELABLE_AMOUNT", "amount")
        till.balance -= amount
        till.returns.append(Return(f"tx_{ids.new_id().hex}", amount, cancel.note, True))
        till.standing = Standing.PARTLY_RETURNED if till.balance else Standing.RETURNED
        return self._seen(till)

    def _seen(self, till: Till) -> Seen:
        return Seen(
            till.order_ref, till.key, MERCHANT, "KRW", till.amount, till.balance, till.standing, till.account,
            SECRET if till.account else None, "https://receipt.example/1", returns=tuple(till.returns),
            deposited=till.deposited,
        )  # fmt: skip


class FakeOrders:
    """Knows the orders it was told, all under one token."""

    def __init__(self) -> None:
        self.owed: dict[UUID, Payable] = {}

    def add(self, payable: Payable) -> Payable:
        self.owed[payable.order_id] = payable
        return payable

    async def payable(self, order_id: UUID, token: str) -> Payable | None:
        return self.owed.get(order_id) if token == TOKEN else None
