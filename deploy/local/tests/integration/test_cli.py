"""`shop up`, `down` and their kin, as a person calls them: on a data folder and ports of their own."""

import json
import os
import socket
import subprocess
import sys
import time

import psutil
import pytest

from shop import instance, ports
from shop.supervisor import control

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

_EDGE = 31_080


@pytest.fixture(name="edge", scope="module")
def _edge():
    return ports.free_edge_near(_EDGE)


@pytest.fixture(name="state")
def _state(tmp_path):
    return tmp_path / "state"


@pytest.fixture(name="shop")
def _shop(state, edge):
    """Runs a command line; the instance is gone after the test, whatever happened."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_INSTANCE")}
    environment |= {"SHOP_STATE": str(state), "SHOP_PORT": str(edge), "COLUMNS": "200"}
    environment |= instance.load().python_environment

    def run(*arguments, **more):
        return subprocess.run(
            [sys.executable, "-m", "shop.cli", *arguments],
            capture_output=True,
            text=True,
            env=environment | more,
            timeout=120,
            check=False,
        )

    yield run
    run("down")


def parts(state):
    return {part["name"]: part for part in control.ask(state / "main", "status")["parts"]}


def eventually(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


class TestUp:
    def test_starts_once_survives_kills_and_leaves_nothing_behind(self, shop, state, edge):
        first = shop("up", "--only", "postgres,roles", "--no-fsync")
        assert first.returncode == 0, first.stdout + first.stderr
        assert "PostgreSQL" in first.stdout
        pid = parts(state)["postgres"]["pid"]

        again = shop("up", "--only", "postgres,roles")
        assert again.returncode == 0
        assert "already running" in again.stdout
        assert parts(state)["postgres"]["pid"] == pid

        psutil.Process(pid).kill()
        eventually(lambda: parts(state)["postgres"]["state"] == "ready" and parts(state)["postgres"]["pid"] != pid)
        # The supervisor counts a restart once the part is ready again.
        eventually(lambda: parts(state)["postgres"]["restarts"] == 1)

        family = psutil.Process(control.ask(state / "main", "ping")["pid"]).children(recursive=True)
        assert shop("down").stdout == "instance main: stopped\n"
        assert psutil.wait_procs(family, timeout=5)[1] == []
        assert ports.taken(ports.derive(edge)) == []
        assert shop("status").returncode == 1

    def test_a_taken_port_is_named_with_the_way_out_and_nothing_starts(self, shop, state, edge):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", ports.derive(edge)["kafka"]))
            holder.listen()
            refused = shop("up", "--only", "postgres")

        assert refused.returncode == 1
        assert f"port {ports.derive(edge)['kafka']} (kafka) is taken by" in refused.stdout
        assert f"pid {os.getpid()}" in refused.stdout
        assert "--port" in refused.stdout
        assert not control.is_running(state / "main")

    def test_a_failing_part_ends_with_its_log_and_stops_the_rest(self, shop, state):
        assert shop("up", "--only", "postgres", "--no-fsync").returncode == 0
        shop("down")
        (state / "main" / "postgres" / "PG_VERSION").write_text("12\n")

        failed = shop("up", "--only", "postgres,s3")

        assert failed.returncode == 1
        assert "postgres: ended with exit code 1" in failed.stdout
        assert "the last lines of postgres:" in failed.stdout
        assert "PG_VERSION" in failed.stdout or "version 12" in failed.stdout
        assert "has been stopped again" in failed.stdout
        assert not control.is_running(state / "main")

    def test_an_unknown_part_is_named(self, shop):
        failed = shop("up", "--only", "nothing-like-it")

        assert failed.returncode == 1
        assert "there is no part called 'nothing-like-it'" in failed.stdout

    def test_nothing_outlives_a_killed_supervisor_and_up_works_again(self, shop, state, edge):
        assert shop("up", "--only", "postgres", "--no-fsync").returncode == 0
        orphan = parts(state)["postgres"]["pid"]

        psutil.Process(control.ask(state / "main", "ping")["pid"]).kill()

        eventually(lambda: not psutil.pid_exists(orphan))
        assert ports.taken(ports.derive(edge)) == []
        assert shop("up", "--only", "postgres").returncode == 0
        assert parts(state)["postgres"]["state"] == "ready"


class TestReset:
    def test_stops_and_deletes(self, shop, state):
        assert shop("up", "--only", "postgres", "--no-fsync").returncode == 0

        assert shop("reset", "--yes").returncode == 0

        assert not (state / "main").exists()
        assert shop("reset", "--yes").stdout == "instance main: nothing to delete\n"


class TestPoking:
    def test_restart_kill_logs_env_and_status(self, shop, state):
        assert shop("up", "--only", "postgres", "--no-fsync").returncode == 0
        pid = parts(state)["postgres"]["pid"]

        assert shop("restart", "postgres").stdout.startswith("postgres: restarted in")
        assert parts(state)["postgres"]["pid"] != pid
        assert shop("kill", "postgres").returncode == 0
        eventually(lambda: parts(state)["postgres"]["restarts"] == 1 and parts(state)["postgres"]["state"] == "ready")
        assert shop("stop", "postgres", "--kill").returncode == 0
        assert (parts(state)["postgres"]["state"], parts(state)["postgres"]["pid"]) == ("stopped", None)
        assert shop("start", "postgres").stdout == "postgres: running\n"
        assert parts(state)["postgres"]["state"] == "ready"
        assert "ready to accept connections" in shop("logs", "postgres").stdout
        assert "postgres" in shop("status").stdout
        assert "export ORDERS_DATABASE_URL=" in shop("env", "orders").stdout
        stranger = shop("restart", "stranger")
        assert (stranger.returncode, "no part called stranger" in stranger.stdout) == (1, True)


class TestTestPlatform:
    def test_gives_addresses_returns_the_exit_code_and_cleans_up(self, shop, tmp_path):
        script = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w')); sys.exit(7)"
        seen = tmp_path / "seen.json"

        ran = shop(
            "test-platform", "--", sys.executable, "-c", script, str(seen), SHOP_BROKER="embedded", TMPDIR=str(tmp_path)
        )

        assert ran.returncode == 7, ran.stderr
        environment = json.loads(seen.read_text())
        assert environment["SHOP_TEST_DATABASE_URL"].startswith("postgresql://postgres:")
        assert environment["SHOP_TEST_BROKER"].startswith("noida-db-")
        assert "PostgreSQL 18" in ran.stderr
        assert "for trying out only" in ran.stderr
        assert list(tmp_path.glob("shop-test-*")) == []
