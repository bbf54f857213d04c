"""Routes: parse, handle, render."""

from __future__ import annotations

from fastapi import APIRouter

from scm.api import carriers, centre, orders, returns, staff

router = APIRouter()
for part in (orders, centre, returns, staff, carriers):
    router.include_router(part.router)
