"""What a start says where there is no terminal to draw on."""

import io

import pytest
from rich.console import Console

from shop import progress


def a_part(name, state, note="", seconds=0.0):
    return {"name": name, "title": name.title(), "state": state, "note": note, "seconds": seconds, "pid": None}


def a_picture(*parts, starting=True):
    return {"starting": starting, "parts": list(parts), "pid": 1}


class TestFollow:
    def test_says_each_piece_of_news_once(self, capsys):
        pictures = iter(
            [
                a_picture(a_part("kafka", "preparing", "fetching (once)"), a_part("s3", "ready", seconds=1.0)),
                a_picture(a_part("kafka", "preparing", "fetching (once)"), a_part("s3", "ready", seconds=1.0)),
                a_picture(a_part("kafka", "ready", seconds=2.5), a_part("s3", "ready", seconds=1.0), starting=False),
            ]
        )

        last = progress.follow(Console(file=io.StringIO()), lambda: next(pictures), None, seconds=30)

        news = [line.split("s  ", 1)[1] for line in capsys.readouterr().out.splitlines()]
        assert news == ["Kafka: fetching (once)", "S3: ready (1.0 s)", "Kafka: ready (2.5 s)"]
        assert not last["starting"]

    def test_what_was_up_before_is_no_news(self, capsys):
        picture = a_picture(a_part("s3", "ready", seconds=1.0), starting=False)

        progress.follow(Console(file=io.StringIO()), lambda: picture, picture, seconds=30)

        assert capsys.readouterr().out == ""

    def test_gives_up_in_the_end(self):
        with pytest.raises(TimeoutError, match=r"not up after 0\.01 s"):
            progress.follow(
                Console(file=io.StringIO()), lambda: a_picture(a_part("s3", "starting")), None, seconds=0.01
            )

    def test_draws_a_table_for_people(self):
        screen = io.StringIO()
        picture = a_picture(a_part("s3", "ready", seconds=1.0), starting=False)

        progress.follow(Console(file=screen, force_terminal=True, width=100), lambda: picture, None, seconds=30)

        assert "S3" in screen.getvalue()
        assert "1.0 s" in screen.getvalue()
