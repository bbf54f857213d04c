import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from scm.tables import metadata

pytestmark = pytest.mark.integration


async def test_the_tables_agree_with_the_migrated_database(database):
    names = set(metadata.tables)

    def differences(connection):
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda item, name, kind, _reflected, _to: (
                    kind in ("table", "column") and (name in names or kind == "column")
                ),
            },
        )
        return compare_metadata(context, metadata)

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
