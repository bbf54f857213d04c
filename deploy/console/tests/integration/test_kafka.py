"""The event log over a real broker."""

import asyncio
import os

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from deploy.console.tests.builders import NUMBER, ORDER, TRACE, a_span, an_export

from common import cloudevents, ids
from common.clock import Clock
from common.kafka import KafkaProducer
from common.kafka_admin import ensure_topics
from console.watch.lag import Lag

pytestmark = pytest.mark.kafka

BOOTSTRAP = os.environ.get("SHOP_TEST_KAFKA", "")


@pytest.fixture(scope="module", name="say")
async def _say():
    """Says an event as a relay would."""
    await ensure_topics(BOOTSTRAP)
    producer = KafkaProducer(BOOTSTRAP, client_id="test", idempotent="apache" in os.environ.get("SHOP_TEST_BROKER", ""))
    await producer.start()

    async def say(wire_type, data, *, topic="shop.orders.v1", key=ORDER, source="orders"):
        out = cloudevents.encode(
            topic=topic, key=key, event_id=ids.new_id(), wire_type=wire_type, source=source, time=Clock().now(),
            sequence=1, payload=orjson.dumps(data), stored={"traceparent": f"00-{TRACE}-{'b' * 16}-01"},
        )  # fmt: skip
        await (await producer.send(out))

    yield say
    await producer.stop()


async def types(client, **wanted):
    return [each["type"] for each in (await client.get("/dev/events.json", params=wanted)).json()["items"]]


async def test_reads_what_was_said_before_and_what_comes(a_console, say, eventually):
    order = {"order_id": str(ids.new_id()), "order_number": f"20261122-{os.getpid():08}"}
    await say("order-placed", order, key=order["order_id"])
    async with a_console(kafka_bootstrap_servers=BOOTSTRAP) as (client, _):
        await eventually(lambda: types(client, order=order["order_number"]))
        await say("order-paid", order, key=order["order_id"])

        async def both():
            return len(await types(client, order=order["order_number"])) == 2

        await eventually(both)
        assert await types(client, order=order["order_number"]) == ["order-paid", "order-placed"]
        assert "order-paid" in (await client.get("/dev/events", params={"order": order["order_number"]})).text
        overview = (await client.get("/dev/overview.json")).json()
        assert overview["event_log"] == "ok"


async def test_personal_data_stays_unread(a_console, say, eventually):
    contact = {"order_id": ORDER, "orderer": {"name": "김하늘", "phone": "01012345678"}}
    await say("order-contact-recorded", contact, topic="shop.order-contacts.v1")
    async with a_console(kafka_bootstrap_servers=BOOTSTRAP) as (client, _):
        await eventually(lambda: types(client, type="order-contact-recorded"))
        for path in ("/dev/events.json", "/dev/events"):
            text = (await client.get(path)).text
            assert "order-contact-recorded" in text
            assert "김하늘" not in text
            assert "01012345678" not in text


async def test_an_event_names_the_order_of_the_trace_that_caused_it(a_console, say, eventually):
    async with a_console(kafka_bootstrap_servers=BOOTSTRAP) as (client, _):
        body = an_export(a_span("POST /v1/orders"))
        await client.post("/otlp/v1/traces", content=body, headers={"content-type": "application/x-protobuf"})
        await say("order-placed", {"order_id": ORDER, "order_number": NUMBER})

        async def found():
            return (await client.get("/dev/traces.json", params={"order": NUMBER})).json()["items"]

        (trace,) = await eventually(found)
        assert trace["trace_id"] == TRACE
        assert NUMBER in trace["orders"]


async def test_lag_counts_what_a_group_has_not_read(say):
    group, key = f"lag-{os.getpid()}", f"mall-{os.getpid()}"
    reader = AIOKafkaConsumer(
        "shop.reports.v1", bootstrap_servers=BOOTSTRAP, group_id=group, enable_auto_commit=False,
        auto_offset_reset="earliest",
    )  # fmt: skip
    await say("daily-report-ready", {"mall_id": key}, topic="shop.reports.v1", key=key)
    await reader.start()
    await reader.getone()
    await reader.commit()
    await reader.stop()
    lag = Lag(BOOTSTRAP)
    before = (await lag.behind([group]))[group]
    for _ in range(3):
        await say("daily-report-ready", {"mall_id": key}, topic="shop.reports.v1", key=key)
    assert (await lag.behind([group])) == {group: before + 3}
    await lag.close()


async def test_lag_of_a_broker_that_is_away_is_not_known():
    with pytest.raises(ConnectionError, match="does not answer"):
        await Lag("127.0.0.1:9").behind(["orders"])


async def test_the_page_is_told_as_it_happens(console_process, say):
    url, _ = await console_process(CONSOLE_KAFKA_BOOTSTRAP_SERVERS=BOOTSTRAP)
    sku = f"SKU-{os.getpid()}"
    async with (
        httpx.AsyncClient(timeout=30) as client,
        client.stream("GET", f"{url}/dev/events/stream?key={sku}") as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        talking = asyncio.create_task(_until_cancelled(say, sku))
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                told = orjson.loads(line.removeprefix("data: "))
                break
        talking.cancel()
    assert (told["type"], told["key"], told["service"]) == ("stock-changed", sku, "catalog")


async def _until_cancelled(say, sku):
    """Again and again: the console may still be looking for the topics."""
    while True:
        await say("stock-changed", {"sku": sku}, topic="shop.stock.v1", key=sku, source="catalog")
        await asyncio.sleep(0.2)
