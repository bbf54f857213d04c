"""Routes: parse, handle, render."""

from __future__ import annotations

from fastapi import APIRouter

from cart.api import carts, freezing, shipping

router = APIRouter()
for part in (carts.router, freezing.router, shipping.router):
    router.include_router(part)
