"""How orders is asked what is owed."""

from __future__ import annotations

import httpx
import pytest
import respx
from services.payments.tests.builders import NOW, TOKEN, a_payable

from common import ids
from common.errors import UpstreamUnavailable
from common.http_client import client
from payments.clients.orders import HttpOrders

URL = "http://orders.example"


def answer(order, **changes):
    return {
        "order_id": str(order), "order_number": "20261122-00000001", "mall_id": "intake", "channel": "pc",
        "currency": "KRW", "status": "pending_payment", "amount": 15900, "vat_amount": 1445, "tax_free_amount": 0,
        "order_name": "그래놀라 500g 외 1건", "orderer_name": "김서연", "payment_due_at": "2026-11-22T03:30:00Z",
    } | changes  # fmt: skip


@pytest.fixture
async def orders():
    async with client(headers={"X-Internal-Key": "internal"}) as http:
        yield HttpOrders(http, URL)


class TestPayable:
    @respx.mock
    async def test_is_asked_with_the_customers_token_and_the_shops_key(self, orders):
        order_id = ids.new_id()
        route = respx.get(f"{URL}/internal/orders/{order_id}/payable").respond(json=answer(order_id))
        assert await orders.payable(order_id, TOKEN) == a_payable(order_id)
        headers = route.calls.last.request.headers
        assert (headers["x-order-token"], headers["x-internal-key"]) == (TOKEN, "internal")

    @respx.mock
    async def test_no_such_order_or_a_wrong_token(self, orders):
        respx.get(url__startswith=URL).respond(404, json={"code": "order.not_found"})
        assert await orders.payable(ids.new_id(), "guess") is None

    @pytest.mark.parametrize("token", ["é", "a\x7f", "\x01"])
    async def test_what_no_header_can_carry_is_nobodys_token(self, orders, token):
        assert await orders.payable(ids.new_id(), token) is None

    @pytest.mark.parametrize(
        "response",
        [
            httpx.Response(401, json={}),
            httpx.Response(500),
            httpx.Response(200, text="?"),
            httpx.Response(200, json=answer(NOW, order_id="no id")),
            httpx.Response(200, json=answer(ids.new_id(), amount="15900")),
            httpx.Response(200, json=answer(ids.new_id(), amount=15900.5)),
            httpx.ReadTimeout("slow"),
        ],
    )
    @respx.mock
    async def test_anything_else_is_tried_again_later(self, orders, response):
        respx.get(url__startswith=URL).mock(side_effect=[response])
        with pytest.raises(UpstreamUnavailable):
            await orders.payable(ids.new_id(), TOKEN)

    def test_a_repr_shows_no_name(self):
        assert "김서연" not in repr(a_payable())
