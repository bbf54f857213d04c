"""Routes: parse, handle, render."""

from __future__ import annotations

from fastapi import APIRouter

from cart.api import carts, coupons, freezing, limits, promotions, shipping

router = APIRouter()
for part in (carts.router, freezing.router, shipping.router, limits.router, promotions.router, coupons.router):
    router.include_router(part)
