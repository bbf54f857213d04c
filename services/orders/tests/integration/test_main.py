"""The composition, with the real clients in front of stand-ins for the other services."""

from __future__ import annotations

import httpx
import pytest
from pydantic import SecretStr
from services.orders.tests.builders import a_quote
from services.orders.tests.fakes import TOKEN_KEY, post_order

from common import testing
from common.db import Database
from common.http import create_app
from common.runtime import Runtime
from contracts.registry import EVENTS
from orders.main import build
from orders.settings import Settings

pytestmark = pytest.mark.integration


def quote_json(quote) -> dict:
    lines = [
        {name: getattr(line, name) for name in line.__slots__}
        | {"line_id": str(line.line_id), "product_id": str(line.product_id)}
        for line in quote.lines
    ]
    names = ("mall_id", "channel", "currency", "items_amount", "discount_amount", "shipping_amount", "total_amount")
    return {name: getattr(quote, name) for name in names} | {"cart_id": str(quote.cart_id), "lines": lines}


async def test_the_service_places_an_order_through_its_real_clients(database: Database):
    quote = a_quote()
    asked: list[str] = []

    def others(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.host}")
        return httpx.Response(200, json=quote_json(quote) if request.url.host == "cart" else {})

    settings = Settings(
        database_url=SecretStr("unused"),
        token_key=SecretStr(TOKEN_KEY),
        cart_url="http://cart",
        catalog_url="http://catalog",
    )
    async with httpx.AsyncClient(transport=httpx.MockTransport(others)) as internal:
        runtime = Runtime(settings, database, internal, internal, database.clock, lambda _job: None)
        parts = build(runtime)
        app = create_app("orders", settings, database, parts.routers, state=parts.state)
        async with testing.client(app) as http:
            answer = await post_order(http, quote.cart_id)
            assert answer.status_code == 201
            assert asked == ["POST cart", "PUT catalog"]
            described = (await http.get("/openapi.json")).json()["paths"]
    headers = {parameter["name"].lower() for parameter in described["/v1/orders"]["post"]["parameters"]}
    assert {"idempotency-key", "x-cart-token"} <= headers
    names = [job.name for job in parts.jobs]
    assert names == ["expire-unpaid-orders", "complete-delivered-orders", "forget-look-ups"]
    assert all(EVENTS[event.type] is event for event in parts.handlers)
