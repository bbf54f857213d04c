"""One trace runs from the customer's request through outbox and Kafka to every reaction."""

import pytest

from shop.demo.people import person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


async def test_from_the_orders_post_to_the_message_and_the_figures(http, shop, door, eventually):
    cart = await door.fill_cart("intake", "pc", [("GRANOLA-500", 1)])
    order = await door.place(cart, person(904))

    async def whole():
        listed = (await http.get(f"{shop.edge_url}/dev/traces.json", params={"order": order.number})).json()
        for found in listed["items"]:
            trace = (await http.get(f"{shop.edge_url}/dev/traces/{found['trace_id']}.json")).json()
            steps = {(span["service"], span["name"]) for span in trace["spans"]}
            sent = any(name.startswith("send shop.orders.v1") for _, name in steps)
            if sent and wanted <= steps:
                return trace
        return None

    wanted = {
        ("orders", "POST /v1/orders"),
        ("catalog", "PUT /internal/reservations/{order_id}"),
        ("catalog", "process shop.orders.v1"),
        ("notify", "process shop.orders.v1"),
        ("stats", "process shop.orders.v1"),
    }
    # Each service hands its spans in by itself, so which come last is chance.
    await eventually(whole, f"one trace with a send and {wanted}")
