"""From cart to doorstep, and every way back."""

import asyncio

import pytest

from shop.demo.desk import Desk
from shop.demo.people import person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

TAXABLE, TAX_FREE = "GRANOLA-500", "TANGERINE-3"


async def an_order(door, *wishes, mall="intake", number=900):
    cart = await door.fill_cart(mall, "mobile", list(wishes))
    return await door.place(cart, person(number))


async def until(door, order, status):
    return await door.wait_for(order, lambda found: found["status"] == status, status, seconds=90)


class TestCard:
    async def test_paid_shipped_by_the_centre_that_calls_us_and_delivered(self, door, shop, http, eventually):
        order = await an_order(door, (TAXABLE, 2))
        assert order.total == 12_900 * 2 + 3_000
        await door.pay_by_window(order, "card")
        found = await until(door, order, "completed")
        assert found["total_amount"] == {"amount": order.total, "currency": "KRW"}
        shipments = await door.call("GET", f"/v1/orders/{order.id}/shipments", headers={"X-Order-Token": order.token})
        (shipment,) = shipments["items"]
        assert shipment["status"] == "delivered"
        assert shipment["waybill"] in shipment["tracking_url"]

        async def mails():
            inbox = (await http.get(f"{shop.edge_url}/dev/mail.json")).json()
            mine = [mail for mail in inbox["items"] if order.number in mail["subject"] + str(mail.get("text", ""))]
            return mine if len(mine) >= 4 else None

        assert len(await eventually(mails, "mails of order placed, paid, shipped and completed")) == 4

    async def test_the_other_mall_ships_from_the_centre_we_call(self, door):
        order = await an_order(door, (TAX_FREE, 1), mall="livestore")
        await door.pay_by_window(order, "transfer")
        await until(door, order, "completed")


class TestVirtualAccount:
    async def test_waits_for_the_deposit_then_goes_on(self, door):
        order = await an_order(door, (TAXABLE, 1))
        account = await door.ask_for_account(order)
        assert account["status"] == "waiting_for_deposit"
        assert account["next_action"]["account_number"]
        assert (await door.look(order))["status"] == "pending_payment"
        await door.deposit(account)
        await until(door, order, "completed")

    async def test_expired_it_frees_the_stock(self, door, http, shop, staff, eventually):
        async def available():
            stock = await http.get(f"{shop.edge_url}/v1/stock/JERKY-60", headers=staff("catalog"))
            return stock.json()["available"]

        before = await available()
        order = await an_order(door, ("JERKY-60", 3))
        account = await door.ask_for_account(order)
        assert await available() == before - 3
        await door.let_expire(account)
        await until(door, order, "cancelled")

        async def freed():
            return await available() == before

        await eventually(freed, "the reserved units are free again")


class TestWaysBack:
    async def test_a_paid_order_is_cancelled_and_all_money_comes_back(self, door, idle_centre, eventually):
        order = await an_order(door, (TAXABLE, 1))
        payment_id = await door.pay_by_window(order, "card")
        await until(door, order, "paid")
        await door.cancel(order, "changed my mind")
        await until(door, order, "cancelled")

        async def refunded():
            return (await door.look_at_payment(order, payment_id))["refunded"]["amount"] == order.total

        await eventually(refunded, "the whole amount came back")

    async def test_one_of_three_units_is_cancelled_and_its_price_comes_back(self, door, idle_centre, eventually):
        order = await an_order(door, ("JELLY-PEACH", 3), ("GINSENG-30", 1))
        payment_id = await door.pay_by_window(order, "card")
        await until(door, order, "paid")
        line = next(line for line in order.lines if line["sku"] == "JELLY-PEACH")
        await door.cancel(order, "one is enough", [{"line_id": line["line_id"], "quantity": 1}])

        async def refunded():
            return (await door.look_at_payment(order, payment_id))["refunded"]["amount"] == 9_900

        await eventually(refunded, "the price of one unit came back")
        await idle_centre()
        found = await until(door, order, "completed")
        cancelled = {line["sku"]: line["cancelled_quantity"] for line in found["lines"]}
        assert cancelled == {"JELLY-PEACH": 1, "GINSENG-30": 0}

    async def test_an_unpaid_order_is_cancelled_at_once(self, door):
        order = await an_order(door, (TAXABLE, 1))
        await door.cancel(order, "no")
        assert (await door.look(order))["status"] == "cancelled"

    async def test_a_deposit_the_bank_takes_back_stops_the_parcel(self, door, http, idle_centre):
        """Inicis tells of this deposit as it tells mobile merchants."""

        async def reversed_at(provider, **deposit):
            order = await an_order(door, (TAXABLE, 1))
            account = await door.ask_for_account(order, provider=provider)
            bank = f"{door.sandbox}/{provider}/_sandbox"
            number = {"accountNumber": account["next_action"]["account_number"]}
            assert (await http.post(f"{bank}/deposit", json=number | deposit)).status_code == 200
            await until(door, order, "paid")
            assert (await http.post(f"{bank}/reverse", json=number)).status_code == 200
            await until(door, order, "cancelled")
            assert (await door.look_at_payment(order, account["id"]))["status"] == "reversed"

        await asyncio.gather(reversed_at("toss"), reversed_at("inicis", notice="mobile"), reversed_at("portone"))


class TestAnotherOption:
    async def test_asked_for_in_time_it_is_packed_and_the_other_is_for_sale_again(
        self, door, http, shop, staff, idle_centre, eventually
    ):
        skus = ("SHAKE-CHOCO", "SHAKE-GRAIN")

        async def on_hand():
            levels = [await http.get(f"{shop.edge_url}/v1/stock/{sku}", headers=staff("catalog")) for sku in skus]
            return [level.json()["on_hand"] for level in levels]

        choco, grain = await on_hand()
        order = await an_order(door, ("SHAKE-CHOCO", 2))
        await door.pay_by_window(order, "card")
        await until(door, order, "paid")
        assert await door.choose(order, order.lines[0]["line_id"], "SHAKE-GRAIN")

        async def moved():
            return await on_hand() == [choco, grain - 2]

        await eventually(moved, "two of the other option are sold")
        await idle_centre()
        found = await until(door, order, "completed")
        (line,) = found["lines"]
        assert (line["sku"], line["option_change"]["from_sku"]) == ("SHAKE-GRAIN", "SHAKE-CHOCO")
        (parcel,) = await door.parcels(order)
        assert [(unit["sku"], unit["quantity"]) for unit in parcel["lines"]] == [("SHAKE-GRAIN", 2)]


class TestGivenUp:
    async def test_what_the_centre_lacks_of_an_exchange_is_paid_back_and_not_for_sale(
        self, door, http, shop, staff, eventually
    ):
        skus = ("SHAKE-CHOCO", "SHAKE-GRAIN")

        async def on_hand():
            levels = [await http.get(f"{shop.edge_url}/v1/stock/{sku}", headers=staff("catalog")) for sku in skus]
            return [level.json()["on_hand"] for level in levels]

        order = await an_order(door, ("SHAKE-CHOCO", 1))
        payment_id = await door.pay_by_window(order, "card")
        await until(door, order, "completed")
        choco, grain = await on_hand()
        job = f"{shop.edge_url}/sandbox/logistics/_sandbox/job"
        refusal = {"reason": "none left", "short": 1, "count": 1}
        (await http.post(f"{job}/reject-next", json=refusal)).raise_for_status()
        desk = Desk(door, shop.secrets["staff_token_key"])
        lines = [{"line_id": order.lines[0]["line_id"], "quantity": 1, "replacement_sku": "SHAKE-GRAIN"}]
        claim = await door.claim(order, "exchange", "defective", lines)
        await desk.approve(order, claim)

        async def missed():
            listed = await desk.call("GET", "/v1/logistics/shipment-requests?attention=true&limit=200")
            return [found for found in listed["items"] if found["claim_id"] == claim["claim_id"]]

        (request,) = await eventually(missed, "staff is told that the centre lacks it", seconds=90)
        assert "SHAKE-GRAIN" in request["attention"]
        await desk.refund_instead(order, claim)
        found = await until(door, order, "returned")
        assert found["claims"][0]["replacement_stop"]["status"] == "accepted"

        async def settled():
            back = (await door.look_at_payment(order, payment_id))["refunded"]["amount"]
            # The one that came back is there again; the one that nobody has left the books.
            return back == order.total and await on_hand() == [choco + 1, grain - 1]

        await eventually(settled, "all of the money is back, and the shelves are right")


class TestFigures:
    async def test_count_what_was_sold_and_a_replay_gives_the_same(self, door, http, shop, staff, eventually):
        order = await an_order(door, ("PUFF-10", 2), mall="livestore")
        await door.pay_by_window(order, "card")
        await until(door, order, "completed")
        headers = staff("stats")

        async def sold():
            query = "mall=livestore&by=day&dimension=sku"
            answer = await http.get(f"{shop.edge_url}/v1/stats/sales?{query}", headers=headers)
            return answer.status_code == 200 and any(item["key"] == "PUFF-10" for item in answer.json()["items"])

        await eventually(sold, "the sale is counted")
        made = await http.post(
            f"{shop.edge_url}/v1/stats/rebuilds", json={}, headers={**headers, "Idempotency-Key": order.id}
        )
        assert made.status_code == 202

        async def rebuilt():
            answer = await http.get(f"{shop.edge_url}/v1/stats/rebuilds/{made.json()['id']}", headers=headers)
            return answer.json() if answer.json()["status"] in {"done", "failed"} else None

        result = await eventually(rebuilt, "the replay is done")
        assert result["status"] == "done"
        assert result["equal"] is True
