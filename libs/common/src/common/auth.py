"""Who is calling. Every service checks this itself; the edge vouches for nobody."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import jwt
from fastapi import Depends, Header, Request

from common.errors import Forbidden, Unauthenticated
from common.settings import ServiceSettings


@dataclass(frozen=True)
class Staff:
    """A member of the mall's staff."""

    subject: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Member:
    """A customer who has signed in. `tier` is what the token says: no service asks for it at every request."""

    id: UUID
    tier: str | None


@dataclass(frozen=True)
class Machine:
    """A machine of a partner, known by its API key. `name` is what the settings call it."""

    name: str


def read_staff_token(token: str, key: str) -> Staff:
    """Raises `Unauthenticated` when the token is not ours, not a staff token or over its time."""
    claims = _claims(token, key, "staff", None)
    return Staff(str(claims["sub"]), frozenset(claims.get("roles", ())))


def read_member_token(token: str, key: str) -> Member:
    """As `read_staff_token`, for the audience `member`; `sub` is the member's id."""
    claims = _claims(token, key, "member", "member")
    try:
        member_id = UUID(str(claims["sub"]))
    except ValueError as error:
        raise Unauthenticated("the token names no member") from error
    tier = claims.get("tier")
    return Member(member_id, tier if isinstance(tier, str) and tier else None)


def _claims(token: str, key: str, kind: str, audience: str | None) -> dict[str, Any]:
    """A token for another audience is refused even where its kind is right."""
    if not key:
        raise Unauthenticated("sign-in is not set up on this service")
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["HS256"], audience=audience, options={"require": ["exp", "sub"]}
        )
    except jwt.InvalidTokenError as error:
        raise Unauthenticated("the token is not valid") from error
    if claims.get("typ") != kind:
        raise Unauthenticated(f"the token is not a {kind} token")
    return claims


def bearer(authorization: str | None) -> str | None:
    """The token of an `Authorization: Bearer` header."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def staff(request: Request, authorization: Annotated[str | None, Header()] = None) -> Staff:
    """FastAPI dependency: the calling staff member."""
    token = bearer(authorization)
    if token is None:
        raise Unauthenticated("a staff token is needed")
    settings: ServiceSettings = request.app.state.settings
    return read_staff_token(token, settings.staff_token_key.get_secret_value())


async def optional_staff(request: Request, authorization: Annotated[str | None, Header()] = None) -> Staff | None:
    """FastAPI dependency: the calling staff member, or None when no bearer token came. A bad token is refused."""
    return await staff(request, authorization) if bearer(authorization) else None


async def optional_member(request: Request, authorization: Annotated[str | None, Header()] = None) -> Member | None:
    """FastAPI dependency: the calling member, or None when no bearer token came. A bad token is refused."""
    token = bearer(authorization)
    settings: ServiceSettings = request.app.state.settings
    return None if token is None else read_member_token(token, settings.staff_token_key.get_secret_value())


async def member(request: Request, authorization: Annotated[str | None, Header()] = None) -> Member:
    """FastAPI dependency: the calling member."""
    found = await optional_member(request, authorization)
    if found is None:
        raise Unauthenticated("a member's token is needed")
    return found


CurrentMember = Annotated[Member, Depends(member)]
OptionalMember = Annotated[Member | None, Depends(optional_member)]
CurrentStaff = Annotated[Staff, Depends(staff)]
OptionalStaff = Annotated[Staff | None, Depends(optional_staff)]


def require(who: Staff, role: str) -> None:
    """Raises `Forbidden` unless the staff member has the role; `admin` has every role."""
    if role not in who.roles and "admin" not in who.roles:
        raise Forbidden(f"this needs the role {role}")


async def internal(request: Request, x_internal_key: Annotated[str | None, Header()] = None) -> None:
    """FastAPI dependency: only another service of the shop may call this route."""
    settings: ServiceSettings = request.app.state.settings
    machine_of(x_internal_key, {"internal": settings.internal_key.get_secret_value()})


InternalOnly = Depends(internal)


def machine_of(api_key: str | None, keys: Mapping[str, str]) -> Machine:
    """The machine whose key this is, compared in constant time. `keys` maps a name to its key."""
    if not api_key:
        raise Unauthenticated("an API key is needed (header X-API-Key)")
    found: Machine | None = None
    for name, key in keys.items():
        if key and secrets.compare_digest(api_key.encode(), key.encode()):
            found = Machine(name)
    if found is None:
        raise Unauthenticated("the API key is not known")
    return found
