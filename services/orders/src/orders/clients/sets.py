"""What is in the sets that were sold, as the catalog knows it. It never changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import httpx
from pydantic import BaseModel, StrictInt, ValidationError

from common.errors import UpstreamUnavailable
from common.http_client import ask
from orders.clients.refusals import refusal

_AT_ONCE = 100


class SetPart(BaseModel):
    """So many units of a SKU are in one unit of a set."""

    sku: str
    product_name: str
    variant_name: str | None = None
    quantity: StrictInt


class _Set(BaseModel):
    sku: str
    parts: tuple[SetPart, ...]


class _Sets(BaseModel):
    items: tuple[_Set, ...]


class Sets(Protocol):
    async def parts(self, skus: Iterable[str]) -> dict[str, tuple[SetPart, ...]]:
        """Of those of the SKUs that are sets. Raises `UpstreamUnavailable`."""
        ...


class HttpSets:
    """Catalog over HTTP. `http` shows the shop's own key."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = f"{url.rstrip('/')}/internal/sets"

    async def parts(self, skus: Iterable[str]) -> dict[str, tuple[SetPart, ...]]:
        wanted = sorted(set(skus))
        found: dict[str, tuple[SetPart, ...]] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            query = {"sku": wanted[start : start + _AT_ONCE]}
            response = await ask(self._http, "GET", self._url, service="catalog", params=query)
            if response.status_code != httpx.codes.OK:
                raise refusal(response, "catalog", frozenset())
            try:
                answer = _Sets.model_validate_json(response.content)
            except ValidationError as error:
                raise UpstreamUnavailable("catalog cannot answer this now", service="catalog") from error
            found |= {each.sku: each.parts for each in answer.items}
        return found
