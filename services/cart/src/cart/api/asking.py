"""What routes depend on: the terms of business, who asks, and the name of the request."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request

from cart.commands import Holder
from cart.domain.cart import Terms
from cart.handlers import Visitor
from common import idempotency, ids
from common.auth import CurrentMember, Member, OptionalMember
from common.errors import Unauthenticated
from common.settings import ServiceSettings


async def _terms(request: Request) -> Terms:
    terms: Terms = request.app.state.terms
    return terms


async def holder(
    cart_id: UUID,
    member: OptionalMember,
    x_cart_token: Annotated[str | None, Header(description="the token of the 201 that made the cart")] = None,
) -> Holder:
    """Whoever has the cart's token, or is the member whose cart it is."""
    if not x_cart_token and member is None:
        raise Unauthenticated("the cart's token (header X-Cart-Token) or its member's bearer token is needed")
    return holder_of(cart_id, x_cart_token, member)


def holder_of(cart_id: UUID, token: str | None, member: Member | None) -> Holder:
    token_hash = ids.token_hash(token) if token else None
    if member is None:
        return Holder(cart_id, token_hash)
    return Holder(cart_id, token_hash, member.id, member.tier)


def visitor_of(request: Request, member: Member) -> Visitor:
    settings: ServiceSettings = request.app.state.settings
    return Visitor(member.id, member.tier, settings.staff_token_key.get_secret_value())


async def _visitor(request: Request, member: CurrentMember) -> Visitor:
    return visitor_of(request, member)


async def _optional_visitor(request: Request, member: OptionalMember) -> Visitor | None:
    return None if member is None else visitor_of(request, member)


async def _optional_key(
    idempotency_key: Annotated[str | None, Header(description="makes a repeat of this request harmless")] = None,
) -> str | None:
    return None if idempotency_key is None else idempotency.check_key(idempotency_key)


TermsDep = Annotated[Terms, Depends(_terms)]
HolderDep = Annotated[Holder, Depends(holder)]
VisitorDep = Annotated[Visitor, Depends(_visitor)]
OptionalVisitor = Annotated[Visitor | None, Depends(_optional_visitor)]
OptionalKey = Annotated[str | None, Depends(_optional_key)]
