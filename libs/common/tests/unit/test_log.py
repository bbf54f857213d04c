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


def test_the_values_of_a_refused_row_are_cut_out(capsys):
    log.configure("test")
    error = "null value violates not-null constraint\nDETAIL:  Failing row contains (7, Kim, 01012345678)."
    log.get("test").warning("refused", error=error)
    out = capsys.readouterr().out
    assert "01012345678" not in out
    assert "not-null constraint" in out
