"""What `shop events` prints: whole keys and ids, whatever the width, and the same as JSON."""

import io
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from rich.console import Console

from common.inspect import DeadLetter, Overview, ParkedKey
from shop import stuck

KEY = "0198f0e5-1111-7222-8333-123456789abc"
TOPIC = "shop.order-contacts.v1"
SINCE = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PARKED = ParkedKey(TOPIC, KEY, 3, 7, SINCE, SINCE, "failed", "ValueError:\n [/not] markup " + "x" * 500)
DEAD = DeadLetter(
    41, UUID(KEY), TOPIC, KEY, "order-placed.v1", "unreadable", "bad", 1, "open", SINCE, '{"phone": "010"}'
)
COLUMNS = ("service", "topic", "key", "waiting", "next_at", "error")


@pytest.fixture(name="pipe")
def _pipe(monkeypatch, capsys):
    """The lines that went into it."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def lines():
        return capsys.readouterr().out.splitlines()

    return lines


class TestTable:
    def test_a_row_is_one_line_in_a_pipe_with_key_and_topic_whole(self, pipe):
        stuck.show([stuck.parked_row("scm", PARKED)], COLUMNS, stuck.console_for_rows(), as_json=False)

        (line,) = [line for line in pipe() if "scm" in line]
        assert [cell.strip() for cell in line.strip("│").split("│")[:5]] == [
            "scm",
            TOPIC,
            KEY,
            "3",
            "2026-11-22T09:30:00+00:00",
        ]
        assert "ValueError: [/not] markup xxx" in line

    def test_a_narrow_terminal_folds_and_cuts_nothing(self):
        narrow = Console(file=io.StringIO(), width=40, force_terminal=True, markup=False, highlight=False)

        stuck.show([{"service": "scm", "key": KEY}], ("service", "key"), narrow, as_json=False)

        cells = [line.split("│")[2].strip() for line in narrow.file.getvalue().splitlines() if line.count("│") == 3]
        assert "".join(cells) == KEY

    def test_at_eighty_columns_a_key_is_in_one_piece(self):
        terminal = Console(file=io.StringIO(), width=80, force_terminal=True, markup=False, highlight=False)

        stuck.show([stuck.parked_row("scm", PARKED)], COLUMNS, terminal, as_json=False)

        assert KEY in terminal.file.getvalue()

    def test_what_nobody_said_is_a_question_mark(self, pipe):
        row = stuck.lag_row(Overview("scm", 2, 1.26, 0, 0, 0), None)

        stuck.show([row], ("service", "outbox", "oldest_seconds", "unread"), stuck.console_for_rows(), as_json=False)

        (line,) = [line for line in pipe() if "scm" in line]
        assert [cell.strip() for cell in line.strip("│").split("│")] == ["scm", "2", "1.3", "?"]


class TestJson:
    def test_has_everything_but_the_payload(self, capsys):
        rows = [stuck.parked_row("scm", PARKED), stuck.dead_row("notify", DEAD)]

        stuck.show(rows, COLUMNS, Console(), as_json=True)

        parked, dead = json.loads(capsys.readouterr().out)["items"]
        assert (parked["service"], parked["key"], parked["error"]) == ("scm", KEY, PARKED.error)
        assert (dead["service"], dead["id"], dead["event_id"], dead["dead_at"]) == (
            "notify",
            41,
            KEY,
            "2026-11-22T09:30:00+00:00",
        )
        assert "payload" not in dead

    def test_nothing_is_an_empty_list(self, capsys):
        stuck.show([], COLUMNS, Console(), as_json=True)

        assert json.loads(capsys.readouterr().out) == {"items": []}
