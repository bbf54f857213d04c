"""The routes. A guest shows the order's token, staff a bearer token with the role `orders`."""

from __future__ import annotations

from fastapi import APIRouter

from orders.api import addresses, claims, desk, options, orders, papers

router = APIRouter()
# Fixed words before `/v1/orders/{order_id}`, or they would be taken for ids.
for part in (claims, desk, papers, orders, addresses, options):
    router.include_router(part.router)
