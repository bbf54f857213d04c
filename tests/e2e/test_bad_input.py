"""What customers, providers and strangers get wrong: each a clear problem, and nothing changed."""

import asyncio

import pytest

from common import ids
from shop.demo.people import person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SKU = "GRANOLA-300"


def problem(answer, status: int, code: str) -> None:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text[:500]
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.fixture
async def cart(door):
    return await door.fill_cart("intake", "pc", [(SKU, 1)])


@pytest.fixture
async def order(door, cart):
    return await door.place(cart, person(901))


def lines_url(shop, cart) -> str:
    return f"{shop.edge_url}/v1/carts/{cart[0]}/lines"


class TestCart:
    @pytest.mark.parametrize("quantity", [0, -1, 1.5, "2", None, True, 10**12])
    async def test_quantities_that_are_none(self, http, shop, cart, quantity):
        answer = await http.post(
            lines_url(shop, cart), json={"sku": SKU, "quantity": quantity}, headers={"X-Cart-Token": cart[1]}
        )
        assert answer.status_code == 422
        assert answer.headers["content-type"].startswith("application/problem+json")
        mine = await http.get(f"{shop.edge_url}/v1/carts/{cart[0]}", headers={"X-Cart-Token": cart[1]})
        assert [line["quantity"] for line in mine.json()["lines"]] == [1]

    async def test_an_unknown_sku(self, http, shop, cart):
        answer = await http.post(
            lines_url(shop, cart), json={"sku": "NO-SUCH", "quantity": 1}, headers={"X-Cart-Token": cart[1]}
        )
        problem(answer, 422, "sku.unknown")

    async def test_anothers_cart_looks_as_if_it_were_not_there(self, http, shop, cart, door):
        _, other_token = await door.fill_cart("intake", "pc", [(SKU, 1)])
        answer = await http.get(f"{shop.edge_url}/v1/carts/{cart[0]}", headers={"X-Cart-Token": other_token})
        problem(answer, 404, "cart.not_found")

    async def test_a_body_over_the_limit(self, http, shop, cart):
        answer = await http.post(
            lines_url(shop, cart),
            content=b'{"sku": "' + b"x" * 2_000_000 + b'"}',
            headers={"X-Cart-Token": cart[1], "Content-Type": "application/json"},
        )
        assert answer.status_code == 413
        assert answer.headers["content-type"].startswith("application/problem+json")

    async def test_a_body_that_is_no_json(self, http, shop, cart):
        headers = {"X-Cart-Token": cart[1], "Content-Type": "application/json"}
        answer = await http.post(lines_url(shop, cart), content=b"{", headers=headers)
        problem(answer, 400, "request.malformed")


class TestOrder:
    def body(self, cart, **changes):
        who = person(902)
        ship_to = {
            "recipient": who["name"],
            "phone": who["phone"],
            "zonecode": who["zonecode"],
            "road_address": who["road_address"],
            "detail": who["detail"],
        }
        orderer = {"name": who["name"], "email": who["email"], "phone": who["phone"]}
        return {"cart_id": cart[0], "orderer": orderer, "ship_to": ship_to, **changes}

    async def post(self, http, shop, cart, body, key=None):
        headers = {"X-Cart-Token": cart[1], "Idempotency-Key": key or ids.new_id().hex}
        return await http.post(f"{shop.edge_url}/v1/orders", json=body, headers=headers)

    async def test_a_farther_place_is_refused_with_its_price(self, door, http, shop, order):
        jeju = person(4)
        assert jeju["zonecode"].startswith("63")
        ship_to = {"recipient": jeju["name"]} | {
            name: jeju[name] for name in ("phone", "zonecode", "road_address", "detail")
        }
        headers = {"X-Order-Token": order.token, "Idempotency-Key": ids.new_id().hex}
        answer = await http.post(f"{shop.edge_url}/v1/orders/{order.id}/ship-to", json=ship_to, headers=headers)
        problem(answer, 409, "order.surcharge_due")
        assert answer.json()["surcharge"] == {"amount": 3000, "currency": "KRW"}
        found = await door.look(order)
        assert (found["ship_to"]["zonecode"], found["address_changes_pending"]) == (person(901)["zonecode"], 0)

    async def test_the_same_key_with_another_body(self, http, shop, cart):
        key = ids.new_id().hex
        assert (await self.post(http, shop, cart, self.body(cart), key)).status_code == 201
        changed = self.body(cart)
        changed["ship_to"]["detail"] = "somewhere else"
        problem(await self.post(http, shop, cart, changed, key), 422, "idempotency.key_reused")

    async def test_the_same_key_and_body_is_the_same_answer(self, http, shop, cart):
        key, body = ids.new_id().hex, self.body(cart)
        first, second = [await self.post(http, shop, cart, body, key) for _ in range(2)]
        assert first.content == second.content

    async def test_many_clicks_at_once_are_one_order(self, http, shop, cart):
        key, body = ids.new_id().hex, self.body(cart)
        answers = await asyncio.gather(*(self.post(http, shop, cart, body, key) for _ in range(8)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1

    async def test_two_orders_from_one_cart(self, http, shop, cart):
        assert (await self.post(http, shop, cart, self.body(cart))).status_code == 201
        second = await self.post(http, shop, cart, self.body(cart))
        assert second.status_code == 409

    async def test_an_empty_cart(self, http, shop, door):
        empty = await door.fill_cart("intake", "pc", [])
        problem(await self.post(http, shop, empty, self.body(empty)), 409, "cart.empty")

    async def test_a_price_that_changed_under_the_customer(self, http, shop, cart):
        body = self.body(cart, expected_total={"amount": 1, "currency": "KRW"})
        problem(await self.post(http, shop, cart, body), 409, "price.changed")

    async def test_a_fraction_of_a_won(self, http, shop, cart):
        body = self.body(cart, expected_total={"amount": 11900.5, "currency": "KRW"})
        problem(await self.post(http, shop, cart, body), 422, "request.invalid")

    async def test_no_key(self, http, shop, cart):
        answer = await http.post(f"{shop.edge_url}/v1/orders", json=self.body(cart), headers={"X-Cart-Token": cart[1]})
        problem(answer, 422, "idempotency.key_missing")

    async def test_anothers_order_looks_as_if_it_were_not_there(self, http, shop, order):
        answer = await http.get(f"{shop.edge_url}/v1/orders/{order.id}", headers={"X-Order-Token": "guess"})
        problem(answer, 404, "order.not_found")

    async def test_more_than_there_is(self, http, shop, door):
        cart = await door.fill_cart("intake", "pc", [("CEREAL-400", 9999)])
        answer = await self.post(http, shop, cart, self.body(cart))
        problem(answer, 409, "stock.insufficient")
        assert answer.json()["lines"][0]["sku"] == "CEREAL-400"


class TestPayment:
    async def open(self, http, shop, order, **body):
        wish = {"order_id": order.id, "provider": "toss", "method": "card", **body}
        headers = {"X-Order-Token": order.token, "Idempotency-Key": ids.new_id().hex}
        return await http.post(f"{shop.edge_url}/v1/payments", json=wish, headers=headers)

    async def test_a_tampered_amount_is_never_confirmed(self, http, shop, door, order):
        payment = (await self.open(http, shop, order)).json()
        forged = {"paymentKey": "tampered", "orderId": payment["id"].replace("-", ""), "amount": 100}
        headers = {"X-Order-Token": order.token}
        answer = await http.post(f"{shop.edge_url}/v1/payments/{payment['id']}/confirm", json=forged, headers=headers)
        assert answer.status_code in {409, 422}
        assert (await door.look(order))["status"] == "pending_payment"

    async def test_a_payment_key_of_another_order(self, http, shop, door, order):
        cheap = await door.place(await door.fill_cart("intake", "pc", [("SHAKE-CHOCO", 1)]), person(903))
        payment = (await self.open(http, shop, order)).json()
        other = (await self.open(http, shop, cheap)).json()
        headers = {"X-Order-Token": order.token}
        forged = {"paymentKey": "x", "orderId": other["id"].replace("-", ""), "amount": order.total}
        answer = await http.post(f"{shop.edge_url}/v1/payments/{payment['id']}/confirm", json=forged, headers=headers)
        assert answer.status_code in {404, 409, 422}
        assert (await door.look(order))["status"] == "pending_payment"

    async def test_a_forged_deposit_notice(self, http, shop, door, order):
        account = await door.ask_for_account(order)
        forged = {
            "createdAt": "2026-11-22T12:00:00.000000",
            "secret": "guessed",
            "orderId": account["id"].replace("-", ""),
            "status": "DONE",
            "transactionKey": "9FF15E1A29D0E77C218F57262BFA4986",
        }
        await http.post(f"{shop.edge_url}/v1/callbacks/toss", json=forged)
        assert (await door.look(order))["status"] == "pending_payment"
        assert (await door.look_at_payment(order, account["id"]))["status"] == "waiting_for_deposit"

    async def test_a_notice_about_nothing_of_ours(self, http, shop):
        notice = {"eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-11-22T12:00:00.000000", "data": {}}
        answer = await http.post(f"{shop.edge_url}/v1/callbacks/toss", json=notice)
        assert answer.status_code < 500

    async def test_a_second_tab_cannot_pay_a_paid_order(self, http, shop, door, order):
        await door.pay_by_window(order, "card")
        await door.wait_for(order, lambda found: found["status"] != "pending_payment", "paid")
        again = await self.open(http, shop, order)
        assert again.status_code == 409
        assert again.json()["code"] in {"payment.already_paid", "payment.order_not_payable"}


class TestDoors:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/v1/stats/sales"),
            ("POST", "/v1/malls"),
            ("GET", "/v1/stock/GRANOLA-500"),
            ("GET", "/v1/logistics/shipment-requests"),
            ("POST", "/v1/logistics/stock-counts"),
            ("GET", "/v1/payments/ledger"),
        ],
    )
    async def test_staff_and_machines_must_say_who_they_are(self, http, shop, method, path):
        answer = await http.request(method, f"{shop.edge_url}{path}", json={} if method == "POST" else None)
        assert answer.status_code == 401, answer.text[:300]
        assert answer.headers["content-type"].startswith("application/problem+json")

    @pytest.mark.parametrize(
        "path", ["/internal/orders/x/payable", "/internal/audit", "/metrics", "/healthz", "/readyz"]
    )
    async def test_inner_paths_are_not_reached_through_the_edge(self, http, shop, path):
        answer = await http.get(f"{shop.edge_url}{path}")
        assert answer.status_code in {404, 405}

    async def test_paths_that_are_none(self, http, shop):
        answer = await http.get(f"{shop.edge_url}/v1/nothing-here")
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("application/problem+json")
