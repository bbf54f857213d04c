"""The catalog's reservations, named by the order so that asking twice reserves once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import httpx
from pydantic import BaseModel, StrictInt, ValidationError

from common.errors import UpstreamUnavailable
from common.http_client import ask
from orders.clients.refusals import refusal

_PASSED_ON = frozenset({"stock.insufficient", "sku.unknown"})
# The hold of this name is of other units: only who can let go of it is told.
HELD_OTHERWISE = "reservation.differs"


class _Price(BaseModel):
    amount: StrictInt


class _Variant(BaseModel):
    sku: str
    name: str | None = None
    price: _Price
    tax: str = "taxable"


class _Product(BaseModel):
    variants: tuple[_Variant, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """What a SKU is called and costs now."""

    name: str | None
    price: int
    tax: str


class Catalog(Protocol):
    """Refusals come as `UpstreamRefused` with the catalog's own code, anything unclear as `UpstreamUnavailable`."""

    async def reserve(
        self, order_id: UUID, mall_id: str, units: Mapping[str, int], *, seconds: int | None = None
    ) -> None:
        """All of it or nothing. Times out by itself unless the order is placed.

        `seconds`: for so long, and with the refusal `HELD_OTHERWISE` where the name holds other units.
        """
        ...

    async def release(self, order_id: UUID) -> None:
        """May be asked for a reservation that never was."""
        ...

    async def all_variants(self, product_id: UUID) -> dict[str, Variant]:
        """The product's variants by SKU, on sale or hidden; nothing for a product that was never there."""
        ...

    async def variants(self, product_id: UUID) -> dict[str, Variant]:
        """The product's variants by SKU; nothing for a product that is not on sale any more."""
        ...


class HttpCatalog:
    """Catalog over HTTP. `http` shows the shop's own key; a reservation lasts `seconds`."""

    def __init__(self, http: httpx.AsyncClient, url: str, *, seconds: int) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._seconds = seconds

    async def reserve(
        self, order_id: UUID, mall_id: str, units: Mapping[str, int], *, seconds: int | None = None
    ) -> None:
        body = {
            "mall_id": mall_id,
            "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()],
            "expires_in_seconds": seconds or self._seconds,
        }
        response = await ask(self._http, "PUT", self._of(order_id), service="catalog", json=body)
        if response.status_code != httpx.codes.OK:
            raise refusal(response, "catalog", _PASSED_ON | {HELD_OTHERWISE} if seconds else _PASSED_ON)

    async def release(self, order_id: UUID) -> None:
        response = await ask(self._http, "DELETE", self._of(order_id), service="catalog")
        if response.is_error:
            raise refusal(response, "catalog", frozenset())

    async def all_variants(self, product_id: UUID) -> dict[str, Variant]:
        return await self._variants(f"internal/products/{product_id}")

    async def variants(self, product_id: UUID) -> dict[str, Variant]:
        return await self._variants(f"v1/products/{product_id}")

    async def _variants(self, path: str) -> dict[str, Variant]:
        response = await ask(self._http, "GET", f"{self._url}/{path}", service="catalog")
        if response.status_code == httpx.codes.NOT_FOUND:
            return {}
        if response.status_code != httpx.codes.OK:
            raise refusal(response, "catalog", frozenset())
        try:
            product = _Product.model_validate_json(response.content)
        except ValidationError as error:
            raise UpstreamUnavailable("catalog cannot answer this now", service="catalog") from error
        return {each.sku: Variant(each.name, each.price.amount, each.tax) for each in product.variants}

    def _of(self, order_id: UUID) -> str:
        return f"{self._url}/internal/reservations/{order_id}"
