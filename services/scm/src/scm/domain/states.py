"""STATES.md from the tables: `python -m scm.domain.states > STATES.md`."""

from __future__ import annotations

import sys

from scm.domain.returning import RETURN_RULES, RETURN_TRANSITIONS, ReturnStatus
from scm.domain.shipment import TRANSITIONS, Status
from scm.domain.steps import RULES, May


def render() -> str:
    """The status picture and the table of commands, as Markdown."""
    lines = [
        "# States of a shipment request",
        "",
        "Written by `python -m scm.domain.states`; a test keeps it true.",
        "",
    ]
    lines += ["```mermaid", "stateDiagram-v2", "    [*] --> requested"]
    for status in Status:
        lines += [f"    {status} --> {after}" for after in Status if after in TRANSITIONS[status]]
    lines += [f"    {status} --> [*]" for status in Status if not TRANSITIONS[status]]
    lines += ["```", "", "| | " + " | ".join(Status) + " |", "|---" * (len(Status) + 1) + "|"]
    for command, rules in RULES.items():
        cells = [rule.value if isinstance(rule, May) else f"`{rule.code}`" for rule in rules.values()]
        lines.append(f"| {command.__name__} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "`partly_shipped`, `rejected` and `requested` may hold parcels that left already. Cancels (`StopOrder`) are",
        "decided in `domain/cancel.py`: never for units on the road, after `accepted` only where the settings, a",
        "reversed deposit or units owed to other orders say so, and at a polled centre by asking it. A stop of an",
        "exchange's replacements is decided like a cancel, of all that is left of them. A rejection that says the same",
        "again changes nothing; one that says something else takes the place of the first.",
        "",
        *_returns(),
        "",
    ]
    return "\n".join(lines)


def _returns() -> list[str]:
    lines = ["## States of goods that come back", "", "```mermaid", "stateDiagram-v2", "    [*] --> requested"]
    for status in ReturnStatus:
        lines += [f"    {status} --> {after}" for after in ReturnStatus if after in RETURN_TRANSITIONS[status]]
    lines += [f"    {status} --> [*]" for status in ReturnStatus if not RETURN_TRANSITIONS[status]]
    lines += ["```", "", "| | " + " | ".join(ReturnStatus) + " |", "|---" * (len(ReturnStatus) + 1) + "|"]
    for command, rules in RETURN_RULES.items():
        cells = [rule.value if isinstance(rule, May) else f"`{rule.code}`" for rule in rules.values()]
        lines.append(f"| {command.__name__} | " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    sys.stdout.write(render())
