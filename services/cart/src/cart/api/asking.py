"""What routes depend on: the terms of business, who asks, and the name of the request."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request

from cart.commands import Holder
from cart.domain.cart import Terms
from common import idempotency, ids
from common.errors import Unauthenticated


async def _terms(request: Request) -> Terms:
    terms: Terms = request.app.state.terms
    return terms


async def _holder(
    cart_id: UUID,
    x_cart_token: Annotated[str | None, Header(description="the token of the 201 that made the cart")] = None,
) -> Holder:
    if not x_cart_token:
        raise Unauthenticated("the cart's token is needed (header X-Cart-Token)")
    return Holder(cart_id, ids.token_hash(x_cart_token))


async def _optional_key(
    idempotency_key: Annotated[str | None, Header(description="makes a repeat of this request harmless")] = None,
) -> str | None:
    return None if idempotency_key is None else idempotency.check_key(idempotency_key)


TermsDep = Annotated[Terms, Depends(_terms)]
HolderDep = Annotated[Holder, Depends(_holder)]
OptionalKey = Annotated[str | None, Depends(_optional_key)]
