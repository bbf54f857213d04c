import json
import logging

import pytest

from common import log


@pytest.fixture(autouse=True)
def configured():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure("test")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_personal_data_and_secrets_are_cut_out(capsys):
    log.configure("test")
    log.get("test").info(
        "order placed", phone="01012345678", email="kim@example.com", token="t", authorization="Bearer x", order_id="42"
    )
    entry = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert entry["order_id"] == "42"
    assert {entry[key] for key in ("phone", "email", "token", "authorization")} == {"[cut]"}


def test_the_standard_librarys_loggers_go_the_same_way(capsys):
    log.configure("test")
    logging.getLogger("library").warning("said %s", "something")
    entry = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert entry["event"] == "said something"
    assert entry["level"] == "warning"
