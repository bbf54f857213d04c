"""The list of parts and what `--only` makes of it."""

import json
import sys

import pytest

from shop import parts
from shop.platform import kafka_libs
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


class TestForTestsThatBreakThings:
    @pytest.fixture(name="parts_with")
    def _parts_with(self, an_instance, monkeypatch):
        """Parts by name of an instance with these options."""
        monkeypatch.delenv("SHOP_BROKER", raising=False)
        monkeypatch.setattr(kafka_libs, "missing_tools", lambda: "")

        def build(**options):
            return {part.name: part for part in parts.all_parts(an_instance(**options))}

        return build

    def test_by_default_services_are_their_own_and_stand_behind_nothing(self, everything, an_instance):
        orders = next(part for part in everything if part.name == "orders")

        assert orders.argv == (sys.executable, "-m", "orders.main", "serve")
        assert "SHOP_FAULTS" not in orders.env
        assert "faults" not in {part.name for part in everything}

    async def test_a_launcher_starts_the_services_and_nobody_else(self, parts_with, an_instance):
        by_name = parts_with(launcher="tests.chaos.launcher")
        orders = by_name["orders"]

        assert orders.argv == (sys.executable, "-m", "tests.chaos.launcher", "orders.main", "serve")
        assert by_name["console"].argv == (sys.executable, "-m", "console.main")
        assert orders.env["SHOP_FAULTS"] == str(an_instance().faults)
        await orders.prepare(print)
        assert an_instance().faults.is_dir()

    def test_more_settings_reach_all_services_and_the_outside_world_and_no_platform(self, parts_with):
        by_name = parts_with(service_settings={"ORDERS_DATABASE_POOL_SIZE": "2", "SANDBOX_MINUTE_SECONDS": "3"})

        assert by_name["orders"].env["ORDERS_DATABASE_POOL_SIZE"] == "2"
        assert by_name["sandbox"].env["SANDBOX_MINUTE_SECONDS"] == "3"
        assert "ORDERS_DATABASE_POOL_SIZE" not in by_name["postgres"].env

    def test_only_services_reach_database_and_broker_through_the_proxy(self, parts_with):
        by_name = parts_with(fault_proxy=True)
        orders, console, migrations = by_name["orders"], by_name["console"], by_name["migrations"]

        assert "@127.0.0.1:8160/" in orders.env["ORDERS_DATABASE_URL"]
        assert orders.env["ORDERS_KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:8161"
        assert "faults" in orders.needs
        assert "@127.0.0.1:8132/" in console.env["CONSOLE_AUDITOR_DATABASE_URL"]
        assert console.env["CONSOLE_KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:8192"
        assert by_name["topics"].env["SHOP_BOOTSTRAP"] == "127.0.0.1:8192"
        assert "faults" not in migrations.needs

    async def test_the_proxy_is_told_its_targets_and_where_to_take_orders(self, parts_with, tmp_path):
        proxy = parts_with(fault_proxy=True, brokers=3)["faults"]

        await proxy.prepare(print)

        assert proxy.argv[1:] == ("-m", "tests.chaos.proxy", str(tmp_path / "faults.json"))
        told = json.loads((tmp_path / "faults.json").read_text())
        assert told["targets"] == {
            "postgres": {"listen": 8160, "port": 8132},
            "kafka": {"listen": 8161, "port": 8164},
            "kafka-2": {"listen": 8162, "port": 8165},
            "kafka-3": {"listen": 8163, "port": 8166},
        }
        assert told["control"].endswith(".sock")

    def test_a_small_disk_comes_before_postgres_which_lives_on_it(self, parts_with, tmp_path):
        by_name = parts_with(postgres_disk_mb=300)

        assert by_name["postgres"].needs == ("disk",)
        assert str(tmp_path / "disk" / "postgres") in by_name["postgres"].argv
        assert "max_wal_size=75MB" in by_name["postgres"].argv
        assert by_name["disk"].argv.count("300") == 1

    def test_each_broker_can_have_a_small_disk_of_its_own(self, parts_with, tmp_path):
        by_name = parts_with(brokers=3, kafka_disk_mb=200)

        assert by_name["kafka-2"].needs == ("kafka-2-disk",)
        assert by_name["kafka-2"].argv[0] == "sh"
        assert by_name["kafka-2-disk"].argv.count("200") == 1
        assert str(tmp_path / "kafka-2-disk") in by_name["kafka-2-disk"].argv

    def test_topics_wait_for_every_broker(self, parts_with):
        by_name = parts_with(brokers=3)

        assert by_name["topics"].needs == ("kafka", "kafka-2", "kafka-3")
        assert {part.name for part in parts.select(by_name.values(), "platform")} >= {"kafka", "kafka-2", "kafka-3"}


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
