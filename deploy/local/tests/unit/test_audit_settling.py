"""Believing what stays wrong, and waiting for what is only under way."""

import asyncio
import importlib
import io
import json

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from shop.audit import settling
from shop.audit.findings import ALWAYS, AT_REST, KINDS, UNSEEN, cannot_look, finding
from shop.audit.looking import Look
from shop.audit.printing import show
from shop.audit.settling import Patience, Report, settle


def late(*offenders, promise="every paid order has its shipment request"):
    return finding("lost", promise, offenders, AT_REST)


def broken(*offenders):
    return finding("doubled", "no order is charged twice", offenders, ALWAYS)


class Shop:
    """Shows one picture after the other; the last one stays. Time moves by a second with each look."""

    def __init__(self, monkeypatch, *pictures):
        self._pictures = list(pictures)
        self._now = 0.0
        self.looks = 0
        monkeypatch.setattr(settling.time, "monotonic", lambda: self._now)
        monkeypatch.setattr(settling.asyncio, "sleep", self._slept)

    async def _slept(self, _seconds):
        self._now += 1

    async def look(self):
        self.looks += 1
        found = self._pictures.pop(0) if len(self._pictures) > 1 else self._pictures[0]
        return Look(list(found), counts={"orders": [("paid", 1)]}, numbers={"events": self.looks}, seconds=0.1)


@pytest.fixture(name="shop")
def _shop(monkeypatch):
    return lambda *pictures: Shop(monkeypatch, *pictures)


class TestSettle:
    def test_ends_with_the_first_picture_in_which_all_is_well(self, shop):
        it = shop([late("a"), broken()], [late("b")], [late(), broken()])

        report = asyncio.run(settle(it.look, 30))

        assert (report.balanced, report.looks, report.under_way) == (True, 3, ())
        assert report.numbers == {"events": 3}

    def test_believes_one_look_when_there_is_no_time(self, shop):
        report = asyncio.run(settle(shop([late("a")]).look, 0))

        assert [each.offenders for each in report.wrong] == [("a",)]

    def test_believes_what_was_wrong_in_every_look(self, shop):
        it = shop([late("a", "b")], [late("a", "c")], [late("a", "d")])

        report = asyncio.run(settle(it.look, 2))

        assert [each.offenders for each in report.wrong] == [("a",)]
        assert [each.offenders for each in report.under_way] == [("d",)]

    def test_a_shop_at_work_has_other_things_under_way_at_every_look(self, shop):
        pictures = [[late(f"order {number}")] for number in range(40)]

        report = asyncio.run(settle(shop(*pictures).look, 30))

        assert report.balanced
        assert [each.offenders for each in report.under_way] == [("order 30",)]

    def test_what_is_wrong_for_a_while_is_believed_although_it_was_right_at_first(self, shop):
        report = asyncio.run(settle(shop([late("x")], *[[late("x", "a")]] * 20, [late("a")]).look, 30))

        assert [each.offenders for each in report.wrong] == [("a",)]

    def test_what_healed_in_between_begins_anew(self, shop):
        pictures = [[late("a", "x")]] * 29 + [[late("x")], [late("a")]]

        report = asyncio.run(settle(shop(*pictures).look, 30))

        assert report.balanced
        assert [each.offenders for each in report.under_way] == [("a",)]

    def test_what_can_never_heal_is_not_waited_for(self, shop):
        report = asyncio.run(settle(shop([broken("a"), late()]).look, 30))

        assert (report.looks, [each.offenders for each in report.wrong]) == (1, [("a",)])

    def test_what_can_never_heal_is_remembered_from_every_look(self, shop):
        it = shop([broken("a"), late("x")], [broken("b"), late("x")], [broken(), late()])

        report = asyncio.run(settle(it.look, 30))

        assert [each.offenders for each in report.wrong] == [("a", "b")]

    def test_what_could_be_checked_only_once_is_remembered_too(self, shop):
        """The broker went away after the first look."""
        it = shop([broken("a"), late("x")], [cannot_look("the topics", OSError("away"))])

        report = asyncio.run(settle(it.look, 5))

        assert {each.promise: each.offenders for each in report.wrong} == {
            "no order is charged twice": ("a",),
            "cannot look: the topics": ("OSError: away",),
        }

    def test_a_part_that_comes_back_in_time_is_no_trouble(self, shop):
        it = shop([cannot_look("the database", TimeoutError())], [late()])

        assert asyncio.run(settle(it.look, 30)).balanced

    def test_the_same_thing_under_two_promises_is_two(self):
        patience = Patience()
        patience.take([late("a"), late(promise="other")], 0)
        patience.take([late("a"), late("a", promise="other")], 20)

        believed, young = patience.judged([late("a"), late("a", promise="other")], 20, 15)

        assert [each.offenders for each in believed] == [("a",), ()]
        assert [each.promise for each in young] == ["other"]


class TestFinding:
    def test_offenders_are_sorted_and_named_once(self):
        assert finding("lost", "x", ["b", "a", "b"]).offenders == ("a", "b")

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (OSError("away"), "OSError: away"),
            (TimeoutError(), "TimeoutError"),
            (RuntimeError("RuntimeError: twice"), "RuntimeError: twice"),
            (ValueError("two\n lines"), "ValueError: two lines"),
        ],
    )
    def test_what_cannot_be_looked_at_says_why(self, error, said):
        found = cannot_look("it", error)

        assert (found.kind, found.promise, found.offenders) == ("stuck", "cannot look: it", (said,))
        assert found.holds == UNSEEN

    def test_a_long_reason_is_cut(self):
        assert len(cannot_look("it", OSError("x" * 1000)).offenders[0]) == 300


def printed(report, **options):
    console = Console(width=200, record=True, file=io.StringIO())
    show(report, console, **options)
    return console.export_text()


class TestTable:
    def test_has_a_line_for_every_kind_each_0_or_what_is_wrong(self):
        report = Report((late("a", "b"), broken()), counts={"orders": [("paid", 3), ("cancelled", 1)]})

        lines = printed(report).splitlines()

        for kind in KINDS:
            [line] = [line for line in lines if line.startswith(f"│ {kind} ")]
            assert ("every paid order has its shipment request: a, b" in line) == (kind == "lost")
            assert ("│ 0 " in line) == (kind != "lost")
        assert any("│ orders │ 4" in line and "3 paid, 1 cancelled" in line for line in lines)
        assert "NOT balanced" in lines

    def test_shows_a_few_of_many_and_how_many_more(self):
        assert "a0, a1, a2, a3, a4 and 5 more" in printed(Report((late(*(f"a{n}" for n in range(10))),)))

    def test_verbose_names_every_check_and_when_it_holds(self):
        text = printed(Report((late("a"), broken())), verbose=True)

        assert "lost: every paid order has its shipment request (at rest): 1 wrong" in text
        assert "doubled: no order is charged twice: ok" in text

    def test_ids_that_look_like_markup_are_shown_as_they_are(self):
        assert "[bold]x[/bold]" in printed(Report((late("[bold]x[/bold]"),)))

    def test_what_is_under_way_is_told_beside(self):
        text = printed(Report((late(),), under_way=(late("a", "b"),)))

        assert "under way: every paid order has its shipment request: 2" in text
        assert "\nbalanced" in text


@pytest.fixture(name="audit")
def _audit(monkeypatch, tmp_path):
    """Runs the command line on a report instead of a shop."""

    def run(report, *arguments):
        async def report_of(_current, seconds):
            assert seconds == 7
            return report

        command = importlib.import_module("shop.audit.run")  # the package has a function of this name
        monkeypatch.setattr(command, "report_of", report_of)
        monkeypatch.setattr(command, "load", lambda _name: None)
        monkeypatch.setattr(command, "must_run", lambda _current: None)
        app = typer.Typer()
        command.register(app)
        app.command("other")(lambda: None)
        return CliRunner().invoke(app, ["audit", "--settle", "7", *arguments])

    return run


class TestCommand:
    def test_json_has_everything_and_the_exit_code_tells(self, audit):
        report = Report((late("a"), broken()), (), {"orders": [("paid", 1)]}, {"events": 5}, 2, 1.5, 0.7)

        answer = audit(report, "--json")

        said = json.loads(answer.stdout)
        assert answer.exit_code == 1
        assert said["balanced"] is False
        assert said["found"] == {kind: int(kind == "lost") for kind in KINDS}
        assert said["findings"][0] == {
            "kind": "lost",
            "promise": "every paid order has its shipment request",
            "offenders": ["a"],
            "holds": "at rest",
            "seconds": 0.0,
        }
        assert (said["counts"], said["numbers"]) == ({"orders": {"paid": 1}}, {"events": 5})
        assert (said["looks"], said["seconds"], said["last_look_seconds"]) == (2, 1.5, 0.7)

    def test_a_balanced_shop_ends_well(self, audit):
        answer = audit(Report((late(),)))

        assert answer.exit_code == 0
        assert "balanced" in answer.stdout
