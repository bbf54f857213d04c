"""Carriers as data: names, tracking pages, waybill rules, and what each channel calls them.

A waybill is refused only for what is certain: no number at all, a mangled number, a wrong length, a check digit that is
known to hold. What was seen on few numbers only warns, so that goods on the road are not kept out of the books.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scm import errors

_SEPARATORS = re.compile(r"[\s\-‐‑‒–—_.·]+")
# A spreadsheet has turned the number into 1.23E+11 and lost its digits.
_SCIENTIFIC = re.compile(r"^\d+([.,]\d+)?[eE]\+?\d+$")
# (first digit, end, place of the check digit), counted from 0.
_MOD7 = {
    "mod7_of_first_10": (0, 10, 10),
    "mod7_of_first_11": (0, 11, 11),
    "mod7_of_digits_3_to_11": (2, 11, 11),
}
_ANY_LENGTH = range(6, 31)


class Severity(StrEnum):
    WARN = "warn"
    REJECT = "reject"


@dataclass(frozen=True)
class CheckRule:
    """`rule` applies to numbers of `length` digits only."""

    rule: str
    length: int
    severity: Severity

    def holds(self, number: str) -> bool:
        start, end, check = _MOD7[self.rule]
        return len(number) != self.length or int(number[start:end]) % 7 == int(number[check])


@dataclass(frozen=True)
class Carrier:
    """`codes` maps a channel (`delivery_tracker`, `naver`, ...) to its name for the carrier. `unconfirmed` names the
    fields that no document confirms."""

    code: str
    name: str
    tracking_page: str
    lengths: tuple[int, ...]
    length_severity: Severity
    checks: tuple[CheckRule, ...]
    codes: Mapping[str, str]
    unconfirmed: tuple[str, ...] = ()
    note: str | None = None

    def tracking_url(self, waybill: str) -> str:
        return self.tracking_page.replace("{waybill}", waybill)


@dataclass(frozen=True)
class CheckedWaybill:
    """`number` has only digits. `warnings` are for a person to look at."""

    number: str
    warnings: tuple[str, ...] = ()


class CarrierTable:
    def __init__(self, carriers: Sequence[Carrier]) -> None:
        self.carriers = tuple(carriers)
        self._by_code = {carrier.code: carrier for carrier in carriers}
        if len(self._by_code) != len(self.carriers):
            raise ValueError("the carrier table names a carrier twice")
        self._by_any: dict[str, Carrier] = {}
        for carrier in carriers:
            for code in (carrier.code, *carrier.codes.values()):
                if self._by_any.setdefault(code.casefold(), carrier) is not carrier:
                    raise ValueError(f"{carrier.code} and {self._by_any[code.casefold()].code} are both called {code}")

    def get(self, code: str) -> Carrier | None:
        return self._by_code.get(code)

    def find(self, code: str) -> Carrier:
        """By our code or any channel's. Raises `CarrierUnknown`."""
        found = self._by_any.get(code.strip().casefold())
        if found is None:
            raise errors.CarrierUnknown(f"no carrier is called {code.strip()[:40]}; see /v1/carriers")
        return found


def bare(written: str) -> str:
    """A waybill as somebody wrote it, without separators."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", written))


def check(carrier: Carrier, written: str) -> CheckedWaybill:
    """The number without separators. Raises `WaybillInvalid`, saying what is wrong with it."""
    text = unicodedata.normalize("NFKC", written).strip()
    if _SCIENTIFIC.match(text):
        raise _invalid(carrier, "a spreadsheet has rounded this number; enter it as text")
    number = bare(text)
    if not number.isascii() or not number.isdigit():
        raise _invalid(carrier, "a waybill has digits only")
    if not number.strip("0"):
        raise _invalid(carrier, "a waybill is not all zeros")
    if len(number) not in _ANY_LENGTH:
        raise _invalid(carrier, "no carrier has waybills of this length")
    warnings = []
    for severity, problem in _problems(carrier, number):
        if severity is Severity.REJECT:
            raise _invalid(carrier, problem)
        warnings.append(problem)
    return CheckedWaybill(number, tuple(warnings))


def _problems(carrier: Carrier, number: str) -> list[tuple[Severity, str]]:
    found = []
    if carrier.lengths and len(number) not in carrier.lengths:
        lengths = " or ".join(str(length) for length in carrier.lengths)
        found.append((carrier.length_severity, f"waybills of {carrier.name} have {lengths} digits, not {len(number)}"))
    found += [
        (check.severity, f"the check digit does not fit {carrier.name}; is a digit mistyped?")
        for check in carrier.checks
        if not check.holds(number)
    ]
    return found


def _invalid(carrier: Carrier, problem: str) -> errors.WaybillInvalid:
    return errors.WaybillInvalid(problem, carrier=carrier.code)


def parse(rows: Sequence[Mapping[str, Any]]) -> CarrierTable:
    """The table from its JSON rows. Raises ValueError, KeyError for a table that is not one."""
    return CarrierTable([_carrier(row) for row in rows])


def _carrier(row: Mapping[str, Any]) -> Carrier:
    rules = row["waybill"]
    checks = tuple(CheckRule(item["rule"], item["length"], Severity(item["severity"])) for item in rules["checks"])
    for rule in checks:
        if rule.rule not in _MOD7 or rule.length != _MOD7[rule.rule][2] + 1:
            raise ValueError(f"{row['code']}: no such check as {rule.rule} over {rule.length} digits")
    if "{waybill}" not in row["tracking_url"]:
        raise ValueError(f"{row['code']}: the tracking page has no place for the waybill")
    return Carrier(
        code=row["code"],
        name=row["name"],
        tracking_page=row["tracking_url"],
        lengths=tuple(rules["lengths"]),
        length_severity=Severity(rules["length_severity"]),
        checks=checks,
        codes=dict(row["codes"]),
        unconfirmed=tuple(row["unconfirmed"]),
        note=row["note"],
    )
