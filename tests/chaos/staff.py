"""What the staff of a mall do: a new product with exactly so many units."""

from __future__ import annotations

from typing import Any

import httpx
from tests.chaos.world import World

from common import ids
from shop import tokens

MALL = "intake"
# How the SKUs of products begin that run out.
RARE = "RARE-"


async def rare_product(world: World, units: int) -> str:
    """The SKU of a new published product of the mall `MALL`, once carts can hold it."""
    sku = f"{RARE}{ids.new_id().hex[-8:]}"
    body = {
        "mall_id": MALL,
        "slug": sku.lower(),
        "name": "한정판 선물 세트",
        "variants": [{"sku": sku, "price": {"amount": 50_000, "currency": "KRW"}}],
    }
    product = await _ask(world, "/v1/products", body)
    await _ask(world, "/v1/stock/receipts", {"items": [{"sku": sku, "quantity": units}], "reference": sku})
    await _ask(world, f"/v1/products/{product['id']}/publish", {})

    async def known() -> bool:
        edge = world.instance.edge_url
        cart = (await world.http.post(f"{edge}/v1/carts", json={"mall_id": MALL, "channel": "pc"})).json()
        line, token = {"sku": sku, "quantity": 1}, {"X-Cart-Token": cart["token"]}
        answer = await world.http.post(f"{edge}/v1/carts/{cart['id']}/lines", json=line, headers=token)
        return answer.status_code == httpx.codes.CREATED

    await world.until(known, f"carts know {sku}")
    return sku


async def _ask(world: World, path: str, body: dict[str, Any]) -> Any:
    token = tokens.mint_staff(world.instance.secrets["staff_token_key"], roles=("catalog",))
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": ids.new_id().hex}
    answer = await world.http.post(f"{world.instance.edge_url}{path}", json=body, headers=headers)
    return answer.raise_for_status().json()
