"""The shop's door as patient customers use it: whatever breaks, the same request comes again under the same key."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import httpx

from common import ids
from shop.demo.browser import Browser
from shop.demo.door import Door, Order, Unexpected

PATIENCE_SECONDS = 120.0


class Refused(Exception):
    """The shop said no, clearly: a 4xx with a code. That is an end."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PatientDoor(Door):
    """Repeats what failed without an answer or with a 5xx, for `PATIENCE_SECONDS`; each POST always with its key."""

    async def call(self, method: str, path: str, *, expect: tuple[int, ...] = (200, 201), **options: Any) -> Any:
        headers = dict(options.pop("headers", {}))
        if method == "POST":
            headers.setdefault("Idempotency-Key", ids.new_id().hex)
        end = time.monotonic() + PATIENCE_SECONDS
        pause, last = 0.2, ""
        while time.monotonic() < end:
            try:
                answer = await self.http.request(method, f"{self.edge}{path}", headers=headers, **options)
            except httpx.HTTPError as error:
                last = repr(error)
            else:
                if answer.status_code in expect:
                    return answer.json() if answer.content else None
                last = f"{answer.status_code}: {answer.text[:300]}"
                if not _worth_repeating(answer):
                    raise Refused(_code(answer, f"{method} {path} answered {last}"))
            await asyncio.sleep(pause)
            pause = min(pause * 1.6, 3)
        raise Unexpected(f"{method} {path} got no answer in {PATIENCE_SECONDS:g} s, at last {last}")

    async def _open(self, order: Order, wish: dict[str, Any]) -> Any:
        """Waits for what to do next: the provider may not have said it yet. Raises Refused when it never will."""
        payment = await super()._open(order, wish)
        payment_id = str(payment["id"])
        action = payment["next_action"]
        if action and action["type"] != "wait":
            return payment
        return await self.settled(order, payment_id, _BEGUN)

    @property
    def browser(self) -> Browser:
        return replace(super().browser, patience=PATIENCE_SECONDS)

    async def account_of(self, order: Order, payment_id: str) -> dict[str, Any]:
        return await self.settled(order, payment_id, {"waiting_for_deposit"})

    async def settled(self, order: Order, payment_id: str, wanted: set[str]) -> dict[str, Any]:
        """The payment, once its status is one of `wanted`. Raises Refused when it has come to another end."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            payment = await self.look_at_payment(order, payment_id)
            if payment["status"] in wanted:
                return payment
            if payment["status"] not in _UNDECIDED:
                raise Refused(f"payment.{payment['status']}")
            await asyncio.sleep(0.5)
        raise Unexpected(f"payment {payment_id} is {payment['status']} after {PATIENCE_SECONDS:g} s")


_UNDECIDED = frozenset({"created", "open", "confirming", "unknown", "waiting_for_deposit"})
_BEGUN = {"open", "waiting_for_deposit"}
_TRIES = 3


def _worth_repeating(answer: httpx.Response) -> bool:
    return answer.status_code >= 500 or answer.status_code == 429 or "in_progress" in answer.text or (
        # An order being made by a request that was cut off holds the cart for a minute.
        "cart.busy" in answer.text
    )  # fmt: skip


def _code(answer: httpx.Response, otherwise: str) -> str:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError) as error:
        raise Unexpected(otherwise) from error
