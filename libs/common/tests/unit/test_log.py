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


class TestRetries:
    """Of clients that try again by themselves."""

    AWAY = "Group Coordinator Request failed: %s"

    def say(self, retries, at, *, name="aiokafka.consumer.group_coordinator", level=logging.ERROR, why="[Error 15]"):
        """What passes: the level and the text, or None."""
        record = logging.LogRecord(name, level, __file__, 1, self.AWAY, (why,), None)
        record.created = float(at)
        return (record.levelname, record.getMessage()) if retries.filter(record) else None

    def test_are_warnings_at_most(self, capsys):
        log.configure("test")

        logging.getLogger("aiokafka.conn").error("Unable connect to node with id %s", 1)
        logging.getLogger("other").error("broken")

        entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [(entry["level"], entry["event"]) for entry in entries] == [
            ("warning", "Unable connect to node with id 1"),
            ("error", "broken"),
        ]

    def test_one_text_comes_once_in_ten_seconds_and_then_with_its_count(self):
        retries = log.Retries()

        said = [self.say(retries, at) for at in (100, 101, 109.9, 110, 115, 130)]

        text = "Group Coordinator Request failed: [Error 15]"
        assert said == [
            ("WARNING", text),
            None,
            None,
            ("WARNING", f"{text} (and 2 more like it before)"),
            None,
            ("WARNING", f"{text} (and 1 more like it before)"),
        ]

    def test_another_text_is_said_and_other_loggers_are_left_alone(self):
        retries = log.Retries()
        self.say(retries, 100)

        assert self.say(retries, 100, why="[Error 16]") is not None
        assert [self.say(retries, 100, name="payments.flows") for _ in range(2)] == [
            ("ERROR", "Group Coordinator Request failed: [Error 15]")
        ] * 2

    def test_forgets_rather_than_grow(self):
        retries = log.Retries()
        for number in range(600):
            self.say(retries, 100, why=str(number))

        assert self.say(retries, 101, why="599") is None
        assert self.say(retries, 101, why="0") is not None
