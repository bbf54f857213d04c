import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from stats.tables import metadata

pytestmark = pytest.mark.integration


async def test_the_tables_are_what_the_migrations_make(database):
    """Same tables, columns, types and nullability; indexes and constraints stand in the migrations alone."""
    own = set(metadata.tables)

    def compared(connection):
        options = {
            "compare_type": True,
            "include_object": lambda thing, name, kind, _reflected, _other: (
                kind in ("table", "column") and (kind != "table" or name in own)
            ),
        }
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(compared) == []
