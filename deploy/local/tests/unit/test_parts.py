"""The list of parts and what `--only` makes of it."""

import pytest

from shop import parts
from shop.services import HELPERS, SERVICES


@pytest.fixture(name="everything")
def _everything(an_instance, monkeypatch):
    monkeypatch.setenv("SHOP_BROKER", "embedded")
    return parts.all_parts(an_instance())


class TestAllParts:
    def test_every_program_is_there(self, everything):
        names = {part.name for part in everything}

        assert {program.name for program in (*SERVICES, *HELPERS)} <= names
        assert {"postgres", "kafka", "s3", "edge", "roles", "topics", "bucket", "migrations"} <= names

    def test_needs_are_known_and_come_first(self, everything):
        seen = set()
        for part in everything:
            assert set(part.needs) <= seen, part.name
            seen.add(part.name)

    def test_services_start_after_migrations_and_topics(self, everything):
        by_name = {part.name: part for part in everything}

        assert all(set(by_name[service.name].needs) == {"migrations", "topics"} for service in SERVICES)

    def test_every_wait_is_bounded(self, everything):
        assert all(0 < part.start_seconds <= 180 and 0 < part.stop_seconds <= 30 for part in everything)
        assert all(part.one_shot or part.ready for part in everything)

    def test_a_services_process_gets_only_its_own_database_password(self, everything, an_instance):
        secrets = an_instance().secrets
        orders = next(part for part in everything if part.name == "orders")

        assert secrets["orders_db_password"] in orders.env["ORDERS_DATABASE_URL"]
        assert not any(secrets["payments_db_password"] in value for value in orders.env.values())

    def test_a_foreign_cluster_needs_no_part(self, an_instance, monkeypatch):
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "b1:9092")

        by_name = {part.name: part for part in parts.all_parts(an_instance())}

        assert "kafka" not in by_name
        assert by_name["topics"].env["SHOP_BOOTSTRAP"] == "b1:9092"
        assert [part.name for part in parts.select(by_name.values(), "platform")] == ["postgres", "roles", "topics"]


class TestSelect:
    def test_platform_is_database_and_broker(self, everything):
        assert {part.name for part in parts.select(everything, "platform")} == {"postgres", "roles", "kafka", "topics"}

    def test_a_service_brings_all_it_needs(self, everything):
        names = {part.name for part in parts.select(everything, "orders")}

        assert names == {"postgres", "roles", "migrations", "kafka", "topics", "orders"}

    def test_words_add_up(self, everything):
        assert {part.name for part in parts.select(everything, "storage, edge")} == {"s3", "bucket", "edge"}

    def test_an_unknown_part_is_an_error(self, everything):
        with pytest.raises(KeyError, match="nothing-like-it"):
            parts.select(everything, "nothing-like-it")
