"""The report for people: one table, a line per kind of trouble, each 0 or what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shop.audit.findings import AT_REST, KINDS, Finding
from shop.audit.settling import Report

_SHOWN_OFFENDERS = 5


def show(report: Report, console: Console, *, verbose: bool = False) -> None:
    """`verbose`: every check with its result and what it took."""
    _show_counts(report, console)
    _show_kinds(report, console)
    if verbose:
        _show_checks(report.findings, console)
    for each in report.under_way:
        console.print(f"[dim]under way: {each.promise}: {len(each.offenders)}[/]", soft_wrap=True)
    console.print("[bold green]balanced[/]" if report.balanced else "[bold red]NOT balanced[/]")


def _show_counts(report: Report, console: Console) -> None:
    table = Table("what", "how many", "of which", title="audit")
    for name, rows in report.counts.items():
        of_which = ", ".join(f"{count} {status}" for status, count in rows)
        table.add_row(name, str(sum(count for _, count in rows)), of_which)
    for name, number in report.numbers.items():
        if number:
            table.add_row(name, str(number), "")
    console.print(table)


def _show_kinds(report: Report, console: Console) -> None:
    looks = "1 look" if report.looks == 1 else f"{report.looks} looks"
    table = Table("", "found", "checks", caption=f"{looks} in {report.seconds:.1f} s")
    for kind in KINDS:
        mine = [each for each in report.findings if each.kind == kind]
        wrong = [each for each in mine if each.offenders]
        found = "\n".join(f"[red]{escape(each.promise)}[/]: {escape(_shown(each))}" for each in wrong)
        table.add_row(kind, found or "0", str(len(mine)))
    console.print(table)


def _shown(found: Finding) -> str:
    more = len(found.offenders) - _SHOWN_OFFENDERS
    rest = f" and {more} more" if more > 0 else ""
    return ", ".join(found.offenders[:_SHOWN_OFFENDERS]) + rest


def _show_checks(findings: Sequence[Finding], console: Console) -> None:
    for each in sorted(findings, key=lambda one: KINDS.index(one.kind)):
        state = f"[red]{len(each.offenders)} wrong[/]" if each.offenders else "ok"
        when = " (at rest)" if each.holds == AT_REST else ""
        console.print(
            f"[dim]{each.seconds * 1000:6.1f} ms[/] {each.kind}: {escape(each.promise)}{when}: {state}", soft_wrap=True
        )
