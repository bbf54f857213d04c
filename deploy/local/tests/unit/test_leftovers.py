"""What a vanished supervisor left is found again, and strangers are left alone."""

import json
import subprocess
import sys

import psutil
import pytest

from shop.supervisor import leftovers

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture(name="orphan")
def _orphan():
    process = subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def remembered(directory, process, *, age=0.0):
    content = {"part": [process.pid, psutil.Process(process.pid).create_time() - age]}
    (directory / "pids.json").write_text(json.dumps(content))


class TestEndOrphans:
    def test_ends_them_even_when_they_are_deaf(self, orphan, tmp_path, monkeypatch):
        monkeypatch.setattr(leftovers, "_SECONDS", 0.2)
        remembered(tmp_path, orphan)

        assert leftovers.end_orphans(tmp_path) == 1

        assert not psutil.pid_exists(orphan.pid)
        assert leftovers.end_orphans(tmp_path) == 0

    def test_a_stranger_with_the_same_pid_is_left_alone(self, orphan, tmp_path):
        remembered(tmp_path, orphan, age=100.0)

        assert leftovers.end_orphans(tmp_path) == 0

        assert orphan.poll() is None

    def test_a_living_supervisors_processes_are_left_alone(self, orphan, tmp_path):
        remembered(tmp_path, orphan)

        with leftovers.sole_owner(tmp_path) as alone:
            assert alone
            assert leftovers.end_orphans(tmp_path) == 0

        assert orphan.poll() is None
