"""Every status × every command, and the page that shows it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from services.orders.tests.builders import NOW, an_order
from services.orders.tests.matrix import (
    CLAIM,
    CLAIM_COMMANDS,
    CLAIM_EXPECTED,
    COMMANDS,
    EXPECTED,
    a_claim_in,
    an_order_for,
    states_page,
)

from common.errors import DomainError
from orders.domain import CLAIM_RULES, CLAIM_TRANSITIONS, TRANSITIONS, ClaimStatus, Status
from orders.errors import TransitionRefused

_PAGE = Path(__file__).parents[2] / "STATES.md"
_CASES = [(command, status, EXPECTED[command][place]) for command in COMMANDS for place, status in enumerate(Status)]


@pytest.mark.parametrize(("command", "status", "expected"), _CASES, ids=str)
def test_every_command_in_every_status(command: str, status: Status, expected: str):
    order = an_order_for(command, status)
    assert order.status is status
    if "." not in expected:
        assert COMMANDS[command](order).order.status == expected
        return
    with pytest.raises(DomainError) as refused:
        COMMANDS[command](order)
    assert refused.value.code == expected
    assert refused.value.detail


def test_the_table_knows_every_status_and_every_command():
    assert set(TRANSITIONS) == set(Status)
    assert COMMANDS.keys() == EXPECTED.keys()
    assert all(len(row) == len(Status) for row in EXPECTED.values())


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_no_step_outside_the_table(before: Status, after: Status):
    order = an_order(before)
    if after in TRANSITIONS[before]:
        assert order.to(after, cancelled_at=NOW).status is after
    else:
        with pytest.raises(TransitionRefused):
            order.to(after)


def test_every_step_of_the_table_is_taken_by_some_command():
    taken = {(status, expected) for _, status, expected in _CASES if "." not in expected and expected != status}
    assert taken == {(before, after) for before in Status for after in TRANSITIONS[before]}


_CLAIM_CASES = [
    (command, status, CLAIM_EXPECTED[command][place])
    for command in CLAIM_COMMANDS
    for place, status in enumerate(ClaimStatus)
]


@pytest.mark.parametrize(("command", "status", "expected"), _CLAIM_CASES, ids=str)
def test_every_command_on_a_claim_in_every_status(command: str, status: ClaimStatus, expected: str):
    order = a_claim_in(status)
    assert order.claim(CLAIM).status is status
    if "." not in expected:
        assert CLAIM_COMMANDS[command](order).order.claim(CLAIM).status == expected
        return
    with pytest.raises(DomainError) as refused:
        CLAIM_COMMANDS[command](order)
    assert refused.value.code == expected
    assert refused.value.detail
    assert refused.value.fields["claim_status"] == status


def test_the_table_of_claims_knows_every_status_and_every_command():
    assert set(CLAIM_TRANSITIONS) == set(ClaimStatus)
    assert CLAIM_COMMANDS.keys() == CLAIM_EXPECTED.keys()
    assert {command.partition(",")[0] for command in CLAIM_COMMANDS} == {rule.__name__ for rule in CLAIM_RULES}


def test_every_step_of_a_claim_is_taken_by_some_command():
    taken = {(status, then) for _, status, then in _CLAIM_CASES if "." not in then and then != status}
    assert taken == {(before, after) for before in ClaimStatus for after in CLAIM_TRANSITIONS[before]}


def test_the_page_of_states_is_up_to_date():
    if os.environ.get("ORDERS_WRITE_STATES"):
        _PAGE.write_text(states_page())
    assert _PAGE.read_text() == states_page()
