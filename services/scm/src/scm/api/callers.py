"""Who may touch which shipment requests: a centre its own, staff with the role `scm` all."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request

from common.auth import CurrentStaff, machine_of, optional_staff, require
from scm.domain.carrier import CarrierTable
from scm.errors import CursorInvalid

ROLE = "scm"


@dataclass(frozen=True)
class Caller:
    """`centre` None: staff."""

    centre: str | None


async def _carriers(request: Request) -> CarrierTable:
    table: CarrierTable = request.app.state.carriers
    return table


async def caller(
    request: Request,
    x_api_key: Annotated[str | None, Header(description="the centre's key")] = None,
    authorization: Annotated[str | None, Header(description="or a staff bearer token")] = None,
) -> Caller:
    """A centre by its key, or staff."""
    if x_api_key is None:
        who = await optional_staff(request, authorization)
        if who is not None:
            require(who, ROLE)
            return Caller(None)
    return Caller(_centre(request, x_api_key))


async def centre_only(request: Request, x_api_key: Annotated[str | None, Header()] = None) -> str:
    """The code of the calling centre."""
    return _centre(request, x_api_key)


async def staff_only(who: CurrentStaff) -> None:
    require(who, ROLE)


def _centre(request: Request, api_key: str | None) -> str:
    keys: dict[str, str] = request.app.state.centre_keys
    return machine_of(api_key, keys).name


CarriersDep = Annotated[CarrierTable, Depends(_carriers)]
CallerDep = Annotated[Caller, Depends(caller)]
CentreDep = Annotated[str, Depends(centre_only)]
StaffOnly = Depends(staff_only)


def cursor_of(last: UUID) -> str:
    """Opaque: where the next page starts."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def read_cursor(cursor: str | None) -> UUID | None:
    """Raises `CursorInvalid`."""
    if not cursor:
        return None
    try:
        return UUID(bytes=base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise CursorInvalid("this is not a cursor of ours") from error
