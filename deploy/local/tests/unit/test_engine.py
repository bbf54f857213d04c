"""The supervisor's promises, on small stand-in programs."""

import asyncio
import os
import signal
import sys
import time

import psutil
import pytest

from shop.supervisor.engine import Engine
from shop.supervisor.part import Part, PartFailed

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({0!r}, 'w').close(); time.sleep(60)"
)


@pytest.fixture(name="engine")
async def _engine():
    engine = Engine()
    yield engine
    await engine.stop()


@pytest.fixture(name="part")
def _part(tmp_path):
    """A part that writes its name into `order` when it starts, and is ready when it has."""
    order = tmp_path / "order"

    def build(name, script="sleep 60", **changes):
        started = tmp_path / f"{name}.started"

        async def ready():
            return started.exists()

        details = {
            "title": name,
            "argv": ("sh", "-c", f"echo {name} >> {order}; touch {started}; exec {script}"),
            "log": tmp_path / f"{name}.log",
            "ready": ready,
            "start_seconds": 10,
            "stop_seconds": 5,
        }
        return Part(name=name, **(details | changes))

    return build


async def eventually(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.02)


def states(engine):
    return {name: runner.state.value for name, runner in engine.runners.items()}


class TestStart:
    async def test_a_part_starts_after_what_it_needs(self, engine, part, tmp_path):
        await engine.start([part("third", needs=("second",)), part("second", needs=("first",)), part("first")])

        assert (tmp_path / "order").read_text().split() == ["first", "second", "third"]
        assert set(states(engine).values()) == {"ready"}

    async def test_a_step_is_done_when_it_ended_well(self, engine, part):
        await engine.start([part("step", "true", one_shot=True), part("after", needs=("step",))])

        assert states(engine) == {"step": "done", "after": "ready"}

    async def test_runs_again_only_what_is_not_up(self, engine, part, tmp_path):
        first, second = part("first"), part("second", needs=("first",))
        await engine.start([first])
        pid = engine.runners["first"].pid

        await engine.start([first, second])

        assert engine.runners["first"].pid == pid
        assert (tmp_path / "order").read_text().split() == ["first", "second"]

    async def test_logs_and_environment_reach_the_process(self, engine, part, tmp_path):
        await engine.start([part("step", "sh -c 'echo $COLOUR'", one_shot=True, env={"COLOUR": "초록"})])

        assert (tmp_path / "step.log").read_text().splitlines() == ["초록"]


class TestFailure:
    async def test_a_crash_before_ready_names_the_cause_and_stops_the_rest(self, engine, part):
        crashing = part("bad", "sh -c 'echo the disk is on fire; exit 3'", ready=never, needs=("good",))

        with pytest.raises(PartFailed) as failure:
            await engine.start([part("good"), crashing, part("later", needs=("bad",))])

        assert (failure.value.name, failure.value.cause) == ("bad", "ended with exit code 3")
        assert failure.value.tail[-1] == "the disk is on fire"
        assert states(engine) == {"good": "stopped", "bad": "failed", "later": "waiting"}
        assert all(runner.pid is None for runner in engine.runners.values())

    async def test_a_failing_step_is_a_failure(self, engine, part):
        with pytest.raises(PartFailed, match="ended with exit code 1"):
            await engine.start([part("step", "false", one_shot=True)])

    async def test_never_waits_for_ever(self, engine, part):
        with pytest.raises(PartFailed, match=r"not ready after 0\.2 s"):
            await engine.start([part("slow", ready=never, start_seconds=0.2)])

        assert engine.runners["slow"].pid is None

    async def test_a_missing_program_is_named(self, engine, part):
        with pytest.raises(PartFailed, match="cannot run /no/such/program"):
            await engine.start([part("missing", argv=("/no/such/program",))])

    async def test_parts_that_were_up_before_stay_up(self, engine, part):
        await engine.start([part("old")])

        with pytest.raises(PartFailed):
            await engine.start([part("new", "false", ready=never)])

        assert states(engine) == {"old": "ready", "new": "failed"}

    async def test_failed_part_can_be_started_again(self, engine, part):
        with pytest.raises(PartFailed):
            await engine.start([part("it", "false", ready=never)])

        await engine.start([part("it")])

        assert states(engine) == {"it": "ready"}


class TestRestart:
    async def test_a_killed_part_comes_back(self, engine, part):
        await engine.start([part("service")])
        runner = engine.runners["service"]
        first = await runner.kill()

        await eventually(lambda: runner.pid not in {None, first} and runner.state.value == "ready")

        assert runner.restarts == 1
        assert not psutil.pid_exists(first)

    async def test_it_comes_back_every_time(self, engine, part):
        await engine.start([part("service")])
        runner = engine.runners["service"]

        for round_number in (1, 2, 3):
            os.kill(runner.pid, signal.SIGKILL)
            await eventually(lambda: runner.restarts == round_number and runner.state.value == "ready")  # noqa: B023

    async def test_on_request_it_is_stopped_first(self, engine, part):
        await engine.start([part("service")])
        first = engine.runners["service"].pid

        await engine.restart("service")

        assert engine.runners["service"].pid not in {None, first}
        assert engine.runners["service"].restarts == 0

    async def test_stop_ends_the_attempts(self, engine, part):
        await engine.start([part("service")])
        runner = engine.runners["service"]
        runner.part = part("service", ready=never)
        await runner.kill()
        await eventually(lambda: runner.state.value == "starting")

        await engine.stop()

        assert (runner.state.value, runner.pid) == ("stopped", None)


class TestOnePartAlone:
    async def test_a_stopped_part_stays_down_and_its_users_up(self, engine, part):
        await engine.start([part("base"), part("user", needs=("base",))])

        await engine.stop_part("base")

        assert states(engine) == {"base": "stopped", "user": "ready"}
        assert engine.runners["base"].pid is None

    async def test_it_starts_again_on_request_and_is_watched_as_before(self, engine, part):
        await engine.start([part("base")])
        runner = engine.runners["base"]
        await engine.stop_part("base")

        await engine.start_part("base")

        first = await runner.kill()
        await eventually(lambda: runner.pid not in {None, first} and runner.state.value == "ready")

    async def test_a_crashed_part_got_no_warning_and_stays_down(self, engine, part, tmp_path):
        farewell = tmp_path / "farewell"
        script = f"sh -c 'trap \"touch {farewell}; exit 0\" TERM; while :; do sleep 0.05; done'"
        await engine.start([part("base", script)])
        pid = engine.runners["base"].pid

        await engine.crash_part("base")

        assert not psutil.pid_exists(pid)
        assert not farewell.exists()
        assert states(engine) == {"base": "stopped"}

    async def test_starting_a_running_part_changes_nothing(self, engine, part):
        await engine.start([part("base")])
        pid = engine.runners["base"].pid

        await engine.start_part("base")

        assert engine.runners["base"].pid == pid

    async def test_a_start_of_everything_brings_it_back(self, engine, part):
        base = part("base")
        await engine.start([base])
        await engine.crash_part("base")

        await engine.start([base])

        assert states(engine) == {"base": "ready"}

    async def test_an_unknown_part_is_an_error(self, engine):
        with pytest.raises(KeyError, match="stranger"):
            await engine.stop_part("stranger")


class TestStop:
    async def test_users_stop_before_what_they_need(self, engine, part, tmp_path):
        farewell = "sh -c 'trap \"echo {0} >> {1}; exit 0\" TERM; while :; do sleep 0.05; done'"
        parts = [
            part(name, farewell.format(name, tmp_path / "farewells"), needs=needs)
            for name, needs in (("base", ()), ("middle", ("base",)), ("top", ("middle",)))
        ]
        await engine.start(parts)

        await engine.stop()

        assert (tmp_path / "farewells").read_text().split() == ["top", "middle", "base"]

    async def test_a_stubborn_one_is_killed_after_its_time(self, engine, part, tmp_path):
        deaf = tmp_path / "deaf"

        async def ready():
            return deaf.exists()

        await engine.start(
            [part("stubborn", argv=(sys.executable, "-c", STUBBORN.format(str(deaf))), ready=ready, stop_seconds=0.3)]
        )
        pid = engine.runners["stubborn"].pid

        await engine.stop()

        assert not psutil.pid_exists(pid)

    async def test_children_of_a_part_do_not_outlive_it(self, engine, part, tmp_path):
        child = tmp_path / "child"
        # The child is deaf to SIGTERM and in a session of its own, like a database's backend.
        script = f"sh -c 'setsid sh -c \"trap : TERM; echo \\$\\$ > {child}; while :; do sleep 0.05; done\" & wait'"
        await engine.start([part("parent", script)])
        await eventually(lambda: child.exists() and child.read_text().strip())

        await engine.stop()

        await eventually(lambda: not psutil.pid_exists(int(child.read_text())))


async def never():
    return False
