"""The process that renders goes with its service, however that ends."""

import subprocess
import sys
import time

import psutil

_SERVICE = """
import os
from catalog.flows.rendering import _pool

pool = _pool()
print(pool.submit(os.getpid).result(), flush=True)
input()
"""


def test_ends_when_its_service_is_killed():
    with subprocess.Popen(
        [sys.executable, "-c", _SERVICE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as service:
        helper = psutil.Process(int(service.stdout.readline()))
        service.kill()
    end = time.monotonic() + 20
    while helper.is_running() and helper.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end, "it is still there"
        time.sleep(0.02)
