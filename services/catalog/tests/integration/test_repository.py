import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from services.catalog.tests.builders import a_category, a_mall, a_stored_product
from sqlalchemy import text

from catalog import tables
from catalog.domain import search
from catalog.repository import listing
from catalog.repository.listing import Filter
from common.tables import backbone

pytestmark = pytest.mark.integration


def _ours(_object, name, kind, _reflected, _other):
    return not (kind == "table" and (name == "alembic_version" or name.startswith("inbox")))


async def test_the_tables_are_what_the_migrations_make(database):
    expected = tables.metadata.__class__()
    for table in tables.metadata.sorted_tables:
        table.to_metadata(expected)
    backbone(expected)

    def differences(connection):
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _ours, "compare_server_default": False}
        )
        return compare_metadata(context, expected)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE products SET status = 'sold'",
        "UPDATE products SET status = 'published', published_at = NULL",
        "UPDATE variants SET price_amount = -1",
        "UPDATE variants SET list_price_amount = price_amount - 1",
        "UPDATE variants SET tax = 'none'",
        "UPDATE malls SET currency = 'won'",
        "INSERT INTO categories (mall_id, id, name, parent_id, path) VALUES ('intake', 'a', 'a', NULL, '{x,a}')",
        (
            "INSERT INTO pending_movements (sku, delta_on_hand, delta_reserved, reason, reference, at)"
            " VALUES ('A', 0, 1, 'released', 'x', now())"
        ),
        (
            "INSERT INTO reservations (order_id, mall_id, status, created_at, changed_at)"
            " VALUES (gen_random_uuid(), 'intake', 'held', now(), now())"
        ),
        (
            "INSERT INTO reservations (order_id, mall_id, status, expires_at, created_at, changed_at)"
            " VALUES (gen_random_uuid(), 'intake', 'lost', now(), now(), now())"
        ),
    ],
)
async def test_the_database_itself_refuses_impossible_rows(database, statement):
    await a_mall(database)
    await a_stored_product(database, "A", publish=False)
    with pytest.raises(Exception, match="check constraint"):
        async with database.transaction() as tx:
            await tx.connection.execute(text(statement))


_MANY = """
INSERT INTO products
SELECT (jsonb_populate_record(p, jsonb_build_object(
    'id', gen_random_uuid(), 'slug', 'filler-' || n, 'category_path', '["filler"]'::jsonb,
    'search_text', '현미누룽지' || n, 'grams', '["현미", "누룽", "룽지"]'::jsonb, 'body', NULL,
    'published_at', now() - n * interval '1 minute'))).*
FROM products p, generate_series(1, 2000) n
"""


class Spy:
    """A connection that also notes how PostgreSQL runs what it is asked."""

    def __init__(self, connection):
        self._connection = connection
        self.plan = ""

    async def execute(self, statement, given):
        explained = await self._connection.execute(text(f"EXPLAIN {statement.text}"), given)
        self.plan = "\n".join(row[0] for row in explained)
        return await self._connection.execute(statement, given)


class TestPage:
    @pytest.fixture
    async def many(self, database):
        """Two thousand products, and one that is looked for."""
        await a_mall(database)
        await a_category(database, "granola")
        await a_stored_product(database, "A", name="6년근 홍삼 진액", category_id="granola")
        async with database.engine.begin() as connection:
            await connection.execute(text(_MANY.replace("'body', NULL,", "'body', '\\\\x7b7d',")))
        async with database.engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text("ANALYZE products"))
        return database

    async def _plan(self, database, wanted):
        async with database.read() as connection:
            spy = Spy(connection)
            return await listing.page(spy, wanted, "newest", None, 20), spy.plan

    async def test_a_korean_word_of_two_syllables_is_found_by_index(self, many):
        found, plan = await self._plan(many, Filter(question=search.ask("홍삼")))
        assert len(found) == 1
        assert "products_grams" in plan

    async def test_a_category_is_found_by_index(self, many):
        found, plan = await self._plan(many, Filter(category="granola"))
        assert len(found) == 1
        assert "products_categories" in plan

    async def test_a_page_of_a_mall_comes_sorted_out_of_its_index(self, many):
        found, plan = await self._plan(many, Filter(mall_id="intake"))
        assert len(found) == 20
        assert "products_newest" in plan
        assert "Seq Scan on products" not in plan
