"""Orders, asked what is owed. It also says whether the caller's order token is right."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

import httpx
from pydantic import BaseModel, StrictInt

from common.errors import UpstreamUnavailable
from common.http_client import ask


@dataclass(frozen=True, slots=True)
class Payable:
    """What an order owes, in minor units. `orderer_name` is handed on to the provider and never kept."""

    order_id: UUID
    order_number: str
    mall_id: str
    currency: str
    status: str
    amount: int
    tax_free_amount: int
    vat_amount: int
    channel: str
    order_name: str
    orderer_name: str = field(repr=False)
    payment_due_at: datetime


class Orders(Protocol):
    async def payable(self, order_id: UUID, token: str) -> Payable | None:
        """None: no such order, or not this token's. Raises `UpstreamUnavailable`."""


class _Answer(BaseModel):
    order_id: UUID
    order_number: str
    mall_id: str
    currency: str
    status: str
    amount: StrictInt
    tax_free_amount: StrictInt
    vat_amount: StrictInt
    channel: str
    order_name: str
    orderer_name: str
    payment_due_at: datetime


class HttpOrders:
    def __init__(self, internal: httpx.AsyncClient, url: str) -> None:
        self._http = internal
        self._url = url.rstrip("/")

    async def payable(self, order_id: UUID, token: str) -> Payable | None:
        if not (token.isascii() and token.isprintable()):
            return None  # no header can carry it on, and no token of ours looks like that
        response = await ask(
            self._http,
            "GET",
            f"{self._url}/internal/orders/{order_id}/payable",
            service="orders",
            headers={"X-Order-Token": token},
        )
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if response.status_code != httpx.codes.OK:
            raise UpstreamUnavailable("orders does not say what is owed", service="orders")
        try:
            answer = _Answer.model_validate_json(response.content)
        except ValueError as error:
            raise UpstreamUnavailable("orders cannot be understood", service="orders") from error
        return Payable(**dict(answer))
