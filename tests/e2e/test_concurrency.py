"""200 customers want 50 units at the same moment."""

import asyncio
from collections import Counter

import pytest

from common import ids
from shop.demo.people import person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

BUYERS, UNITS = 200, 50


async def test_exactly_as_many_orders_as_units(http, shop, door, staff, eventually):
    sku = f"RARE-{ids.new_id().hex[:8]}"
    headers = staff("catalog")

    async def call(method, path, **options):
        made = await http.request(
            method, f"{shop.edge_url}{path}", headers={**headers, "Idempotency-Key": ids.new_id().hex}, **options
        )
        assert made.status_code in {200, 201}, made.text
        return made.json()

    price = {"amount": 50_000, "currency": "KRW"}
    product = await call(
        "POST",
        "/v1/products",
        json={
            "mall_id": "intake",
            "slug": sku.lower(),
            "name": "한정판 선물 세트",
            "variants": [{"sku": sku, "price": price}],
        },
    )
    await call("POST", "/v1/stock/receipts", json={"items": [{"sku": sku, "quantity": UNITS}], "reference": sku})
    await call("POST", f"/v1/products/{product['id']}/publish", json={})

    async def known():
        cart = await http.post(f"{shop.edge_url}/v1/carts", json={"mall_id": "intake", "channel": "pc"})
        line = await http.post(
            f"{shop.edge_url}/v1/carts/{cart.json()['id']}/lines",
            json={"sku": sku, "quantity": 1},
            headers={"X-Cart-Token": cart.json()["token"]},
        )
        return line.status_code in {200, 201}

    await eventually(known, "cart knows the product")
    room = asyncio.Semaphore(20)

    async def fill(_number):
        async with room:
            return await door.fill_cart("intake", "pc", [(sku, 1)])

    carts = await asyncio.gather(*(fill(number) for number in range(BUYERS)))

    async def order(number, cart):
        who = person(number)
        body = {
            "cart_id": cart[0],
            "orderer": {key: who[key] for key in ("name", "email", "phone")},
            "ship_to": {
                "recipient": who["name"],
                **{key: who[key] for key in ("phone", "zonecode", "road_address", "detail")},
            },
        }
        key = {"X-Cart-Token": cart[1], "Idempotency-Key": ids.new_id().hex}
        for _ in range(300):
            answer = await http.post(f"{shop.edge_url}/v1/orders", json=body, headers=key, timeout=60)
            if answer.status_code not in {429, 502, 503} and "in_progress" not in answer.text:
                return answer
            await asyncio.sleep(0.2)
        raise AssertionError(answer.text)

    answers = await asyncio.gather(*(order(number, cart) for number, cart in enumerate(carts)))
    outcome = Counter((answer.status_code, answer.json().get("code")) for answer in answers)
    assert outcome == {(201, None): UNITS, (409, "stock.insufficient"): BUYERS - UNITS}
    stock = await http.get(f"{shop.edge_url}/v1/stock/{sku}", headers=headers)
    assert (stock.json()["on_hand"], stock.json()["reserved"], stock.json()["available"]) == (UNITS, UNITS, 0)
    # The customers of other tests take what they find on the shelf.
    await call("POST", f"/v1/products/{product['id']}/hide", json={})
