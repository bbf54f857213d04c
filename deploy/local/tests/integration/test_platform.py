"""A throw-away platform with real programs: what services may rely on."""

import asyncio

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from common.kafka_admin import ensure_topics
from contracts.topics import ORDERS
from shop import testing
from shop.platform import roles

pytestmark = pytest.mark.integration

PASSWORDS = {"orders": "o'rders", "payments": "p", "auditor": "a"}


@pytest.fixture(name="running", scope="module")
async def _running():
    async with testing.platform() as running:
        yield running


@pytest.fixture(name="shop_url", scope="module")
async def _shop_url(running):
    return await roles.ensure(running.database_url, ["orders", "payments"], PASSWORDS)


async def connect(shop_url, role):
    host = shop_url.rsplit("@", 1)[1]
    address, _, database = host.partition("/")
    name, _, port = address.partition(":")
    return await asyncpg.connect(host=name, port=int(port), database=database, user=role, password=PASSWORDS[role])


class TestDatabase:
    async def test_speaks_utf8_and_finds_korean_trigrams(self, shop_url):
        connection = await asyncpg.connect(shop_url)
        try:
            assert await connection.fetchval("show server_encoding") == "UTF8"
            assert await connection.fetchval("select cardinality(show_trgm('유기농 그래놀라'))") > 0
            assert await connection.fetchval("select uuidv7()") is not None
        finally:
            await connection.close()

    async def test_a_service_owns_its_schema(self, shop_url):
        orders = await connect(shop_url, "orders")
        try:
            await orders.execute("create table if not exists things (id int)")
            await orders.execute("insert into things values (1)")
            assert await orders.fetchval("select count(*) from orders.things") >= 1
        finally:
            await orders.close()

    async def test_a_service_cannot_touch_anothers_schema_nor_public(self, shop_url):
        orders = await connect(shop_url, "orders")
        payments = await connect(shop_url, "payments")
        try:
            await orders.execute("create table if not exists secrets (id int)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await payments.execute("select * from orders.secrets")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await payments.execute("create table orders.mine (id int)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await payments.execute("create table public.mine (id int)")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await payments.execute("create schema mine")
        finally:
            await orders.close()
            await payments.close()

    async def test_the_auditor_reads_everything_and_writes_nothing(self, shop_url):
        orders = await connect(shop_url, "orders")
        auditor = await connect(shop_url, "auditor")
        try:
            await orders.execute("create table if not exists books (id int)")
            assert await auditor.fetchval("select count(*) from orders.books") == 0
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await auditor.execute("insert into orders.books values (1)")
            await auditor.execute("set default_transaction_read_only = off")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await auditor.execute("insert into orders.books values (1)")
        finally:
            await orders.close()
            await auditor.close()

    async def test_a_wrong_password_is_refused(self, shop_url):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(shop_url.replace("postgres:", "postgres:wrong"))

    async def test_making_roles_again_changes_the_password_and_keeps_the_data(self, running, shop_url):
        orders = await connect(shop_url, "orders")
        await orders.execute("create table if not exists kept (id int)")
        await orders.close()

        await roles.ensure(running.database_url, ["orders", "payments"], PASSWORDS | {"orders": "new"})
        with pytest.raises(asyncpg.InvalidPasswordError):
            await connect(shop_url, "orders")
        await roles.ensure(running.database_url, ["orders", "payments"], PASSWORDS)

        orders = await connect(shop_url, "orders")
        assert await orders.fetchval("select count(*) from kept") == 0
        await orders.close()


class TestBroker:
    async def test_topics_headers_keys_and_committed_offsets(self, running):
        await ensure_topics(running.bootstrap)
        producer = AIOKafkaProducer(bootstrap_servers=running.bootstrap, enable_idempotence=True, acks="all")
        await producer.start()
        try:
            sent = await producer.send_and_wait(ORDERS, b"{}", key=b"order-1", headers=[("ce_id", b"1")])
        finally:
            await producer.stop()

        consumer = AIOKafkaConsumer(
            ORDERS,
            bootstrap_servers=running.bootstrap,
            group_id="test-platform",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            async with asyncio.timeout(20):
                message = await consumer.getone()
            await consumer.commit()
            partition = TopicPartition(ORDERS, sent.partition)
            assert (message.key, message.headers) == (b"order-1", (("ce_id", b"1"),))
            assert len(consumer.partitions_for_topic(ORDERS)) == 12
            assert await consumer.committed(partition) == sent.offset + 1
        finally:
            await consumer.stop()
