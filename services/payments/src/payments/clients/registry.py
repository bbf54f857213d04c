"""Which merchant of which provider takes a mall's money."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import TypeVar

import httpx

from payments import errors
from payments.clients.gateway import PaymentGateway
from payments.domain.patience import Waits

# The account of every mall that has none of its own.
EVERY_MALL = "*"
_Access = TypeVar("_Access")


def per_mall(
    make: Callable[[httpx.AsyncClient, _Access], PaymentGateway], http: httpx.AsyncClient, malls: Mapping[str, _Access]
) -> dict[str, PaymentGateway]:
    """One gateway per mall's account."""
    return {mall_id: make(http, access) for mall_id, access in malls.items()}


class Gateways:
    """By provider, then by mall; `EVERY_MALL` serves those not named."""

    def __init__(self, providers: Mapping[str, Mapping[str, PaymentGateway]]) -> None:
        self._providers = {name: dict(malls) for name, malls in providers.items() if malls}

    def for_(self, provider: str, mall_id: str) -> PaymentGateway:
        """Raises `ProviderUnknown`, also where the provider has no account for the mall."""
        malls = self._providers.get(provider, {})
        gateway = malls.get(mall_id) or malls.get(EVERY_MALL)
        if gateway is None:
            raise errors.ProviderUnknown(f"no provider is called {provider[:40]}", known=sorted(self._providers))
        return gateway

    def waits(self) -> dict[str, Waits]:
        """By provider: the longest of its accounts."""
        return {
            name: reduce(Waits.longer, (gateway.waits for gateway in malls.values()))
            for name, malls in self._providers.items()
        }

    def merchants(self) -> Iterator[PaymentGateway]:
        """Each account once, though malls may share it."""
        for malls in self._providers.values():
            seen: set[str] = set()
            for gateway in malls.values():
                if gateway.merchant not in seen:
                    seen.add(gateway.merchant)
                    yield gateway
