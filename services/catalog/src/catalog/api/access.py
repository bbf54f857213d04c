"""Who may write here, and how a repeated write finds its first answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header

from common import ids
from common.auth import CurrentStaff, Staff, require
from common.idempotency import check_key

ROLE = "catalog"


async def _editor(who: CurrentStaff) -> Staff:
    require(who, ROLE)
    return who


Editor = Annotated[Staff, Depends(_editor)]
EditorOnly = Depends(_editor)


async def _key(
    idempotency_key_: Annotated[
        str | None,
        Header(alias="Idempotency-Key", description="Repeat a request with its key and the first answer comes again."),
    ] = None,
) -> str:
    """Without a key every request stands for itself; names, slugs and references still never double."""
    return check_key(idempotency_key_) if idempotency_key_ is not None else str(ids.new_id())


Key = Annotated[str, Depends(_key)]
