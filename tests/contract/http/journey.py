"""Customers, staff and a logistics centre use the shop, so that there is something behind every kind of address."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from tests.contract.http.known import Known
from tests.contract.http.shop import Shop

from catalog.domain.media import StoredObject
from common import ids
from shop.demo.door import Door, Order
from shop.demo.people import person

MALL = "intake"
_CSV = "text/csv"


@dataclass
class Journey:
    """What was made is in `known`."""

    shop: Shop
    http: httpx.AsyncClient
    known: Known = field(default_factory=Known)

    @property
    def door(self) -> Door:
        return Door(self.http, self.shop.url("edge"), f"{self.shop.url('sandbox')}/sandbox")

    async def staff(self, method: str, path: str, body: Any = None) -> Any:
        headers = self.shop.staff() | {"Idempotency-Key": ids.new_id().hex}
        return await self.call(method, path, body, headers)

    async def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        answer = await self.http.request(method, f"{self.shop.url('edge')}{path}", json=body, headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None


async def travel(shop: Shop) -> Known:
    """A shop with a catalogue, customers and orders in every state."""
    async with httpx.AsyncClient(timeout=30) as http:
        journey = Journey(shop, http)
        await _passes(journey)
        await fit_out(journey)
        await _publish(journey)
        await _promote(journey)
        await _fill_carts(journey)
        await _order(journey)
        await _return_goods(journey)
        await _look_back(journey)
        return journey.known


async def _passes(journey: Journey) -> None:
    secrets, known = journey.shop.instance.secrets, journey.known
    claims = {"sub": str(ids.new_id()), "typ": "member", "aud": "member", "tier": "gold", "exp": 4_102_444_800}
    known.member = f"Bearer {jwt.encode(claims, secrets['staff_token_key'], algorithm='HS256')}"
    known.passes = {
        "authorization": journey.shop.staff("admin")["Authorization"],
        "x-internal-key": secrets["internal_key"],
        "x-api-key": secrets["logistics_api_key"],
    }
    known.place(token=secrets["solapi_callback_token"])
    known.value("currency", "KRW")
    known.value("carrier", "cj")
    for provider in ("toss", "kakaopay", "inicis", "portone", "portone_v1"):
        known.place(provider=provider, mall_id=MALL, kind="webhook", place="deposit")


async def fit_out(journey: Journey) -> None:
    """The mall, its categories, its logistics centres."""
    sandbox = f"{journey.shop.url('sandbox')}/sandbox/logistics/_sandbox/job/pause"
    (await journey.http.post(sandbox)).raise_for_status()
    await journey.staff("PUT", "/v1/logistics/centres/icheon", {"name": "이천 센터", "mode": "pull"})
    await journey.staff("PUT", f"/v1/logistics/routes/{MALL}", {"centre": "icheon"})
    await journey.staff("POST", "/v1/malls", {"id": MALL, "name": "인테이크", "currency": "KRW"})
    for category, parent in (("food", None), ("grain", "food")):
        body = {"mall_id": MALL, "id": category, "name": "곡물", "parent_id": parent}
        await journey.staff("POST", "/v1/categories", body)
        journey.known.value("category_id", category)
        journey.known.value("category", category)
    journey.known.place(code="icheon")
    journey.known.value("centre", "icheon")
    journey.known.value("mall", MALL)
    await journey.shop.hear()


async def _publish(journey: Journey) -> None:
    """Products with stock, a set, a sale, a pre-order and a picture; a sheet that came and one that is made."""
    for number in range(3):
        await _product(journey, number)
    await journey.shop.work("catalog", "post-movements", "tell-sets", "follow-availability", "prepare-bodies")
    await journey.shop.hear()
    fee = {"fee": {"amount": 3000, "currency": "KRW"}, "free_from": {"amount": 50000, "currency": "KRW"}}
    await journey.staff("PUT", f"/v1/shipping-rules/{MALL}", fee)
    sheet = await journey.staff("POST", "/v1/products/imports", {"mall_id": MALL, "format": "csv", "bytes": 4})
    journey.shop.storage.arrive(sheet["fields"]["key"], b"slug", _CSV)
    made = await journey.staff("POST", "/v1/products/exports", {"mall_id": MALL, "format": "csv"})
    journey.known.place(import_id=sheet["id"], export_id=made["id"])


async def _product(journey: Journey, number: int) -> None:
    won = {"amount": 12_900, "currency": "KRW"}
    single, box = f"GRANOLA-{number}", f"BOX-{number}"
    body = {
        "mall_id": MALL,
        "slug": f"granola-{number}",
        "name": "그래놀라",
        "category_id": "grain",
        "tags": ["비건"],
        "variants": [{"sku": single, "price": won, "options": [{"name": "맛", "value": "초코"}]}],
    }
    made = await journey.staff("POST", "/v1/products", body)
    options = [{"name": "맛", "value": "초코 두 개"}]
    parts = {"sku": box, "price": won, "options": options, "parts": [{"sku": single, "quantity": 2}]}
    await journey.staff("POST", f"/v1/products/{made['id']}/variants", parts)
    receipt = {"items": [{"sku": single, "quantity": 500}], "reference": f"delivery-{number}"}
    await journey.staff("POST", "/v1/stock/receipts", receipt)
    upload = {"product_id": made["id"], "file_name": "a.webp", "content_type": "image/webp", "bytes": 12}
    announced = await journey.staff("POST", "/v1/media/uploads", upload)
    key, head = announced["fields"]["key"], b"RIFF\x04\x00\x00\x00WEBP"
    journey.shop.storage.objects[key] = StoredObject(len(head), "image/webp", head)
    if number:
        await journey.staff("POST", f"/v1/products/{made['id']}/pictures", {**_shown(announced), "alt": "그래놀라"})
    await journey.staff("POST", f"/v1/products/{made['id']}/publish")
    ids_ = {"product_id": made["id"], "sku": single, "upload_id": announced["upload_id"]}
    journey.known.place(id_or_slug=made["id"], **ids_)
    journey.known.place(id_or_slug=made["slug"], **ids_)
    journey.known.value("slug", made["slug"])
    journey.known.value("sku", box)


def _shown(announced: dict[str, Any]) -> dict[str, str]:
    return {"upload_id": announced["upload_id"]}


async def _promote(journey: Journey) -> None:
    benefits: list[dict[str, Any]] = [
        {"kind": "percent_off", "basis_points": 1000},
        {"kind": "gift", "sku": "GRANOLA-2"},
        {"kind": "free_shipping"},
    ]
    for number, benefit in enumerate(benefits):
        body = {"mall_id": MALL, "label": "봄맞이", "currency": "KRW", "status": "active", "benefit": benefit}
        made = await journey.staff("POST", "/v1/promotions", body | {"needs_coupon": number < 2})
        if number == 2:
            journey.known.place(promotion_id=made["id"])
            continue
        coupon = {"label": "쿠폰", "code": f"SPRING{number}"} if number else {"label": "쿠폰", "count": 5}
        issued = await journey.staff("POST", f"/v1/promotions/{made['id']}/coupons", coupon)
        journey.known.place(promotion_id=made["id"], coupon_id=issued["id"])
        journey.known.value("code", f"SPRING{number}")
    product = journey.known.values["product_id"][0]
    await journey.staff("PUT", f"/v1/promotions/purchase-limits/{product}", {"max_per_order": 50})
    ranges = [{"first": "63000", "last": "63644", "label": "제주", "fee": 3000}]
    await journey.staff("PUT", f"/v1/shipping-rules/{MALL}/surcharges", {"currency": "KRW", "ranges": ranges})
    await journey.shop.hear()


async def _fill_carts(journey: Journey) -> None:
    """Two of guests and one of a member, still open."""
    for headers in ({}, {}, {}, {"Authorization": journey.known.member}):
        cart = await journey.call("POST", "/v1/carts", {"mall_id": MALL, "channel": "pc"}, headers)
        opened = {"X-Cart-Token": cart["token"]}
        line = {"sku": "GRANOLA-0", "quantity": 2}
        filled = await journey.call("POST", f"/v1/carts/{cart['id']}/lines", line, opened)
        journey.known.place(opened | headers, cart_id=cart["id"], line_id=filled["lines"][0]["id"])
    journey.known.value("zonecode", "63100", "06236")


async def _order(journey: Journey) -> None:
    """Orders that wait for money, are paid, are with the centre, are on their way, have arrived, were given up."""
    for state in (
        "placed",
        "placed",
        "open",
        "account",
        "paid",
        "paid",
        "accepted",
        "shipped",
        *["delivered"] * 3,
        "cancelled",
    ):
        number = len(journey.known.values.get("order_id", []))
        cart = await journey.door.fill_cart(MALL, "pc", [("GRANOLA-0", 2), ("GRANOLA-1", 1)])
        order = await journey.door.place(cart, person(number))
        await _take_to(journey, state, order, cart)


async def _take_to(journey: Journey, state: str, order: Order, cart: tuple[str, str]) -> None:
    key = {"X-Order-Token": order.token}
    here = {"order_id": order.id, "line_id": order.lines[0]["line_id"]}
    journey.known.value("order_number", order.number)
    await journey.shop.hear()
    if state == "placed":
        journey.known.place(key, **here)
        journey.known.place({"X-Cart-Token": cart[1]}, cart_id=cart[0], order_id=order.id)
        return
    if state == "open":
        opened = await journey.door.open_window(order, "card", "inicis")
        journey.known.place(key, payment_id=opened["id"], **here)
        return
    if state == "cancelled":
        await journey.door.cancel(order, "다시 주문할게요")
        journey.known.place(key, **here)
        await journey.shop.hear()
        return
    if state == "account":
        here["payment_id"] = (await journey.door.ask_for_account(order))["id"]
    else:
        here["payment_id"] = await journey.door.pay_by_storefront(order, "card")
        await journey.shop.hear()
        here |= await _ship(journey, order, state)
    journey.known.place(key, **here)


async def _ship(journey: Journey, order: Order, state: str) -> dict[str, str]:
    centre = {"X-API-Key": journey.known.passes["x-api-key"]}
    query = f"/v1/logistics/shipment-requests?order_number={order.number}"
    request = (await journey.call("GET", query, headers=centre))["items"][0]["id"]
    path = f"/v1/logistics/shipment-requests/{request}"
    steps = {"accepted": [("accept", {})]}
    # Its check digit: the third to the eleventh modulo seven.
    number = f"680{order.number[-8:]}"
    steps["shipped"] = [*steps["accepted"], ("waybill", {"carrier": "cj", "waybill": f"{number}{int(number[2:]) % 7}"})]
    steps["delivered"] = [*steps["shipped"], ("delivered", {})]
    for verb, body in steps.get(state, []):
        await journey.call("POST", f"{path}/{verb}", body, centre)
        await journey.shop.hear()
    return {"request_id": request}


async def _return_goods(journey: Journey) -> None:
    """A return that waits for staff, and two that were approved."""
    delivered = [place for place in journey.known.places if "request_id" in place.ids][-3:]
    for number, place in enumerate(delivered):
        order = f"/v1/orders/{place.ids['order_id']}"
        body = {
            "kind": "return",
            "reason": "change_of_mind",
            "lines": [{"line_id": place.ids["line_id"], "quantity": 1}],
        }
        headers = dict(place.headers) | {"Idempotency-Key": ids.new_id().hex}
        made = await journey.call("POST", f"{order}/claims", body, headers)
        if number:
            await journey.staff("POST", f"{order}/claims/{made['claim_id']}/approve", {})
        journey.known.place(place.headers, **place.ids, claim_id=made["claim_id"])
    await journey.shop.hear()


async def _look_back(journey: Journey) -> None:
    """What staff look at: counts of the centre's shelves, a rebuild of the figures, cursors of every list."""
    counted = {"items": [{"sku": "GRANOLA-0", "on_hand": 7}]}
    centre = {"X-API-Key": journey.known.passes["x-api-key"]}
    await journey.call("POST", "/v1/logistics/stock-counts", counted, centre)
    await journey.shop.hear()
    count = (await journey.staff("GET", "/v1/stock/counts"))["items"][0]
    rebuild = await journey.staff("POST", "/v1/stats/rebuilds", {})
    journey.known.place(count_id=count["count_id"], sku="GRANOLA-0")
    journey.known.place(rebuild_id=rebuild["id"])
    for path in ("/v1/products", "/v1/orders", "/v1/notifications", "/v1/logistics/shipment-requests"):
        page = await journey.staff("GET", f"{path}?limit=1")
        journey.known.value("cursor", page["next_cursor"])
