"""Fills a fresh shop through its own staff API: malls, categories, products with pictures, stock, shipping, centres.

Every request has a fixed Idempotency-Key or is a PUT, so that seeding again changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx

from shop import pictures, tokens
from shop.instance import Instance

CATALOGUE = Path(__file__).parent / "seed_catalogue.json"
PULL_CENTRE = "icheon"
POLL_CENTRE = "fassto"
_SEEDED_URL = re.compile(r"http://127\.0\.0\.1:\d+/")
# Until another service knows what one has said, on a machine that is busy with starting.
_HEARSAY_SECONDS = 90


class SeedFailed(Exception):
    """The shop refused a part of its own catalogue."""


class Staff:
    """Calls the staff API through the edge."""

    def __init__(self, http: httpx.AsyncClient, edge: str, token: str) -> None:
        self._http = http
        self._edge = edge
        self._headers = {"Authorization": f"Bearer {token}"}

    async def call(
        self, method: str, path: str, *, key: str = "", ok: tuple[int, ...] = (200, 201), **options: Any
    ) -> Any:
        """Waits for a service that is still starting; raises `SeedFailed` on any other answer than `ok` or 409."""
        headers = self._headers | ({"Idempotency-Key": f"seed-1-{key}"} if key else {})
        for _ in range(40):
            answer = await self._http.request(method, f"{self._edge}{path}", headers=headers, **options)
            if answer.status_code in {429, 502, 503}:
                await asyncio.sleep(0.25)
                continue
            if answer.status_code in ok:
                return answer.json() if answer.content else None
            if answer.status_code == 409:
                return None
            break
        raise SeedFailed(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")


async def seed(instance: Instance) -> None:
    """Safe to run again. Returns once the storefront shows every product and carts can price them."""
    data = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    token = tokens.mint_staff(
        instance.secrets["staff_token_key"], subject="seed", roles=("catalog", "promotions", "scm")
    )
    async with httpx.AsyncClient(timeout=30) as http:
        staff = Staff(http, instance.edge_url, token)
        if await _complete(http, instance.edge_url, data):
            await _moved(http, staff, instance.edge_url, data)
            return
        await _logistics(staff)
        for mall in data["malls"]:
            opened = mall | {"storefront_url": storefront_url(instance.edge_url)}
            await staff.call("POST", "/v1/malls", key=f"mall-{mall['id']}", json=opened)
        for category in data["categories"]:
            body = {"mall_id": category["mall"], "id": category["id"], "name": category["name"]}
            await staff.call("POST", "/v1/categories", key=f"category-{category['id']}", json=body)
        made = [await _product(http, staff, product) for product in data["products"]]
        for product in data["products"]:
            await _stock(staff, product, data["stock_per_sku"])
        await _shipping(staff, data)
        # Last, because a shop that shows every product counts as seeded.
        for product_id in made:
            await staff.call("POST", f"/v1/products/{product_id}/publish", json={})
        await _until_priced(http, instance.edge_url, data)


async def _complete(http: httpx.AsyncClient, edge: str, data: dict[str, Any]) -> bool:
    for mall in data["malls"]:
        answer = await http.get(f"{edge}/v1/products", params={"mall": mall["id"], "limit": 100})
        wanted = {product["slug"] for product in data["products"] if product["mall"] == mall["id"]}
        if answer.status_code != 200 or not wanted <= {item["slug"] for item in answer.json()["items"]}:
            return False
    return True


def storefront_url(edge: str) -> str:
    """Where a seeded mall's customers are sent: there is no storefront but the edge itself."""
    return f"{edge}/"


async def _moved(http: httpx.AsyncClient, staff: Staff, edge: str, data: dict[str, Any]) -> None:
    """The instance may have been seeded on another port. An address that somebody gave a mall stays."""
    for mall in data["malls"]:
        known = (await http.get(f"{edge}/v1/malls/{mall['id']}")).json().get("storefront_url") or ""
        if known != storefront_url(edge) and _SEEDED_URL.fullmatch(known):
            await staff.call("PATCH", f"/v1/malls/{mall['id']}", json={"storefront_url": storefront_url(edge)})


async def _logistics(staff: Staff) -> None:
    """One centre whose job calls us, one whose API we call; a mall each."""
    centres = ((PULL_CENTRE, "이천 센터", "pull"), (POLL_CENTRE, "용인 센터", "poll"))
    for code, name, mode in centres:
        await staff.call("PUT", f"/v1/logistics/centres/{code}", json={"name": name, "mode": mode})
    for mall, centre in (("intake", PULL_CENTRE), ("livestore", POLL_CENTRE)):
        await staff.call("PUT", f"/v1/logistics/routes/{mall}", json={"centre": centre})


async def _product(http: httpx.AsyncClient, staff: Staff, product: dict[str, Any]) -> str:
    """A draft with its picture. Returns its id."""
    variants = [
        {
            "sku": sku,
            "name": name,
            "price": _won(price),
            "list_price": None if list_price is None else _won(list_price),
            "tax": product.get("tax", "taxable"),
        }
        for sku, name, price, list_price in product["variants"]
    ]
    body = {
        "mall_id": product["mall"],
        "slug": product["slug"],
        "name": product["name"],
        "description": product["description"],
        "category_id": product["category"],
        "variants": variants,
    }
    made = await staff.call("POST", "/v1/products", key=f"product-{product['slug']}", json=body)
    if made is None:
        raise SeedFailed(f"another product is called {product['slug']}")
    await _picture(http, staff, made["id"], product)
    return str(made["id"])


async def _stock(staff: Staff, product: dict[str, Any], units: int) -> None:
    items = [{"sku": sku, "quantity": units} for sku, *_ in product["variants"]]
    receipt = {"items": items, "reference": f"seed-1-{product['slug']}"}
    await staff.call("POST", "/v1/stock/receipts", key=f"stock-{product['slug']}", json=receipt)


async def _picture(http: httpx.AsyncClient, staff: Staff, product_id: str, product: dict[str, Any]) -> None:
    content = pictures.draw(product["colour"], seed=product["slug"])
    announced: dict[str, Any] = {
        "product_id": product_id,
        "file_name": f"{product['slug']}.webp",
        "content_type": "image/webp",
        "bytes": len(content),
    }
    upload = await staff.call("POST", "/v1/media/uploads", key=f"upload-{product['slug']}", json=announced)
    if upload is None:
        return
    files = {"file": (announced["file_name"], content, "image/webp")}
    stored = await http.post(upload["url"], data=upload["fields"], files=files)
    if stored.status_code not in {200, 201, 204}:
        raise SeedFailed(f"the picture of {product['slug']} was not stored: {stored.status_code} {stored.text[:200]}")
    shown = {"upload_id": upload["upload_id"], "alt": product["name"]}
    await staff.call("POST", f"/v1/products/{product_id}/pictures", json=shown)


async def _shipping(staff: Staff, data: dict[str, Any]) -> None:
    rule = data["shipping"]
    body = {"fee": _won(rule["fee"]), "free_from": _won(rule["free_from"])}
    for mall in data["malls"]:
        # The rule is about the mall's currency, which cart hears of from catalog. Groups just born need their time.
        end = time.monotonic() + _HEARSAY_SECONDS
        while True:
            try:
                await staff.call("PUT", f"/v1/shipping-rules/{mall['id']}", json=body)
                break
            except SeedFailed as refused:
                if time.monotonic() > end:
                    raise SeedFailed(f"cart does not know the mall {mall['id']} yet: {refused}") from refused
            await asyncio.sleep(0.25)


async def _until_priced(http: httpx.AsyncClient, edge: str, data: dict[str, Any]) -> None:
    """Waits until cart's copy of the catalogue has every SKU."""
    end = time.monotonic() + _HEARSAY_SECONDS
    for mall in data["malls"]:
        skus = [sku for product in data["products"] if product["mall"] == mall["id"] for sku, *_ in product["variants"]]
        while True:
            cart = (await http.post(f"{edge}/v1/carts", json={"mall_id": mall["id"], "channel": "pc"})).json()
            headers = {"X-Cart-Token": cart.get("token", "")}
            answers = [
                await http.post(
                    f"{edge}/v1/carts/{cart.get('id')}/lines", json={"sku": sku, "quantity": 1}, headers=headers
                )
                for sku in skus
            ]
            if all(answer.status_code in {200, 201} for answer in answers):
                break
            if time.monotonic() > end:
                raise SeedFailed(f"cart cannot price the mall {mall['id']}: {answers[-1].text[:300]}")
            await asyncio.sleep(0.3)


def _won(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "KRW"}
